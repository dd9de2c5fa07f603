"""Holds: records that block named transitions. The order keeps their sum in columns of its own, for its guards."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders import hold_types, verification
from orders.errors import (
    CheckNotFailed,
    HoldClosed,
    InvalidHold,
    MayNotLift,
    MayNotWaive,
    TooLateToChange,
    UnknownCheck,
    UnknownHold,
)
from orders.events import HoldEvent, HoldPlaced, HoldReleased
from orders.models import FORWARD, CheckCatch, Hold, HoldType, LiftedBy, Order, OrderLine
from orders.sentences import PASSES_NOW
from orders.standing import HOLDABLE

from .book import save_figures, take_order, touch
from .settlement import settle

# What a hold on a part of an order keeps in the house: a line or a piece of work is neither verified nor confirmed.
OF_A_PART = ("release", "ship")
# The steps of an order in the order of its life: the first that is stopped is what a caller is told.
LIFE = (*FORWARD, "ship", "fulfill", "complete")
KIND_OF_CHECK = {
    verification.ADDRESS: Hold.Kind.ADDRESS,
    verification.DUPLICATE: Hold.Kind.DUPLICATE,
    verification.PRICE: Hold.Kind.PRICE,
    verification.DISCOUNT: Hold.Kind.PRICE,
    verification.TOTAL: Hold.Kind.PRICE,
    verification.CREDIT: Hold.Kind.CREDIT,
    verification.RISK: Hold.Kind.FRAUD,
}
# A credit hold is settled when the order is paid after all.
LIFTED_BY = {verification.CREDIT: LiftedBy.PAID}
WAIVE_SCOPE = "orders:waive"
MAY_WAIVE = (WAIVE_SCOPE, "orders.waive_check")
HISTORIC = "historic"


@service
def place_hold(
    order_id: int,
    *,
    kind: str = Hold.Kind.MANUAL,
    reason: str,
    blocks: Sequence[str] | None = None,
    auto_release: str | None = None,
    expires_at: datetime | None = None,
    line_id: int | None = None,
    work: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> Hold:
    """Stop an order at the named transitions until somebody, a fact or a day lifts it.

    `line_id` is a line of it, `work` the number of a piece of work: then only that stays in the house. What is left
    out is as the type of the hold says. Raises InvalidHold, and TooLateToChange where nothing is left to be stopped.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    if order.status not in HOLDABLE:
        raise TooLateToChange(f"{order} cannot be stopped: {order.get_status_display()}", status=order.status)
    known = _known_type(kind)
    line = _line_of(order, line_id) if line_id is not None else None
    hold = Hold.objects.create(
        order=order,
        line=line,
        work=work,
        kind=kind,
        reason=reason[:300],
        blocks=_stops(known, blocks, of_a_part=bool(line or work)),
        auto_release=known.auto_release if auto_release is None else auto_release,
        expires_at=expires_at or (when + timedelta(hours=known.hours) if known.hours else None),
        placed_by=str(actor),
        created_at=when,
    )
    restate_holds(order, active_holds(order))
    save_figures(order)
    emit(_fact(HoldPlaced, hold, order), actor=actor, at=when)
    return hold


def _known_type(kind: str) -> HoldType:
    known = hold_types.type_of(kind)
    if known is None:
        detail = _("There is no type of hold %(code)s") % {"code": kind}
        raise InvalidHold(detail, errors=[{"pointer": "/kind", "code": "invalid_choice", "detail": detail}])
    return known


def _line_of(order: Order, line_id: int) -> OrderLine:
    line = OrderLine.objects.filter(order=order, pk=line_id).first()
    if line is None:
        detail = _("The order has no such line")
        raise InvalidHold(detail, errors=[{"pointer": "/line", "code": "invalid_choice", "detail": detail}])
    if not line.open:
        raise TooLateToChange(_("Nothing of %(sku)s is left in the house") % {"sku": line.sku})
    return line


def _stops(known: HoldType, blocks: Sequence[str] | None, *, of_a_part: bool) -> list[str]:
    """Return what a hold stops: a part of an order can only be kept in the house."""
    return list(OF_A_PART) if of_a_part else list(known.blocks if blocks is None else blocks)


@service
def release_hold(hold_id: int, *, note: str = "", actor: Actor, at: datetime | None = None) -> Order:
    """Lift a hold, and let the order move on. Lifting the hold of a failed check waives the check.

    Raises UnknownHold, HoldClosed, and MayNotLift or MayNotWaive for who has no say in it.
    """
    when = at or timezone.now()
    hold = Hold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise UnknownHold(f"There is no hold {hold_id}")
    order = take_order(hold.order_id)
    active = active_holds(order)
    lifted = [one for one in active if one.pk == hold_id]
    if not lifted:
        raise HoldClosed("This hold was lifted already", status=hold.status)
    require_say(hold, actor)
    if hold.check_name:
        require_waiver(actor)
        order.checks = _waived(order.checks, {hold.check_name}, actor=actor, reason=note, at=when)
        end_catches(order, [hold.check_name], CheckCatch.Outcome.WAIVED)
    _close(order, lifted, status=Hold.Status.RELEASED, note=note, actor=actor, at=when)
    restate_holds(order, [one for one in active if one.pk != hold_id])
    touch(order, checks=order.checks)
    settle(order, actor=actor, at=when)
    return order


