"""What people wrote about returns goes with the people of the order."""

from collections.abc import Collection

from core import retention
from returns.models import ReturnLine, ReturnRequest


def forget_words(order_ids: Collection[int]) -> None:
    """Take away what customers and colleagues wrote."""
    ReturnRequest.objects.filter(order__in=order_ids).update(reason="", customer_note="", decline_reason="")
    ReturnLine.objects.filter(return_request__order__in=order_ids).update(note="")


retention.purges_with("orders.order", forget_words)
