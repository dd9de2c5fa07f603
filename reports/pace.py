"""How long each step takes now, against the quarter before: where orders wait, per warehouse.

Parcels tell it: each has been at every station of the line. Of many, so many are looked at, evenly over the time,
that the page costs the same at a thousand orders and at a million.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import sight
from core.sight import seen
from fulfillment.models import Shipment

# The last three weeks, and the quarter before them.
NOW, BEFORE = timedelta(weeks=3), timedelta(weeks=13)
SAMPLE = 4000
KEEP_SECONDS = 300
# Fewer say nothing about a step, and a difference below an hour is none that anybody waits for.
FEWEST, LEAST_SECONDS = 20, 3600
MUCH = 2
EVERYWHERE = 0
WORK = "fulfillment_order"
# What is read of each parcel, in the order of the stations; what stands before them says which parcel it is.
IDENTITY = ("order_id", "order__number", f"{WORK}__warehouse_id", f"{WORK}__warehouse__name")
STATIONS: tuple[tuple[str, str, Any], ...] = (
    ("placed", "order__placed_at", _("Placed")),
    ("confirmed", "order__confirmed_at", _("Confirmed")),
    ("released", f"{WORK}__released_at", _("Released")),
    ("picked", f"{WORK}__picked_at", _("Picked")),
    ("packed", f"{WORK}__packed_at", _("Packed")),
    ("shipped", "shipped_at", _("Shipped")),
    ("delivered", "delivered_at", _("Delivered")),
)


@dataclass(frozen=True)
class Edge:
    """The way from one station to the next."""

    code: str
    source: Any
    target: Any
    place: int

    def times(self, row: tuple[Any, ...]) -> tuple[datetime, datetime] | None:
        """Return when a parcel was at both ends; None where it was not, or not in this order."""
        begun, done = row[len(IDENTITY) + self.place : len(IDENTITY) + self.place + 2]
        return (begun, done) if begun is not None and done is not None and done >= begun else None


EDGES = tuple(
    Edge(f"{here}-{there}", name, next_name, place)
    for place, ((here, _f, name), (there, _g, next_name)) in enumerate(zip(STATIONS, STATIONS[1:], strict=False))
)
EDGE = {edge.code: edge for edge in EDGES}


@dataclass(frozen=True)
class Pace:
    """How long a step took in the middle, now and before, in seconds; None where too few tell it."""

    now: float | None = None
    before: float | None = None
    count: int = 0
    count_before: int = 0

    @property
    def is_judged(self) -> bool:
        """Whether enough parcels went this way in both times."""
        return min(self.count, self.count_before) >= FEWEST and self.now is not None and self.before is not None

    @property
    def is_slow(self) -> bool:
        """Whether it takes much longer than before."""
        return self._differs(self.now, self.before)

    @property
    def is_quick(self) -> bool:
        """Whether it takes much less time than before."""
        return self._differs(self.before, self.now)

    def _differs(self, longer: float | None, shorter: float | None) -> bool:
        if not self.is_judged or longer is None or shorter is None:
            return False
        return longer - shorter >= LEAST_SECONDS and longer >= MUCH * shorter


@dataclass(frozen=True)
class Measured:
    """The pace of every step, by warehouse (0 stands for all of them) and step."""

    places: dict[int, str]
    paces: dict[int, dict[str, Pace]]

    def of(self, warehouse_id: int, edge: Edge) -> Pace:
        """Return how long a step takes in a warehouse."""
        return self.paces.get(warehouse_id, {}).get(edge.code, Pace())


def measure(now: datetime | None = None) -> Measured:
    """Return how long everything takes; kept for some minutes."""
    key = f"reports:pace:{sight.key()}"
    if now is None and (kept := cache.get(key)) is not None:
        return kept  # type: ignore[no-any-return]
    until = now or timezone.now()
    since = until - NOW
    spans = [_spans(_sample(since, until)), _spans(_sample(since - BEFORE, since))]
    places = {place: name for _span, names in spans for place, name in names.items()}
    paces = {
        place: {edge.code: _pace(*(span.get((place, edge.code), []) for span, _names in spans)) for edge in EDGES}
        for place in (EVERYWHERE, *places)
    }
    found = Measured(dict(sorted(places.items(), key=lambda one: one[1])), paces)
    cache.set(key, found, KEEP_SECONDS)
    return found


def _pace(now: list[float], before: list[float]) -> Pace:
    return Pace(
        median(now) if now else None, median(before) if before else None, count=len(now), count_before=len(before)
    )


def _spans(rows: list[tuple[Any, ...]]) -> tuple[dict[tuple[int, str], list[float]], dict[int, str]]:
    """Return the seconds each step took, by warehouse and step, and the names of the warehouses."""
    found: dict[tuple[int, str], list[float]] = defaultdict(list)
    places: dict[int, str] = {}
    for row in rows:
        place, name = row[2:4]
        if place is not None:
            places[place] = name
        for edge in EDGES:
            if (times := edge.times(row)) is not None:
                seconds = (times[1] - times[0]).total_seconds()
                found[EVERYWHERE, edge.code].append(seconds)
                if place is not None:
                    found[place, edge.code].append(seconds)
    return found, places


@dataclass(frozen=True)
class Passage:
    """How long one parcel took for a step."""

    order_id: int
    number: str
    place: str
    begun: datetime
    done: datetime

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return (self.done - self.begun).total_seconds()


def passages(edge: Edge, *, warehouse_id: int = EVERYWHERE, now: datetime | None = None) -> list[Passage]:
    """Return the parcels behind a step, what took longest first."""
    until = now or timezone.now()
    rows = _sample(until - NOW, until)
    return sorted(_passages(rows, edge, warehouse_id), key=lambda one: (-one.seconds, one.number))


def _passages(rows: list[tuple[Any, ...]], edge: Edge, warehouse_id: int) -> Iterator[Passage]:
    for row in rows:
        order_id, number, place, name = row[: len(IDENTITY)]
        if warehouse_id in (EVERYWHERE, place) and (times := edge.times(row)) is not None:
            yield Passage(order_id, str(number), name or "", *times)


def _sample(since: datetime, until: datetime) -> list[tuple[Any, ...]]:
    """Return parcels that left in a span of time, of very many every so manieth: found by their keys alone."""
    rows = seen(Shipment.objects.filter(shipped_at__gte=since, shipped_at__lt=until))
    ends = [
        rows.order_by(*way).values_list("pk", flat=True).first()
        for way in (("shipped_at", "pk"), ("-shipped_at", "-pk"))
    ]
    if ends[0] is None or ends[1] is None:
        return []
    low, high = min(ends), max(ends)  # type: ignore[type-var]
    step = (high - low) // SAMPLE + 1  # type: ignore[operator]
    if step > 1:
        rows = rows.filter(pk__in=range(low, high + 1, step))  # type: ignore[arg-type,operator]
    columns = (*IDENTITY, *(field for _code, field, _name in STATIONS))
    return list(rows.order_by().values_list(*columns)[:SAMPLE])
