"""Stock of work that nobody has begun goes to a more urgent order: who gives, what it costs whom, and the deed."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.outbox import emit
from core.service import held, hold, note_change, service, unit_of_work
from core.sight import limited_to, seen
from inventory import selectors as stock
from inventory import services as inventory
from inventory.services import Passing
from orders import promise, selectors
from orders.derivation import restate
from orders.errors import LooksDifferent, MissesPromise, NothingToTake
from orders.events import AllocationLost, BackordersFilled, InOrderHistory, LentIsBack, OrderEvent, UnitsAwaited
from orders.models import Movement, Order, OrderLine
from orders.promise import goods_parcels
from orders.sentences import FILLED, GIVEN_AWAY

from .backorders import DATED, replan
from .book import note_units, save_figures, write_units
from .promising import days_by_code, places_of, promise_lines, releases, repromise
from .routing import route_order

# So many orders give at most in one go: a person reads what each of them loses.
MOST_GIVERS = 10
# So many tied lots are looked through for them.
MOST_LOTS = 400


@dataclass(frozen=True)
class Loss:
    """What giving means for one order: its units by line, and its day before and after."""

    order: Order
    units: Mapping[str, int]
    before: date | None
    after: date | None

    @property
    def misses(self) -> bool:
        """Whether it would be there later than it was told."""
        return self.after is None or (self.before is not None and self.after > self.before)


@dataclass(frozen=True)
class Taking:
    """What taking means for everybody; `still_missing` units the order waits for even then."""

    order: Order
    units: Mapping[str, int]
    before: date | None
    after: date | None
    losses: Sequence[Loss]
    still_missing: int


@dataclass
class _Party:
    """An order under its lock, with its lines and what it gives or gets by position."""

    order: Order
    lines: list[OrderLine]
    units: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    places: dict[int, dict[int, int]] = field(default_factory=dict)
    before: date | None = None

    def told(self) -> dict[str, int]:
        """Return the units by SKU."""
        skus: dict[str, int] = defaultdict(int)
        for line in self.lines:
            if units := self.units.get(line.position, 0):
                skus[line.sku] += units
        return dict(skus)

    def line(self, position: int) -> OrderLine:
        """Return a line."""
        return next(line for line in self.lines if line.position == position)

    def by_line(self) -> dict[int, int]:
        """Return the units by the id of the line."""
        return {line.pk: self.units[line.position] for line in self.lines if self.units.get(line.position)}


class _TakenBack(Exception):
    """The deed was only tried."""

    def __init__(self, taking: Taking) -> None:
        super().__init__()
        self.taking = taking


def preview_taking(order_id: int, *, actor: Actor = SYSTEM) -> Taking | None:
    """Say who would lose what if an order took what it misses: the deed itself, done and taken back.

    None where nobody could give anything.
    """
    try:
        with unit_of_work():
            raise _TakenBack(_take(order_id, actor=actor))
    except _TakenBack as tried:
        return tried.taking
    except DomainError:
        return None


@service
def take_units(order_id: int, *, agreed: Mapping[int, date | None], reason: str, actor: Actor) -> Order:
    """Give an order the units it misses, from orders that were named with the day they will then have.

    Raises NothingToTake when somebody else took them first, and LooksDifferent when one would lose more than was said.
    """
    taking = _take(order_id, givers=agreed, reason=reason, actor=actor)
    if worse := [loss.order for loss in taking.losses if _is_worse(loss.after, agreed[loss.order.pk])]:
        names = ", ".join(str(order) for order in worse)
        raise LooksDifferent(f"{names} would be there on another day than was shown; look again")
    return taking.order


def take_by_itself(order_id: int, *, actor: Actor = SYSTEM) -> Order | None:
    """Take what an order misses from orders that keep their promise all the same; from nobody else.

    Safe to repeat. None where there is nobody like that.
    """
    spared: set[int] = set()
    while True:
        try:
            return _take_kindly(order_id, spared=spared, actor=actor)
        except MissesPromise as refusal:
            spared |= set(refusal.details["orders"])
        except NothingToTake:
            return None


@service
def _take_kindly(order_id: int, *, spared: Collection[int], actor: Actor) -> Order:
    taking = _take(order_id, spared=spared, actor=actor)
    if missing := [loss.order.pk for loss in taking.losses if loss.misses]:
        raise MissesPromise("They would miss their promise", orders=missing)
    return taking.order


@service
def _take(
    order_id: int,
    *,
    givers: Collection[int] | None = None,
    spared: Collection[int] = (),
    reason: str = "",
    actor: Actor,
) -> Taking:
    """Do it: every order locked in pk order, then every shelf; those who wait easiest give first."""
    now = timezone.now()
    named = givers if givers is not None else _who_could_give(order_id, spared)
    parties = _take_in_hand({order_id, *named})
    taker = parties.pop(order_id, None)
    waits = taker is not None and taker.order.status in selectors.WAITING and not taker.order.stock_lapsed
    if taker is None or not waits or taker.order.reservation_id is None:
        raise NothingToTake("The order waits for nothing")
    lent = any(line.lent for line in taker.lines)
    passings = _share_out(taker, parties, at=now)
    if not passings:
        raise NothingToTake("Nobody has anything to give any more")
    inventory.pass_on(passings, to_reservation=taker.order.reservation_id, actor=actor)
    giving = sorted((one for one in parties.values() if one.units), key=lambda one: (-one.order.rank, -one.order.pk))
    _note_units(taker, giving, at=now)
    facts: list[InOrderHistory] = [*_redate(taker, giving, at=now)]
    if lent and not any(line.lent for line in taker.lines):
        facts.append(LentIsBack(order_id=taker.order.pk))
    _tell(taker, giving, facts, reason=reason, actor=actor, at=now)
    return Taking(
        order=taker.order,
        units=taker.told(),
        before=taker.before,
        after=_day(taker.order),
        losses=[Loss(party.order, party.told(), party.before, _day(party.order)) for party in giving],
        still_missing=sum(line.backordered for line in taker.lines),
    )


def _who_could_give(order_id: int, spared: Collection[int]) -> list[int]:
    """Return the orders behind an order that have what it misses, and whose work nobody has begun; the last first."""
    order = Order.objects.select_related("channel", "shipping_method").filter(pk=order_id).first()
    if order is None:
        return []
    lines = list(OrderLine.objects.filter(order=order, backordered__gt=0).select_related("product"))
    if not lines:
        return []
    warehouses = _serving(order, lines, at=timezone.now())
    missing: dict[int, int] = defaultdict(int)
    for line in lines:
        missing[line.product_id] += line.backordered
    lots = stock.tied_behind(missing, warehouses=warehouses, rank=order.rank, limit=MOST_LOTS)
    # Nobody is shown, and nobody takes from, orders that are not there for the one who asks.
    behind = seen(Order.objects.filter(reservation__in={lot.reservation_id for lot in lots}))
    behind = behind.filter(status__in=selectors.UNBEGUN)
    ids = {key: pk for pk, key in behind.exclude(pk__in=spared).values_list("pk", "reservation")}
    found: dict[int, None] = {}
    for lot in lots:
        if lot.reservation_id in ids and missing[lot.product_id] > 0:
            missing[lot.product_id] -= lot.units
            found[ids[lot.reservation_id]] = None
    return list(found)[:MOST_GIVERS]


def _serving(order: Order, lines: Sequence[OrderLine], *, at: datetime) -> set[int]:
    """Return the warehouses that may serve an order, as far as the one who asks has to do with them."""
    codes = limited_to("warehouse")
    places = route_order(order, lines, at=at).places if lines else ()
    return {place.warehouse_id for place in places if codes is None or place.code in codes}


def _take_in_hand(order_ids: Iterable[int]) -> dict[int, _Party]:
    """Lock orders in pk order and read their lines; whoever comes second finds what the first has left."""
    rows = Order.objects.locked().select_related("channel", "shipping_method").filter(pk__in=sorted(order_ids))
    orders = {order.pk: held(Order, order.pk) or hold(order) for order in rows}
    parties = {pk: _Party(order, [], before=_day(order)) for pk, order in orders.items()}
    for line in OrderLine.objects.filter(order__in=orders).select_related("product").order_by("order", "position"):
        parties[line.order_id].lines.append(line)
    return parties


def _share_out(taker: _Party, parties: Mapping[int, _Party], *, at: datetime) -> list[Passing]:
    """Decide who gives what: from the lowest ranked on, and only what lies where the taker may be served from."""
    waiting = [line for line in taker.lines if line.backordered]
    serving = _serving(taker.order, waiting, at=at)
    by_reservation = {
        party.order.reservation_id: party
        for party in parties.values()
        if party.order.status in selectors.UNBEGUN and party.order.rank > taker.order.rank
    }
    products = {line.product_id for line in waiting}
    lots = stock.tied_behind(
        products, warehouses=serving, rank=taker.order.rank, reservations=[key for key in by_reservation if key]
    )
    missing = {line.position: line.backordered for line in waiting}
    passings = []
    for lot in lots:
        giver = by_reservation[lot.reservation_id]
        left = lot.units
        theirs = giver.line(lot.key)
        for line in waiting:
            if not _is_same(line, theirs) or not (units := min(left, missing[line.position])):
                continue
            left -= units
            missing[line.position] -= units
            passings.append(Passing(lot.reservation_id, lot.key, lot.warehouse_id, units, line.position))
            giver.units[lot.key] += units
            taker.units[line.position] += units
            for party, key in ((giver, lot.key), (taker, line.position)):
                there = party.places.setdefault(lot.warehouse_id, {})
                there[key] = there.get(key, 0) + units
    return passings


def _is_same(wanted: OrderLine, given: OrderLine) -> bool:
    """Whether units of one line are as good for another: the same product, a kit of the same parts."""
    return wanted.product_id == given.product_id and sorted(wanted.made_of) == sorted(given.made_of)


@service
def _note_units(taker: _Party, giving: Sequence[_Party], *, at: datetime) -> None:
    """Write down what changed hands: before any day is worked out, since the days ask who waits."""
    noted = note_units(taker.lines, Movement.Kind.ALLOCATED, taker.by_line(), at=at)
    for party in giving:
        noted += note_units(party.lines, Movement.Kind.UNALLOCATED, party.by_line(), at=at)
    write_units(noted)


@service
def _redate(taker: _Party, giving: Sequence[_Party], *, at: datetime) -> list[OrderEvent]:
    """Work out and save the days that follow, for the one who gets and for those who give. Returns the facts."""
    places = places_of(taker.order)
    codes = {place.warehouse_id: place.code for place in places}
    picks = [(key, codes[place], units) for place, some in taker.places.items() for key, units in some.items()]
    gained = goods_parcels(picks, days_by_code(places), not_before=releases(taker.lines, at))
    parcels = promise.refilled(taker.order.sourcing.get("parcels", []), gained)
    taker.order.sourcing = {**taker.order.sourcing, "parcels": parcels}
    facts = [*repromise(taker.order, (), cause=FILLED, at=at)]
    for party in sorted(giving, key=lambda party: (party.order.rank, party.order.pk)):
        missing, given = Counter[int](), Counter[promise.Where]()
        for warehouse_id, units in party.places.items():
            missing.update(units)
            given.update({(key, codes[warehouse_id]): some for key, some in units.items()})
        replan(party.order, party.lines, missing, given)
        facts += repromise(party.order, (), cause=GIVEN_AWAY, at=at)
    for party in (taker, *giving):
        promise_lines(party.order, party.lines)
        restate(party.order, lines=party.lines)
        save_figures(party.order, *DATED)
    return facts


@service
def _tell(
    taker: _Party,
    giving: Sequence[_Party],
    facts: Iterable[InOrderHistory],
    *,
    reason: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Write both histories, and let the warehouses follow."""
    lost = [AllocationLost(order_id=party.order.pk, quiet=party.order.quiet) for party in giving]
    filled = BackordersFilled(order_id=taker.order.pk, quiet=taker.order.quiet)
    awaited = UnitsAwaited(order_ids=[party.order.pk for party in giving])
    emit(*lost, filled, *facts, awaited, actor=actor, at=at)
    names = ", ".join(str(party.order) for party in giving)
    note_change(
        taker.order,
        "orders.units_taken",
        actor=actor,
        after={"units": _named(taker.told()), "from": names},
        note=reason,
    )
    for party in giving:
        after = {"units": _named(party.told()), "to": str(taker.order)}
        note_change(party.order, "orders.units_given", actor=actor, after=after, note=reason)


def _named(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × {sku}" for sku, count in units.items())


def _day(order: Order) -> date | None:
    """Return the day an order was told, or would be."""
    return order.promised_on or order.estimated_delivery_on


def _is_worse(after: date | None, agreed: date | None) -> bool:
    return agreed is not None and (after is None or after > agreed)
