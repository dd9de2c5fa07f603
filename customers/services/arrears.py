"""Whether a customer has to pay first: told by who knows the invoices, kept where orders can see it."""

from datetime import date

from core.actors import Actor
from core.outbox import emit
from core.service import service
from customers.events import ArrearsSettled, CustomerInArrears
from customers.models import Customer

DISPUTED = "disputed"


@service
def note_arrears(customer_id: int, *, since: date, why: str = "", actor: Actor) -> bool:
    """Let the new orders of a customer wait from now on. False where they do already.

    `why`: for what is overdue, unless said; `DISPUTED` for a payment they had taken back by their bank.
    """
    waiting = Customer.objects.filter(pk=customer_id, arrears_since=None)
    moved = waiting.update(arrears_since=since, arrears_why=why)
    if moved:
        emit(CustomerInArrears(customer_id=customer_id), actor=actor)
    return bool(moved)


@service
def clear_arrears(customer_id: int, *, actor: Actor) -> bool:
    """Let the orders of a customer go on. False where none of them waits."""
    moved = Customer.objects.filter(pk=customer_id, arrears_since__isnull=False).update(
        arrears_since=None, arrears_why=""
    )
    if moved:
        emit(ArrearsSettled(customer_id=customer_id), actor=actor)
    return bool(moved)
