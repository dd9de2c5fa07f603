"""Numbers of cards that somebody wrote into a free text: none is kept."""

import re

# Length and first digits of the brands; what else is long and passes Luhn by chance is left alone.
BRANDS = re.compile(
    r"4\d{15}(\d{3})?|5[1-5]\d{14}|2(22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(0[0-5]|[689]\d)\d{11}"
    r"|35\d{14}|6(011|4[4-9]\d|5\d\d)\d{12}"
)
WRITTEN = re.compile(r"(?<![\dA-Za-z])\d(?:[ .\-]?\d){13,18}(?![\dA-Za-z])")


def without_cards(text: str) -> str:
    """Return a text in which of every number of a card only the last four digits are left."""
    return WRITTEN.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    if not BRANDS.fullmatch(digits) or not _passes(digits):
        return found[0]
    return f"•••• {digits[-4:]}"


def _passes(digits: str) -> bool:
    """Whether the last digit is the one that the others ask for (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
