"""What returns does about facts."""

from billing.events import RefundSettled
from core.outbox import handles
from fulfillment.events import ShipmentDelivered
from returns import notifications, selectors, services
from returns.events import (
    ReturnAuthorized,
    ReturnDeclined,
    ReturnReceived,
    ReturnRefundAsChanged,
    ReturnRequested,
)

PREFIX = "RMA-"


@handles(RefundSettled, when=lambda event: event.reference.startswith(PREFIX))
def close_refunded_return(event: RefundSettled) -> None:
    """Nothing is left to do once the money is on its way."""
    services.close_return(event.reference, at=selectors.settled_at(event.refund_id))


@handles(ReturnRequested, when=lambda event: not event.quiet)
def send_return_requested(event: ReturnRequested) -> None:
    """Tell the customer that we heard."""
    notifications.send_requested(event.return_id)


@handles(ReturnAuthorized, when=lambda event: not event.quiet)
def send_return_instructions(event: ReturnAuthorized) -> None:
    """Tell the customer how to send it back."""
    notifications.send_instructions(event.return_id)


@handles(ReturnDeclined, when=lambda event: not event.quiet)
def send_return_declined(event: ReturnDeclined) -> None:
    """Tell the customer why not."""
    notifications.send_declined(event.return_id)


@handles(ReturnRefundAsChanged, when=lambda event: not event.quiet)
def send_refund_as_changed(event: ReturnRefundAsChanged) -> None:
    """Tell the customer what goes back instead, and why."""
    notifications.send_refund_as_changed(event)


@handles(ReturnReceived, when=lambda event: not event.quiet)
def send_return_received(event: ReturnReceived) -> None:
    """Tell the customer that the goods are here."""
    notifications.send_received(event.return_id, units=event.units)


@handles(ShipmentDelivered, when=lambda event: not event.quiet)
def tell_of_parcel_after_all(event: ShipmentDelivered) -> None:
    """Put before a person that goods arrived which were sent again, or paid back."""
    services.tell_of_parcel_after_all(event.shipment_id)
