"""People are forgotten on orders that were closed long enough ago; the orders themselves stay in every sum."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from core import retention
from core.actors import SYSTEM
from core.service import note_change, service
from customers.models import Customer
from customers.services import may_be_forgotten
from orders.models import (
    Comment,
    Draft,
    Follower,
    FollowUp,
    Hold,
    Order,
    OrderChange,
    OrderException,
    OrderFile,
    OrderStatus,
    OrderVersion,
    PriorityBump,
    ToldApart,
)

S = OrderStatus
ERASED = "erased"
# Everything on an order by which somebody is named, reached or found, and what people wrote.
TEXTS = (
    *("customer_name", "email", "phone", "name_key", "surname_key", "phone_key", "address_key"),
    *("customer_note", "gift_note", "purchase_order_number", "hold_reason"),
)


def old_orders(before: datetime) -> QuerySet[Order]:
    """Return the orders that were over before a moment, with nothing open, and still name somebody."""
    over = (
        Q(status=S.COMPLETED, completed_at__lt=before, balance_due=0)
        | Q(status=S.CANCELLED, cancelled_at__lt=before, balance_due=0)
        | Q(status=S.EXPIRED, paid_total=F("refunded_total"))
    )
    rows = Order.objects.filter(over, placed_at__lt=before, open_exceptions=0, open_returns=0)
    return rows.filter(**{f"metadata__{ERASED}__isnull": True})


def old_customers(before: datetime) -> QuerySet[Customer]:
    """Return the customers from before a moment whom no order names any more, and who cannot sign in."""
    named = Order.objects.filter(customer=OuterRef("pk"), **{f"metadata__{ERASED}__isnull": True})
    rows = Customer.objects.filter(~Exists(named), created_at__lt=before, user=None)
    return may_be_forgotten(rows.exclude(name="", company="", email=""))


def _without_buyer(explanation: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return why prices are as they are without what tax knew of who bought: country and region stay."""
    kept = ("about", "code", "country", "region", "distance_sales", "tax_class", "missing_in", "article")
    return [
        {"text": "", **{key: one[key] for key in kept if key in one}} if one.get("about") == "tax" else one
        for one in explanation
    ]


@service
def erase_people(order_ids: Collection[int]) -> None:
    """Take away who bought, where it went and what people wrote, with history, mails and files; amounts stay."""
    orders = list(Order.objects.locked().filter(pk__in=order_ids))
    ids = [order.pk for order in orders]
    nobody: dict[str, Any] = dict.fromkeys(TEXTS, "")
    nobody |= {"metadata": {ERASED: timezone.localdate().isoformat()}, "tags": [], "checks": []}
    for (ship_to, bill_to), some in _by_countries(orders).items():
        Order.objects.filter(pk__in=some).update(
            **nobody, shipping_address=_in_country(ship_to), billing_address=_in_country(bill_to)
        )
    for order in orders:
        order.explanation = _without_buyer(order.explanation)
    Order.objects.bulk_update(orders, ["explanation"], batch_size=500)
    for model in (OrderFile, Follower, FollowUp):
        model._default_manager.filter(order__in=ids).delete()
    Comment.objects.filter(order__in=ids).delete()
    Hold.objects.filter(order__in=ids).update(reason="", release_note="")
    PriorityBump.objects.filter(order__in=ids).update(reason="")
    ToldApart.objects.filter(Q(earlier__in=ids) | Q(later__in=ids)).update(reason="")
    OrderException.objects.filter(order__in=ids).update(title="", payload={}, resolution="")
    Draft.objects.filter(order__in=ids).update(typed={})
    OrderChange.objects.filter(order__in=ids).update(wish={}, before={}, after={}, reason="", decision_note="")
    OrderVersion.objects.filter(order__in=ids).delete()
    for purge in retention.PURGED_WITH["orders.order"]:
        purge(ids)
    retention.forget_history([order.history_thread() for order in orders])
    for order in orders:
        note_change(order, "orders.people_erased", actor=SYSTEM)


def _by_countries(orders: Iterable[Order]) -> dict[tuple[str, str], list[int]]:
    """Return orders by what tax needs to know of their addresses."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for order in orders:
        countries = [str(one.get("country") or "") for one in (order.shipping_address, order.billing_address)]
        found[countries[0], countries[1]].append(order.pk)
    return found


def _in_country(code: str) -> dict[str, str]:
    return {"country": code} if code else {}
