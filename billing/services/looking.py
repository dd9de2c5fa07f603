"""What happened to money after it came in: a customer's bank asked it back, or what we sent back never arrived.

The messages of a provider only make us ask; so does a clock, for messages that never came. What he says is written
down once, whatever comes first, twice or in another order.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from billing import gateways
from billing.models import Dispute, Payment, Refund
from billing.services.checkout import ask_provider
from billing.services.disputes import record_dispute
from billing.services.evidence import send_waiting_evidence
from billing.services.refund_keys import key_of, other_keys
from billing.services.returned import return_refund
from billing.services.rounds import ask_about_each
from billing.services.settling import NO_MAY_CHANGE_FOR, fail_refund, settle_refund
from core.service import service

# How often it is asked how an open dispute stands.
STEADY_PAUSE = timedelta(hours=6)
AFTER_SILENCE = timedelta(minutes=15)


def look_after_payment(payment_id: int) -> None:
    """Ask how the disputes and refunds of a payment stand, and write it down.

    Safe to repeat. Raises ProviderSilent.
    """
    asked_at = Payment.objects.values_list("look_at", flat=True).get(pk=payment_id)
    # Whether it came in at all may not be known here yet.
    ask_provider(payment_id)
    payment = Payment.objects.get(pk=payment_id)
    if not payment.captured:
        _look_again(payment_id, asked_at, AFTER_SILENCE if payment.reserved or payment.is_undecided else None)
        return
    provider = gateways.hosted(payment.gateway)
    goes_on = _look_after_refunds(payment, provider.refunds_of(reference=payment.reference))
    for standing in provider.disputes_of(reference=payment.reference):
        found = record_dispute(payment_id, standing)
        # One that was lost, and is won after all, is over when its money is here again.
        is_lost = found is not None and found.status == Dispute.Status.LOST
        goes_on = goes_on or (is_lost and standing.stand is gateways.DisputeStand.WON)
    if send_waiting_evidence(payment_id):
        _look_again(payment_id, asked_at, AFTER_SILENCE)
        return
    is_open = Dispute.objects.filter(payment=payment_id, status=Dispute.Status.OPEN).exists()
    _look_again(payment_id, asked_at, STEADY_PAUSE if is_open or goes_on else None)


def _look_after_refunds(payment: Payment, said: Mapping[str, gateways.Answer]) -> bool:
    """Write down how refunds stand, whichever try of theirs it is about. Returns whether that may change yet."""
    goes_on = False
    known = Refund.objects.filter(payment=payment, to_credit=False).exclude(status=Refund.Status.REJECTED)
    for refund in known.order_by("pk"):
        _hear(refund, said)
        others = [answer for key in other_keys(refund) if (answer := said.get(key)) is not None]
        is_new = refund.failed_at is not None and refund.failed_at > timezone.now() - NO_MAY_CHANGE_FOR
        goes_on = goes_on or is_new or any(answer.outcome is gateways.Outcome.PENDING for answer in others)
    return goes_on


def _hear(refund: Refund, said: Mapping[str, gateways.Answer]) -> None:
    answer = said.get(key := key_of(refund))
    if answer is not None and answer.ok:
        settle_refund(refund.pk, sent_as=key)
    elif answer is not None and answer.outcome is gateways.Outcome.REFUSED:
        if refund.status == Refund.Status.SUCCEEDED:
            return_refund(refund.pk, sent_as=key, reason=answer.reason)
        elif refund.status == Refund.Status.PROCESSING:
            fail_refund(refund.pk, reason=answer.reason, asked_as=key)
    for other in other_keys(refund):
        if (answer := said.get(other)) is not None and answer.ok:
            settle_refund(refund.pk, sent_as=other)


@service
def _look_again(payment_id: int, before: datetime | None, pause: timedelta | None) -> None:
    """Say when it is asked next; where a message came meanwhile, that one counts."""
    after = timezone.now() + pause if pause is not None else None
    Payment.objects.filter(pk=payment_id, look_at=before).update(look_at=after)


def look_after_money(now: datetime | None = None, *, limit: int = 200) -> int:
    """Ask about the payments whose time has come. Returns how many were asked about."""
    when = now or timezone.now()
    due = Payment.objects.filter(look_at__lte=when).order_by("look_at", "pk")[:limit]
    return ask_about_each(due, postpone=partial(_postpone, now=when), ask=look_after_payment)


@service
def _postpone(payment: Payment, *, now: datetime) -> bool:
    """Say when the provider is asked next; False where somebody else is asking now."""
    later = now + AFTER_SILENCE
    return Payment.objects.filter(pk=payment.pk, look_at=payment.look_at).update(look_at=later) == 1
