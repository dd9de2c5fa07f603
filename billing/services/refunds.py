"""Money that goes back: promised under the lock, and sent by a debt; `settling` is how it ends."""

import time
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.crypto import get_random_string

from billing import gateways, selectors
from billing.cards import without_cards
from billing.errors import CurrencyDiffers, ReferenceTaken, RefundExceedsCaptured, UnknownGateway
from billing.events import RefundRequested
from billing.gateways import ProviderSilent
from billing.models import Payment, Refund
from billing.services.common import checked, moment, summed, take_order, take_payment, take_refund
from billing.services.matching import FIRST_PAUSE
from billing.services.obstacles import refuse_disputed
from billing.services.refund_keys import key_of, other_keys, provider_of
from billing.services.settling import fail_refund, settle_refund
from billing.services.store_credit import goes_to_credit, refuse_nobodys
from core.actors import SYSTEM, Actor
from core.errors import TransitionRefused
from core.money import Money, plain, round_amount
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders.models import Order

LAST_PAUSE = timedelta(hours=6)
# As long as one round of questions may take, in seconds.
ROUND = 10.0


def refundable_payments(order: Order) -> list[tuple[Payment, Decimal]]:
    """Return what of each payment may still go back, oldest first."""
    left = selectors.refundable(order)
    payments = Payment.objects.filter(pk__in=left).order_by("pk")
    return [(payment, left[payment.pk]) for payment in payments]


