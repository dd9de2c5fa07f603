"""Issued documents are kept for good; what somebody paid with goes with the people of the order."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.models import Payment
from core import retention
from customers.models import Customer
from customers.services import keep_customers

retention.register(
    retention.Kind(
        "documents",
        _("Invoices and credit notes"),
        least=8,
        law=_("vouchers (HGB § 257, AO § 147)"),
        stays=_(
            "All of it. An issued document never changes and its number series has no gap: the database itself "
            "refuses to delete one."
        ),
    )
)


@keep_customers
def keep_who_has_credit(rows: "QuerySet[Customer]") -> "QuerySet[Customer]":
    """Nobody is forgotten whose money is with us."""
    return rows.exclude(store_credits__balance__gt=0)


def forget_means(order_ids: Collection[int]) -> None:
    """Take away brand, last digits and tokens of what an order was paid with."""
    Payment.objects.filter(order__in=order_ids).exclude(means={}).update(means={})


retention.purges_with("orders.order", forget_means)
