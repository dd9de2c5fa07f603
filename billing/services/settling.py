"""How money that was to go back ended: the provider's last word, believed and counted once.

He may call a try failed and carry it out all the same. Then the refund went after all; where it had gone already by
another try, the money is out twice, and that is a refund of its own which nobody had promised.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, Sum
from django.utils import timezone

from billing import gateways, selectors
from billing.errors import RefundExceedsCaptured
from billing.events import RefundSettled
from billing.models import CreditNote, Payment, Refund
from billing.sentences import WENT_AFTER_ALL, WENT_AGAIN, WENT_TWICE
from billing.services.booking import post_refund
from billing.services.common import moment, summed, take_refund
from billing.services.disputed_credit import secure_credit_given
from billing.services.matching import tell_order
from billing.services.obstacles import report_failed_refund
from billing.services.refund_keys import key_of, provider_of
from billing.services.store_credit import give_credit_back
from core.actors import SYSTEM, Actor
from core.models import exact
from core.money import Money, plain
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders import categories
from orders import services as orders
from orders.models import Order, OrderException

Status = Refund.Status
UNDER_WAY = (Status.APPROVED, Status.PROCESSING)
NOTHING = Decimal(0)
# How soon it is asked whether a no stays a no, and for how long that goes on.
FIRST_LOOK = timedelta(minutes=15)
NO_MAY_CHANGE_FOR = timedelta(days=3)


@service
def settle_refund(refund_id: int, *, sent_as: str = "", actor: Actor = SYSTEM, at: datetime | None = None) -> Refund:
    """Write down that the money is on its way. Settling twice changes nothing.

    `sent_as` is the key that went through: another try than the last is believed as well, once.
    """
    order, refund = take_refund(refund_id)
    is_other = bool(sent_as) and sent_as != key_of(refund)
    if is_other and Refund.objects.filter(sent_key=sent_as).exists():
        return refund
    if refund.status == Status.SUCCEEDED and not is_other:
        return refund
    if is_other and refund.status == Status.SUCCEEDED:
        return _send_again(order, refund, sent_as, actor=actor, at=moment(at))
    is_late = bool(sent_as) and (is_other or refund.status == Status.FAILED)
    if is_other:
        refund.sent_key = sent_as
        look_again(refund)
    steps = ["process", "succeed"] if refund.status == Status.APPROVED else ["succeed"]
    if is_late and refund.status == Status.FAILED:
        steps, refund.failure = ["go_after_all"], ""
    when = moment(at) if is_late else at or refund.created_at
    over = _book(order, refund, *steps, note=WENT_AFTER_ALL() if is_late else "", actor=actor, at=when)
    if refund.to_credit:
        secure_credit_given(order, refund.payment_id, actor=actor, at=when)
    if refund.credit_note and refund.credit_note.status in (CreditNote.Status.ISSUED, CreditNote.Status.APPLIED):
        advance(refund.credit_note, "pay_out", actor=actor, at=when)
    tell_order(order, actor=actor, at=when)
    if not refund.again_of_id:
        _tell_when_all_is_sent(order, refund, actor=actor, at=when)
    if is_late:
        over = max(over, _twice(order, refund))
    elif over and OrderException.objects.filter(order=order, category="sent_twice", closed_at=None).exists():
        # It was told when the other one went.
        over = NOTHING
    if over:
        _report_twice(order, refund, over, at=when)
    return refund


def _send_again(order: Order, refund: Refund, key: str, *, actor: Actor, at: datetime) -> Refund:
    """Write down that a refund, which went by another try, went a second time."""
    number = Refund.objects.filter(again_of=refund).count() + 1
    again = Refund(
        order=order,
        payment=refund.payment,
        currency=refund.currency,
        amount=refund.amount,
        reference=f"{refund.reference[:45]}-again-{number}",
        reason=WENT_AGAIN(),
        sent_key=key,
        again_of=refund,
        created_at=at,
    )
    _book(order, again, "approve", "process", "succeed", note=WENT_AGAIN(), actor=actor, at=at)
    tell_order(order, actor=actor, at=at)
    _report_twice(order, again, again.amount, at=at)
    return again


def _book(order: Order, refund: Refund, *steps: str, note: str, actor: Actor, at: datetime) -> Decimal:
    """Count money that went back. Returns how much of it is gone beyond what came in."""
    refund.settled_at, refund.ask_at = at, None
    advance(refund, *steps, actor=actor, note=note, at=at)
    post_refund(order, refund, actor=actor, at=at)
    give_credit_back(order, refund)
    # Guarded in the statement itself: whatever happened before, no more goes back than came in.
    gone = exact(F("refunded") + F("charged_back") + refund.amount)
    rows = Payment.objects.filter(pk=refund.payment_id)
    if rows.filter(captured__gte=gone).update(refunded=exact(F("refunded") + refund.amount)) == 1:
        return NOTHING
    if provider_of(refund).at_once:
        raise RefundExceedsCaptured("More would go back than came in", payment=refund.payment.code)
    # What a provider outside of the house sent is gone, whatever we wish.
    payment = rows.get()
    before = payment.overdrawn
    payment.refunded += refund.amount
    rows.update(refunded=payment.refunded, overdrawn=payment.beyond)
    return payment.beyond - before


def _tell_when_all_is_sent(order: Order, refund: Refund, *, actor: Actor, at: datetime) -> None:
    """A cause that sends money back through several payments is settled once, with the last of them."""
    parts = list(Refund.objects.filter(order=order, reference=refund.reference).exclude(status__in=selectors.GONE))
    if any(part.status != Status.SUCCEEDED for part in parts):
        return
    fact = RefundSettled(
        order_id=order.pk,
        quiet=order.quiet,
        refund_id=refund.pk,
        reference=refund.reference,
        amount=plain(summed(part.amount for part in parts), refund.currency),
        currency=refund.currency,
    )
    emit(fact, actor=actor, at=at)


def _twice(order: Order, refund: Refund) -> Decimal:
    """Return what of a refund, that went after it was called failed, was sent or promised another way meanwhile."""
    if refund.again_of_id:
        return refund.amount
    later = Q(created_at__gte=refund.failed_at) if refund.failed_at else Q(pk__gt=refund.pk)
    others = Refund.objects.filter(later, order=order).exclude(pk=refund.pk).exclude(status__in=selectors.GONE)
    instead = summed(others.values_list("amount", flat=True))
    return min(refund.amount, instead, selectors.sent_too_much(order))


def _report_twice(order: Order, refund: Refund, amount: Decimal, *, at: datetime) -> None:
    """Put money that is out twice before a person, as nobody can fetch it back but by asking."""
    orders.open_exception(
        category="sent_twice",
        title=WENT_TWICE(amount=Money(amount, refund.currency).rounded(), order=order),
        dedupe_key=f"sent-twice:{refund.code}",
        order_id=order.pk,
        severity=OrderException.Severity.CRITICAL,
        payload={"refund": refund.code},
        at=at,
    )


@categories.over("sent_twice")
def given_back(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order owes nothing any more: the customer gave it back, or it was credited."""
    found = Order.objects.filter(pk__in={one.order_id for one in exceptions})
    promised = Sum("refunds__amount", filter=Q(refunds__status__in=UNDER_WAY), default=NOTHING)
    owing = {one.pk for one in found.annotate(promised=promised) if one.balance_due + one.promised > 0}
    return {one.pk for one in exceptions if one.order_id not in owing}


