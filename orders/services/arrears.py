"""New orders of who was reminded and has not paid: they wait, and go on by themselves when the money is there."""

from datetime import datetime

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.service import service
from customers import services as customers
from customers.models import Customer
from orders import hold_types
from orders.models import Hold, LiftedBy, Order
from orders.sentences import IN_ARREARS, IN_DISPUTE

from .book import take_order
from .buyer import Buyer
from .holds import lift_holds
from .settlement import settle


def holds_of_arrears(buyer: Buyer, *, actor: Actor, at: datetime) -> list[Hold]:
    """Return, unsaved, what stops an order of a customer in arrears; who may not know them hears nothing of it."""
    customer = buyer.customer
    since = customer.arrears_since if customer is not None and not buyer.is_foreign else None
    known = hold_types.type_of(Hold.Kind.ARREARS)
    if since is None or known is None or not known.active:
        return []
    said = IN_DISPUTE if customer is not None and customer.arrears_why == customers.DISPUTED else IN_ARREARS
    return [
        Hold(
            kind=Hold.Kind.ARREARS,
            reason=said(day=since.isoformat()),
            blocks=list(known.blocks),
            auto_release=known.auto_release,
            placed_by=str(actor),
            created_at=at,
        )
    ]


def lift_arrears(customer_id: int, *, actor: Actor = SYSTEM) -> int:
    """Let the orders of a customer go on that waited for what was overdue, the oldest first. Returns how many.

    Safe to repeat; each order in a transaction of its own. Who fell back meanwhile lifts nothing.
    """
    waiting = Hold.objects.filter(
        order__customer=customer_id, status=Hold.Status.ACTIVE, auto_release=LiftedBy.ARREARS
    )
    ids = waiting.order_by("order").values_list("order", flat=True).distinct()
    return sum(_lift(pk, actor=actor) for pk in list(ids))


@service
def _lift(order_id: int, *, actor: Actor) -> bool:
    order: Order = take_order(order_id)
    if Customer.objects.filter(pk=order.customer_id or 0, arrears_since__isnull=False).exists():
        return False
    when = timezone.now()
    lift_holds(order, because=LiftedBy.ARREARS, actor=actor, at=when)
    settle(order, actor=actor, at=when)
    return True