@service
def reopen_order(order_id: int, *, reason: str, actor: Actor, at: datetime | None = None) -> Order:
    """Take a verified order back to look at it again; a hold keeps it there until that is done."""
    when = at or timezone.now()
    order = take_order(order_id)
    advance(order, "reopen", actor=actor, note=reason, at=when)
    place_hold(order_id, reason=reason, blocks=["verify"], actor=actor, at=when)
    return order


@service
def waive_check(order_id: int, name: str, *, reason: str, actor: Actor, at: datetime | None = None) -> Order:
    """Accept an order although a check failed, for a reason; its hold is lifted with it."""
    when = at or timezone.now()
    require_waiver(actor)
    order = take_order(order_id)
    found = next((check for check in order.checks if check["name"] == name), None)
    if found is None:
        raise UnknownCheck(f"{order} has no check {name!r}")
    if found["result"] != "fail":
        raise CheckNotFailed(f"The check {name!r} did not fail", result=found["result"])
    active = active_holds(order)
    lifted = [hold for hold in active if hold.check_name == name]
    for hold in lifted:
        require_say(hold, actor)
    _close(order, lifted, status=Hold.Status.RELEASED, note=reason, actor=actor, at=when)
    restate_holds(order, [hold for hold in active if hold not in lifted])
    end_catches(order, [name], CheckCatch.Outcome.WAIVED)
    touch(order, checks=_waived(order.checks, {name}, actor=actor, reason=reason, at=when))
    settle(order, actor=actor, at=when)
    return order


@service
def expire_hold(hold_id: int, *, at: datetime | None = None) -> Order | None:
    """Let a hold end by itself when its time is over. None when somebody was faster."""
    when = at or timezone.now()
    hold = Hold.objects.get(pk=hold_id)
    order = take_order(hold.order_id)
    active = active_holds(order)
    over = [one for one in active if one.pk == hold_id and one.expires_at and one.expires_at <= when]
    if not over:
        return None
    end_catches(order, [one.check_name for one in over], CheckCatch.Outcome.PASSED)
    _close(order, over, status=Hold.Status.EXPIRED, note="", actor=SYSTEM, at=when)
    restate_holds(order, [one for one in active if one not in over])
    settle(order, actor=SYSTEM, at=when)
    return order


def expire_holds(now: datetime | None = None, *, limit: int = 500) -> int:
    """Let every hold end whose time is over, each in a transaction of its own. Returns how many."""
    when = now or timezone.now()
    due = Hold.objects.filter(status=Hold.Status.ACTIVE, expires_at__lte=when)
    ids = list(due.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit])
    return sum(expire_hold(pk, at=when) is not None for pk in ids)


@service
def lift_holds(
    order: Order, *, because: str, lines: Iterable[OrderLine] | None = None, actor: Actor, at: datetime
) -> None:
    """Lift, on an order in hand, the holds that waited for a fact; the caller saves the order.

    With `lines`, the fact is only about these: a hold on another line, or on the whole order, waits on.
    """
    active = active_holds(order)
    lifted = [hold for hold in active if hold.auto_release == because]
    if lines is not None:
        about = {line.pk for line in lines}
        lifted = [hold for hold in lifted if hold.line_id in about]
    if not lifted:
        return
    names = {hold.check_name for hold in lifted if hold.check_name}
    _close(order, lifted, status=Hold.Status.RELEASED, note=because, actor=actor, at=at)
    restate_holds(order, [hold for hold in active if hold not in lifted])
    if names:
        end_catches(order, names, CheckCatch.Outcome.SETTLED)
        touch(order, checks=_waived(order.checks, names, actor=SYSTEM, reason=because, at=at))


@service
def close_holds(order: Order, *, note: str, actor: Actor, at: datetime) -> None:
    """Lift, on an order in hand, every hold: nothing is left to be stopped. The caller saves the order."""
    if not order.active_holds:
        return
    active = active_holds(order)
    end_catches(order, [hold.check_name for hold in active], CheckCatch.Outcome.STOPPED)
    _close(order, active, status=Hold.Status.RELEASED, note=note, actor=actor, at=at)
    restate_holds(order, [])


@service
def close_checked(order: Order, holds: Sequence[Hold], *, actor: Actor, at: datetime) -> None:
    """Lift, on an order in hand, the holds of checks that pass now. The caller saves the order."""
    _close(order, holds, status=Hold.Status.RELEASED, note=PASSES_NOW, actor=actor, at=at)


