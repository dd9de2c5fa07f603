"""What fulfillment adds to pages: parcels and work on the order's, contents on its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.strands import Told, events_of, log_of, strand
from core.panels import once, panel
from core.reader import locale
from customers.models import Customer
from fulfillment import batch, selectors
from fulfillment.carriers import CARRIERS
from fulfillment.models import FulfillmentOrder, Shipment, Wave
from inventory.handling import GIFT, labels
from orders import selectors as order_selectors
from orders.models import Order
from orders.panels import places_of
from orders.services import is_gift

OPERATE = "fulfillment.operate_fulfillmentorder"
REROUTE = "fulfillment.reroute_fulfillmentorder"
TELL = "fulfillment.operate_shipment"
VIEW_PARCELS = "fulfillment.view_shipment"
VIEW_WORK = "fulfillment.view_fulfillmentorder"
COUNT = "inventory.change_stockcount"
PARCELS_IN_SIGHT = 2
# What may be done next with work, as its button says.
WORDS = {
    "release": gettext_lazy("Release"),
    "start": gettext_lazy("Start picking"),
    "pick": gettext_lazy("Finish picking"),
    "pack": gettext_lazy("Pack"),
    "ship": gettext_lazy("Ship"),
    "render": gettext_lazy("Rendered"),
    "put_back": gettext_lazy("Put back"),
    "reroute": gettext_lazy("Send from elsewhere"),
}
Part = tuple[str, dict[str, Any]]


def parcels_on_page(request: HttpRequest, order: Order) -> list[Shipment]:
    """Return the parcels of an order; every part of its page asks, three statements answer."""
    return once(request, f"fulfillment.parcels:{order.pk}", lambda: selectors.parcels_of_order(order.pk))


def work_on_page(request: HttpRequest, order: Order) -> list[FulfillmentOrder]:
    """Return the work on an order; every part of its page asks, two statements answer."""
    return once(request, f"fulfillment.work:{order.pk}", lambda: selectors.work_of_order(order.pk))


@panel("orders.order.now", order=30)
def parcels_now(request: HttpRequest, order: Order) -> Part | None:
    """Show where the goods are: the parcels with their last news, or how far the work is."""
    if not request.user.has_perm(VIEW_PARCELS):
        return None
    rows = [_parcel_row(request, shipment) for shipment in parcels_on_page(request, order)]
    works = work_on_page(request, order) if not rows and request.user.has_perm(VIEW_WORK) else []
    context = {
        "title": _("Parcels"),
        "count": len(rows),
        "parcels": rows[:PARCELS_IN_SIGHT],
        "more": ("#parcels", _("All parcels")) if len(rows) > PARCELS_IN_SIGHT else None,
        "works": [work for work in works if work.status in selectors.OPEN_WORK][:PARCELS_IN_SIGHT],
    }
    return "fulfillment/panels/parcels_now.html", context


@panel("orders.order", order=30)
def parcels_of_order(request: HttpRequest, order: Order) -> Part | None:
    """Show the parcels of an order with their way."""
    if not request.user.has_perm(VIEW_PARCELS):
        return None
    rows = [_parcel_row(request, shipment) for shipment in parcels_on_page(request, order)]
    if not rows:
        return None
    if any(row["shipment"].status in selectors.NEVER_ARRIVED for row in rows):
        again = order_selectors.sent_again(order.pk)
        rows = [{**row, "again": again.get(str(row["shipment"].number))} for row in rows]
    context = {"title": _("Parcels"), "count": len(rows), "parcels": rows, "flush": True, "anchor": "parcels"}
    return "fulfillment/panels/parcels.html", context


@panel("orders.order", order=35)
def work_of_order(request: HttpRequest, order: Order) -> Part | None:
    """Show the work on an order with what can be done next."""
    if not request.user.has_perm(VIEW_WORK):
        return None
    rows = [_work_row(request, work) for work in work_on_page(request, order)]
    if not rows:
        return None
    context = {"title": _("Warehouse"), "count": len(rows), "works": rows, "flush": True, "anchor": "work"}
    return "fulfillment/panels/works.html", context


@panel("fulfillment.work", order=10)
def lines_of_work(request: HttpRequest, work: FulfillmentOrder) -> Part:
    """Show what to fetch from where."""
    groups = selectors.to_fetch([work]).get(work.pk, [])
    # While somebody walks, one click has a shelf counted that is not as the list says.
    walks = work.status in (FulfillmentOrder.Status.RELEASED, FulfillmentOrder.Status.PICKING)
    may_count = walks and work.kind == FulfillmentOrder.Kind.GOODS and request.user.has_perm(COUNT)
    gift = labels([GIFT]) if is_gift(work.order) else []
    context = {"title": _("Lines"), "count": len(groups), "groups": groups, "gift": gift, "work": work, "flush": True}
    return "fulfillment/panels/lines.html", {**context, "may_count": may_count}


@panel("fulfillment.work", order=20)
def parcels_of_work(request: HttpRequest, work: FulfillmentOrder) -> Part | None:
    """Show what it was packed into."""
    found = selectors.with_contents(selectors.parcels().filter(fulfillment_order=work)).order_by("position")
    rows = [_parcel_row(request, shipment, tracking=False) for shipment in found]
    if not rows:
        return None
    context = {"title": _("Parcels"), "count": len(rows), "parcels": rows, "flush": True}
    return "fulfillment/panels/parcels.html", context


@panel("fulfillment.work", order=60)
def papers_of_work(request: HttpRequest, work: FulfillmentOrder) -> Part | None:
    """Offer what can be printed."""
    if work.kind != FulfillmentOrder.Kind.GOODS:
        return None
    papers = [("pick-list", _("Pick list"))]
    if work.status in (FulfillmentOrder.Status.PACKED, FulfillmentOrder.Status.SHIPPED):
        papers += [("packing-slips", _("Packing slips")), ("labels", _("Labels"))]
    return _papers("fulfillmentorder", work.pk, papers)


@panel("fulfillment.work", order=70)
def receiver_of_work(request: HttpRequest, work: FulfillmentOrder) -> Part:
    """Say who gets it, and what they said about it."""
    context = {
        "title": _("For"),
        "side": True,
        "order": work.order,
        "address": work.order.ship_to.spoken(str(locale())),
    }
    return "fulfillment/panels/receiver.html", context


def works_on_wave_page(request: HttpRequest, wave: Wave) -> list[FulfillmentOrder]:
    """Return the work of a wave; every part of its page asks, two statements answer."""
    return once(request, f"fulfillment.wave:{wave.pk}", lambda: batch.works_of_wave(wave))


@panel("fulfillment.wave", order=10)
def batch_of_wave(request: HttpRequest, wave: Wave) -> Part | None:
    """Show what to fetch on one walk, by bin, with the share of each tote."""
    works = works_on_wave_page(request, wave)
    if not works:
        return None
    over = wave.status not in (Wave.Status.PLANNED, Wave.Status.RELEASED)
    rows = batch.batch_rows(works if over else batch.left_to_fetch(works))
    title = _("What was fetched") if over else _("What to fetch")
    return "fulfillment/panels/batch.html", {"title": title, "count": len(rows), "rows": rows, "flush": True}


@panel("fulfillment.wave", order=20)
def totes_of_wave(request: HttpRequest, wave: Wave) -> Part:
    """Show which order goes into which tote, and how far each is."""
    rows = tote_rows(request, works_on_wave_page(request, wave))
    context = {"title": _("Totes"), "count": len(rows), "works": rows, "with_status": True, "flush": True}
    return "fulfillment/panels/totes.html", {**context, "anchor": "totes"}


@panel("fulfillment.wave", order=60)
def papers_of_wave(request: HttpRequest, wave: Wave) -> Part | None:
    """Offer the list for the walk."""
    return _papers("wave", wave.pk, [("batch", _("Pick list"))]) if works_on_wave_page(request, wave) else None


@panel("fulfillment.shipment", order=10)
def contents_of_parcel(request: HttpRequest, shipment: Shipment) -> Part:
    """Show what is in the parcel."""
    lines = list(shipment.lines.select_related("order_line").order_by("order_line__position"))
    context = {"title": _("Contents"), "count": len(lines), "lines": lines, "flush": True}
    return "fulfillment/panels/contents.html", context


@panel("fulfillment.shipment", order=20)
def tracking_of_parcel(request: HttpRequest, shipment: Shipment) -> Part:
    """Show what the carrier said, the latest first."""
    events = list(shipment.tracking_events.order_by("-at", "-pk")[:100])
    labels = dict(Shipment.Status.choices)
    rows = [{"event": event, "label": labels.get(event.status, event.status)} for event in events]
    context = {"title": _("Tracking"), "count": len(rows), "events": rows, "flush": True, "shipment": shipment}
    return "fulfillment/panels/tracking.html", context


@panel("fulfillment.shipment", order=60)
def papers_of_parcel(request: HttpRequest, shipment: Shipment) -> Part | None:
    """Offer what can be printed."""
    if shipment.status == Shipment.Status.CANCELLED:
        return None
    return _papers("shipment", shipment.pk, [("label", _("Label")), ("packing-slip", _("Packing slip"))])


@panel("fulfillment.shipment", order=70)
def receiver_of_parcel(request: HttpRequest, shipment: Shipment) -> Part:
    """Say who gets it."""
    context = {
        "title": _("For"),
        "side": True,
        "order": shipment.order,
        "address": shipment.order.ship_to.spoken(str(locale())),
    }
    return "fulfillment/panels/receiver.html", context


@strand("customers.customer", "orders", gettext_lazy("Orders"), order=12, permission="fulfillment.view_shipment")
def events_of_parcels(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what became of the work and the parcels of their orders."""
    return events_of(places_of(request, customer), until, app="fulfillment")


