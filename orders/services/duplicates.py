"""Two orders that look alike: told apart, because both are meant, or one is cancelled, because they are the same."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.outbox import emit
from core.service import service
from orders import selectors, verification
from orders.errors import AlreadyToldApart, NotToldApart, OneOrder, TwinIsGone
from orders.events import ToldAgain, ToldTheSame, ToldToBeOthers
from orders.models import CheckCatch, Order, ToldApart
from orders.sentences import BOTH_MEANT, ORDERED_TWICE

from .book import take_order
from .cancellation import cancel_order
from .checking import NEXT_STEP, look_again_at, note_catches
from .holds import active_holds, end_catches, require_say, require_waiver
from .settlement import settle

Outcome = CheckCatch.Outcome
DUPLICATE = verification.DUPLICATE


@service
def tell_apart(
    order_id: int, other_id: int, *, reason: str = "", actor: Actor, at: datetime | None = None
) -> tuple[Order, Order]:
    """Say that both of two orders are meant. The later is looked at again, and goes on where nothing else holds it.

    Returns both, the earlier first. Raises AlreadyToldApart, and MayNotWaive or MayNotLift for who has no say.
    """
    when = at or timezone.now()
    require_waiver(actor)
    earlier, later = _take_both(order_id, other_id)
    for hold in active_holds(later):
        if hold.check_name == DUPLICATE:
            require_say(hold, actor)
    said = {"by": str(actor), "reason": reason.strip()[:300], "at": when}
    pair, is_new = ToldApart.objects.get_or_create(earlier=earlier, later=later, defaults=said)
    if not is_new:
        raise AlreadyToldApart(_("Somebody has just said that both are meant"))
    why = pair.reason or BOTH_MEANT
    emit(
        ToldToBeOthers(order_id=earlier.pk, other=str(later), because=why, quiet=earlier.quiet),
        ToldToBeOthers(order_id=later.pk, other=str(earlier), because=why, quiet=later.quiet),
        actor=actor,
        at=when,
    )
    was = _found(later)
    if was.get("data", {}).get("number") == str(earlier):
        end_catches(later, [DUPLICATE], Outcome.DIFFERENT)
    _look_again(later, actor=actor, at=when)
    if (now := _found(later)).get("result") == was.get("result") and now != was:
        # Behind the one stands another: that is found as of now.
        note_catches(later, [now], at=when)
    return earlier, later


@service
def take_back_apart(order_id: int, other_id: int, *, actor: Actor, at: datetime | None = None) -> tuple[Order, Order]:
    """Compare two orders again that somebody told apart. Raises NotToldApart where nobody did."""
    when = at or timezone.now()
    require_waiver(actor)
    earlier, later = _take_both(order_id, other_id)
    gone, _by_table = ToldApart.objects.filter(earlier=earlier, later=later).delete()
    if not gone:
        raise NotToldApart(_("They are compared again already"))
    emit(
        ToldAgain(order_id=earlier.pk, other=str(later), quiet=earlier.quiet),
        ToldAgain(order_id=later.pk, other=str(earlier), quiet=later.quiet),
        actor=actor,
        at=when,
    )
    if later.status in NEXT_STEP:
        # What it finds now is counted as found now; it was no false alarm.
        CheckCatch.objects.filter(order=later, name=DUPLICATE, outcome=Outcome.DIFFERENT).delete()
        _look_again(later, actor=actor, at=when)
    return earlier, later


def cancel_twin(order_id: int, *, kept_id: int, actor: Actor, at: datetime | None = None) -> Order:
    """Cancel one of two orders that are the same. What is kept is looked at again, and goes on. Returns what is kept.

    First the one, then the other, each in a transaction: the stock that gets free is locked last. What is cancelled
    stays so whatever becomes of the other: that is owed, and tried again.
    """
    when = at or timezone.now()
    _cancel(order_id, kept_id, actor=actor, at=when)
    try:
        return _go_on(kept_id, actor=actor, at=when)
    except DomainError:
        return Order.objects.get(pk=kept_id)


@service
def go_on_with_kept(kept_id: int, *, other: str, actor: Actor = SYSTEM) -> None:
    """Let what was kept of two go on, where it still is stopped for the other one. Safe to repeat."""
    kept = take_order(kept_id)
    if _found(kept).get("data", {}).get("number") == other:
        _look_again(kept, actor=actor, at=timezone.now())


@service
def _cancel(order_id: int, kept_id: int, *, actor: Actor, at: datetime) -> None:
    _take_both(order_id, kept_id)
    order, kept = take_order(order_id), take_order(kept_id)
    if kept.status in selectors.GONE:
        # Two people decide at once, each for the other one: one of the two has to stay.
        raise TwinIsGone(_("%(number)s is cancelled itself") % {"number": kept})
    end_catches(order, [DUPLICATE], Outcome.STOPPED)
    emit(ToldTheSame(order_id=kept.pk, other=str(order), quiet=kept.quiet), actor=actor, at=at)
    cancel_order(order.pk, reason=ORDERED_TWICE(number=kept), actor=actor, at=at)


@service
def _go_on(kept_id: int, *, actor: Actor, at: datetime) -> Order:
    kept = take_order(kept_id)
    _look_again(kept, actor=actor, at=at)
    return kept


def _take_both(order_id: int, other_id: int) -> tuple[Order, Order]:
    """Lock both, in the order of their keys, and return the earlier one first."""
    if order_id == other_id:
        raise OneOrder(_("It is one and the same order"))
    both = [take_order(pk) for pk in sorted((order_id, other_id))]
    earlier, later = sorted(both, key=lambda order: (order.placed_at or order.created_at, order.pk))
    return earlier, later


def _found(order: Order) -> dict[str, Any]:
    """Return what the check says of an order."""
    return next((check for check in order.checks if check["name"] == DUPLICATE), {})


@service
def _look_again(order: Order, *, actor: Actor, at: datetime) -> None:
    """Compare an order in hand again, where it was compared before and may still be stopped."""
    if order.status in NEXT_STEP and _found(order):
        look_again_at(order, [DUPLICATE], actor=actor, at=at)
        settle(order, actor=actor, at=at)
