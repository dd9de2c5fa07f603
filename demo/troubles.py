"""What came back, and what went wrong: returns in every state and the open exceptions of this morning."""

from datetime import timedelta

from billing import services as billing
from billing.gateways.base import Stand, Standing
from core import outbox
from core.links import absolute
from core.models import Delivery
from demo.morning import COUNTED_SHORT, NOT_FOUND, WAITED_FOR
from demo.provider import DECLINED
from demo.teller import BUYER, MAYA, TOM, Story, first_of
from demo.world import ACTOR
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from inventory.models import StockItem, Warehouse
from orders import services as orders
from orders.events import PaymentRequested
from orders.models import Order
from returns import services as returns
from returns.decisions import Decision

RETURNS = 6
SHORT_PICKS = 2


def bring_back(story: Story) -> None:
    """Let six customers send something back; each return stands somewhere else."""
    hamburg = Warehouse.objects.get(code="HAM")
    # The youngest are taken; a story shorter than the demo's has to look further back.
    since = story.now - timedelta(days=28)
    recent = Order.objects.filter(status="completed", email__gt="", customer__isnull=False, delivered_at__gte=since)
    wanted = recent.filter(lines__kind="stocked").distinct().order_by("-pk")
    for reached, order in enumerate(first_of(wanted, RETURNS)):
        line = order.lines.filter(kind="stocked").earliest("position")
        asked = story.ago(2)
        found = returns.request_return(
            order.pk, quantities={line.pk: 1}, reason="damaged", note="", actor=BUYER, at=asked
        )
        if reached >= 1 and found.status == "requested":
            asked = story.next_shift(asked)
            returns.authorize_return(found.pk, actor=TOM, at=asked)
        if reached >= 3:
            asked = story.next_shift(asked)
            returns.receive_return(found.pk, warehouse_id=hamburg.pk, actor=TOM, at=asked)
        if reached >= 5:
            decisions = {one.pk: Decision("quarantine") for one in found.lines.all()}
            returns.inspect_return(found.pk, decisions=decisions, actor=TOM, at=story.next_shift(asked))


def go_wrong(story: Story) -> None:
    """Let two picks come up short, one parcel get lost, one meet a closed door, and a shelf hold too little."""
    missing = FulfillmentOrder.objects.get(status="picking", lines__order_line__sku=NOT_FOUND)
    # Of the other, one piece of several is missing, so that there is still something to pick of it.
    several = FulfillmentOrder.objects.filter(warehouse__code="HAM", status="picking", lines__quantity__gte=2).exclude(
        pk=missing.pk
    )
    for work in (missing, *first_of(several.distinct().order_by("pk"), SHORT_PICKS - 1)):
        line = (
            work.lines.get(order_line__sku=NOT_FOUND)
            if work == missing
            else work.lines.filter(quantity__gte=2).earliest("pk")
        )
        found = 0 if work == missing else line.quantity - 1
        fulfillment.short_pick(
            work.pk, found={line.order_line_id: found}, reason="Shelf is empty", actor=TOM, at=story.now
        )
    lost, closed = Shipment.objects.filter(status="in_transit").order_by("shipped_at", "pk")[:2]
    fulfillment.lose_shipment(lost.pk, note="Not seen for five days", actor=ACTOR, at=story.now)
    fulfillment.fail_delivery(closed.pk, note="Nobody was there", actor=ACTOR, at=story.now)
    shelf = StockItem.objects.get(product__sku=COUNTED_SHORT, warehouse__code="HAM")
    inventory.adjust_stock(stock_item_id=shelf.pk, change=-1, reason="Counted: one is broken", actor=TOM, at=story.now)
    unpaid = Order.objects.filter(status="verified", payment_status="unpaid", deposit_total=0, email__gt="")
    unpaid = unpaid.order_by("-pk")
    declined, unasked = first_of(unpaid, 2)
    _decline(declined)
    _never_ask(unasked)
    orders.watch_late(story.now)
    # Nobody is told yet: that is for whoever looks at the demo.
    orders.find_incident({"cause": "The container with the blue mugs is late", "sku": WAITED_FOR}, actor=MAYA)


def _decline(order: Order) -> None:
    """Let a bank say no."""
    payment = billing.begin_checkout(order.pk, return_url=absolute("/"), actor=BUYER)
    billing.settle_checkout(payment.pk, Standing(stand=Stand.REFUSED, reason=str(DECLINED)))


def _never_ask(order: Order) -> None:
    """Let the mail with the link to pay by be given up: so it stays undone until somebody has it tried again."""
    orders.request_payment(order.pk, actor=MAYA)
    debt = Delivery.objects.get(event__thread=order.history_thread(), event__name=PaymentRequested.name)
    outbox.give_up(debt, reason="ConnectionRefusedError: the mail server did not answer")
