"""Two orders beside each other: what is the same, and what is not. Reads, and decides nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from core.reader import locale, spoken_amount, spoken_moment
from orders import wording
from orders.models import Order, OrderLine

MOST_GOODS = 100


@dataclass(frozen=True)
class Said:
    """A piece of what an order says, and whether the other one says otherwise."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Row:
    """What both say of one thing."""

    label: str
    sides: tuple[list[Said], list[Said]]
    differs: bool
    is_figure: bool = False


@dataclass(frozen=True)
class Goods:
    """The products of both, those first that differ; `same` of `most` lines agree, `left` are not shown."""

    rows: list[Row]
    same: int
    most: int
    left: int


def facts(one: Order, other: Order, *, agreed_only: bool = False) -> list[Row]:
    """Return who, where, when, by which way and for how much; `agreed_only`: not how far they have come."""
    speaker = str(locale())
    addresses = [[to.ship_to.spoken(speaker) for to in (one, other)], [_billed(to, speaker) for to in (one, other)]]
    # No two are placed at the same moment: that is no difference.
    placed = [[Said(spoken_moment(to.placed_at), False)] if to.placed_at else [] for to in (one, other)]
    paying = [
        [wording.terms(to.payment_terms), *([] if agreed_only else [str(to.get_payment_status_display())])]
        for to in (one, other)
    ]
    rows = [
        Row(_("Placed"), (placed[0], placed[1]), False),
        row_of(_("Channel"), *([to.channel.name] for to in (one, other))),
        row_of(_("Their reference"), *([to.external_reference] for to in (one, other))),
        row_of(_("Their PO number"), *([to.purchase_order_number] for to in (one, other))),
        row_of(_("Customer"), *(_customer(to) for to in (one, other))),
        row_of(_("E-mail"), *([to.email] for to in (one, other))),
        row_of(_("Phone"), *([to.phone] for to in (one, other))),
        row_of(_("Delivered to"), *addresses[0]),
        row_of(_("Invoiced to"), *addresses[1]),
        row_of(_("Delivery"), *(_way(to) for to in (one, other))),
        row_of(_("Payment"), *paying),
        row_of(_("Note"), *([to.customer_note, to.gift_note] for to in (one, other))),
    ]
    return [row for row in rows if any(row.sides)]


def sums(one: Order, other: Order, *, agreed_only: bool = False) -> list[Row]:
    """Return the amounts, the total last, and what of it is paid."""
    named = {
        "subtotal": _("Goods"),
        "discount_total": _("Discount"),
        "shipping_total": _("Shipping"),
        "charges_total": _("Other charges"),
        "tax_total": _("Tax"),
        "total": _("Total"),
        **({} if agreed_only else {"paid_total": _("Paid")}),
    }
    rows = []
    for name, label in named.items():
        amounts = [getattr(to, name) for to in (one, other)]
        if any(amounts) or name == "total":
            said = [[spoken_amount(amount, to.currency)] for amount, to in zip(amounts, (one, other), strict=True)]
            rows.append(row_of(label, *said, is_figure=True))
    return rows


def goods(one: Order, other: Order) -> Goods:
    """Return the products of both, with units and price. One is the same where product and units are."""
    lines = OrderLine.objects.filter(order__in=(one, other)).order_by("position", "pk")
    by_sku: dict[str, dict[int, list[OrderLine]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        by_sku[line.sku][line.order_id].append(line)
    rows, same, counts = [], 0, [0, 0]
    for sku, sides in by_sku.items():
        found = [sides.get(order.pk, []) for order in (one, other)]
        counts = [count + bool(some) for count, some in zip(counts, found, strict=True)]
        units = [sum(line.quantity for line in some) for some in found]
        same += units[0] == units[1]
        said = [_units(some, order) for some, order in zip(found, (one, other), strict=True)]
        name = next(line.name for some in found for line in some)
        rows.append(row_of(f"{name} · {sku}" if name != sku else sku, *said, is_figure=True))
    rows.sort(key=lambda row: not row.differs)
    return Goods(rows[:MOST_GOODS], same, max(counts), max(0, len(rows) - MOST_GOODS))


def _units(lines: Sequence[OrderLine], order: Order) -> list[str]:
    if not lines:
        return []
    units = sum(line.quantity for line in lines)
    prices = {Decimal(line.unit_price) for line in lines}
    each = " / ".join(spoken_amount(price, order.currency) for price in sorted(prices))
    return [f"{units} × {each}"]


def _customer(order: Order) -> list[str]:
    known = order.customer
    company = str(known) if known is not None and str(known) != order.customer_name else ""
    return [order.customer_name, company, known.number if known is not None else ""]


def _way(order: Order) -> list[str]:
    return [order.shipping_method.name_in() if order.shipping_method else ""]


def _billed(order: Order, speaker: str) -> list[str]:
    return order.bill_to.spoken(speaker) if order.billing_address else []


def row_of(label: str, one: Sequence[str], other: Sequence[str], *, is_figure: bool = False) -> Row:
    """Put what both say side by side; what only one of them says is marked, piece by piece."""
    sides = ([text for text in one if text], [text for text in other if text])
    marked = tuple([Said(text, text not in theirs) for text in own] for own, theirs in (sides, sides[::-1]))
    return Row(label, (marked[0], marked[1]), sides[0] != sides[1], is_figure)