@service
def change_reasons(holds: Iterable[Hold], reasons: Mapping[str, str]) -> None:
    """Let the holds of checks that fail for another reason than before say so."""
    for hold in holds:
        reason = reasons.get(hold.check_name, hold.reason)[:300]
        if reason != hold.reason:
            hold.reason = reason
            Hold.objects.filter(pk=hold.pk).update(reason=reason)


@service
def end_catches(order: Order, names: Iterable[str], outcome: str) -> None:
    """Note what became of the findings of some checks on an order in hand."""
    wanted = [name for name in names if name]
    if wanted:
        open_ones = CheckCatch.objects.filter(order=order, name__in=wanted, outcome=CheckCatch.Outcome.OPEN)
        open_ones.update(outcome=outcome)


def holds_of_checks(checks: Iterable[Mapping[str, Any]], *, actor: Actor, at: datetime) -> list[Hold]:
    """Return, unsaved, a hold for every failed check."""
    return [
        Hold(
            kind=KIND_OF_CHECK.get(check["name"], Hold.Kind.CHECK),
            reason=check["reason"][:300],
            blocks=["verify"],
            auto_release=LIFTED_BY.get(check["name"], ""),
            check_name=check["name"],
            placed_by=str(actor),
            created_at=at,
        )
        for check in verification.failed(checks)
    ]


@service
def write_holds(order: Order, holds: Sequence[Hold], *, actor: Actor, at: datetime) -> None:
    """Insert the holds of a new order."""
    if not holds:
        return
    for hold in holds:
        hold.order = order
    Hold.objects.bulk_create(holds)
    emit(*(_fact(HoldPlaced, hold, order) for hold in holds), actor=actor, at=at)


def restate_holds(order: Order, active: Sequence[Hold]) -> None:
    """Write onto an order in hand what its active holds add up to; one on a part of it stops no step of the whole.

    What is told is the reason that stops the earliest step: it is what has to be settled first.
    """
    order.active_holds = len(active)
    order.blocked_transitions = sorted({name for hold in active if hold.is_whole for name in hold.blocks})
    first = min(active, key=lambda hold: (not hold.is_whole, _first_stop(hold)), default=None)
    order.hold_reason = reason_of(first)[:300] if first is not None else ""


def _first_stop(hold: Hold) -> int:
    return min((LIFE.index(name) for name in hold.blocks if name in LIFE), default=len(LIFE))


def reason_of(hold: Hold) -> str:
    """Return why something stands still, with what it is about where that is a part of the order."""
    about = hold.line.sku if hold.line is not None else hold.work
    return f"{about}: {hold.reason}" if about else hold.reason


def active_holds(order: Order) -> list[Hold]:
    """Read the active holds of an order, the oldest first."""
    active = Hold.objects.filter(order=order, status=Hold.Status.ACTIVE).select_related("line")
    return list(active.order_by("pk"))


def waive_as_historic(checks: list[dict[str, Any]], *, at: datetime) -> list[dict[str, Any]]:
    """Waive every failed check of an order that is told afterwards: it happened."""
    names = {str(check["name"]) for check in verification.failed(checks)}
    return _waived(checks, names, actor=SYSTEM, reason=HISTORIC, at=at)


def _waived(
    checks: Iterable[dict[str, Any]], names: set[str], *, actor: Actor, reason: str, at: datetime
) -> list[dict[str, Any]]:
    mark = {"result": "waived", "waived_by": str(actor), "waived_because": reason, "waived_at": at.isoformat()}
    return [{**check, **mark} if check["name"] in names else check for check in checks]


def require_waiver(actor: Actor) -> None:
    """Ask whether the actor may let an order pass a check."""
    if actor != SYSTEM and not any(permission in actor.can for permission in MAY_WAIVE):
        raise MayNotWaive("You may not waive failed checks")


def require_say(hold: Hold, actor: Actor) -> None:
    """Ask whether the actor has a say in holds of this type; over the API that takes the scope of waiving."""
    known = hold_types.type_of(hold.kind)
    needed = known.may_lift if known is not None else ""
    if needed and actor != SYSTEM and needed not in actor.can and WAIVE_SCOPE not in actor.can:
        who = known.get_may_lift_display() if known is not None else ""  # type: ignore[attr-defined]
        raise MayNotLift(_("This hold may be lifted by %(who)s") % {"who": who})


def _fact(kind: type[HoldEvent], hold: Hold, order: Order) -> HoldEvent:
    return kind(order_id=order.pk, hold_id=hold.pk, kind=hold.kind, quiet=order.quiet, partly=not hold.is_whole)


def _close(order: Order, holds: Sequence[Hold], *, status: str, note: str, actor: Actor, at: datetime) -> None:
    """Mark holds as ended, and say so."""
    if not holds:
        return
    Hold.objects.filter(pk__in=[hold.pk for hold in holds], status=Hold.Status.ACTIVE).update(
        status=status, released_by=str(actor), released_at=at, release_note=note[:300]
    )
    emit(*(_fact(HoldReleased, hold, order) for hold in holds), actor=actor, at=at)
