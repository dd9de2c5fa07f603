"""Edits: wished for and shown on one version of an order, agreed to where that is asked, and applied on it alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from core.actors import Actor
from core.outbox import emit
from core.service import note_change, service
from core.transitions import advance
from orders.changing import ChangePreview, differences
from orders.derivation import to_be_credited
from orders.errors import ChangeDecided, ChangeRefused, MayNotChange, StaleOrder, UnknownChange
from orders.events import LentIsBack, OrderAmended
from orders.models import Order, OrderChange
from orders.ports import paper_book, work_book
from orders.sentences import MORE_TO_PAY
from orders.wishes import Wish

from .amending import APPROVES, agreed_now, begin_work, preview_change, preview_of, refusal_of, work_out, write_work
from .asking import ask_for_more
from .book import take_order
from .checking import recheck_order
from .cutoff import is_customer
from .reworking import Rework
from .settlement import settle
from .versions import keep_version


@service
def request_change(
    order_id: int,
    wish: Wish,
    *,
    expected_version: int,
    reason: str = "",
    tell_customer: bool = True,
    actor: Actor,
) -> OrderChange:
    """Ask for an edit of the version that was shown. Where nobody has to agree, it is approved at once.

    Raises StaleOrder on another version, and ChangeRefused with the reason beside each field.
    """
    order = take_order(order_id)
    _require_version(order, expected_version, before=None)
    shown = preview_change(order_id, wish, actor=actor)
    _require_possible(shown)
    change = OrderChange(
        order=order,
        wish=wish.as_dict(),
        before=shown.before,
        after=shown.after,
        order_version=order.version,
        reason=reason.strip()[:300],
        approval=list(shown.approval),
        tell_customer=tell_customer,
        requested_by=str(actor),
    )
    advance(change, "request" if shown.approval else "approve", actor=actor, note=change.reason)
    return change


@service
def approve_change(change_id: int, *, note: str = "", actor: Actor) -> OrderChange:
    """Agree to an edit that somebody else asked for. Raises MayNotChange, and ChangeDecided where that is over."""
    change = _take_change(change_id)
    if APPROVES not in actor.can:
        raise MayNotChange("You may not approve changes of orders")
    if change.requested_by == str(actor):
        raise MayNotChange("Somebody else has to approve what you asked for")
    if change.status != OrderChange.Status.REQUESTED:
        raise ChangeDecided(f"{change} waits for nobody's approval", status=change.status)
    change.decided_by, change.decision_note = str(actor), note.strip()[:300]
    advance(change, "approve", actor=actor, note=change.decision_note)
    return change


@service
def decline_change(change_id: int, *, note: str = "", actor: Actor) -> OrderChange:
    """Leave the order as it is: by who may approve, or by who asked for it."""
    change = _take_change(change_id)
    if APPROVES not in actor.can and change.requested_by != str(actor):
        raise MayNotChange("You may not decide about changes of orders")
    if change.status not in OrderChange.UNDECIDED:
        raise ChangeDecided(f"{change} is decided already", status=change.status)
    change.decided_by, change.decision_note = str(actor), note.strip()[:300]
    advance(change, "decline", actor=actor, note=change.decision_note)
    return change


@service
def apply_change(change_id: int, *, actor: Actor, at: datetime | None = None) -> Order:
    """Make an order what an approved edit says, if it still is the version that was shown.

    Raises ChangeDecided, StaleOrder with what became different (`differences`), ChangeRefused and InsufficientStock.
    """
    when = at or timezone.now()
    found = OrderChange.objects.filter(pk=change_id).values_list("order_id", flat=True).first()
    if found is None:
        raise UnknownChange(f"There is no change {change_id}")
    # The floors are the order of the locks: the work above the order first, then the order, its stock last.
    pieces = work_book.pieces(found, lock=True)
    order = take_order(found)
    change = _take_change(change_id)
    if change.status != OrderChange.Status.APPROVED:
        raise ChangeDecided(f"{change} is {change.get_status_display().lower()}", status=change.status)  # type: ignore[attr-defined]
    _require_version(order, change.order_version, before=change.before)
    wish = Wish.from_dict(change.wish)
    work = begin_work(order, wish, pieces=pieces, actor=_as_asked(actor), at=when, reason=change.reason)
    keep_version(order, work.lines, work.charges, actor=actor, at=when)
    work = _take_papers_back(work, change, actor=actor)
    work_out(work, lock=True)
    if work.refusals:
        detail, errors = refusal_of(work)
        raise ChangeRefused(detail, errors=errors)
    shown = preview_of(work)
    write_work(work)
    paper_book.redraw(order, reason=change.reason, actor=actor, at=when)
    _tell(work, change, shown, actor=actor)
    change.after, change.applied_at = shown.after, when
    advance(change, "apply", actor=actor, note=change.reason, at=when)
    ask_for_more(order, reason=MORE_TO_PAY, actor=actor, at=when)
    if touched := _touched(shown):
        recheck_order(order.pk, changed=touched, actor=actor, at=when)
    else:
        settle(order, actor=actor, at=when)
    work_book.follow(order.pk, actor=actor, at=when)
    return order


@service
def approve_and_apply(change_id: int, *, note: str = "", actor: Actor) -> Order:
    """Agree to an edit and apply it. Raises what the two raise; then nobody has agreed."""
    order_id = OrderChange.objects.filter(pk=change_id).values_list("order_id", flat=True).first()
    if order_id is not None:
        work_book.pieces(order_id, lock=True)
        take_order(order_id)
    approve_change(change_id, note=note, actor=actor)
    return apply_change(change_id, actor=actor)


@service
def amend_order(
    order_id: int,
    wish: Wish,
    *,
    expected_version: int,
    reason: str = "",
    tell_customer: bool = True,
    actor: Actor,
) -> OrderChange:
    """Ask for an edit and, where nobody has to agree, apply it at once. Raises what the two raise."""
    work_book.pieces(order_id, lock=True)
    change = request_change(
        order_id,
        wish,
        expected_version=expected_version,
        reason=reason,
        tell_customer=tell_customer,
        actor=actor,
    )
    if change.status == OrderChange.Status.APPROVED:
        apply_change(change.pk, actor=actor)
        return _take_change(change.pk)
    return change


@service
def _take_papers_back(work: Rework, change: OrderChange, *, actor: Actor) -> Rework:
    """Credit what is billed and not wished for any more; returns the order as it is then, to be made another one.

    The invoices come first, because never more is billed of an order than is agreed.
    """
    lines = {line.position: line for line in work.lines}
    fewer = {one.position: max(0, one.quantity) for one in work.wish.lines if one.quantity is not None}
    units = {
        lines[position].pk: billed
        for position, wanted in fewer.items()
        if work.stands and position in lines and (billed := to_be_credited(lines[position], wanted))
    }
    if not units:
        return work
    reference = f"edit-{change.number}"
    paper_book.take_back_part(work.order, units, reference=reference, reason=change.reason, actor=actor, at=work.at)
    after = begin_work(work.order, work.wish, pieces=work.pieces, actor=work.actor, at=work.at, reason=change.reason)
    after.before, after.over_before, after.missing_before = work.before, work.over_before, work.missing_before
    return after


def _take_change(change_id: int) -> OrderChange:
    change = OrderChange.objects.locked().filter(pk=change_id).first()
    if change is None:
        raise UnknownChange(f"There is no change {change_id}")
    return change


def _as_asked(actor: Actor) -> Actor:
    """Return who may set the prices, and the tax, of an edit: it was looked at when it was asked for."""
    return Actor(
        "customer" if is_customer(actor) else "staff",
        actor.name,
        actor.can | {"orders.change_price", "orders.tax_order", APPROVES},
    )


def _require_version(order: Order, expected: int, *, before: Mapping[str, Any] | None) -> None:
    if order.version == expected:
        return
    now = differences(before, agreed_now(order)) if before is not None else {}
    different = {name: list(both) for name, both in now.items()}
    raise StaleOrder(f"{order} was changed meanwhile; look at it again", version=order.version, differences=different)


def _require_possible(shown: ChangePreview) -> None:
    if shown.refusals:
        raise ChangeRefused(shown.refusals[0]["detail"], errors=list(shown.refusals))
    if not shown.changes:
        raise ChangeRefused("Nothing would be different", errors=[])


def _tell(work: Rework, change: OrderChange, shown: ChangePreview, *, actor: Actor) -> None:
    """Write down what is otherwise, with before and after, and have everybody told."""
    order, changes = work.order, shown.changes
    before = {_named(work, name): was for name, (was, _now) in changes.items()}
    after = {_named(work, name): now for name, (_was, now) in changes.items()}
    note_change(
        order,
        "orders.amended",
        actor=actor,
        before=before,
        after=after,
        note=change.reason,
        version=change.order_version,
        currency=order.currency,
    )
    fact = OrderAmended(
        order_id=order.pk,
        change=str(change.number),
        fields=sorted(changes),
        tells=change.tell_customer,
        quiet=order.quiet,
    )
    back = [LentIsBack(order_id=order.pk)] if work.lent and not any(line.lent for line in work.lines) else []
    emit(fact, *work.facts, *back, actor=actor, at=work.at)


def _named(work: Rework, name: str) -> str:
    """Return what the history calls a field: a line by its product."""
    kind, _sep, position = name.partition(":")
    if kind != "line":
        return name
    line = next(line for line in work.lines if line.position == int(position))
    return f"{line.position} {line.sku}"


def _touched(shown: ChangePreview) -> set[str]:
    """Return what the checks look at that is otherwise now."""
    names = {"addresses"} if {"shipping_address", "billing_address"} & set(shown.changes) else set()
    return names | ({"lines"} if "total" in shown.changes or any(":" in name for name in shown.changes) else set())
