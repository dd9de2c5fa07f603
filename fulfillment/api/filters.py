"""Filters of `/fulfillment-orders/` and `/shipments/`."""

import django_filters
from django.db.models import QuerySet

from fulfillment import deadlines
from fulfillment.models import FulfillmentOrder, Shipment

YES_NO = [("true", "true"), ("false", "false")]


class WorkFilters(django_filters.FilterSet):
    """By state, order, place, kind and lateness."""

    status = django_filters.ChoiceFilter(choices=FulfillmentOrder.Status.choices)
    kind = django_filters.ChoiceFilter(choices=FulfillmentOrder.Kind.choices)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    warehouse = django_filters.CharFilter(field_name="warehouse__code")
    wave = django_filters.CharFilter(field_name="wave__number", help_text="WV-…")
    late = django_filters.ChoiceFilter(choices=YES_NO, method="by_lateness", help_text="Should have left by now.")

    class Meta:
        model = FulfillmentOrder
        fields: tuple[str, ...] = ()

    def by_lateness(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return the open work that should have left, or all the rest."""
        over = deadlines.late()
        return rows.filter(over) if value == "true" else rows.exclude(over)


class ShipmentFilters(django_filters.FilterSet):
    """By state, order, carrier, tracking number and day of departure."""

    status = django_filters.ChoiceFilter(choices=Shipment.Status.choices)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    carrier = django_filters.CharFilter()
    tracking_number = django_filters.CharFilter()
    shipped_after = django_filters.IsoDateTimeFilter(field_name="shipped_at", lookup_expr="gte")
    shipped_before = django_filters.IsoDateTimeFilter(field_name="shipped_at", lookup_expr="lt")

    class Meta:
        model = Shipment
        fields: tuple[str, ...] = ()
