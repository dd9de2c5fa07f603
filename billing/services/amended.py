"""The money follows an order that is changed: what is paid too much goes back, and nobody pays the old amount."""

from decimal import Decimal

from billing import selectors
from billing.models import Payment
from billing.sentences import OF_CHANGE, ORDER_CHANGED
from billing.services.common import moment, summed, take_order
from billing.services.matching import tell_order
from billing.services.payments import HELD, give_up_checkouts, let_go_of_spare, void_payment
from billing.services.refunds import refundable_payments, request_refund
from billing.services.store_credit import CODE, let_go_of_credit
from core.actors import SYSTEM, Actor
from core.money import Money
from core.service import note_change, service
from orders.models import Order


@service
def settle_edit(order_id: int, *, change: str, actor: Actor = SYSTEM) -> Decimal:
    """Send back what came in beyond what is agreed now, and close pages over another amount. Returns what goes back.

    A hold stays whole as long as some of it is owed, because an invoice takes no more of it than it is about; one
    that nobody needs is let go. Store credit beyond what is owed is the customer's to spend. The number of the edit
    is the reference: a second call is harmless.
    """
    order = take_order(order_id)
    if not Payment.objects.filter(order=order).exists():
        return Decimal(0)
    if selectors.undecided(order):
        give_up_checkouts(order, unless=selectors.payable(order), reason=ORDER_CHANGED(), actor=actor)
    if (spare := order.authorized_total - max(Decimal(0), order.balance_due)) > 0:
        _let_go_of_credit(order, spare, change=change, actor=actor)
        let_go_of_spare(order.pk, reason=OF_CHANGE(change=change), actor=actor)
    back = _too_much(order)
    if back > 0:
        request_refund(
            order.pk,
            amount=Money(back, order.currency),
            reference=change,
            reason=OF_CHANGE(change=change),
            actor=actor,
            at=moment(None),
        )
    return back


def _let_go_of_credit(order: Order, spare: Decimal, *, change: str, actor: Actor) -> None:
    reason = OF_CHANGE(change=change)
    for payment in Payment.objects.filter(order=order, gateway=CODE, status__in=HELD).order_by("-pk"):
        part = min(spare, payment.held)
        if part <= 0:
            return
        spare -= part
        if part == payment.held:
            void_payment(payment.pk, reason=reason, actor=actor)
            continue
        let_go_of_credit(order, payment, part)
        before, payment.authorized = payment.authorized, payment.authorized - part
        payment.save(update_fields=["authorized"])
        note_change(
            payment,
            "billing.hold_lowered",
            actor=actor,
            note=reason,
            before={"authorized": before},
            after={"authorized": payment.authorized},
            currency=payment.currency,
        )
        tell_order(order, actor=actor, at=moment(None))


def _too_much(order: Order) -> Decimal:
    """Return what came in beyond what is owed, as far as it can go back and is not going back already."""
    left = summed(rest for _payment, rest in refundable_payments(order))
    agreed = order.total - order.cancelled_total - order.credited_total
    return min(left, max(Decimal(0), left - max(Decimal(0), agreed)))
