"""Filters of `/orders/`."""

import django_filters
from django.db.models import QuerySet

from orders import selectors
from orders.models import Order, OrderStatus
from orders.needs import NEEDS, needing

PLACED_STATUSES = [choice for choice in OrderStatus.choices if choice[0] != OrderStatus.DRAFT]
YES_NO = [("true", "true"), ("false", "false")]


class OrderFilters(django_filters.FilterSet):
    """By state, channel, customer, goods and time; `q` finds numbers, references, e-mails, names and SKUs."""

    status = django_filters.MultipleChoiceFilter(choices=PLACED_STATUSES)
    channel = django_filters.CharFilter(field_name="channel__code")
    customer = django_filters.CharFilter(field_name="customer__number", help_text="C-…")
    email = django_filters.CharFilter(method="by_email", help_text="Exact, in any case.")
    sku = django_filters.CharFilter(method="by_sku", help_text="Exact, in any case.")
    external_reference = django_filters.CharFilter(help_text="Exact.")
    placed_after = django_filters.IsoDateTimeFilter(field_name="placed_at", lookup_expr="gte")
    placed_before = django_filters.IsoDateTimeFilter(field_name="placed_at", lookup_expr="lt")
    updated_after = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    on_hold = django_filters.ChoiceFilter(choices=YES_NO, method="by_hold")
    late = django_filters.ChoiceFilter(choices=YES_NO, method="by_lateness")
    needs = django_filters.ChoiceFilter(
        choices=[(need, need) for need in NEEDS], method="by_need", help_text="What asks for somebody."
    )
    q = django_filters.CharFilter(method="by_text")

    class Meta:
        model = Order
        fields: tuple[str, ...] = ()

    def by_email(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Addresses are kept in lower case."""
        return rows.filter(email=value.strip().lower())

    def by_sku(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return orders with a line of it."""
        return selectors.with_sku(rows, value)

    def by_hold(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return what is stopped, or what is not."""
        return rows.filter(active_holds__gt=0) if value == "true" else rows.filter(active_holds=0)

    def by_lateness(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return what is not there on the promised day, or all the rest."""
        return rows.filter(selectors.late()) if value == "true" else rows.exclude(selectors.late())

    def by_need(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return what the list of the back office shows for this need."""
        return needing(rows, value)

    def by_text(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return what somebody looks for."""
        return selectors.search(rows, value)
