"""What the floor says on the first screen of the day."""

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import seat, today
from core.admin.links import list_of, page_of
from core.reader import spoken_amount, spoken_date, spoken_time
from core.sight import seen
from fulfillment import capacity, deadlines, selectors
from fulfillment.elsewhere import Offer, offers
from fulfillment.models import FulfillmentOrder, Shipment
from inventory.models import Warehouse
from orders.wording import buyer_of

from . import shipments

VIEW_WORK, VIEW_PARCELS = "fulfillment.view_fulfillmentorder", "fulfillment.view_shipment"
OPERATE, REROUTE = "fulfillment.operate_fulfillmentorder", "fulfillment.reroute_fulfillmentorder"
DO = "admin:fulfillment_fulfillmentorder_do"
# Picked goods that lie about longer than this are worth a word.
PATIENCE = timedelta(hours=4)
ROWS = 8
# Parcels of one day are counted further than a thousand: they are compared.
MOST_PARCELS = 99_999
Status = FulfillmentOrder.Status
NEXT = {
    Status.PLANNED: ("release", gettext_lazy("Release")),
    Status.RELEASED: ("start", gettext_lazy("Start picking")),
    Status.PICKING: ("pick", gettext_lazy("Finish picking")),
    Status.PICKED: ("pack", gettext_lazy("Pack")),
    Status.PACKED: ("ship", gettext_lazy("Ship")),
}


@today.headline(order=20, permission=VIEW_WORK)
def must_leave() -> today.Headline | None:
    """Say how much must leave today, and until when."""
    due = today.count(capacity.due_today())
    if not due:
        return None
    places = seen(Warehouse.objects.filter(active=True, last_pickup_at__isnull=False))
    until = capacity.pickup_for_all(places, seat.today())
    if until is None:
        text = ngettext("%(n)s must leave today.", "%(n)s must leave today.", due) % {"n": today.spoken(due)}
    else:
        words = {"n": today.spoken(due), "time": spoken_time(until)}
        text = ngettext("%(n)s must leave by %(time)s.", "%(n)s must leave by %(time)s.", due) % words
    return today.Headline(text, url=list_of(FulfillmentOrder, stage="due"), tone="warn")


@today.step(permission=VIEW_WORK)
def fulfillment() -> today.Step:
    """Count the work in the warehouses, and what of it should have left."""
    work = FulfillmentOrder.objects.filter(status__in=selectors.OPEN_WORK)
    url = list_of(FulfillmentOrder, stage="open")
    return today.Step(5, _("Fulfillment"), today.count(work), url, late=today.count(deadlines.late_work()))


@today.step(permission=VIEW_PARCELS)
def shipping() -> today.Step:
    """Count the parcels on their way, and those that are expected already."""
    travelling = Shipment.objects.filter(status__in=shipments.STAGES["travelling"][1])
    late = travelling.filter(estimated_delivery_on__lt=seat.today())
    url = list_of(Shipment, stage="travelling")
    return today.Step(6, _("Shipping"), today.count(travelling), url, late=today.count(late))


@today.figure(order=20, permission=VIEW_PARCELS, keep=30)
def shipped_today() -> today.Figure:
    """Count the parcels that left today, against the same weekday last week up to this time."""
    now, began, week = timezone.now(), capacity.day_began(), timedelta(days=7)
    parcels = Shipment.objects.exclude(status=Shipment.Status.CANCELLED)
    left = today.count(parcels.filter(shipped_at__gte=began), cap=MOST_PARCELS)
    before = today.count(parcels.filter(shipped_at__gte=began - week, shipped_at__lte=now - week), cap=MOST_PARCELS)
    return today.compared(_("Parcels shipped"), left, before, url=list_of(Shipment, stage="today"))


@today.lane(order=10, permission=VIEW_WORK, keep=15)
def warehouses() -> list[today.Lane]:
    """Say how far each warehouse is today, and when it will be done at this pace."""
    return [_lane(one) for one in capacity.progress()]


def _lane(one: capacity.Progress) -> today.Lane:
    here = {"warehouse__id__exact": one.warehouse.pk}
    note = ""
    if one.is_too_much:
        note = _("more than the %(n)s of a usual day") % {"n": one.warehouse.daily_capacity}
    return today.Lane(
        label=one.warehouse.name,
        done=one.done,
        left=one.left,
        pace=_("%(n)s an hour") % {"n": round(one.per_hour)} if one.per_hour and one.per_hour >= 1 else "",
        ends=_ends(one),
        note=note,
        done_url=list_of(FulfillmentOrder, stage="done", **here),
        left_url=list_of(FulfillmentOrder, stage="today", **here),
        tone="bad" if one.is_too_late else "warn" if one.is_too_much else "neutral",
    )


def _ends(one: capacity.Progress) -> str:
    if not one.left:
        return _("all done")
    if one.ends_at is None:
        return _("pace not known yet")
    if seat.day_of(one.ends_at) > seat.today():
        return _("not today at this pace")
    if one.is_too_late:
        return _("done about %(time)s, after the last pick-up") % {"time": spoken_time(one.ends_at)}
    return _("done about %(time)s") % {"time": spoken_time(one.ends_at)}


@today.todo(order=4, permission=REROUTE)
def send_from_elsewhere() -> list[today.Todo]:
    """Offer for what was not found the warehouse that has it, with what that costs and when it arrives."""
    return [_elsewhere(one) for one in offers()]


