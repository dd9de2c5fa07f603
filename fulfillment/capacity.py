"""How far the warehouses are today: what is done, what is left, and when it will be done at this pace."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone

from core import seat
from core.middleware import zone_of
from core.sight import seen
from fulfillment.models import FulfillmentOrder, Shipment
from fulfillment.selectors import OPEN_WORK, must_leave
from inventory.models import Warehouse
from orders.models import OrderStatus

Status = FulfillmentOrder.Status
# What somebody began, or may begin, belongs to today whenever it has to leave.
BEGUN = (Status.RELEASED, Status.PICKING, Status.PICKED, Status.PACKED)
# Before so many pieces of work and so much of the day nobody knows a pace.
ENOUGH_DONE, ENOUGH_TIME = 3, timedelta(minutes=30)


@dataclass(frozen=True)
class Progress:
    """The work of one warehouse today; `per_hour` and `ends_at` are not known before there is a pace."""

    warehouse: Warehouse
    done: int
    left: int
    per_hour: float | None
    ends_at: datetime | None

    @property
    def is_too_late(self) -> bool:
        """Whether the carriers will have gone by then."""
        last = pickup_of(self.warehouse, seat.today())
        return self.ends_at is not None and last is not None and self.left > 0 and self.ends_at > last

    @property
    def is_too_much(self) -> bool:
        """Whether more is planned than is finished there on a usual day."""
        most = self.warehouse.daily_capacity
        return most is not None and self.done + self.left > most


def pickup_of(warehouse: Warehouse, day: date) -> datetime | None:
    """Return when the carriers have fetched what leaves a warehouse on a day, by its own clock."""
    if warehouse.last_pickup_at is None:
        return None
    zone = zone_of(warehouse.time_zone) or timezone.get_default_timezone()
    return datetime.combine(day, warehouse.last_pickup_at, tzinfo=zone)


def pickup_for_all(warehouses: Iterable[Warehouse], day: date) -> datetime | None:
    """Return when the last carrier comes, if it is the same moment everywhere."""
    moments = {pickup_of(warehouse, day) for warehouse in warehouses}
    return moments.pop() if len(moments) == 1 else None


def due_today() -> "QuerySet[FulfillmentOrder]":
    """Return the goods that must leave today or should have left before."""
    return must_leave(seat.today())


def left_today() -> "QuerySet[FulfillmentOrder]":
    """Return what is to be finished today: what must leave, and what somebody may begin or has begun."""
    due = Q(status__in=OPEN_WORK, ship_by_on__lte=seat.today())
    live = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)
    rows = FulfillmentOrder.objects.filter(kind=FulfillmentOrder.Kind.GOODS, status__in=OPEN_WORK)
    return rows.filter(due | Q(status__in=BEGUN)).filter(order__status__in=live)


def done_today() -> "QuerySet[FulfillmentOrder]":
    """Return the work whose parcels left today, found by the parcels: they are kept by that moment."""
    parcels = Shipment.objects.filter(shipped_at__gte=day_began()).exclude(status=Shipment.Status.CANCELLED)
    return FulfillmentOrder.objects.filter(pk__in=parcels.order_by().values("fulfillment_order"))


def day_began() -> datetime:
    """Return the first moment of today."""
    return seat.began(seat.today())


def progress(*, now: datetime | None = None) -> list[Progress]:
    """Return how far each warehouse is that has or had something to do today, in three statements."""
    now = now or timezone.now()
    began = day_began()
    left = dict(seen(left_today()).order_by().values_list("warehouse").annotate(n=Count("pk")))
    done = {
        row["warehouse"]: (row["n"], row["since"])
        for row in seen(done_today())
        .order_by()
        .values("warehouse")
        .annotate(n=Count("pk"), since=Min("picked_at", filter=Q(picked_at__gte=began)))
    }
    busy = Warehouse.objects.filter(pk__in=left.keys() | done.keys()).order_by(F("priority"), "code")
    return [_progress(place, left.get(place.pk, 0), *done.get(place.pk, (0, None)), now=now) for place in busy]


def _progress(place: Warehouse, left: int, done: int, since: datetime | None, *, now: datetime) -> Progress:
    worked = now - since if since else timedelta(0)
    if done < ENOUGH_DONE or worked < ENOUGH_TIME:
        return Progress(place, done, left, None, None)
    per_hour = done / (worked.total_seconds() / 3600)
    return Progress(place, done, left, per_hour, now + timedelta(hours=left / per_hour))


def work_of_today() -> dict[int, int]:
    """Return how many pieces of work each warehouse has for today, by its id: what is done and what is left."""
    found: dict[int, int] = {}
    for rows in (left_today(), done_today()):
        for warehouse_id, count in rows.order_by().values_list("warehouse").annotate(n=Count("pk")):
            if warehouse_id is not None:
                found[warehouse_id] = found.get(warehouse_id, 0) + count
    return found
