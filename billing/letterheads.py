"""Whose logo is in the head of a mail: about an order that of who invoices it, else that of the shop's seller."""

from billing import services
from core.letterheads import Letterhead, letterhead


@letterhead("orders.order")
def of_order(thread: str) -> Letterhead | None:
    """Return the head of mails about an order."""
    return services.letterhead_of_order(int(thread.rpartition(":")[2]))


@letterhead("customers.customer")
def of_customer(_thread: str) -> Letterhead | None:
    """Return the head of mails to a customer that are about no order."""
    return services.letterhead_of_shop()
