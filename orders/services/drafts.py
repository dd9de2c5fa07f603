"""Drafts: orders that are put together, priced and kept, and bind nobody until they are placed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from core import seat
from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import hold, note_change, service
from core.transitions import advance
from core.updating import update_each
from orders import guards
from orders.derivation import restate
from orders.errors import InvalidOrder, NotADraft, QuotationLapsed, StaleOrder
from orders.events import PaymentRequested
from orders.inputs import OrderInput
from orders.models import Draft, Order, OrderCharge, OrderLine, OrderStatus
from pricing import services as pricing

from .book import charges_of, take_order
from .buyer import look_at_buyer, standing_of
from .checking import note_catches
from .composing import Composed, compose, goods_key_of_input, head_of
from .holds import write_holds
from .placement import bind, remember, write_rows
from .settlement import settle

RESERVED_COLUMNS = ("allocated", "backordered", "promised_on")


@service
def save_draft(order: OrderInput, *, draft_id: int | None = None, actor: Actor) -> Order:
    """Keep an order that somebody is still putting together: new, or instead of what the draft said before."""
    now = timezone.now()
    known = None if draft_id is None else _take_draft(draft_id)
    _free_uses(known, at=now)
    composed = compose(order, at=now, actor=actor)
    _write(composed, known, at=now)
    _write_draft(composed.order, known, token=uuid4(), typed={}, actor=actor, at=now)
    _note(composed, actor=actor)
    return composed.order


@service
def park_draft(
    order: OrderInput,
    *,
    token: UUID,
    typed: Mapping[str, Any],
    expected_version: int | None = None,
    is_aside: bool = True,
    actor: Actor,
) -> Order:
    """Keep what somebody has typed so far, as far as it is an order already; the same page keeps one draft.

    `is_aside` tells the history; a page that keeps itself while its reader goes on typing does not, but the first
    time. Raises StaleOrder when somebody else kept the draft since `expected_version`, NotADraft when it was placed.
    """
    now = timezone.now()
    known = _draft_of(token)
    if known is not None:
        _require_draft(known)
        _require_version(known, expected_version, typed)
    _free_uses(known, at=now)
    composed = _as_far_as_it_goes(order, at=now, actor=actor)
    _write(composed, known, at=now)
    _write_draft(composed.order, known, token=token, typed=typed, actor=actor, at=now)
    if is_aside or known is None:
        _note(composed, actor=actor)
    return composed.order


@service
def place_typed(
    order: OrderInput,
    *,
    token: UUID,
    typed: Mapping[str, Any],
    expected_version: int | None = None,
    ask_to_pay: bool = False,
    actor: Actor,
) -> Order:
    """Place what a page has put together, once: asked again, the same page gets the order it has placed.

    What is out as a quotation and was not changed is placed at the prices that were offered.
    `ask_to_pay` sends the mail that says how to pay also where the order is held or its channel quiet. Raises what
    `place_order` raises, StaleOrder, and NotADraft for a draft that was thrown away.
    """
    now = timezone.now()
    known = _draft_of(token)
    if known is not None and known.placed_at is not None:
        return known
    if known is not None:
        _require_draft(known)
        _require_version(known, expected_version, typed)
        if not ask_to_pay and _is_offered_as(known, typed, at=now):
            return place_draft(known.pk, actor=actor)
    _free_uses(known, at=now)
    composed = compose(order, at=now, actor=actor)
    _write(composed, known, at=now)
    _write_draft(composed.order, known, token=token, typed=typed, actor=actor, at=now)
    placed = _bind_draft(composed, allow_shortage=False, actor=actor, at=now)
    # An accepted order tells its customer by itself how to pay.
    if ask_to_pay and guards.payment_missing(placed) and (placed.quiet or placed.status == OrderStatus.PLACED):
        emit(PaymentRequested(order_id=placed.pk, asked_at=now.isoformat()), actor=actor, at=now)
    return placed


@service
def place_draft(order_id: int, *, allow_shortage: bool = False, actor: Actor) -> Order:
    """Make a draft binding at the prices it shows, with its stock promised.

    Raises QuotationLapsed after the last day of an offer.
    """
    now = timezone.now()
    draft = _take_draft(order_id)
    lines = list(OrderLine.objects.filter(order=draft).select_related("product").order_by("position"))
    if not lines:
        raise InvalidOrder("An order has at least one line")
    valid_until = Draft.objects.filter(order=draft).values_list("valid_until", flat=True).first()
    if valid_until is not None and valid_until < seat.day_of(now):
        raise QuotationLapsed(f"The quotation {draft} was valid until {valid_until}", valid_until=str(valid_until))
    composed = Composed(
        order=draft,
        lines=lines,
        charges=charges_of(draft),
        products={line.product_id: line.product for line in lines},
        buyer=standing_of(draft, lines, at=now),
    )
    return _bind_draft(composed, allow_shortage=allow_shortage, actor=actor, at=now)


@service
def discard_draft(order_id: int, *, reason: str = "", actor: Actor) -> Order:
    """Throw a draft away; it never counted as an order."""
    draft = _take_draft(order_id)
    draft.cancelled_total, draft.balance_due = draft.total, Decimal(0)
    draft.cancelled_at = timezone.now()
    advance(draft, "discard", actor=actor, note=reason)
    pricing.give_back(str(draft.number), at=draft.cancelled_at)
    close_draft(draft)
    return draft


@service
def close_draft(order: Order) -> None:
    """Let nobody go on with a draft that became an order, or nothing; what was typed is forgotten."""
    Draft.objects.filter(order=order, open=True).update(open=False, typed={})


def take_offer(order_id: int) -> tuple[Order, Draft]:
    """Lock a draft with what is known of it. Raises NotADraft where it is none any more."""
    order = _take_draft(order_id)
    return order, Draft.objects.get(order=order)


def _bind_draft(composed: Composed, *, allow_shortage: bool, actor: Actor, at: datetime) -> Order:
    """Check a draft in hand, tie its stock, and take it as far as it goes."""
    draft, lines = composed.order, composed.lines
    draft.placed_at = at
    holds = bind(composed, allow_shortage=allow_shortage, actor=actor, at=at)
    settle(draft, "place", actor=actor, at=at)
    update_each(
        OrderLine, RESERVED_COLUMNS, [[line.pk, *(getattr(line, c) for c in RESERVED_COLUMNS)] for line in lines]
    )
    write_holds(draft, holds, actor=actor, at=at)
    note_catches(draft, draft.checks, at=at)
    close_draft(draft)
    remember(draft, lines=lines, charges=composed.charges, holds=holds)
    return draft


def _as_far_as_it_goes(given: OrderInput, *, at: datetime, actor: Actor) -> Composed:
    """Compose an order, or where it is none yet, no more than who it is for."""
    try:
        return compose(given, at=at, actor=actor)
    except Invalid:
        bare = replace(given, lines=(), coupon_codes=())
        channel = pricing.channel_by_code(bare.channel)
        buyer = look_at_buyer(bare, channel, goods_key=goods_key_of_input(bare), at=at)
        order = head_of(bare, buyer, at=at)
        order.prices_include_tax = channel.prices_include_tax
        restate(order, lines=(), charges=())
        return Composed(order=order, lines=[], charges=[], products={}, buyer=buyer)


def _free_uses(known: Order | None, *, at: datetime) -> None:
    """Give back what a draft holds of promotions before it is composed anew, so that it is not in its own way."""
    if known is not None:
        pricing.give_back(str(known.number), at=at)


def _write(composed: Composed, known: Order | None, *, at: datetime) -> None:
    """Write a draft with its lines: new, or instead of what it said before."""
    draft = composed.order
    draft.placed_at = None
    restate(draft)
    if known is not None:
        draft.pk, draft.version, draft.created_at = known.pk, known.version + 1, known.created_at
        draft.number, draft.updated_at = known.number, at
        # What colleagues said about it beside what is typed: who types it anew says nothing of that.
        draft.assignee_id = known.assignee_id
        draft.priority, draft.priority_parts, draft.rank = known.priority, known.priority_parts, known.rank
        draft.tags, draft.metadata = draft.tags or known.tags, draft.metadata or known.metadata
        draft._state.adding = False
        OrderLine.objects.filter(order=known).delete()
        OrderCharge.objects.filter(order=known).delete()
    draft.save()
    # What was read before is not what is in hand any more.
    hold(draft)
    write_rows(composed)
    remember(draft, lines=composed.lines, charges=composed.charges)


def _write_draft(
    order: Order, known: Order | None, *, token: UUID, typed: Mapping[str, Any], actor: Actor, at: datetime
) -> None:
    """Write what a draft is beyond an order. What was offered is no offer any more: it says something else now."""
    kept = {"typed": dict(typed), "changed_by": str(actor), "changed_at": at}
    if known is not None and Draft.objects.filter(order=known).update(**kept, valid_until=None, offered_at=None):
        return
    Draft.objects.create(order=order, token=token, **kept)


def _note(composed: Composed, *, actor: Actor) -> None:
    order = composed.order
    after = {"total": order.total, "lines": len(composed.lines)}
    note_change(order, "orders.draft_saved", actor=actor, after=after, currency=order.currency)


def _draft_of(token: UUID) -> Order | None:
    """Lock the draft that a page has begun, if it has."""
    pk = Draft.objects.filter(token=token).values_list("order", flat=True).first()
    return None if pk is None else take_order(pk)


def _take_draft(order_id: int) -> Order:
    order = take_order(order_id)
    _require_draft(order)
    return order


def _require_draft(order: Order) -> None:
    if order.status != OrderStatus.DRAFT:
        raise NotADraft(f"{order} is no draft: {order.get_status_display()}", status=order.status)


def _is_offered_as(order: Order, typed: Mapping[str, Any], *, at: datetime) -> bool:
    """Whether what is typed is, to the letter, what the customer may still accept."""
    draft = Draft.objects.filter(order=order, valid_until__gte=seat.day_of(at)).first()
    return draft is not None and _without_page(draft.typed) == _without_page(typed)


def _without_page(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if name != "page"}


def _require_version(order: Order, expected: int | None, typed: Mapping[str, Any]) -> None:
    """Refuse who has not read the last version.

    A page whose answer was lost, or that is closed, is not in its own way: what is typed names it (`page`).
    """
    page = typed.get("page")
    mine = bool(page) and Draft.objects.filter(order=order, typed__page=page).exists()
    if order.version != expected and not mine:
        raise StaleOrder(f"{order} was changed meanwhile; read it again", version=order.version)