def _elsewhere(one: Offer) -> today.Todo:
    work, way = one.work, one.way
    words = {
        "order": work.order,
        "who": buyer_of(work.order),
        "units": ", ".join(f"{line.quantity} × {line.order_line.product.name_in()}" for line in one.lines),
        "place": work.warehouse.name if work.warehouse else "",
        "there": way.warehouse.name,
        "has": way.has,
    }
    said = []
    if way.more is not None:
        sign = "+" if way.more >= 0 else "−"
        said.append(f"{sign}{spoken_amount(abs(way.more), way.currency)}")
    if way.arrives_on is not None:
        said.append(_arrives(way.arrives_on))
    return today.Todo(
        text=_("%(order)s · %(who)s · %(units)s missing in %(place)s, %(there)s has %(has)s") % words,
        detail=", ".join(said),
        action=_("Ship from %(place)s") % {"place": way.warehouse.name},
        url=today.step_of(DO, work.pk, "reroute"),
        beside=True,
        page=page_of(work.order),
        about=f"exception:{one.exception_id}",
        tone="bad",
        rank=0,
    )


def _arrives(day: date) -> str:
    if (day - seat.today()).days == 1:
        return _("arrives tomorrow")
    return _("arrives on %(day)s") % {"day": spoken_date(day)}


@today.todo(order=25, permission=OPERATE)
def due_first() -> list[today.Todo]:
    """Name the work that must leave, the latest first, with its next step."""
    rows = seen(capacity.due_today()).order_by("ship_by_on", "rank", "pk")
    # Hundreds are due on a busy day: sorted are their keys, and not all that is read beside them.
    return [_due(work) for work in rows.filter(pk__in=rows.values("pk")[:ROWS])]


def _due(work: FulfillmentOrder) -> today.Todo:
    day = seat.today()
    words = {"order": work.order, "who": buyer_of(work.order), "day": spoken_date(work.ship_by_on or day)}
    is_late = work.ship_by_on is not None and work.ship_by_on < day
    is_too_late = not is_late and deadlines.is_late(work)
    if is_too_late:
        text = _("%(order)s · %(who)s · must leave today; the carriers have gone") % words
    elif is_late:
        text = _("%(order)s · %(who)s · should have left on %(day)s") % words
    else:
        text = _("%(order)s · %(who)s · must leave today") % words
    step, action = NEXT[Status(work.status)]
    return today.Todo(
        text=text,
        detail=f"{work} · {work.get_status_display()} · {work.warehouse.code if work.warehouse else ''}",  # type: ignore[attr-defined]
        action=str(action),
        url=_step(work, step),
        beside=True,
        page=page_of(work),
        tone="bad" if is_late or is_too_late else "warn",
        rank=0 if is_late or is_too_late else 1,
    )


@today.todo(order=40, permission=OPERATE)
def to_release() -> today.Todo | None:
    """Say how much is planned and waits for its release."""
    planned = today.count(FulfillmentOrder.objects.filter(status=Status.PLANNED))
    if not planned:
        return None
    text = ngettext(
        "%(n)s pick list is planned and waits to be released",
        "%(n)s pick lists are planned and wait to be released",
        planned,
    )
    return today.Todo(
        text=text % {"n": today.spoken(planned)},
        action=_("Release"),
        url=list_of(FulfillmentOrder, stage="release"),
        tone="info",
        rank=5,
    )


@today.todo(order=30, permission=OPERATE)
def waiting_in_packing() -> list[today.Todo]:
    """Name work that was picked long ago and is not packed, or packed and not shipped."""
    now = timezone.now()
    return [
        _waiting(work, hours=int((now - since).total_seconds() // 3600))
        for work in seen(selectors.waiting_since(now - PATIENCE)).order_by("rank", "pk")[:ROWS]
        if (since := work.packed_at or work.picked_at) is not None
    ]


@today.todo(order=60, permission=OPERATE)
def to_be_put_back() -> list[today.Todo]:
    """Name cancelled work whose goods still lie about."""
    return [
        today.Todo(
            text=_("%(work)s · %(order)s was cancelled; the goods are on the trolley in %(place)s")
            % {"work": work, "order": work.order, "place": work.warehouse.code if work.warehouse else ""},
            action=_("Put back"),
            url=_step(work, "put_back"),
            beside=True,
            page=page_of(work),
            rank=3,
        )
        for work in seen(selectors.to_put_back()).order_by("rank", "pk")[:ROWS]
    ]


def _waiting(work: FulfillmentOrder, *, hours: int) -> today.Todo:
    packed = work.status == FulfillmentOrder.Status.PACKED
    words = {"work": work, "order": work.order, "hours": hours, "who": buyer_of(work.order)}
    if packed:
        text = ngettext(
            "%(order)s · %(who)s · packed %(hours)s hour ago, still here",
            "%(order)s · %(who)s · packed %(hours)s hours ago, still here",
            hours,
        )
    else:
        text = ngettext(
            "%(order)s · %(who)s · picked %(hours)s hour ago, not packed",
            "%(order)s · %(who)s · picked %(hours)s hours ago, not packed",
            hours,
        )
    return today.Todo(
        text=text % words,
        action=_("Ship") if packed else _("Pack"),
        url=_step(work, "ship" if packed else "pack"),
        beside=True,
        page=page_of(work),
        rank=2,
    )


def _step(work: FulfillmentOrder, name: str) -> str:
    return today.step_of(DO, work.pk, name)
