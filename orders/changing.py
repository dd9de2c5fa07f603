"""An agreement as it is shown, and what an edit makes of it: plain figures, before and after. Nothing is read here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.money import plain, round_amount
from core.sentences import gettext_noop, sentence
from orders.derivation import credited_as_cancelled, worth_of
from orders.models import Order, OrderCharge, OrderLine
from orders.wishes import SIMPLE

AMOUNTS = ("subtotal", "discount_total", "shipping_total", "charges_total", "tax_total")
LINE = sentence(gettext_noop("%(units)s @ %(price)s"))
Agreement = dict[str, Any]
Refusal = dict[str, str]


def agreement_of(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> Agreement:
    """Return what is agreed, as it is shown and stored: amounts and days as text, what is cancelled left out."""
    money = order.currency
    return {
        "lines": [_line(line, money) for line in lines if line.wanted],
        "charges": [
            {"kind": one.kind, "code": one.code, "name": one.name, "total": plain(one.total, money)}
            for one in charges
            if not one.cancelled
        ],
        "taxes": list(order.tax_breakdown),
        **{name: plain(getattr(order, name), money) for name in AMOUNTS},
        "total": plain(agreed_total(order, lines), money),
        "balance_due": plain(order.balance_due, money),
        "promised_on": _day(order.promised_on or order.estimated_delivery_on),
        "shipping_address": dict(order.shipping_address),
        "billing_address": dict(order.billing_address),
        "shipping_method": order.shipping_method.code if order.shipping_method else "",
        "taxed_on": _day(order.taxed_on),
        **{name: _day(getattr(order, name)) if name.endswith("_on") else getattr(order, name) for name in SIMPLE},
    }


def agreed_total(order: Order, lines: Sequence[OrderLine]) -> Decimal:
    """Return what is to be paid for what is wanted: without what is cancelled, billed or not."""
    credited = [(line, units) for line in lines if (units := credited_as_cancelled(line))]
    if all(line.credited == credited_as_cancelled(line) for line in lines):
        # Nothing else was credited: it is what the credit notes say, to the cent.
        taken_back = order.credited_total if credited else Decimal(0)
    else:
        taken_back = sum((worth_of(line, units, order.currency) for line, units in credited), start=Decimal(0))
    return order.total - order.cancelled_total - taken_back


def _line(line: OrderLine, currency: str) -> dict[str, Any]:
    return {
        "position": line.position,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.wanted,
        "unit_price": _price(line.unit_price, currency),
        "total": plain(line.total, currency),
        "allocated": line.allocated,
        "backordered": line.backordered,
        "shipped": line.shipped,
        "promised_on": _day(line.promised_on),
    }


def _price(price: Decimal, currency: str) -> str:
    """Write a unit price, which may have more decimals than its currency."""
    return plain(price, currency) if price == round_amount(price, currency) else f"{price.normalize():f}"


def _day(day: Any) -> str:
    return day.isoformat() if day else ""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what of an agreement is otherwise: fields by their name, lines by `line:POSITION`."""
    found = {
        name: (before.get(name), value)
        for name, value in after.items()
        if name not in ("lines", "charges", "taxes") and before.get(name) != value
    }
    old = {line["position"]: line for line in before.get("lines", ())}
    new = {line["position"]: line for line in after.get("lines", ())}
    for position in sorted({*old, *new}):
        was, now = (_said(lines.get(position)) for lines in (old, new))
        if was != now:
            found[f"line:{position}"] = (was, now)
    return found


def _said(line: Mapping[str, Any] | None) -> str:
    return LINE(units=f"{line['quantity']} × {line['sku']}", price=line["unit_price"]) if line else ""


@dataclass(frozen=True, kw_only=True)
class StockOfLine:
    """Where the units of a line come from, as (code of the warehouse, units), how many are new there, and missing."""

    position: int
    places: tuple[tuple[str, int], ...] = ()
    missing: int = 0
    given_back: int = 0


@dataclass(frozen=True, kw_only=True)
class PriceKept:
    """A line of which there is more now, or too few for its price: what was agreed, and what it costs today."""

    name: str
    units: int
    agreed: Decimal
    today: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ChangePreview:
    """What an edit would do, worked out by the same steps that apply it, on one version of the order.

    `to_pay` and `to_refund` are what the edit itself asks of the customer, or owes to him. `to_credit` is what
    invoices of it give back. `approval` are the reasons for which somebody has to agree; `refusals` say beside each
    field why it cannot be. `pulled_back` is work that stops and is planned again; `prices` are those of lines that
    grow, or fall below the step of their price; `fewest` how many units of a line must stay, by its position.
    `used_up` are promotions that it would earn again, but of which no use is left; `uses_back` those it does not reach
    any more, so that somebody else may use them: both by their codes.
    """

    order_number: str
    version: int
    currency: str
    before: Agreement
    after: Agreement
    stock: tuple[StockOfLine, ...] = ()
    to_pay: Decimal = Decimal(0)
    to_refund: Decimal = Decimal(0)
    to_credit: Decimal = Decimal(0)
    approval: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    pulled_back: tuple[str, ...] = ()
    used_up: tuple[str, ...] = ()
    uses_back: tuple[str, ...] = ()
    prices: tuple[PriceKept, ...] = ()
    fewest: Mapping[int, int] = field(default_factory=dict)

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Return what would be otherwise, by the name of the field."""
        return differences(self.before, self.after)

    @property
    def is_possible(self) -> bool:
        """Whether nothing speaks against it, and it changes something."""
        return not self.refusals and bool(self.changes)
