"""Drafts: orders that are put together, priced and kept, and bind nobody until they are placed."""

from decimal import Decimal

from django.utils import timezone

from core.actors import Actor
from core.service import note_change, service
from core.transitions import advance
from core.updating import update_each
from orders.errors import InvalidOrder, NotADraft
from orders.inputs import OrderInput
from orders.models import Order, OrderCharge, OrderLine, OrderStatus

from .book import charges_of, take_order
from .buyer import standing_of
from .composing import Composed, compose
from .holds import write_holds
from .placement import bind, remember, write_rows
from .settlement import settle

RESERVED_COLUMNS = ("allocated", "backordered", "promised_on")


@service
def save_draft(order: OrderInput, *, draft_id: int | None = None, actor: Actor) -> Order:
    """Keep an order that somebody is still putting together: new, or instead of what the draft said before."""
    now = timezone.now()
    composed = compose(order, at=now, actor=actor)
    draft = composed.order
    draft.placed_at = None
    if draft_id is not None:
        known = _take_draft(draft_id)
        draft.pk, draft.version, draft.created_at = known.pk, known.version + 1, known.created_at
        draft._state.adding = False
        OrderLine.objects.filter(order=known).delete()
        OrderCharge.objects.filter(order=known).delete()
    draft.save()
    write_rows(composed)
    note_change(draft, "orders.draft_saved", actor=actor, after={"total": draft.total, "lines": len(composed.lines)})
    remember(draft, lines=composed.lines, charges=composed.charges)
    return draft


@service
def place_draft(order_id: int, *, allow_shortage: bool = False, actor: Actor) -> Order:
    """Make a draft binding at the prices it shows, with its stock promised."""
    now = timezone.now()
    draft = _take_draft(order_id)
    lines = list(OrderLine.objects.filter(order=draft).select_related("product").order_by("position"))
    if not lines:
        raise InvalidOrder("An order has at least one line")
    charges = charges_of(draft)
    draft.placed_at = now
    composed = Composed(
        order=draft,
        lines=lines,
        charges=charges,
        products={line.product_id: line.product for line in lines},
        buyer=standing_of(draft, at=now),
    )
    holds = bind(composed, allow_shortage=allow_shortage, actor=actor, at=now)
    settle(draft, "place", actor=actor, at=now)
    update_each(
        OrderLine, RESERVED_COLUMNS, [[line.pk, *(getattr(line, c) for c in RESERVED_COLUMNS)] for line in lines]
    )
    write_holds(draft, holds, actor=actor, at=now)
    remember(draft, lines=lines, charges=charges, holds=holds)
    return draft


@service
def discard_draft(order_id: int, *, reason: str = "", actor: Actor) -> Order:
    """Throw a draft away; it never counted as an order."""
    draft = _take_draft(order_id)
    draft.cancelled_total, draft.balance_due = draft.total, Decimal(0)
    draft.cancelled_at = timezone.now()
    advance(draft, "discard", actor=actor, note=reason)
    return draft


def _take_draft(order_id: int) -> Order:
    order = take_order(order_id)
    if order.status != OrderStatus.DRAFT:
        raise NotADraft(f"{order} is no draft: {order.get_status_display()}", status=order.status)
    return order
