"""The way in: every channel places its orders here."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Model
from django.utils import timezone

from core.actors import Actor
from core.inserting import insert_rows
from core.service import hold, service
from orders import verification
from orders.derivation import restate
from orders.inputs import OrderInput
from orders.models import Hold, Order
from orders.ports import payment_book
from pricing import services as pricing

from .approving import hold_for_approval, why_approve_discount
from .arrears import holds_of_arrears
from .checking import check, note_catches
from .composing import Composed, compose
from .holding import time_to_pay
from .holds import holds_of_checks, restate_holds, waive_as_historic, write_holds
from .prioritizing import weigh, weigh_again
from .promising import estimate
from .settlement import settle
from .sourcing import reserve_stock
from .waiting import require_room_to_wait


@service
def place_order(order: OrderInput, *, actor: Actor) -> Order:
    """Turn a request into a binding order with its stock promised.

    It is verified and confirmed at once as far as its checks, its channel and its payment allow. Raises
    InvalidOrder, DuplicateReference, or InsufficientStock when units are missing that may not wait.
    """
    at = order.placed_at if order.historic and order.placed_at else timezone.now()
    composed = compose(order, at=at, actor=actor)
    placed = composed.order
    holds = bind(
        composed,
        expected_total=order.expected_total,
        allow_shortage=order.allow_shortage,
        historic=order.historic,
        actor=actor,
        at=at,
    )
    # One insert of the order as it stands after all its steps, then everything that hangs on it.
    settle(placed, "place", actor=actor, at=at, only=not order.settle)
    write_rows(composed)
    pricing.refer(composed.uses, reference=str(placed.number))
    write_holds(placed, holds, actor=actor, at=at)
    note_catches(placed, placed.checks, historic=order.historic, at=at)
    payment_book.keep(placed, order.payments, actor=actor, at=at)
    remember(placed, lines=composed.lines, charges=composed.charges, holds=holds)
    return hold(placed)


@service
def write_rows(composed: Composed) -> None:
    """Insert the lines and charges of an order that was just inserted."""
    for line in composed.lines:
        line.order = composed.order
    for charge in composed.charges:
        charge.order = composed.order
    insert_rows(composed.lines)
    insert_rows(composed.charges)


@service
def bind(
    composed: Composed,
    *,
    expected_total: Decimal | None = None,
    allow_shortage: bool = False,
    historic: bool = False,
    actor: Actor,
    at: datetime,
) -> list[Hold]:
    """Check the order and tie its stock, all on the objects. Returns the holds that its checks ask for."""
    order, lines = composed.order, composed.lines
    order.checks = check(composed, expected_total=expected_total, at=at)
    weigh(order, customer=composed.buyer.customer, at=at)
    order.payment_due_at, order.stock_held_until = time_to_pay(order, at=at)
    if historic:
        order.stock_held_until = None
    if not historic:
        # Above the stock, as floors are locked: who takes the last use has it before any unit.
        composed.uses = take_uses(order, at=at)
    backorder = dict.fromkeys(composed.backorder, True) if allow_shortage else composed.backorder
    short = reserve_stock(
        order, lines, backorder=backorder, counter=composed.counter, historic=historic, actor=actor, at=at
    )
    if short and not allow_shortage:
        require_room_to_wait(lines, short, exempt=composed.may_wait)
    missing = {line.sku: short[line.position] for line in lines if line.position in short}
    order.checks = [*order.checks, *verification.stock_result(missing, order.channel.checks)]
    if historic:
        order.checks = waive_as_historic(order.checks, at=at)
    estimate(order, lines, at=at)
    if composed.counter is None:
        # What is handed over at once waits in no row.
        weigh_again(order, customer=composed.buyer.customer, actor=actor, at=at)
    restate(order, lines=lines, charges=composed.charges)
    holds = holds_of_checks(order.checks, actor=actor, at=at)
    # What replaces a lost parcel costs nothing on purpose; what was agreed long ago is not agreed again.
    if not historic and not composed.replacement:
        reason = why_approve_discount(order, lines, composed.charges, actor=actor)
        holds += hold_for_approval(reason, actor=actor, at=at)
    if not historic:
        holds += holds_of_arrears(composed.buyer, actor=actor, at=at)
    restate_holds(order, holds)
    return holds


def take_uses(order: Order, *, at: datetime) -> list[int]:
    """Use the promotions that an order was granted; a quotation holds its own already."""
    codes = pricing.granted_by(order.explanation)
    number = str(order.number) if order.pk else ""
    return pricing.redeem(codes, customer_id=order.customer_id, reference=number, at=at)


def remember(order: Order, **rows: Sequence[Model]) -> None:
    """Let `order.lines` and the like answer from memory: who placed the order wants to show it."""
    for name, known in rows.items():
        answer = getattr(order, name).all()
        answer._result_cache, answer._prefetch_done = list(known), True
        order.__dict__.setdefault("_prefetched_objects_cache", {})[name] = answer