@service
def fail_refund(
    refund_id: int, *, reason: str, asked_as: str = "", actor: Actor = SYSTEM, at: datetime | None = None
) -> Refund:
    """Write down that the provider said no, and have somebody look at it.

    `asked_as` is the key that the answer is for: an old no that arrives after somebody asked again, under another key,
    says nothing about that question.
    """
    order, refund = take_refund(refund_id)
    if refund.status == Status.FAILED or (asked_as and asked_as != key_of(refund)):
        return refund
    steps = ["process", "fail"] if refund.status == Status.APPROVED else ["fail"]
    refund.failure, refund.ask_at, refund.failed_at = reason[:300], None, moment(at)
    refund.refusals += 1
    advance(refund, *steps, actor=actor, note=reason, at=moment(at))
    look_again(refund)
    report_failed_refund(order, refund, reason=reason, actor=actor, at=at)
    return refund


@service
def look_again(refund: Refund) -> None:
    """Have the provider of a refund in hand asked soon whether what he called failed went all the same."""
    if refund.to_credit or not gateways.is_hosted(refund.payment.gateway):
        return
    soon = timezone.now() + FIRST_LOOK
    rows = Payment.objects.filter(Q(look_at=None) | Q(look_at__gt=soon), pk=refund.payment_id)
    rows.update(look_at=soon)
