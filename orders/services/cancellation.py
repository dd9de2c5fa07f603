"""The ways out before anything has left: cancelled for a reason, or expired because no money came."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from core.transitions import advance
from inventory import services as inventory
from orders import guards, selectors
from orders.derivation import restate
from orders.events import OrderCancelled, OrderExpired
from orders.exception_events import CausesMoved
from orders.models import Movement, Order, OrderChange, OrderException, OrderStatus
from orders.ports import paper_book
from orders.sentences import NOT_PAID_IN_TIME, OVER_BY_NOW, PART_PAID
from pricing import services as pricing

from .book import cancel_charges, charges_of, lines_of, note_units, take_order, write_units
from .crediting import tell_credit_moved
from .exceptions import OPEN, open_exception, part_payment_key
from .holds import close_holds
from .returning import close_lent
from .versions import keep_version


@service
def cancel_order(order_id: int, *, reason: str, actor: Actor, at: datetime | None = None) -> Order:
    """Cancel everything: the stock is free again, nothing is owed, no hold stays.

    Where a warehouse is at work it gives the units back itself, because some may be off the shelf.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    at_work = order.status == OrderStatus.FULFILLING
    if not order.why_not("cancel"):
        # What is billed in advance is taken back first: nobody owes what is cancelled, and nobody gets it twice.
        paper_book.take_back(order, reason=reason, actor=actor, at=when)
    with _nothing_left(order, actor=actor, at=when):
        order.cancelled_at = when
        advance(order, "cancel", actor=actor, note=reason, at=when)
    emit(
        OrderCancelled(order_id=order.pk, reason=reason, stock_released=not at_work, quiet=order.quiet),
        actor=actor,
        at=when,
    )
    decline_open(order, note=reason, actor=actor, at=when)
    if not at_work:
        _release(order, actor=actor, at=when)
    return order


@service
def decline_open(order: Order, *, note: str, actor: Actor, at: datetime) -> None:
    """Decline the edits of an order in hand that wait for somebody: there is nothing left to be changed."""
    for change in OrderChange.objects.locked().filter(order=order, status__in=OrderChange.UNDECIDED):
        change.decided_by, change.decision_note = str(actor), note[:300]
        advance(change, "decline", actor=actor, note=note, at=at)


@service
def expire_order(order_id: int, *, actor: Actor = SYSTEM, at: datetime | None = None) -> Order | None:
    """Let an order lapse whose money did not come in time. None where it is not (or no longer) due.

    Where a part of the money came, a person decides.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    overdue = order.payment_due_at is not None and order.payment_due_at <= when
    if order.status not in selectors.AWAITING or not overdue or not guards.payment_missing(order):
        return None
    if order.authorized_total or order.paid_total:
        open_exception(
            category="payment",
            title=PART_PAID(order=order),
            dedupe_key=part_payment_key(order.pk),
            order_id=order.pk,
            at=when,
        )
        return None
    with _nothing_left(order, actor=actor, at=when):
        order.cancelled_at = when
        advance(order, "lapse", actor=actor, note=NOT_PAID_IN_TIME(), at=when)
    emit(OrderExpired(order_id=order.pk, quiet=order.quiet), actor=actor, at=when)
    _release(order, actor=actor, at=when)
    return order


def expire_unpaid(now: datetime | None = None, *, limit: int = 500) -> int:
    """Let every order lapse that was not paid in time, each in a transaction of its own. Returns how many."""
    when = now or timezone.now()
    due = Order.objects.filter(status__in=selectors.AWAITING, payment_due_at__lte=when)
    # What is paid in part waits for a person already.
    decided = OrderException.objects.filter(order=OuterRef("pk"), category="payment", status__in=OPEN)
    due = due.filter(~Exists(decided))
    ids = list(due.order_by("payment_due_at", "pk").values_list("pk", flat=True)[:limit])
    return sum(expire_order(pk, at=when) is not None for pk in ids)


@contextmanager
def _nothing_left(order: Order, *, actor: Actor, at: datetime) -> Iterator[None]:
    """Cancel the open units and charges of an order in hand; inside, the order itself is saved once."""
    lines, charges = lines_of(order), charges_of(order)
    keep_version(order, lines, charges, actor=actor, at=at)
    open_units = {line.pk: line.open for line in lines}
    lent = any(line.lent for line in lines)
    cancelled = note_units(lines, Movement.Kind.CANCELLED, open_units, at=at)
    for charge in charges:
        charge.cancelled = True
    order.cancelled_total = order.total - order.credited_total
    order.stock_held_until, order.stock_lapsed = None, False
    restate(order, lines=lines, charges=charges)
    close_holds(order, note=OVER_BY_NOW(), actor=actor, at=at)
    if pricing.named_by(order.explanation):
        pricing.give_back(str(order.number), at=at)
    yield
    if order.open_exceptions:
        emit(CausesMoved(order_id=order.pk, quiet=order.quiet), actor=actor, at=at)
    write_units(cancelled)
    cancel_charges(charges)
    tell_credit_moved(order, actor=actor, at=at)
    if lent:
        close_lent([order.pk], actor=actor)


def _release(order: Order, *, actor: Actor, at: datetime) -> None:
    """Give the stock back. The last thing done: it locks the stock rows."""
    if order.reservation_id is not None:
        inventory.release(order.reservation_id, actor=actor, at=at)
