"""Until when work must have left: its day, and the hour at which the carriers of its warehouse have gone."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.middleware import zone_of
from fulfillment.capacity import pickup_of
from fulfillment.models import FulfillmentOrder
from fulfillment.selectors import OPEN_WORK, work_queue
from inventory.models import Warehouse
from orders.models import OrderStatus

LIVE = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)


def leaves_by(work: FulfillmentOrder) -> datetime | None:
    """Return the moment by which a piece of work must have left: the last pick-up of its day, or the day's end."""
    if work.ship_by_on is None:
        return None
    if work.warehouse is not None and (pickup := pickup_of(work.warehouse, work.ship_by_on)) is not None:
        return pickup
    zone = zone_of(work.warehouse.time_zone) if work.warehouse is not None else None
    return datetime.combine(work.ship_by_on + timedelta(days=1), time(), zone or timezone.get_default_timezone())


def is_late(work: FulfillmentOrder, *, now: datetime | None = None) -> bool:
    """Whether open work should have left by now."""
    end = leaves_by(work)
    return end is not None and work.status in OPEN_WORK and end <= (now or timezone.now())


def late(*, now: datetime | None = None) -> Q:
    """Return the condition of open work that should have left, by the clock and the pick-up of each warehouse."""
    now = now or timezone.now()
    gone: dict[date, list[int]] = defaultdict(list)
    for warehouse in Warehouse.objects.only("pk", "time_zone", "last_pickup_at"):
        gone[_last_day_gone(warehouse, now)].append(warehouse.pk)
    yesterday = timezone.localdate(now, timezone.get_default_timezone()) - timedelta(days=1)
    over = Q(warehouse__isnull=True, ship_by_on__lte=yesterday)
    for day, warehouses in gone.items():
        over |= Q(warehouse__in=warehouses, ship_by_on__lte=day)
    return Q(status__in=OPEN_WORK) & over


def late_work(*, now: datetime | None = None) -> "QuerySet[FulfillmentOrder]":
    """Return the work that should have left and may be worked on."""
    return work_queue().filter(late(now=now), order__status__in=LIVE)


def _last_day_gone(warehouse: Warehouse, now: datetime) -> date:
    """Return the last day whose carriers have gone, by the clock of the warehouse."""
    zone = zone_of(warehouse.time_zone) or timezone.get_default_timezone()
    today = timezone.localdate(now, zone)
    pickup = pickup_of(warehouse, today)
    return today if pickup is not None and pickup <= now else today - timedelta(days=1)
