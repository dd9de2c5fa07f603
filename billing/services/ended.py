"""The money of an order that is over: what is held is let go, what came in goes back, also what comes too late."""

from datetime import datetime
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from billing import selectors
from billing.models import CreditNote, Payment, Refund
from billing.services.common import moment, summed, take_order, take_payment
from billing.services.matching import tell_order
from billing.services.payments import let_go_of_payments
from billing.services.refunds import promise_back, refundable_payments
from core.actors import SYSTEM, Actor
from core.money import Money
from core.service import service
from orders.models import Order, OrderStatus


@service
def void_payments(order_id: int, *, reason: str, actor: Actor = SYSTEM, at: datetime | None = None) -> list[Refund]:
    """Let go of what is held for an order that is over, and send back what came in."""
    order = take_order(order_id)
    when = moment(at)
    if not Payment.objects.filter(order=order).exists():
        return []
    let_go_of_payments(order, reason=reason, actor=actor, at=when)
    tell_order(order, actor=actor, at=when)
    payments = refundable_payments(order)
    left = summed(rest for _, rest in payments)
    if not left:
        return []
    cause = _cause_of(order)
    if Refund.objects.filter(order=order, reference=cause).exists():
        return [refund for payment, _ in payments for refund in _return_late(order, payment, actor=actor, at=when)]
    money = Money(left, order.currency)
    # The credit note over what was billed in advance goes with the money.
    notes = list(CreditNote.objects.filter(order=order, status=CreditNote.Status.ISSUED, total=left)[:2])
    note_id = notes[0].pk if len(notes) == 1 else None
    return promise_back(order, None, money, reference=cause, reason=reason, note_id=note_id, actor=actor, at=when)


@service
def return_late_money(payment_id: int, *, actor: Actor = SYSTEM, at: datetime | None = None) -> list[Refund]:
    """Send back what came in after its order was cancelled, each payment once and by a refund of its own."""
    order, payment = take_payment(payment_id)
    if order.status != OrderStatus.CANCELLED:
        return []
    return _return_late(order, payment, actor=actor, at=moment(at))


def _return_late(order: Order, payment: Payment, *, actor: Actor, at: datetime) -> list[Refund]:
    left = selectors.refundable(order).get(payment.pk, Decimal(0))
    reference = f"late-{payment.code}"
    # One that failed waits for a person, who asks the provider again.
    tried = Refund.objects.filter(payment=payment, reference__in=(reference, _cause_of(order)))
    if not left or tried.exists():
        return []
    with translation.override(order.language):
        reason = _("The order was cancelled before your payment came in")
    money = Money(left, order.currency)
    return promise_back(order, payment, money, reference=reference, reason=reason, note_id=None, actor=actor, at=at)


def _cause_of(order: Order) -> str:
    """Return the reference under which everything goes back that came in before the order was over."""
    return f"cancel-{order.number}"
