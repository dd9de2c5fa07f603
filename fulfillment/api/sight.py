"""Work in the API of others: the movements it caused belong to the channel of its order."""

from django.db.models import Exists, OuterRef, Q

from core.api.sight import belonging
from fulfillment.models import FulfillmentOrder
from inventory.models import StockMovement


@belonging(StockMovement._meta.label_lower)
def moved_by_work(channels: frozenset[str] | None) -> Q:
    """Units leave under the number of the work that handled them."""
    work = FulfillmentOrder.objects.filter(number=OuterRef("reference"))
    return Q(Exists(work if channels is None else work.filter(order__channel__code__in=channels)))
