"""How far the goods of an order have come, and what brings them on."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.way import Remedy, Stage, remedy, stages
from fulfillment import selectors
from fulfillment.models import FulfillmentOrder
from fulfillment.panels import OPERATE, VIEW_PARCELS, VIEW_WORK, WORDS, parcels_on_page, work_on_page
from orders.models import Order, OrderStatus

ORDER = "orders.order"
Status = FulfillmentOrder.Status
LEFT = (Order.Fulfillment.SHIPPED, Order.Fulfillment.PARTIALLY_DELIVERED, Order.Fulfillment.DELIVERED)
READY = (Status.PACKED, Status.SHIPPED, Status.RENDERED)


@stages(ORDER)
def stages_of_goods(request: HttpRequest, order: Order) -> list[Stage]:
    """Tell whether the goods are packed, and have arrived."""
    has_left = order.fulfillment_status in LEFT
    live = _live(request, order)
    is_packed = has_left or (bool(live) and all(work.status in READY for work in live))
    packed = max((work.packed_at for work in live if work.packed_at), default=None)
    has_arrived = order.fulfillment_status == Order.Fulfillment.DELIVERED
    return [
        Stage(5, _("Fulfillment"), is_packed, packed or order.released_at, _under_way(order, live)),
        Stage(
            6, _("Shipping"), has_arrived, order.delivered_at if has_arrived else order.shipped_at, _on_its_way(order)
        ),
    ]


def _live(request: HttpRequest, order: Order) -> list[FulfillmentOrder]:
    if not request.user.has_perm(VIEW_WORK):
        return []
    return [work for work in work_on_page(request, order) if work.status != Status.CANCELLED]


def _under_way(order: Order, live: list[FulfillmentOrder]) -> str:
    """Say how far the work is that is furthest behind."""
    behind = [work for work in live if work.status not in READY]
    if order.status == OrderStatus.CONFIRMED and order.why_not("release"):
        return _("stock missing")
    return str(behind[0].get_status_display()) if behind else ""


def _on_its_way(order: Order) -> str:
    told = (Order.Fulfillment.PARTIALLY_SHIPPED, Order.Fulfillment.SHIPPED, Order.Fulfillment.PARTIALLY_DELIVERED)
    if order.fulfillment_status == Order.Fulfillment.SHIPPED:
        return _("on its way")
    return str(order.get_fulfillment_status_display()) if order.fulfillment_status in told else ""


@remedy(ORDER, "release", "work")
def go_on(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer the next step of the first work that is not done."""
    if not request.user.has_perm(OPERATE):
        return None
    for work in _live(request, order):
        for name in selectors.allowed_actions(work):
            if name in WORDS and work.status not in (Status.SHIPPED, Status.RENDERED):
                url = reverse("admin:fulfillment_fulfillmentorder_do", args=[work.pk, name])
                return Remedy(str(WORDS[name]), f"{url}?next={request.path}")
    return None


@remedy(ORDER, "delivery")
def follow_parcel(request: HttpRequest, order: Order) -> Remedy | None:
    """Lead to the parcel that has not arrived yet."""
    if not request.user.has_perm(VIEW_PARCELS):
        return None
    for shipment in parcels_on_page(request, order):
        if shipment.shipped_at and not shipment.delivered_at:
            url = reverse("admin:fulfillment_shipment_change", args=[shipment.pk])
            return Remedy(_("Follow the parcel"), url)
    return None
