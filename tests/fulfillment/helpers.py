"""Orders that wait for the warehouse, and what can be read about them, in few words."""

from decimal import Decimal
from typing import Any

from core import outbox
from core.actors import SYSTEM, Actor
from core.models import EventRecord
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from inventory.models import Allocation, StockItem, StockMovement
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Order

TOM = Actor("staff", "tom")
BERLIN = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")


def placed(units: dict[str, int] | None = None, **given: Any) -> Order:
    """Return an order that waits for its money."""
    number = Order.objects.count() + 1
    wanted = {
        "channel": "api",
        "external_reference": f"T-{number}",
        "email": "ada@example.com",
        "customer_name": "Ada Byron",
        "shipping_address": BERLIN,
        "shipping_method": "standard",
        "lines": tuple(LineInput(sku=sku, quantity=count) for sku, count in (units or {"MUG-RED": 2}).items()),
        **given,
    }
    return read(orders.place_order(OrderInput(**wanted), actor=SYSTEM))


def confirmed(units: dict[str, int] | None = None, **given: Any) -> Order:
    """Return a paid and confirmed order whose debts are not paid yet: nobody has planned it."""
    order = placed(units, **given)
    if order.status != "confirmed":
        orders.record_payment(order.pk, authorized=Decimal(0), paid=order.total, refunded=Decimal(0), actor=SYSTEM)
    assert read(order).status == "confirmed", (read(order).status, read(order).checks)
    return read(order)


def planned(units: dict[str, int] | None = None, **given: Any) -> list[FulfillmentOrder]:
    """Return the work of a confirmed order, one per warehouse, in the order of the warehouses."""
    order = confirmed(units, **given)
    outbox.drain()
    return works_of(order)


def packed(units: dict[str, int] | None = None, **given: Any) -> FulfillmentOrder:
    """Return the only work of an order, packed into one parcel."""
    (work,) = planned(units, **given)
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.start_picking(work.pk, actor=TOM)
    fulfillment.pick(work.pk, actor=TOM)
    fulfillment.pack(work.pk, actor=TOM)
    return anew(work)


def shipped(units: dict[str, int] | None = None, **given: Any) -> Shipment:
    """Return the only parcel of an order, on its way."""
    work = packed(units, **given)
    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)
    return Shipment.objects.get(fulfillment_order=work)


def read(order: Order) -> Order:
    """Return the order as it stands now."""
    return Order.objects.get(pk=order.pk)


def anew(work: FulfillmentOrder) -> FulfillmentOrder:
    """Return the work as it stands now."""
    return FulfillmentOrder.objects.get(pk=work.pk)


def works_of(order: Order) -> list[FulfillmentOrder]:
    """Return the work of an order, the oldest first."""
    return list(FulfillmentOrder.objects.filter(order=order).order_by("pk"))


def line_of(order: Order, sku: str) -> int:
    """Return the id of the order line with a SKU."""
    return order.lines.get(sku=sku).pk


def stock(sku: str, warehouse: str = "HAM") -> tuple[int, int]:
    """Return what is on hand and what is reserved."""
    row = StockItem.objects.get(product__sku=sku, warehouse__code=warehouse)
    return row.on_hand, row.reserved


def allocations(order: Order) -> list[tuple[int, int, int]]:
    """Return quantity, consumed and released of the allocations of an order."""
    found = Allocation.objects.filter(reservation=order.reservation_id).order_by("pk")
    return list(found.values_list("quantity", "consumed", "released"))


def left_the_shelf(reference: str) -> list[tuple[str, int]]:
    """Return the stock movements with a reference."""
    found = StockMovement.objects.filter(reference=reference).order_by("pk")
    return list(found.values_list("stock_item__product__sku", "quantity"))


def passages(subject: Any) -> list[tuple[str, str, str]]:
    """Return transition, source and target of everything that a status went through."""
    found = EventRecord.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=subject.pk, transition__gt=""
    ).order_by("pk")
    return list(found.values_list("transition", "source", "target"))
