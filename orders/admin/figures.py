"""The lists behind the figures of Today: what was sold on a day, what arrived lately."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import seat
from orders import selectors
from orders.models import Order

WEEK = 7


class FigureFilter(admin.SimpleListFilter):
    """By what a figure counts; what was cancelled or tried out was not sold."""

    title = _("figure")
    parameter_name = "figure"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the spans."""
        return [
            ("today", _("Sold today")),
            ("yesterday", _("Sold yesterday")),
            ("arrived", _("Arrived within seven days")),
        ]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Order]") -> "QuerySet[Order]":
        """Return the orders of that span."""
        day = seat.today()
        begun = seat.began(day)
        one = timedelta(days=1)
        if self.value() == "today":
            return selectors.sold(begun, begun + one, rows=queryset)
        if self.value() == "yesterday":
            return selectors.sold(begun - one, begun, rows=queryset)
        if self.value() == "arrived":
            return selectors.arrived(day - timedelta(days=WEEK - 1), day, rows=queryset)
        return queryset
