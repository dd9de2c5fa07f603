"""Filters of `/fulfillment-orders/` and `/shipments/`."""

import django_filters

from fulfillment.models import FulfillmentOrder, Shipment


class WorkFilters(django_filters.FilterSet):
    """By state, order, place and kind."""

    status = django_filters.ChoiceFilter(choices=FulfillmentOrder.Status.choices)
    kind = django_filters.ChoiceFilter(choices=FulfillmentOrder.Kind.choices)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    warehouse = django_filters.CharFilter(field_name="warehouse__code")

    class Meta:
        model = FulfillmentOrder
        fields: tuple[str, ...] = ()


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
