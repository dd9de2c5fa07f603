"""Lent units on their way back: lent on to who waits, and taken back when what was to bring them does not come."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from inventory import services as inventory
from inventory.kits import needs_of
from orders import lending, outlook, selectors
from orders.derivation import restate
from orders.events import BackordersFilled, LentIsBack
from orders.models import Order, OrderException, OrderLine
from orders.outlook import Demanding
from orders.sentences import FILLED, LENT_NOT_BACK, UNITS_BACK

from .book import lines_of, take_order, write_units
from .borrowing import DATED, borrow, facts_of
from .exceptions import OPEN, close_exceptions, open_exception
from .filling import fill_backorders, fill_order
from .inline import InLine, note_gain
from .promising import promise_lines, repromise
from .reassigning import take_by_itself
from .routing import route_order
from .settlement import settle

# So many who wait are tried in one go; who stands behind one that gets nothing gets nothing either.
AT_ONCE = 50
LENT = "lent:"


def lent_key(order_id: int) -> str:
    """Return the cause of an exception about units that an order lent and does not get back."""
    return f"{LENT}{order_id}"


def lend_to_waiting(product_ids: Iterable[int], *, actor: Actor = SYSTEM) -> int:
    """Give those who wait for products what others need only later, as they stand in line. Returns how many got some.

    One statement where nobody has anything to lend.
    """
    wanted = set(selectors.lendable(product_ids).values_list("stock_item__product", flat=True))
    if not wanted:
        return 0
    return sum(borrow_for(pk, actor=actor) is not None for pk in selectors.waiting_for(wanted, limit=AT_ONCE))


@service
def borrow_for(order_id: int, *, actor: Actor = SYSTEM, at: datetime | None = None) -> Order | None:
    """Tie to an order that waits what others need only later. None where there is nothing of that kind."""
    when = at or timezone.now()
    order = take_order(order_id)
    lines = list(OrderLine.objects.filter(order=order).select_related("product").order_by("position"))
    one = InLine(order, lines)
    products, lent = {line.product_id for line in one.waiting if not line.lent}, any(line.lent for line in lines)
    demand = Demanding(order.rank, order.pk)
    in_line = order.status in selectors.WAITING and order.reservation_id is not None and not order.stock_lapsed
    if not in_line or not any(found.borrowable() for found in outlook.figures(products, demand).values()):
        return None
    one.routed = route_order(order, one.waiting, at=when)
    turn = one.turn()
    needed = {product for wanted in turn.demand for product, _per in needs_of(wanted)}
    kept = selectors.spoken_for(needed, rank=order.rank - 1)
    # It locks the shelves: what is looked at afterwards stays so.
    (reserved,) = inventory.allocate_in_turn([turn], kept=kept, actor=actor)
    short = {line.position: reserved.short.get(line.position, 0) for line in one.waiting if not line.lent}
    known = outlook.figures_of(lines, short, demand)
    got = borrow(order, lines, short, known=known, routed=one.routed, actor=actor, at=when)
    if not reserved.picks and not got.picks:
        return None
    write_units(note_gain(one, turn, replace(reserved, picks=[*reserved.picks, *got.picks]), at=when))
    facts = repromise(order, (), cause=FILLED, at=when)
    promise_lines(order, lines)
    restate(order, lines=lines)
    settle(order, actor=actor, at=when, more=DATED)
    filled = BackordersFilled(order_id=order.pk, quiet=order.quiet)
    back = [LentIsBack(order_id=order.pk)] if lent and not any(line.lent for line in lines) else []
    emit(filled, *facts_of(order, got.told), *facts, *back, actor=actor, at=when)
    return order


def recall_lent(now: datetime | None = None, *, limit: int = 500) -> int:
    """Take back what was lent and whose last safe day has come. Returns how many orders still miss some.

    What was told of orders that miss nothing any more is closed.
    """
    told = OrderException.objects.filter(category="shortfall", dedupe_key__startswith=LENT, status__in=OPEN)
    close_lent([pk for pk in told.values_list("order", flat=True)[:limit] if pk is not None])
    today = timezone.localdate(now or timezone.now())
    due = selectors.lent().filter(lent_until__lte=today).values_list("order", flat=True)[:limit]
    return sum(not take_back(pk) for pk in dict.fromkeys(due))


def recall_endangered(product_ids: Iterable[int]) -> int:
    """Take back what was lent and does not come back in time, since what was to bring it is late or less now.

    Returns how many orders still miss some. One statement where nothing is lent.
    """
    claims: dict[int, list[tuple[int, OrderLine]]] = {}
    for number, line in enumerate(selectors.lent(product_ids)):
        claims.setdefault(line.product_id, []).append((number, line))
    if not claims:
        return 0
    today = timezone.localdate()
    endangered: dict[int, None] = {}
    for product, figures in outlook.figures(claims).items():
        lines = dict(claims[product])
        wanted = [(line.lent_until or today, number, line.lent) for number, line in lines.items()]
        stages = figures.shelf_and_supply().stages
        for number in sorted(lending.uncovered(wanted, stages, today=today)):
            endangered[lines[number].order_id] = None
    return sum(not take_back(pk) for pk in endangered)


def bring_back(order_ids: Iterable[int]) -> None:
    """Give orders that need what they lent earlier than was thought what is free, and see that the rest comes in time.

    Safe to repeat.
    """
    rows = selectors.lent().filter(order__in=list(order_ids))
    if products := set(rows.values_list("product", flat=True)):
        fill_backorders(products)
        recall_endangered(products)


def take_back(order_id: int, *, actor: Actor = SYSTEM) -> bool:
    """Give an order back what it lent: from the shelf, else from who keeps its promise all the same.

    What is missing even then is put before a person. Returns whether all of it is back.
    """
    fill_order(order_id, actor=actor)
    take_by_itself(order_id, actor=actor)
    return _is_back(order_id, actor=actor)


def close_lent(order_ids: Iterable[int], *, actor: Actor = SYSTEM) -> None:
    """Call nobody any more for what orders lent and have back, or do not want any more."""
    wanted = list(order_ids)
    missing = set(selectors.lent().filter(order__in=wanted).values_list("order", flat=True)) if wanted else set()
    if done := [lent_key(pk) for pk in wanted if pk not in missing]:
        told = OrderException.objects.filter(dedupe_key__in=done, status__in=OPEN)
        close_exceptions(told.values_list("pk", flat=True), resolution=UNITS_BACK(), actor=actor)


@service
def _is_back(order_id: int, *, actor: Actor) -> bool:
    order = take_order(order_id)
    missing = [line for line in lines_of(order) if line.lent]
    if not missing:
        return True
    open_exception(
        category="shortfall",
        severity=OrderException.Severity.CRITICAL,
        title=LENT_NOT_BACK(order=order, units=", ".join(f"{line.lent} × {line.sku}" for line in missing)),
        dedupe_key=lent_key(order.pk),
        order_id=order.pk,
        payload={"lines": {str(line.position): line.lent for line in missing}},
        actor=actor,
    )
    return False
