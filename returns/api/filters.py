"""Filters of `/returns/`."""

import django_filters
from django.db.models import QuerySet

from returns.models import ReturnRequest


class ReturnFilters(django_filters.FilterSet):
    """By order, by customer, by where it stands."""

    order = django_filters.CharFilter(method="by_order", help_text="Number of the order.")
    customer = django_filters.CharFilter(method="by_customer", help_text="Number of the customer.")
    status = django_filters.ChoiceFilter(choices=ReturnRequest.Status.choices)

    class Meta:
        model = ReturnRequest
        fields: tuple[str, ...] = ()

    def by_order(self, rows: QuerySet[ReturnRequest], name: str, value: str) -> QuerySet[ReturnRequest]:
        """Numbers are written in upper case."""
        return rows.filter(order__number=value.strip().upper())

    def by_customer(self, rows: QuerySet[ReturnRequest], name: str, value: str) -> QuerySet[ReturnRequest]:
        """Numbers are written in upper case."""
        return rows.filter(order__customer__number=value.strip().upper())
