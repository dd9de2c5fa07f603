"""What fulfillment does about facts."""

from core.actors import SYSTEM
from core.outbox import handles
from fulfillment import notifications, services
from fulfillment.capacity import work_of_today
from fulfillment.carriers import carrier_for
from fulfillment.events import LabelRequested, LabelVoided, ShipmentDelivered, ShipmentShipped
from fulfillment.models import Shipment
from orders.events import (
    AllocationLost,
    BackordersFilled,
    HoldPlaced,
    HoldReleased,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    PromiseChanged,
    RanksChanged,
    StockLent,
    WorkDue,
)
from orders.ports import parcel_book, work_book, workload
from orders.sentences import RELEASE

workload.connect(work_of_today)
work_book.connect(services.Work())
parcel_book.connect(services.Parcels())


@handles(OrderConfirmed)
def plan_fulfillment(event: OrderConfirmed) -> None:
    """Tell each place what it will have to do."""
    services.plan_fulfillment(event.order_id, actor=SYSTEM)


@handles(BackordersFilled)
def plan_what_arrived(event: BackordersFilled) -> None:
    """Plan the units that were missing before."""
    services.plan_fulfillment(event.order_id, actor=SYSTEM)


@handles(WorkDue)
def plan_what_is_due(event: WorkDue) -> None:
    """Plan what was wanted later, or not released before."""
    services.plan_fulfillment(event.order_id, actor=SYSTEM)


@handles(PromiseChanged, when=lambda event: event.cause == RELEASE.code)
def follow_release(event: PromiseChanged) -> None:
    """Take out of the queues what is released later now."""
    services.withdraw_early(event.order_id, actor=SYSTEM)
    services.plan_fulfillment(event.order_id, actor=SYSTEM)


@handles(OrderChanged, when=lambda event: not {"requested_delivery_on", "ship_complete"}.isdisjoint(event.fields))
def follow_wish(event: OrderChanged) -> None:
    """Take out of the queues what is wanted later now, and plan what is wanted earlier."""
    services.withdraw_early(event.order_id, actor=SYSTEM)
    services.plan_fulfillment(event.order_id, actor=SYSTEM)


@handles(HoldPlaced, when=lambda event: event.partly)
def keep_apart(event: HoldPlaced) -> None:
    """Let the rest of the order go on without what is on hold."""
    services.set_held_apart(event.order_id, actor=SYSTEM)


@handles(HoldPlaced)
def leave_waves(event: HoldPlaced) -> None:
    """Let the others of a wave go on without what is on hold."""
    services.leave_waves_on_hold(event.order_id, actor=SYSTEM)


@handles(HoldReleased, when=lambda event: event.partly)
def go_on(event: HoldReleased) -> None:
    """Let the warehouse have what was on hold, where work is released by itself."""
    services.go_on_after_hold(event.order_id, actor=SYSTEM)


@handles(StockLent)
def cut_back_lent(event: StockLent) -> None:
    """Nobody walks for units that went to another order."""
    services.cut_back_fulfillment(event.order_id, actor=SYSTEM)


@handles(AllocationLost)
def cut_back(event: AllocationLost) -> None:
    """Nobody walks for units that are not there."""
    services.cut_back_fulfillment(event.order_id, actor=SYSTEM)


@handles(RanksChanged)
def follow_ranks(event: RanksChanged) -> None:
    """Let the queues follow."""
    services.follow_ranks(event.order_ids)


@handles(OrderCancelled)
def cancel_open_fulfillment(event: OrderCancelled) -> None:
    """Stop the work; goods on the trolley are to be put back."""
    services.cancel_open_fulfillment(event.order_id, reason=event.reason, actor=SYSTEM)


@handles(LabelRequested, outside=True)
def fetch_label(event: LabelRequested) -> None:
    """Ask a carrier outside the house for a label; the number of the parcel is the key of the call."""
    shipment = Shipment.objects.select_related("order", "fulfillment_order__warehouse").get(pk=event.shipment_id)
    if shipment.status == Shipment.Status.LABEL_PENDING:
        label = carrier_for(shipment.carrier).create_label(shipment)
        services.attach_label(shipment.pk, label=label, actor=SYSTEM)


@handles(LabelVoided, outside=True)
def void_label(event: LabelVoided) -> None:
    """Tell a carrier outside the house that a parcel stays here."""
    shipment = Shipment.objects.get(pk=event.shipment_id)
    carrier_for(shipment.carrier).void_label(shipment)


@handles(ShipmentShipped, when=lambda event: not event.quiet)
def send_shipped(event: ShipmentShipped) -> None:
    """Tell the customer what is on its way."""
    notifications.send_shipped(event.shipment_id)


@handles(ShipmentDelivered, when=lambda event: not event.quiet)
def send_delivered(event: ShipmentDelivered) -> None:
    """Tell the customer that it arrived."""
    notifications.send_delivered(event.shipment_id)
