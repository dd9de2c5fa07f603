"""One record of every kind that staff see, in the states they look for: built through services. Needs `shop`."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from django.utils import timezone

from billing import services as billing
from core import outbox
from core.actors import SYSTEM, Actor
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from inventory.models import Product, StockItem, StockMovement, Warehouse
from orders import services as orders
from orders.models import Order
from returns import services as returns
from tests.scenarios import anew, confirmed_order, order_input, placed_order

TOM = Actor("staff", "tom")


def make_everything() -> dict[str, Order]:
    """Return the orders by what is to be seen of them."""
    made = {
        "draft": orders.save_draft(order_input(), actor=SYSTEM),
        "unpaid": placed_order(email="ada@example.com"),
        "held": placed_order(expected_total=Decimal(1)),
        "planned": _confirmed(),
        "released": _confirmed(),
        "packed": _confirmed(),
        "cancelled": _confirmed(),
        "travelling": _sent("shipped"),
        "overdue": _delivered_long_ago(),
        "returned": _sent("delivered"),
    }
    outbox.drain()
    for name, steps in (("released", 1), ("packed", 4), ("cancelled", 3)):
        _walk(made[name], steps)
    orders.cancel_order(made["cancelled"].pk, reason="Changed my mind", actor=SYSTEM)
    outbox.drain()
    fulfillment.fail_delivery(Shipment.objects.get(order=made["travelling"]).pk, note="Nobody there", actor=SYSTEM)
    line = made["returned"].lines.filter(kind="stocked").earliest("position")
    billing.record_payment(
        made["returned"].pk, method="card", amount=made["returned"].total, reference="paid", actor=SYSTEM
    )
    wanted = returns.request_return(made["returned"].pk, quantities={line.pk: 1}, reason="damaged", actor=SYSTEM)
    if wanted.status == "requested":
        returns.authorize_return(wanted.pk, actor=SYSTEM)
    billing.begin_reminders(actor=SYSTEM)
    billing.take_statement(
        name="november.csv",
        content=b"date;payer;reference;amount\n2026-11-03;Ada Byron;INV-000001;5,00\n2026-11-03;Rent;;-1,00\n",
        account="DE02120300000000202051",
        currency="EUR",
        actor=SYSTEM,
    )
    orders.find_incident({"cause": "Mugs recalled", "sku": "MUG-RED"}, actor=SYSTEM)
    inventory.expect_receipt(
        product_id=Product.objects.get(sku="MUG-RED").pk,
        warehouse_id=Warehouse.objects.earliest("pk").pk,
        quantity=5,
        expected_on=timezone.localdate() - timedelta(days=1),
        reference="PO-1",
        actor=SYSTEM,
    )
    outbox.drain()
    return {name: Order.objects.get(pk=order.pk) for name, order in made.items()}


def make_stock_work() -> None:
    """Add what a warehouse does beside orders: transfers, counts, a wave, and what to reorder."""
    ham, muc = Warehouse.objects.order_by("code")[:2]
    mug = Product.objects.get(sku="MUG-RED")
    for units in (3, 2):
        wanted = inventory.TransferInput(
            source_id=ham.pk, destination_id=muc.pk, units={mug.pk: units}, expected_on=timezone.localdate()
        )
        transfer = inventory.create_transfer(wanted, actor=TOM)
    inventory.send_transfer(transfer.pk, actor=TOM)
    for warehouse in (ham, muc):
        inventory.start_count(warehouse_id=warehouse.pk, shelves=inventory.Shelves(days=0), actor=TOM)
    shelf = StockItem.objects.get(product=mug, warehouse=ham)
    for days in (3, 9):
        then = timezone.now() - timedelta(days=days)
        StockMovement.objects.create(stock_item=shelf, kind="shipment", quantity=-4, actor="system", at=then)
    inventory.plan_replenishment()
    fulfillment.plan_wave(fulfillment.WaveInput(warehouse_id=ham.pk, size=1), actor=TOM)
    outbox.drain()


def _confirmed(**given: Any) -> Order:
    """Return a confirmed order of a buyer of its own: one after the other would look like twins."""
    number = Order.objects.count()
    return confirmed_order(email=f"buyer-{number}@example.com", customer_name=f"Buyer {number}", **given)


def _sent(through: Literal["shipped", "delivered"]) -> Order:
    order = _confirmed()
    fulfillment.fulfil_through(order.pk, through=through, actor=SYSTEM)
    return anew(order)


def _walk(order: Order, steps: int) -> None:
    """Take the work of an order through its first steps."""
    walk = (
        lambda pk: fulfillment.release_fulfillment(pk, actor=TOM),
        lambda pk: fulfillment.start_picking(pk, actor=TOM),
        lambda pk: fulfillment.pick(pk, actor=TOM),
        lambda pk: fulfillment.pack(pk, actor=TOM),
    )
    for work in FulfillmentOrder.objects.filter(order=order).order_by("pk"):
        for step in walk[:steps]:
            step(work.pk)


def _delivered_long_ago() -> Order:
    """Return an order whose invoice is overdue."""
    then = timezone.now() - timedelta(days=20)
    order = _confirmed(placed_at=then, historic=True)
    fulfillment.fulfil_through(order.pk, through="delivered", shipped_at=then, delivered_at=then, actor=SYSTEM)
    return order