@service
def request_refund(
    order_id: int,
    *,
    amount: Money,
    reference: str,
    reason: str = "",
    credit_note_id: int | None = None,
    to_credit: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> list[Refund]:
    """Promise money back, from the oldest payment first. The reference makes a second call harmless.

    `to_credit`: it becomes store credit of the customer; what was paid from there does so in any case. Raises
    RefundExceedsCaptured when less came in, or is left of it, NobodysCredit where the order names no customer, and
    ReferenceTaken where the reference sent something else back.
    """
    order, reference = take_order(order_id), without_cards(reference)
    return promise_back(
        order,
        None,
        amount,
        reference=reference,
        reason=reason,
        note_id=credit_note_id,
        to_credit=to_credit,
        actor=actor,
        at=moment(at),
    )


@service
def refund_payment(
    payment_id: int,
    *,
    amount: Money | None = None,
    reference: str = "",
    reason: str = "",
    to_credit: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> list[Refund]:
    """Promise money of one payment back, all that is left of it unless `amount` says less.

    A reference makes a second call harmless. Raises what `request_refund` raises.
    """
    order, payment = take_payment(payment_id)
    cause = without_cards(reference) or f"RF-{get_random_string(10).upper()}"
    wanted = Money(_all_of(order, payment, cause), order.currency) if amount is None else amount
    return promise_back(
        order,
        payment,
        wanted,
        reference=cause,
        reason=reason,
        note_id=None,
        to_credit=to_credit,
        actor=actor,
        at=moment(at),
    )


def _all_of(order: Order, payment: Payment, reference: str) -> Decimal:
    """Return what is left of a payment, with what this cause promised of it before: asked again, it is the same."""
    left = selectors.refundable(order).get(payment.pk, Decimal(0))
    before = Refund.objects.filter(payment=payment, reference=reference).exclude(status__in=selectors.GONE)
    return left + summed(before.values_list("amount", flat=True))


@service
def promise_back(
    order: Order,
    payment: Payment | None,
    amount: Money,
    *,
    reference: str,
    reason: str,
    note_id: int | None,
    to_credit: bool = False,
    actor: Actor,
    at: datetime,
) -> list[Refund]:
    """Promise money of an order in hand back: of one payment, or from the oldest first."""
    refuse_nobodys(order, to_credit=to_credit)
    if known := list(Refund.objects.filter(order=order, reference=reference).order_by("pk")):
        _check_same(known, payment, amount, note_id, to_credit=to_credit)
        return known
    if amount.currency != order.currency:
        raise CurrencyDiffers(f"{order} is in {order.currency}", currency=order.currency)
    left = [(one, rest) for one, rest in refundable_payments(order) if payment is None or one.pk == payment.pk]
    refundable = summed(rest for _, rest in left)
    if amount.amount > refundable:
        refuse_disputed(order, payment)
        raise RefundExceedsCaptured(
            f"Only {Money(refundable, order.currency)} came in and can go back",
            refundable=plain(refundable, order.currency),
            currency=order.currency,
        )
    missing = checked(amount.amount, order.currency)
    refunds = []
    for source, rest in left:
        if part := min(missing, rest):
            missing -= part
            refunds.append(
                _promise(order, source, part, reference, reason, note_id, to_credit=to_credit, actor=actor, at=at)
            )
    return refunds


def _check_same(
    known: list[Refund], payment: Payment | None, amount: Money, note_id: int | None, *, to_credit: bool
) -> None:
    """Raise ReferenceTaken where a cause that sent money back is to send back something else."""
    before = Money(summed(refund.amount for refund in known), known[0].currency)
    same_payment = payment is None or all(refund.payment_id == payment.pk for refund in known)
    same_way = all(one.to_credit == goes_to_credit(one.payment, to_credit=to_credit) for one in known)
    if same_payment and same_way and before == amount and all(refund.credit_note_id == note_id for refund in known):
        return
    raise ReferenceTaken(
        f"{known[0].reference} stands for a refund of {before} already; another one needs a reference of its own",
        reference=known[0].reference,
        refund=known[0].code,
        amount=plain(before.amount, before.currency),
        currency=before.currency,
    )


def _promise(
    order: Order,
    payment: Payment,
    amount: Decimal,
    reference: str,
    reason: str,
    note_id: int | None,
    *,
    to_credit: bool,
    actor: Actor,
    at: datetime,
) -> Refund:
    refund = Refund(
        order=order,
        payment=payment,
        credit_note_id=note_id,
        currency=payment.currency,
        amount=amount,
        to_credit=goes_to_credit(payment, to_credit=to_credit),
        reference=reference,
        reason=without_cards(reason),
        created_at=at,
    )
    advance(refund, "approve", actor=actor, note=refund.reason, at=at)
    fact = RefundRequested(order_id=order.pk, quiet=order.quiet, refund_id=refund.pk, reference=reference)
    emit(fact, actor=actor, at=at)
    return refund


def pay_out(refund_id: int) -> None:
    """Ask the provider for a refund, under our own key, and write down what it says. Safe to repeat.

    Raises ProviderSilent; then the clock asks how it stands.
    """
    refund = begin_refund(refund_id)
    if refund is None or went_before(refund):
        return
    answer = provider_of(refund).refund(
        reference=refund.payment.reference,
        amount=Money(round_amount(refund.amount, refund.currency), refund.currency),
        key=key_of(refund),
    )
    _write_down(refund, answer)


def ask_about_refund(refund_id: int) -> None:
    """Ask how it stands with money that is to go back; where the provider never heard of it, he is asked again."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status != Refund.Status.PROCESSING or went_before(refund):
        return
    provider = gateways.hosted(refund.payment.gateway)
    answer = provider.find_refund(reference=refund.payment.reference, key=key_of(refund))
    if answer is None:
        pay_out(refund_id)
    else:
        _write_down(refund, answer)


def went_before(refund: Refund) -> bool:
    """Ask whether an earlier try, which was called failed, went through after all; then nothing is sent again."""
    if not refund.refusals or refund.to_credit or not gateways.is_hosted(refund.payment.gateway):
        return False
    said = gateways.hosted(refund.payment.gateway).refunds_of(reference=refund.payment.reference)
    went = [key for key in other_keys(refund) if (answer := said.get(key)) is not None and answer.ok]
    for key in went:
        settle_refund(refund.pk, sent_as=key)
    return bool(went)


def _write_down(refund: Refund, answer: gateways.Answer) -> None:
    if answer.ok:
        settle_refund(refund.pk, sent_as=key_of(refund))
    elif answer.outcome is not gateways.Outcome.PENDING:
        fail_refund(refund.pk, reason=answer.reason, asked_as=key_of(refund))


def reconcile_refunds(now: datetime | None = None, *, limit: int = 200) -> int:
    """Ask the providers about refunds whose end they have not told. Returns how many were asked about."""
    when = now or timezone.now()
    end = time.monotonic() + ROUND
    silent: set[str] = set()
    asked = 0
    due = Refund.objects.filter(ask_at__lte=when).select_related("payment").order_by("ask_at", "pk")
    for refund in due[:limit]:
        if time.monotonic() > end:
            break
        if refund.payment.gateway in silent or not _postpone(refund, now=when):
            continue
        try:
            ask_about_refund(refund.pk)
        except (ProviderSilent, UnknownGateway):
            silent.add(refund.payment.gateway)
            continue
        asked += 1
    return asked


@service
def _postpone(refund: Refund, *, now: datetime) -> bool:
    """Say when the provider is asked next; False where somebody else is asking now."""
    pause = min(max((now - refund.created_at) / 4, FIRST_PAUSE), LAST_PAUSE)
    return Refund.objects.filter(pk=refund.pk, ask_at=refund.ask_at).update(ask_at=now + pause) == 1


@service
def begin_refund(refund_id: int, *, actor: Actor = SYSTEM) -> Refund | None:
    """Note that the provider is being asked; none where that is over."""
    _order, refund = take_refund(refund_id)
    if refund.status in (Refund.Status.SUCCEEDED, Refund.Status.REJECTED, Refund.Status.FAILED):
        return None
    if refund.status == Refund.Status.APPROVED:
        if not provider_of(refund).at_once:
            refund.ask_at = timezone.now() + FIRST_PAUSE
        advance(refund, "process", actor=actor, at=refund.created_at)
    return refund


@service
def retry_refund(refund_id: int, *, actor: Actor) -> Refund:
    """Ask the provider again for a refund that failed, as long as the money is still there."""
    order, refund = take_refund(refund_id)
    if refund.again_of_id:
        raise TransitionRefused("It went twice by mistake and came back once; nobody is owed it", status=refund.status)
    left = {one.pk: rest for one, rest in refundable_payments(order)}.get(refund.payment_id, Decimal(0))
    if refund.status == Refund.Status.FAILED and refund.amount > left:
        refuse_disputed(order, refund.payment)
        raise RefundExceedsCaptured(f"Only {Money(left, order.currency)} is left of the payment")
    refund.failure = ""
    if not provider_of(refund).at_once:
        refund.ask_at = timezone.now() + FIRST_PAUSE
    advance(refund, "process", actor=actor)
    fact = RefundRequested(order_id=order.pk, quiet=order.quiet, refund_id=refund.pk, reference=refund.reference)
    emit(fact, actor=actor)
    return refund
