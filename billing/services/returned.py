"""Money that was on its way back and came home: the bank of the customer did not take it."""

from datetime import datetime

from billing.models import CreditNote, Payment, Refund
from billing.services.booking import post_returned_refund
from billing.services.common import moment, take_refund
from billing.services.matching import tell_order
from billing.services.obstacles import report_failed_refund
from billing.services.refund_keys import key_of
from billing.services.settling import look_again
from core.actors import SYSTEM, Actor
from core.service import service
from core.transitions import advance


@service
def return_refund(
    refund_id: int, *, sent_as: str, reason: str, actor: Actor = SYSTEM, at: datetime | None = None
) -> Refund:
    """Write down that what the provider had called sent never arrived: we have it again, and the customer is owed it.

    `sent_as` is the key it was sent under: what was sent once more since then is another matter. Told twice, it
    changes nothing. It can be sent again as any refund that failed.
    """
    order, refund = take_refund(refund_id)
    if refund.status != Refund.Status.SUCCEEDED or key_of(refund) != sent_as:
        return refund
    when = moment(at)
    post_returned_refund(order, refund, actor=actor, at=when)
    payment = Payment.objects.get(pk=refund.payment_id)
    payment.refunded -= refund.amount
    Payment.objects.filter(pk=payment.pk).update(refunded=payment.refunded, overdrawn=payment.beyond)
    refund.failure, refund.settled_at, refund.ask_at, refund.failed_at = reason[:300], None, None, when
    if not refund.again_of_id:
        refund.sent_key = ""
    refund.refusals += 1
    refund.returns += 1
    advance(refund, "come_back", actor=actor, note=reason, at=when)
    if refund.credit_note and refund.credit_note.status == CreditNote.Status.REFUNDED:
        advance(refund.credit_note, "take_up", actor=actor, at=when)
    look_again(refund)
    tell_order(order, actor=actor, at=when)
    if not refund.again_of_id:
        report_failed_refund(order, refund, reason=reason, actor=actor, at=when)
    return refund