@strand("orders.order", "parcels", gettext_lazy("Parcels"), order=35, permission=VIEW_PARCELS, is_among_all=False)
def parcels_in_log(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell what became of the work on an order and of its parcels."""
    return log_of(request, order, until, Q(subject_type__startswith="fulfillment."))


def tote_rows(request: HttpRequest, works: Sequence[FulfillmentOrder]) -> list[dict[str, Any]]:
    """Return the orders of a wave as the table of its totes shows them."""
    sees = request.user.has_perm("orders.view_order")
    return [
        {
            "work": work,
            "url": reverse("admin:fulfillment_fulfillmentorder_change", args=[work.pk]),
            "order_url": reverse("admin:orders_order_change", args=[work.order_id]) if sees else "",
            **_contents(work),
        }
        for work in works
    ]


def _papers(model: str, pk: int, papers: list[tuple[str, str]]) -> Part:
    route = f"admin:fulfillment_{model}_print"
    links = [(reverse(route, args=[pk, kind]), label) for kind, label in papers]
    return "fulfillment/panels/papers.html", {"title": _("Print"), "side": True, "papers": links}


def _contents(owner: Shipment | FulfillmentOrder) -> dict[str, Any]:
    """Return what is in a parcel or a piece of work: the first few lines, and how many more there are."""
    if (glimpse := getattr(owner, "glimpse", None)) is not None:
        first, count = glimpse, owner.line_count or 0  # type: ignore[union-attr]
    else:
        known = list(owner.lines.all())
        first, count = known[: selectors.GLIMPSE], len(known)
    shown = [(line.quantity, line.order_line.sku, line.order_line.name) for line in first]
    return {"contents": shown, "more_contents": count - len(shown)}


def _parcel_row(request: HttpRequest, shipment: Shipment, *, tracking: bool = True) -> dict[str, Any]:
    """Return a parcel with its latest news and the way to say that it arrived."""
    carrier = CARRIERS.get(shipment.carrier)
    told = list(shipment.tracking_events.all()) if tracking else []
    may = request.user.has_perm(TELL) and "deliver" in selectors.parcel_actions(shipment)
    step = reverse("admin:fulfillment_shipment_do", args=[shipment.pk, "deliver"]) if may else ""
    return {
        "shipment": shipment,
        "url": reverse("admin:fulfillment_shipment_change", args=[shipment.pk]),
        "carrier": carrier.name if carrier else shipment.carrier,
        **_contents(shipment),
        "latest": told[0] if told else None,
        "deliver": f"{step}?next={request.path}" if step else "",
    }


def _work_row(request: HttpRequest, work: FulfillmentOrder) -> dict[str, Any]:
    """Return a piece of work with the steps that are open to this person."""
    wanted = {"reroute": REROUTE}
    names = [name for name in selectors.allowed_actions(work) if request.user.has_perm(wanted.get(name, OPERATE))]
    begun = work.status != FulfillmentOrder.Status.RELEASED
    route = "admin:fulfillment_fulfillmentorder_do"
    steps = []
    for name in names:
        if name in WORDS and (begun or name != "pick"):
            steps.append((f"{reverse(route, args=[work.pk, name])}?next={request.path}", WORDS[name]))
    return {
        "work": work,
        "url": reverse("admin:fulfillment_fulfillmentorder_change", args=[work.pk]),
        **_contents(work),
        "steps": steps,
    }
