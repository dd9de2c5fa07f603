"""What the database says, in the words of the model; and how the debts of the outbox are paid one by one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from core import outbox
from core.models import Delivery, EventRecord
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from inventory.models import StockItem
from inventory.services.shelf import open_ones
from orders.models import Order, OrderException, OrderLine
from tests.machine.model import Model
from tests.machine.things import LIVE, Ordered, Work

Tied = Counter[tuple[int, int, str]]


@dataclass
class Names:
    """What the model calls the rows of the database."""

    products: dict[int, str]
    places: dict[int, str]
    orders: dict[int, Ordered] = field(default_factory=dict)
    reservations: dict[int, int] = field(default_factory=dict)
    works: dict[int, Work] = field(default_factory=dict)

    def product_id(self, sku: str) -> int:
        return next(pk for pk, known in self.products.items() if known == sku)

    def place_id(self, code: str) -> int:
        return next(pk for pk, known in self.places.items() if known == code)

    def order_id(self, order: Ordered) -> int:
        return order.number

    def work_id(self, work: Work) -> int:
        return next(pk for pk, known in self.works.items() if known is work)

    def line_ids(self, order: Ordered) -> dict[int, int]:
        return dict(OrderLine.objects.filter(order=order.number).values_list("position", "pk"))


def tied(names: Names) -> Tied:
    """Return what is tied, per order, line and place, the newest last; of a kit all parts are, in whole kits."""
    parts: dict[tuple[int, int, str], Counter[int]] = {}
    rows = (
        open_ones()
        .order_by("pk")
        .values_list(
            *("reservation_id", "key", "stock_item__warehouse_id", "stock_item__product_id", "per"),
            *("quantity", "consumed", "released"),
        )
    )
    for reservation, key, place, product, per, quantity, consumed, released in rows:
        # What was tied last stands last, also where units of before lie in the same place.
        where = (names.reservations[reservation], key, names.places[place])
        there = parts[where] = parts.pop(where, Counter())
        assert (quantity - consumed - released) % per == 0
        there[product] += (quantity - consumed - released) // per
    assert not [there for there in parts.values() if len(set(there.values())) != 1], f"half a kit: {parts}"
    return Counter({where: min(there.values()) for where, there in parts.items()})


def tied_of(model: Model) -> Tied:
    found: Tied = Counter()
    for lot in model.lots:
        if lot.units:
            found[lot.order.number, lot.line, lot.shelf[1]] += lot.units
    return found


def gains(names: Names, model: Model) -> dict[int, dict[tuple[int, str], int]]:
    """Return what is tied now that the model does not know of yet, per order."""
    found: dict[int, dict[tuple[int, str], int]] = {}
    for (order, key, place), units in (tied(names) - tied_of(model)).items():
        found.setdefault(order, {})[key, place] = units
    return found


def given(names: Names, model: Model) -> Tied:
    """Return what is tied no more, and the model does not know of it yet, per order, line and place."""
    return tied_of(model) - tied(names)


def back() -> dict[tuple[int, int], date]:
    """Return when lines get back what they lent."""
    lent = OrderLine.objects.filter(lent__gt=0)
    return {(order, key): day for order, key, day in lent.values_list("order_id", "position", "lent_until")}


def called_for_lent() -> set[int]:
    """Return the orders for which somebody is called because of what they lent."""
    told = OrderException.objects.filter(dedupe_key__startswith="lent:").exclude(status__in=["resolved", "dismissed"])
    return set(told.values_list("order_id", flat=True))


def compare(names: Names, model: Model) -> None:
    """Every figure of the database is the one of the model."""
    columns = ("product_id", "warehouse_id", "on_hand", "quarantined", "reserved")
    shelves = {
        (names.products[product], names.places[place]): figures
        for product, place, *figures in StockItem.objects.values_list(*columns)
        if product in names.products
    }
    assert shelves == {shelf: [model.on_hand[shelf], model.quarantined[shelf], model.tied(shelf)] for shelf in shelves}
    assert not [shelf for shelf, units in model.on_hand.items() if units and shelf not in shelves]
    assert tied(names) == tied_of(model)
    compare_lines(model)
    heads = Order.objects.values_list("pk", "status", "rank", "reservation__rank")
    assert {pk: ("fulfilled" if status == "completed" else status, *ranks) for pk, status, *ranks in heads} == {
        order.number: (order.status, order.rank, order.rank) for order in model.orders
    }
    assert works() == {
        pk: (
            *(names.order_id(work.order), work.place, work.status, work.put_back),
            {key: (job.units, job.picked) for key, job in work.jobs.items()},
        )
        for pk, work in names.works.items()
    }


def compare_lines(model: Model) -> None:
    """Every figure of every line is the one of the model."""
    columns = ("allocated", "backordered", "lent", "shipped", "cancelled", "returned", "lent_until")
    lines = OrderLine.objects.values_list("order_id", "position", *columns)
    assert {(order, key): figures for order, key, *figures in lines} == {
        (order.number, key): [
            *(line.tied, line.waiting, line.lent, line.shipped, line.cancelled, line.returned),
            line.lent_until,
        ]
        for order in model.orders
        for key, line in order.lines.items()
    }


def works() -> dict[int, Any]:
    jobs: dict[int, dict[int, tuple[int, int]]] = {}
    columns = ("fulfillment_order_id", "order_line__position", "quantity", "picked")
    for work, key, *units in FulfillmentLine.objects.values_list(*columns):
        jobs.setdefault(work, {})[key] = tuple(units)
    heads = FulfillmentOrder.objects.values_list("pk", "order_id", "warehouse__code", "status", "needs_put_back")
    return {pk: (*head, jobs.get(pk, {})) for pk, *head in heads}


def told(names: Names, model: Model) -> None:
    """What orders were told of their parcels is what is tied, what has left, and what is missing."""
    for pk, sourcing in Order.objects.filter(status__in=LIVE).values_list("pk", "sourcing"):
        order = names.orders[pk]
        goods: Counter[tuple[int, str]] = Counter()
        waits: Counter[int] = Counter()
        for parcel in sourcing["parcels"]:
            for key, units in parcel["lines"].items():
                if parcel["kind"] == "goods":
                    goods[int(key), parcel["warehouse"]] += units
                else:
                    waits[int(key)] += units
        assert waits == +Counter({key: line.waiting for key, line in order.lines.items()}), pk
        there = {
            (key, place): model.tied_to(order, key, place) + line.left[place]
            for key, line in order.lines.items()
            for place in model.places
        }
        assert goods == +Counter(there), f"{pk} was told {goods}, not {+Counter(there)}"


def new_works(names: Names, new: list[Work]) -> None:
    """Find the rows of work that the model just planned: one per order and place."""
    rows = {(order, place): pk for pk, (order, place, *_rest) in works().items() if pk not in names.works}
    assert len(rows) == len(new), f"planned {rows}, not {new}"
    for work in new:
        names.works[rows[work.order.number, work.place]] = work


def debts() -> list[Delivery]:
    """Return what is owed and due, the oldest first."""
    due = Delivery.objects.filter(status=Delivery.Status.PENDING, due_at__lte=timezone.now())
    return list(due.select_related("event").order_by("pk"))


def pay(debt: Delivery) -> None:
    """Pay one debt; none may fail."""
    if not outbox.deliver(debt.pk):
        debt.refresh_from_db()
        raise AssertionError(f"{debt.handler} of {debt.event.payload} failed: {debt.last_error}")


def newest_shortfall(since: int) -> list[list[int]]:
    """Return who lost what, by the shortfall that was told since, if there was one."""
    rows = EventRecord.objects.filter(name="inventory.stock_shortfall", pk__gt=since)
    return [drop for payload in rows.values_list("payload", flat=True) for drop in payload["drops"]]


def last_event() -> int:
    return EventRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def summed(drops: Iterable[tuple[int, int, int]]) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    for order, key, units in drops:
        found[order, key] += units
    return found
