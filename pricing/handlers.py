"""What pricing does about facts."""

from core.outbox import handles
from customers.events import VatCheckWanted
from pricing import services


@handles(VatCheckWanted, outside=True)
def look_up_vat_id(event: VatCheckWanted) -> None:
    """Ask VIES, and keep the answer."""
    services.look_up_vat_id(event.customer_id, event.number)
