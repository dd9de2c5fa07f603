"""What carriers said about a parcel goes with the people of the order."""

from collections.abc import Collection

from core import retention
from fulfillment.models import TrackingEvent


def forget_words(order_ids: Collection[int]) -> None:
    """Take away who took the parcel, and where."""
    TrackingEvent.objects.filter(shipment__order__in=order_ids).update(description="", location="")


retention.purges_with("orders.order", forget_words)
