"""What is looked at before an order is accepted: named checks, each pass, warn or fail, with a reason.

Pure: facts in, findings out. The policy of a channel says per check whether a failure is a `hold`,
only worth a `warn`ing, or not looked at (`off`); its limits say from where on a check fails.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from core.sentences import gettext_noop, sentence

from .facts import Earlier, Facts, Finding, Habit, LineFacts
from .habits import quantity
from .likeness import A_MOMENT, address_key, duplicate, is_same_address
from .names import (
    ADDRESS,
    ADDRESSES,
    COMPLETE,
    CONTACT,
    CREDIT,
    CUSTOMER,
    DEFAULT_POLICY,
    DISCOUNT,
    DUPLICATE,
    EVERYTHING,
    HOLD,
    INPUTS,
    LINES,
    LONGEST_HOURS,
    NAMES,
    OFF,
    PRICE,
    QUANTITY,
    RISK,
    STOCK,
    TERMS,
    TOTAL,
    USUAL_LIMITS,
    WARN,
    Limits,
    limits_of,
    policy_of,
    touched,
)
from .risk import risk
from .sums import credit, discount, price, total
from .whole import address, can_be_dialled, can_get_mail, complete, contact, postcode_fits

__all__ = [
    "ADDRESS",
    "ADDRESSES",
    "A_MOMENT",
    "CHECKS",
    "COMPLETE",
    "CONTACT",
    "CREDIT",
    "CUSTOMER",
    "DEFAULT_POLICY",
    "DISCOUNT",
    "DUPLICATE",
    "EVERYTHING",
    "HOLD",
    "INPUTS",
    "LINES",
    "LONGEST_HOURS",
    "NAMES",
    "OFF",
    "PRICE",
    "QUANTITY",
    "RISK",
    "STOCK",
    "TERMS",
    "TOTAL",
    "USUAL_LIMITS",
    "WARN",
    "Earlier",
    "Facts",
    "Finding",
    "Habit",
    "LineFacts",
    "address_key",
    "can_be_dialled",
    "can_get_mail",
    "failed",
    "is_same_address",
    "limits_of",
    "policy_of",
    "postcode_fits",
    "result",
    "sees",
    "stock_result",
    "touched",
    "verify",
]

LATER = sentence(gettext_noop("Not in stock yet: %(units)s"))
CHECKS: dict[str, Callable[[Facts, Limits], Finding | None]] = {
    COMPLETE: complete,
    ADDRESS: address,
    CONTACT: contact,
    DUPLICATE: duplicate,
    PRICE: price,
    DISCOUNT: discount,
    QUANTITY: quantity,
    CREDIT: credit,
    TOTAL: total,
    RISK: risk,
}
AllLimits = Mapping[str, Mapping[str, object]]


def verify(
    facts: Facts, policy: Mapping[str, str], limits: AllLimits | None = None, *, only: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Look at everything but the stock (or `only` at some of it), and say what was found, check by check."""
    own = limits or {}
    wanted = CHECKS if only is None else {name: CHECKS[name] for name in CHECKS if name in set(only)}
    return [
        result(name, check(facts, limits_of(name, own)), policy, seen=partial(sees, name, facts))
        for name, check in wanted.items()
        if policy_of(name, policy) != OFF
    ]


def stock_result(short: Mapping[str, int], policy: Mapping[str, str]) -> list[dict[str, Any]]:
    """Say what the reservation found: units per SKU that must follow later."""
    if policy_of(STOCK, policy) == OFF:
        return []
    if not short:
        return [result(STOCK, None, policy)]
    missing = ", ".join(f"{units} × {sku}" for sku, units in short.items())
    return [result(STOCK, Finding(LATER(units=missing), {"short": dict(short)}), policy)]


def result(
    name: str, finding: Finding | None, policy: Mapping[str, str], *, seen: Callable[[], str] | None = None
) -> dict[str, Any]:
    """Put a finding into its stored form. `seen` is kept with what may be waived: for as long as it stays the same."""
    if finding is None:
        return {"name": name, "result": "pass", "reason": ""}
    measured = {key: value for key, value in (("value", finding.value), ("limit", finding.limit)) if value}
    data: dict[str, Any] = {"data": finding.data} if finding.data else {}
    if finding.mild:
        data["mild"] = True
    if not finding.reason:
        return {"name": name, "result": "pass", "reason": "", **measured, **data}
    stops = policy_of(name, policy) == HOLD and not finding.mild
    known = {"seen": seen()} if seen is not None else {}
    return {
        "name": name,
        "result": "fail" if stops else "warn",
        "reason": finding.reason,
        **measured,
        **data,
        **known,
    }


def failed(checks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the checks that stop the order."""
    return [check for check in checks if check["result"] == "fail"]


def sees(name: str, facts: Facts) -> str:
    """Return a short key of what a check looks at in the order itself: a waiver holds as long as it stays the same."""
    inputs, parts = INPUTS[name], []
    if ADDRESSES in inputs:
        bill = facts.bill_to.as_dict() if facts.bill_to else None
        parts.append(repr((facts.ship_to.as_dict(), bill, facts.travels)))
    if CUSTOMER in inputs:
        parts.append(repr((facts.name, facts.email, facts.phone, facts.known_customer)))
    if LINES in inputs:
        parts.append(repr(sorted((line.sku, line.quantity, _figure(line.unit_price)) for line in facts.lines)))
        parts.append(repr((_figure(facts.discount_total), _figure(facts.total), facts.currency)))
    if TERMS in inputs:
        parts.append(repr((facts.on_credit, _figure(facts.credit_limit))))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _figure(amount: Decimal | None) -> str:
    """Write an amount in one way: a column has more zeros than what was just worked out."""
    return "" if amount is None else f"{amount.normalize():f}"
