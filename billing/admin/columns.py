"""Columns that several lists of money show."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.models import Dispute, Payment, Refund
from orders.wording import buyer_of


@admin.display(description=_("Customer"))
def buyer(one: Payment | Refund | Dispute) -> str:
    """Name whose order it is about."""
    return buyer_of(one.order)
