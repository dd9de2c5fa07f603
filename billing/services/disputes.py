"""Disputes: money that a customer's bank asks back. The provider takes it at once, and gives it back if we win.

What a lost one costs is decided by finance: it is our loss, or the customer owes it again.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import postings
from billing.errors import NothingToDecide, UnknownPayment
from billing.events import ArrearsPaid, DisputeClosed, DisputeDecided, DisputeEvent, DisputeOpened, EvidenceTaken
from billing.gateways import DisputeStand, DisputeStanding
from billing.models import Dispute, Payment
from billing.postings import NOTHING
from billing.sentences import (
    DISPUTE_LOST,
    DISPUTE_LOST_AND_SPENT,
    DISPUTE_OPENED,
    DISPUTE_OVER,
    DISPUTED,
    PAID_TWICE,
)
from billing.services.charging_back import bear_loss, charge_back, posting_of, take_debt_back
from billing.services.common import take_payment, tell_if_late
from billing.services.disputed_credit import give_credit_anew, let_go_of_disputed_credit, secure_credit, spent
from billing.services.ledger import post
from billing.services.matching import tell_order
from billing.services.writing_off import tell_write_offs
from core import bell
from core.actors import SYSTEM, Actor
from core.models import User
from core.money import Money, plain
from core.outbox import emit
from core.service import service
from core.transitions import advance
from customers import services as customers
from orders import categories
from orders import services as orders
from orders.models import FORWARD, Hold, Order, OrderException
from orders.standing import HOLDABLE

Fact = TypeVar("Fact", bound=DisputeEvent)
Status = Dispute.Status
ENDS = {DisputeStand.WON: "win", DisputeStand.LOST: "lose"}
STAYS_HERE = (*FORWARD, "ship")


@service
def record_dispute(payment_id: int, standing: DisputeStanding, *, actor: Actor = SYSTEM) -> Dispute | None:
    """Write down how a dispute stands at the provider. Repeated, or told late, it changes nothing.

    None for money that never came in here.
    """
    order, payment = take_payment(payment_id)
    if not payment.captured or standing.amount.currency != payment.currency:
        return None
    when = timezone.now()
    dispute = Dispute.objects.filter(payment=payment, reference=standing.reference).first()
    is_new = dispute is None
    if dispute is None:
        dispute = Dispute(
            order=order,
            payment=payment,
            reference=standing.reference,
            currency=payment.currency,
            amount=standing.amount.amount,
            opened_at=when,
        )
    is_heard = standing.sent and not dispute.evidence_sent and dispute.status == Status.OPEN
    known = standing.reason in Dispute.Reason.values
    dispute.reason = standing.reason if known else Dispute.Reason.GENERAL
    dispute.page_url = standing.page[:300]
    if dispute.status == Status.OPEN:
        dispute.evidence_due_at = standing.due_at or dispute.evidence_due_at
        dispute.evidence_sent = dispute.evidence_sent or standing.sent
    # What was told before stays told: an answer that comes late says less, never the opposite.
    taken = max(dispute.taken, standing.taken.amount)
    returned = max(dispute.returned, min(standing.returned.amount, taken))
    moved = (taken - dispute.taken, returned - dispute.returned)
    dispute.taken, dispute.returned = taken, returned
    ended = dispute.status == Status.OPEN and standing.stand in ENDS
    if ended:
        dispute.closed_at = when
    dispute.save()
    _post_moves(order, payment, dispute, *moved, actor=actor, at=when)
    if is_new:
        _open(order, dispute, actor=actor, at=when)
    if is_heard:
        emit(about_dispute(EvidenceTaken, order, dispute), actor=actor, at=when)
    if ended:
        _end(order, payment, dispute, ENDS[standing.stand], actor=actor, at=when)
    elif dispute.status == Status.LOST:
        is_won = standing.stand is DisputeStand.WON and returned >= taken
        _after_loss(order, payment, dispute, moved, is_won=is_won, actor=actor, at=when)
    elif dispute.status == Status.OPEN:
        if not is_new:
            _ask_for_evidence(order, dispute, at=when)
        if moved[0]:
            secure_credit(order, payment, dispute, actor=actor, at=when)
    return dispute


def _post_moves(
    order: Order, payment: Payment, dispute: Dispute, taken: Decimal, returned: Decimal, *, actor: Actor, at: datetime
) -> None:
    account = postings.money_account(payment.method, payment.gateway)
    found = []
    if taken:
        legs = postings.dispute_legs(taken, account=account)
        found.append(posting_of(order, dispute, "dispute", "taken", dispute.taken, legs, at=at))
    if returned:
        legs = postings.dispute_legs(-returned, account=account)
        found.append(posting_of(order, dispute, "dispute", "returned", dispute.returned, legs, at=at))
    post(*found, actor=actor)


def _open(order: Order, dispute: Dispute, *, actor: Actor, at: datetime) -> None:
    """Put a new dispute before finance, keep the goods in the house, and let new orders of the customer wait."""
    emit(about_dispute(DisputeOpened, order, dispute), actor=actor, at=at)
    if order.status in HOLDABLE:
        said = DISPUTED(amount=disputed_money(dispute))
        orders.place_hold(order.pk, kind=Hold.Kind.FRAUD, reason=said, blocks=STAYS_HERE, actor=SYSTEM, at=at)
    if order.customer_id:
        day = timezone.localdate(at)
        customers.note_arrears(order.customer_id, since=day, why=customers.DISPUTED, actor=actor)
    _ask_for_evidence(order, dispute, at=at)


def _ask_for_evidence(order: Order, dispute: Dispute, *, at: datetime) -> None:
    """Keep one exception about it, due when the evidence is; closed once the bank has that."""
    if dispute.evidence_sent:
        close_exceptions(dispute, actor=SYSTEM, at=at)
        return
    known = OrderException.objects.filter(dedupe_key=_key(dispute)).exists()
    if known:
        return
    said = DISPUTE_OPENED(amount=disputed_money(dispute), order=order)
    _ask(order, dispute, said, due_at=dispute.evidence_due_at, at=at)


def _ask(
    order: Order,
    dispute: Dispute,
    said: str,
    *,
    due_at: datetime | None = None,
    is_paid_twice: bool = False,
    at: datetime,
) -> None:
    orders.open_exception(
        category="paid_twice" if is_paid_twice else "dispute",
        title=said,
        dedupe_key=_key(dispute, "paid_twice" if is_paid_twice else ""),
        order_id=order.pk,
        severity=OrderException.Severity.CRITICAL,
        payload={"dispute": dispute.code},
        due_at=due_at if due_at is None or due_at > at else at,
        at=at,
    )


def _end(order: Order, payment: Payment, dispute: Dispute, transition: str, *, actor: Actor, at: datetime) -> None:
    advance(dispute, transition, actor=actor, at=at)
    emit(about_dispute(DisputeClosed, order, dispute), actor=actor, at=at)
    close_exceptions(dispute, actor=actor, at=at)
    if dispute.status == Status.LOST:
        secure_credit(order, payment, dispute, actor=actor, at=at)
    if dispute.status == Status.LOST and dispute.undecided > 0:
        _ask(order, dispute, _what_is_lost(order, payment, dispute), at=at)
        return
    if dispute.status == Status.WON:
        let_go_of_disputed_credit(order, dispute)
    _let_go_on(order, payment, dispute, actor=actor, at=at)


def _what_is_lost(order: Order, payment: Payment, dispute: Dispute) -> str:
    if gone := min(dispute.undecided, spent(payment)):
        credit = Money(gone, dispute.currency).rounded()
        return DISPUTE_LOST_AND_SPENT(amount=disputed_money(dispute), order=order, credit=credit)
    return DISPUTE_LOST(amount=disputed_money(dispute), order=order)


def _after_loss(
    order: Order,
    payment: Payment,
    dispute: Dispute,
    moved: tuple[Decimal, Decimal],
    *,
    is_won: bool,
    actor: Actor,
    at: datetime,
) -> None:
    """Take back what was decided of a dispute that was lost, as far as the provider gives its money back."""
    taken, returned = moved
    if taken and dispute.undecided > 0:
        secure_credit(order, payment, dispute, actor=actor, at=at)
    owed = _take_decision_back(order, payment, dispute, actor=actor, at=at)
    if is_won:
        advance(dispute, "overturn", actor=actor, at=at)
        emit(about_dispute(DisputeClosed, order, dispute), actor=actor, at=at)
    if taken and dispute.undecided > 0:
        _ask(order, dispute, _what_is_lost(order, payment, dispute), at=at)
    if dispute.undecided or not (taken or returned or is_won):
        return
    close_exceptions(dispute, actor=actor, at=at)
    _let_go_on(order, payment, dispute, actor=actor, at=at)
    if owed and order.balance_due < 0:
        too_much = Money(min(owed, -order.balance_due), order.currency).rounded()
        _ask(order, dispute, PAID_TWICE(amount=too_much, order=order), is_paid_twice=True, at=at)


def _take_decision_back(order: Order, payment: Payment, dispute: Dispute, *, actor: Actor, at: datetime) -> Decimal:
    """Share out what came back beyond what nobody had borne: the customer's debt, their credit, then our loss.

    Returns how much of the debt it was.
    """
    back = max(NOTHING, -dispute.undecided)
    if not back:
        return NOTHING
    owed = min(back, dispute.owed)
    credit = min(back - owed, dispute.credit_back)
    if credit:
        give_credit_anew(order, payment, dispute, credit, actor=actor, at=at)
    if lost := back - owed - credit:
        bear_loss(order, payment, dispute, -lost, actor=actor, at=at)
    if owed:
        take_debt_back(order, payment, dispute, owed, actor=actor, at=at)
    dispute.save()
    emit(about_dispute(DisputeDecided, order, dispute), actor=actor, at=at)
    return owed


def _let_go_on(order: Order, payment: Payment, dispute: Dispute, *, actor: Actor, at: datetime) -> None:
    """Lift what stood because of a dispute that is over, unless another one over as much goes on."""
    others = Dispute.objects.filter(order=order, amount=dispute.amount).exclude(pk=dispute.pk)
    goes_on = any(one.status == Status.OPEN or one.is_to_be_decided for one in others)
    for hold in Hold.objects.filter(order=order, status=Hold.Status.ACTIVE, kind=Hold.Kind.FRAUD).order_by("pk"):
        is_ours = hold.placed_by == str(SYSTEM) and hold.reason == DISPUTED(amount=disputed_money(dispute))
        if is_ours and not goes_on:
            orders.release_hold(hold.pk, note=DISPUTE_OVER(), actor=SYSTEM, at=at)
    if order.customer_id:
        fact = ArrearsPaid(order_id=order.pk, quiet=order.quiet, customer_id=order.customer_id)
        emit(fact, actor=actor, at=at)
    if dispute.status == Status.WON or dispute.returned:
        # What came in for an order that was cancelled meanwhile may go back now.
        tell_if_late(order, payment, actor=actor, at=at)


@service
def decide_dispute(dispute_id: int, *, customer_owes: bool, actor: Actor) -> Dispute:
    """Say who bears what a lost dispute cost: the customer, who then owes it again, or we.

    The customer owes no more than came in and was not sent back before; the rest is our loss. Raises NothingToDecide.
    """
    payment_id = Dispute.objects.filter(pk=dispute_id).values_list("payment", flat=True).first()
    if payment_id is None:
        raise UnknownPayment("There is no such dispute")
    order, payment = take_payment(payment_id)
    dispute = Dispute.objects.get(pk=dispute_id)
    rest = dispute.undecided
    if not dispute.is_to_be_decided:
        raise NothingToDecide(_("Nothing of this dispute is to be decided"), status=dispute.status)
    when = timezone.now()
    owed = min(rest, max(NOTHING, payment.kept)) if customer_owes and rest > 0 else NOTHING
    if owed:
        charge_back(order, payment, dispute, owed, actor=actor, at=when)
    if lost := max(NOTHING, rest - owed):
        bear_loss(order, payment, dispute, lost, actor=actor, at=when)
    _take_decision_back(order, payment, dispute, actor=actor, at=when)
    dispute.decided_by, dispute.decided_at = str(actor), when
    dispute.save()
    emit(about_dispute(DisputeDecided, order, dispute), actor=actor, at=when)
    close_exceptions(dispute, actor=actor, at=when)
    if owed:
        tell_write_offs(order, actor=actor, at=when)
        tell_order(order, actor=actor, at=when)
    _let_go_on(order, payment, dispute, actor=actor, at=when)
    return dispute


@service
def tell_finance_of_dispute(dispute_id: int) -> None:
    """Tell everybody who keeps the money, at the bell, that some of it is asked back."""
    dispute = Dispute.objects.select_related("order").get(pk=dispute_id)
    may = Q(groups__permissions=_operates()) | Q(user_permissions=_operates())
    people = User.objects.filter(may, is_active=True, is_staff=True).distinct()
    who = dispute.order.customer_name
    bell.tell(people, kind="payment_disputed", record=dispute.order, author=who, text=str(disputed_money(dispute)))


def _operates() -> Permission | None:
    return Permission.objects.filter(codename="operate_payment", content_type__app_label="billing").first()


@categories.over("dispute")
def nothing_to_do(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose dispute needs nobody any more: the bank has the evidence, or who bears it is decided."""
    codes = {one.pk: one.payload.get("dispute", "") for one in exceptions}
    found = Dispute.objects.filter(code__in=set(codes.values()))
    waiting = {
        one.code for one in found if (one.status == Status.OPEN and not one.evidence_sent) or one.is_to_be_decided
    }
    return {pk for pk, code in codes.items() if code not in waiting}


