"""VAT ids of the EU: how they are written, and whether one can exist. Pure; the check digits are python-stdnum's.

Greece writes EL; XI is Northern Ireland, where goods still belong to the EU's VAT area.
"""

import re

from stdnum.eu import vat

OF_EU = frozenset({*(code.upper() for code in vat.MEMBER_STATES if code != "gr"), "EL"})
SPACERS = re.compile(r"[\s.\-/]")
# What other countries give out: letters of the country, then whatever they use.
ELSEWHERE = re.compile(r"[A-Z]{2,3}[A-Z0-9+*]{2,17}")


def tidy(text: str) -> str:
    """Write an id as it is compared: without spaces, points and dashes, in capitals."""
    return SPACERS.sub("", text).upper()


def is_of_eu(number: str) -> bool:
    """Whether an id says that a member state, or Northern Ireland, gave it."""
    return tidy(number)[:2] in OF_EU


def is_valid(number: str) -> bool:
    """Whether an id of the EU has the form and the check digits of its country."""
    return is_of_eu(number) and vat.is_valid(tidy(number))


def can_be(number: str) -> bool:
    """Whether it may be written down: a valid id of the EU, or one of elsewhere, which only that country can judge."""
    wanted = tidy(number)
    return is_valid(wanted) if is_of_eu(wanted) else bool(ELSEWHERE.fullmatch(wanted))
