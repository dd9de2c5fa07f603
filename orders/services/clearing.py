"""Drafts that nobody goes on with: thrown away after a time, with the reason in their history."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.service import service
from orders import sentences as say
from orders.models import Draft, OrderLine

from .drafts import discard_draft, take_offer

# A page that keeps itself leaves a draft also of who only looked; a week later nobody remembers it.
EMPTY_FOR = timedelta(days=7)
# One with goods on it may wait for a word of the customer as long as a season: it holds a list and no stock.
UNTOUCHED_FOR = timedelta(days=90)


def clear_drafts(now: datetime | None = None, *, limit: int = 500) -> int:
    """Throw away every draft that nobody goes on with, each in a transaction of its own. Returns how many.

    What is offered to a customer is left alone: it lapses on its day.
    """
    when = now or timezone.now()
    left = Draft.objects.filter(open=True, valid_until=None, changed_at__lt=when - EMPTY_FOR)
    over = Q(changed_at__lt=when - UNTOUCHED_FOR) | ~Exists(OrderLine.objects.filter(order=OuterRef("order")))
    cleared = 0
    for pk in list(left.filter(over).order_by("changed_at", "pk").values_list("order", flat=True)[:limit]):
        try:
            cleared += clear_draft(pk, at=when)
        except DomainError:
            # Placed or thrown away a moment ago.
            continue
    return cleared


@service
def clear_draft(order_id: int, *, at: datetime, actor: Actor = SYSTEM) -> bool:
    """Throw a draft away, unless somebody went on with it meanwhile. Returns whether it did."""
    order, draft = take_offer(order_id)
    has_lines = OrderLine.objects.filter(order=order).exists()
    patience = UNTOUCHED_FOR if has_lines else EMPTY_FOR
    if draft.valid_until is not None or draft.changed_at >= at - patience:
        return False
    reason = say.LEFT_ALONE if has_lines else say.LEFT_EMPTY
    discard_draft(order_id, reason=reason(n=patience.days), actor=actor)
    return True
