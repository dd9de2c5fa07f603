"""Returns in the API of others: the movements they caused belong to the channel of their order."""

from django.db.models import Exists, OuterRef, Q

from core.api.sight import belonging
from inventory.models import StockMovement
from returns.models import ReturnRequest


@belonging(StockMovement._meta.label_lower)
def moved_by_returns(channels: frozenset[str] | None) -> Q:
    """Units come back, and are set aside or thrown away, under the number of their return."""
    returned = ReturnRequest.objects.filter(number=OuterRef("reference"))
    return Q(Exists(returned if channels is None else returned.filter(order__channel__code__in=channels)))
