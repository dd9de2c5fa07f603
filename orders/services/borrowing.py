"""Units that somebody wants later, for who needs them now: lent only where what comes brings them back in time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from core.actors import Actor
from core.outbox import emit
from core.service import held, hold, service
from inventory import services as inventory
from inventory.services import Demand, Passing, Pick
from inventory.sourcing import decide
from orders import promise, selectors
from orders.derivation import restate
from orders.events import InOrderHistory, StockBorrowed, StockLent
from orders.lending import Lot
from orders.models import Movement, Order, OrderLine
from orders.outlook import Demanding, Figures
from orders.sentences import LENT

from .book import lines_of, note_units, save_figures, write_units
from .promising import dated, days_by_code, places_of, promise_lines, releases, repromise, waiting
from .routing import Routed

# So many lots are looked at for one order, those with the most time first.
MOST_LOTS = 400
DATED = ("sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later")
COLUMNS = (
    *("reservation__order__starts_on", "stock_item__warehouse_id"),
    *("reservation__order__pk", "reservation_id", "key", "stock_item__product_id"),
)


class Loan(NamedTuple):
    """Units of a lot that go to a line of the borrower."""

    lot: Lot
    product_id: int
    units: int
    to_key: int


@dataclass
class Borrowed:
    """What an order got: its picks, and from whom, in words."""

    picks: list[Pick] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)


def needs_now(order: Order, routed: Routed, *, at: datetime) -> bool:
    """Whether an order would begin now from at least one of the places that serve it: it is not wanted later."""
    if order.requested_delivery_on is None:
        return True
    days = days_by_code(routed.places)
    parcels = promise.goods_parcels([(0, code, 1) for code in days], days)
    found = dated(parcels, channel=order.channel, requested_on=order.requested_delivery_on, at=at)
    return any(not parcel["later"] for parcel in found)


def choose(
    lines: Iterable[OrderLine], short: Mapping[int, int], known: Mapping[int, Figures], routed: Routed, *, at: datetime
) -> list[Pick]:
    """Return which of the units that are short could be borrowed, and where they lie. Nothing is read or written."""
    lendable = {(product, place): units for product, one in known.items() for place, units in one.borrowable().items()}
    if not lendable:
        return []
    wanted = [line for line in lines if short.get(line.position)]
    not_yet = releases(wanted, at)
    demand = [
        Demand(line.position, line.product_id, short[line.position], True)
        for line in wanted
        if line.position not in not_yet
    ]
    return decide(demand, lendable, routed.places, routed.costs).picks


@service
def borrow(
    order: Order,
    lines: Sequence[OrderLine],
    short: Mapping[int, int],
    *,
    known: Mapping[int, Figures],
    routed: Routed,
    actor: Actor,
    at: datetime,
) -> Borrowed:
    """Tie units of orders that want them later to an order in hand that is short, under the locks of its shelves.

    Who lends stands in front of everybody for what comes. Lenders that somebody else has in hand lend nothing:
    nobody waits for them while holding a shelf.
    """
    picks = choose(lines, short, known, routed, at=at) if needs_now(order, routed, at=at) else []
    if not picks or order.reservation_id is None:
        return Borrowed()
    products = {line.position: line.product_id for line in lines}
    loans, lenders = _loans(order, picks, products, known)
    if not loans:
        return Borrowed()
    passings = [
        Passing(lot.reservation_id, lot.key, lot.warehouse_id, units, key) for lot, _product, units, key in loans
    ]
    inventory.pass_on(passings, to_reservation=order.reservation_id, actor=actor)
    told = [
        _note(lender, [one for one in loans if one.lot.order_id == lender.pk], actor=actor, at=at)
        for lender in lenders
    ]
    got = [Pick(loan.to_key, loan.lot.warehouse_id, loan.units) for loan in loans]
    return Borrowed(got, told)


def _loans(
    order: Order, picks: Sequence[Pick], products: Mapping[int, int], known: Mapping[int, Figures]
) -> tuple[list[Loan], list[Order]]:
    """Lock who lends, and return what they do; in pk order, leaving out whom somebody else has in hand."""
    wanted = selectors.lendable({products[pick.key] for pick in picks}).exclude(reservation=order.reservation_id)
    wanted = wanted.order_by("-reservation__order__starts_on", "-reservation__rank", "-pk")
    ids = {row[0] for row in wanted.values_list("reservation__order__pk")[:MOST_LOTS]}
    locked = Order.objects.filter(pk__in=ids).select_related("channel", "shipping_method").order_by("pk")
    # A shelf is locked already: to wait for an order now would be the other way round.
    free = locked.select_for_update(of=("self",), no_key=True, skip_locked=True)
    lenders = {one.pk: held(Order, one.pk) or hold(one) for one in free}
    lots: dict[int, list[Lot]] = defaultdict(list)
    rows = wanted.filter(reservation__order__in=lenders).values_list(*COLUMNS, selectors.TIED)
    for safe_on, place, pk, reservation, key, product, units in rows:
        lots[product].append(Lot(safe_on, place, units, pk, reservation, key))
    left = {
        (product, lot): units
        for product, some in lots.items()
        for lot, units in known[product].may_lend(some, in_order=True)
    }
    loans = []
    for pick in picks:
        missing = pick.quantity
        for (product, lot), units in left.items():
            if product == products[pick.key] and lot.warehouse_id == pick.warehouse_id:
                if given := min(units, missing):
                    loans.append(Loan(lot, product, given, pick.key))
                left[product, lot] -= given
                missing -= given
    lending = {loan.lot.order_id for loan in loans}
    return loans, [lender for pk, lender in lenders.items() if pk in lending]


@service
def _note(lender: Order, loans: Sequence[Loan], *, actor: Actor, at: datetime) -> dict[str, Any]:
    """Write down what an order lent, and on what it waits for it now. Returns it in words."""
    lines = lines_of(lender)
    by_key = {line.position: line for line in lines}
    units: dict[int, int] = defaultdict(int)
    places: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for loan in loans:
        units[loan.lot.key] += loan.units
        places[loan.lot.warehouse_id][loan.lot.key] += loan.units
    back = min(loan.lot.safe_on for loan in loans)
    given = {by_key[key].pk: count for key, count in units.items()}
    noted = note_units(lines, Movement.Kind.UNALLOCATED, given, at=at)
    for key, count in units.items():
        line = by_key[key]
        line.lent += count
        line.lent_until = min(back, line.lent_until or back)
    write_units(noted)
    ways = places_of(lender)
    codes = {place.warehouse_id: place.code for place in ways}
    parcels = lender.sourcing.get("parcels", [])
    demand = Demanding(lender.rank, lender.pk, until=back)
    for place, some in places.items():
        parcels = promise.bereft(parcels, some, [], warehouse=codes.get(place, ""))
    lender.sourcing = {**lender.sourcing, "parcels": [*parcels, *waiting(lines, units, ways, demand=demand)]}
    facts = repromise(lender, (), cause=LENT, at=at)
    promise_lines(lender, lines)
    restate(lender, lines=lines)
    save_figures(lender, *DATED)
    named = ", ".join(f"{count} × {by_key[key].sku}" for key, count in sorted(units.items()))
    emit(*facts, actor=actor, at=at)
    return {
        "order": lender.pk,
        "from": str(lender.number),
        "units": named,
        "until": back.isoformat(),
        "quiet": lender.quiet,
    }


def facts_of(order: Order, told: Iterable[Mapping[str, Any]]) -> list[InOrderHistory]:
    """Return what both histories say about loans; the borrower has its number by now."""
    facts: list[InOrderHistory] = []
    for one in told:
        facts += [
            StockLent(
                order_id=one["order"], to=str(order), units=one["units"], until=one["until"], quiet=one["quiet"]
            ),
            StockBorrowed(order_id=order.pk, lender=one["from"], units=one["units"], quiet=order.quiet),
        ]
    return facts
