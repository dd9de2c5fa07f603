"""What the floor says on the first screen of the day."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import today
from core.admin.links import list_of, page_of
from fulfillment import selectors
from fulfillment.models import FulfillmentOrder, Shipment

VIEW_WORK, VIEW_PARCELS = "fulfillment.view_fulfillmentorder", "fulfillment.view_shipment"
OPERATE = "fulfillment.operate_fulfillmentorder"
# Picked goods that lie about longer than this are worth a word.
PATIENCE = timedelta(hours=4)
ROWS = 8


@today.headline(order=20, permission=VIEW_WORK)
def must_leave() -> today.Headline | None:
    """Say how much must leave today."""
    due = today.count(selectors.must_leave(timezone.localdate()))
    if not due:
        return None
    text = ngettext("%(n)s parcel must leave today.", "%(n)s parcels must leave today.", due) % {"n": due}
    return today.Headline(text, url=list_of(FulfillmentOrder, stage="open"), tone="warn")


@today.step(permission=VIEW_WORK)
def fulfillment() -> today.Step:
    """Count the work in the warehouses, and what of it should have left."""
    work = selectors.work_queue().filter(status__in=selectors.OPEN_WORK)
    late = selectors.must_leave(timezone.localdate() - timedelta(days=1))
    url = list_of(FulfillmentOrder, stage="open")
    return today.Step(5, _("Fulfillment"), today.count(work), url, late=today.count(late))


@today.step(permission=VIEW_PARCELS)
def shipping() -> today.Step:
    """Count the parcels on their way, and those that are expected already."""
    travelling = Shipment.objects.filter(status__in=selectors.ON_THE_WAY)
    late = travelling.filter(estimated_delivery_on__lt=timezone.localdate())
    url = list_of(Shipment, stage="travelling")
    return today.Step(6, _("Shipping"), today.count(travelling), url, late=today.count(late))


@today.todo(order=30, permission=OPERATE)
def waiting_in_packing() -> list[today.Todo]:
    """Name work that was picked long ago and is not packed, or packed and not shipped."""
    now = timezone.now()
    return [
        _waiting(work, hours=int((now - since).total_seconds() // 3600))
        for work in selectors.waiting_since(now - PATIENCE).order_by("rank", "pk")[:ROWS]
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
            page=page_of(work),
            rank=2,
        )
        for work in selectors.to_put_back().order_by("rank", "pk")[:ROWS]
    ]


def _waiting(work: FulfillmentOrder, *, hours: int) -> today.Todo:
    packed = work.status == FulfillmentOrder.Status.PACKED
    words = {"work": work, "order": work.order, "hours": hours, "who": work.order.customer_name}
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
        page=page_of(work),
        rank=2,
    )


def _step(work: FulfillmentOrder, name: str) -> str:
    return reverse("admin:fulfillment_fulfillmentorder_do", args=[work.pk, name])
