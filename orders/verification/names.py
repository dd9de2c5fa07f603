"""The checks by name, what a channel may do about each, and the limits it may set: all with their usual values."""

from collections.abc import Mapping
from decimal import Decimal

COMPLETE = "complete"
ADDRESS = "address"
CONTACT = "contact"
DUPLICATE = "duplicate"
PRICE = "price"
DISCOUNT = "discount"
QUANTITY = "quantity"
CREDIT = "credit"
TOTAL = "total"
RISK = "risk"
STOCK = "stock"
NAMES = (COMPLETE, ADDRESS, CONTACT, DUPLICATE, PRICE, DISCOUNT, QUANTITY, CREDIT, TOTAL, RISK, STOCK)

HOLD, WARN, OFF = "hold", "warn", "off"
# What a channel does where it says nothing else. A shortage that may not wait is refused, not held.
DEFAULT_POLICY = {CONTACT: WARN, RISK: WARN, STOCK: WARN}

Limits = Mapping[str, Decimal]
# Shares in percent, spans in hours, amounts in the currency of the order; a switch is 1 or 0.
USUAL_LIMITS: dict[str, dict[str, Decimal]] = {
    DUPLICATE: {"share": Decimal(80), "hours": Decimal(72), "address": Decimal(0)},
    PRICE: {"lowest": Decimal(50), "highest": Decimal(300)},
    DISCOUNT: {"share": Decimal(50)},
    QUANTITY: {"units": Decimal(1000), "times": Decimal(3), "from": Decimal(20)},
    CREDIT: {"share": Decimal(100)},
    TOTAL: {"tolerance": Decimal(0)},
    RISK: {"signals": Decimal(2), "orders": Decimal(5), "hours": Decimal(24), "first_total": Decimal(500)},
}
# The longest a channel may look back, for duplicates and for many orders in a short time.
LONGEST_HOURS = 336

# What of an order a check looks at: when that changes, it is looked at again.
ADDRESSES, CUSTOMER, LINES, TERMS = "addresses", "customer", "lines", "terms"
INPUTS: dict[str, frozenset[str]] = {
    COMPLETE: frozenset({ADDRESSES, CUSTOMER}),
    ADDRESS: frozenset({ADDRESSES}),
    CONTACT: frozenset({ADDRESSES, CUSTOMER}),
    DUPLICATE: frozenset({ADDRESSES, CUSTOMER, LINES}),
    PRICE: frozenset({LINES}),
    DISCOUNT: frozenset({LINES}),
    QUANTITY: frozenset({CUSTOMER, LINES}),
    CREDIT: frozenset({CUSTOMER, LINES, TERMS}),
    TOTAL: frozenset({ADDRESSES, LINES}),
    RISK: frozenset({ADDRESSES, CUSTOMER, LINES, TERMS}),
    STOCK: frozenset({ADDRESSES, LINES}),
}
EVERYTHING = frozenset({ADDRESSES, CUSTOMER, LINES, TERMS})


def policy_of(name: str, policy: Mapping[str, str]) -> str:
    """Return what a channel does about a check."""
    return policy.get(name) or DEFAULT_POLICY.get(name, HOLD)


def limits_of(name: str, limits: Mapping[str, Mapping[str, object]]) -> Limits:
    """Return the limits of a check, as a channel sets them or as they usually are."""
    usual = USUAL_LIMITS.get(name, {})
    if not (own := limits.get(name)):
        return usual
    return {**usual, **{key: Decimal(str(value)) for key, value in own.items() if key in usual}}


def touched(changed: frozenset[str]) -> frozenset[str]:
    """Return the checks that look at what was changed."""
    return frozenset(name for name, inputs in INPUTS.items() if inputs & changed)
