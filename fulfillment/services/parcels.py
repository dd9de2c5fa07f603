"""What orders may ask about parcels."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from fulfillment.carriers import CARRIERS
from fulfillment.models import Shipment

Status = Shipment.Status
OVER = (Status.DELIVERED, Status.CANCELLED, Status.RETURNED_TO_SENDER)


class Parcels:
    """By whom parcels are carried."""

    def carriers(self) -> Sequence[str]:
        """Return the codes of those who carry parcels."""
        return list(CARRIERS)

    def carried_by(self, carrier: str, *, with_delivered: bool) -> Exists:
        """Return the condition that an order has a parcel with a carrier: on its way, or delivered as well."""
        gone = (Status.CANCELLED,) if with_delivered else OVER
        rows = Shipment.objects.filter(order=OuterRef("pk"), carrier=carrier)
        return Exists(rows.exclude(status__in=gone))

    def left_from(self, reference: str) -> str:
        """Return the country that a parcel left, by its number; nothing where it is none."""
        column = "fulfillment_order__warehouse__country"
        return Shipment.objects.filter(number=reference).values_list(column, flat=True).first() or ""