@categories.over("paid_twice")
def sent_back(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order has no more than is owed for it any more."""
    owed = Order.objects.filter(pk__in={one.order_id for one in exceptions}, balance_due__lt=0)
    waiting = set(owed.values_list("pk", flat=True))
    return {one.pk for one in exceptions if one.order_id not in waiting}


def close_exceptions(dispute: Dispute, *, actor: Actor, at: datetime) -> None:
    """Close what asks for somebody about it."""
    keys = [due_key(dispute), *(_key(dispute, status) for status in Status.values)]
    open_ones = OrderException.objects.filter(dedupe_key__in=keys, closed_at=None)
    orders.close_exceptions(
        list(open_ones.values_list("pk", flat=True)), resolution=DISPUTE_OVER(), actor=actor, at=at
    )


def due_key(dispute: Dispute) -> str:
    """Name the reminder that its evidence is due."""
    return f"dispute:{dispute.code}:due"


def _key(dispute: Dispute, status: str = "") -> str:
    return f"dispute:{dispute.code}:{status or dispute.status}"


def disputed_money(dispute: Dispute) -> Money:
    """Return how much it is about."""
    return Money(dispute.amount, dispute.currency).rounded()


def about_dispute(kind: type[Fact], order: Order, dispute: Dispute, **more: str) -> Fact:
    """Return a fact about a dispute."""
    return kind(
        order_id=order.pk,
        quiet=order.quiet,
        payment_id=dispute.payment_id,
        payment=dispute.payment.code,
        dispute_id=dispute.pk,
        dispute=dispute.code,
        status=dispute.status,
        amount=plain(dispute.amount, dispute.currency),
        currency=dispute.currency,
        **more,
    )
