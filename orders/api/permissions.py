"""What a key may say in an order, beyond placing one."""

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework.request import Request

from core.api.auth import channels_of, declare_scope, scopes_of
from core.errors import Invalid, NotAllowed
from orders import guards
from pricing import services as pricing
from pricing.errors import UnknownChannel

PRICE = "orders:price"
PAYMENTS = "payments:write"
ACT = "customers:act"
TERMS = "orders:terms"
WAIVE = "orders:waive"
OPERATE = "orders.operate_order"

declare_scope("orders:read", "orders.view_order")
declare_scope("orders:write", OPERATE)
declare_scope(PRICE, OPERATE)
declare_scope(TERMS, OPERATE)
declare_scope(ACT, OPERATE)
declare_scope(WAIVE, "orders.waive_check")

# Members that say what something costs, instead of asking.
PRICED = ("placed_at", "prices_include_tax", "shipping_price", "discounts")
PRICED_LINE = ("unit_price", "tax_amount", "discount")


class ScopeMissing(NotAllowed):
    """The key lacks a scope for something the body says; `errors` names what."""

    code = "scope_missing"


def require_scopes(request: Request, said: Mapping[str, Any]) -> None:
    """Refuse what the key may not say. Raises ScopeMissing with a pointer for each."""
    held = scopes_of(request)
    faults = [
        {"pointer": pointer, "code": ScopeMissing.code, "detail": f"This needs the scope {scope}"}
        for pointer, scope in _needed(said)
        if scope not in held
    ]
    if faults:
        raise ScopeMissing(faults[0]["detail"], errors=faults)


def _needed(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what each part of an order needs."""
    for name in PRICED:
        if said.get(name) not in (None, []):
            yield f"/{name}", PRICE
    for index, line in enumerate(said["lines"]):
        for name in PRICED_LINE:
            if line.get(name) is not None:
                yield f"/lines/{index}/{name}", PRICE
    if said.get("payments"):
        yield "/payments", PAYMENTS
    if "number" in said["customer"]:
        yield "/customer/number", ACT
    if said.get("payment_terms", guards.PREPAID) != guards.PREPAID:
        yield "/payment_terms", TERMS


def channel_for(request: Request, wanted: str | None) -> str:
    """Return the channel an order comes in by: one of the key's, and open to the API.

    A key of one channel may leave it out. A channel of others is answered like one that does not exist.
    """
    mine = channels_of(request)
    if not wanted and mine is not None and len(mine) == 1:
        wanted = next(iter(mine))
    if not wanted:
        raise _refused("required", "Say which channel the order comes in by")
    if mine is not None and wanted not in mine:
        raise _refused(UnknownChannel.code, f"There is no channel {wanted!r}")
    if pricing.channel_by_code(wanted).reserved:
        raise _refused("channel_not_allowed", f"Orders of the channel {wanted!r} are not taken here")
    return wanted


def _refused(code: str, text: str) -> Invalid:
    return Invalid(text, errors=[{"pointer": "/channel", "code": code, "detail": text}])
