"""What a warehouse offers on the list of orders: to release them, and the paper for their work."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.actors import Actor
from core.admin.bulk import Batch, BulkSpec, offer
from core.admin.site import site
from core.bulk import Paper
from core.errors import Conflict
from core.sight import limited_to, seen
from fulfillment import documents, selectors, services
from fulfillment.models import FulfillmentOrder, Shipment
from orders.models import Order, OrderStatus

from .steps import OPERATE

VIEW = "fulfillment.view_fulfillmentorder"
MOST_ORDERS = 500
Status = FulfillmentOrder.Status


def _consequences(n: int) -> list[str]:
    said = [ngettext("The work of %(n)s order may begin.", "The work of %(n)s orders may begin.", n) % {"n": n}]
    if (places := limited_to("warehouse")) is not None:
        words = {"places": ", ".join(sorted(places))}
        said = [_("Only what you see begins (%(places)s); work in other warehouses waits for others.") % words]
    return [*said, _("What is on hold, not confirmed or without stock stays as it is, and says why.")]


def _release(order_id: int, *, actor: Actor) -> Any:
    """Release the work of an order, as far as the person sees it."""
    return services.release_order(order_id, warehouses=limited_to("warehouse"), actor=actor)


def _is_released(order: Order, said: dict[str, Any]) -> bool:
    """Whether all of its work that the person sees was released before."""
    if order.status != OrderStatus.FULFILLING:
        return order.status in (OrderStatus.FULFILLED, OrderStatus.COMPLETED)
    statuses = set(seen(FulfillmentOrder.objects.filter(order=order)).values_list("status", flat=True))
    return bool(statuses - {Status.CANCELLED}) and Status.PLANNED not in statuses


def _print(batch: Batch) -> tuple[Paper | None, dict[int, str]]:
    """Draw pick lists and packing slips of orders, as far as the person may see their work; say what has none."""
    if len(batch.ids) > MOST_ORDERS:
        raise Conflict(_("At most %(n)s orders are printed at once; choose fewer.") % {"n": MOST_ORDERS})
    works, parcels = _in_sight(batch)
    with_work = {work.order_id for work in works}
    refused = {pk: _("Nothing to pick: no open work in a warehouse.") for pk in batch.ids if pk not in with_work}
    if not works:
        return None, refused
    content = documents.work_papers_pdf(works, parcels)
    return Paper("pick-lists-and-packing-slips.pdf", content, "application/pdf"), refused


def _in_sight(batch: Batch) -> tuple[list[FulfillmentOrder], list[Shipment]]:
    """Return the open work on the orders, the most urgent first, and what was packed of it."""
    seen = site._registry[FulfillmentOrder].get_queryset(batch.request).order_by()
    open_work = seen.filter(order__in=batch.ids, kind=FulfillmentOrder.Kind.GOODS, status__in=selectors.OPEN_WORK)
    whole = selectors.with_lines(selectors.work_queue().select_related("order__shipping_method"))
    works = list(whole.filter(pk__in=open_work.values("pk")).order_by("rank", "pk"))
    packed = selectors.with_contents(selectors.parcels().select_related("order__shipping_method"))
    parcels = packed.filter(fulfillment_order__in=works).exclude(status=Shipment.Status.CANCELLED)
    return works, list(parcels.order_by("position"))


offer(
    "orders.order",
    "release_many",
    BulkSpec(
        gettext_lazy("Release"),
        _release,
        OPERATE,
        consequences=_consequences,
        already=_is_released,
        order=20,
    ),
)
offer("orders.order", "print_many", BulkSpec(gettext_lazy("Print"), None, VIEW, paper=_print, order=60))
