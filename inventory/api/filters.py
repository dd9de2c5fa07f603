"""Filters of stock, movements and warehouses."""

import django_filters
from django.db.models import QuerySet

from inventory.models import StockItem, StockMovement, Warehouse


class ShelfFilters(django_filters.FilterSet):
    """By SKU and by warehouse; both in any case. `prefix_of_row` leads to the stock row."""

    prefix_of_row = ""

    sku = django_filters.CharFilter(method="by_sku", help_text="Exact, in any case.")
    warehouse = django_filters.CharFilter(method="by_warehouse", help_text="Its code, in any case.")

    def by_sku(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """SKUs are kept in upper case."""
        return rows.filter(**{f"{self.prefix_of_row}product__sku": value.strip().upper()})

    def by_warehouse(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Codes are kept in upper case."""
        return rows.filter(**{f"{self.prefix_of_row}warehouse__code": value.strip().upper()})


class StockFilters(ShelfFilters):
    """Of `/stock/`."""

    prefix_of_row = ""

    class Meta:
        model = StockItem
        fields: tuple[str, ...] = ()


class MovementFilters(ShelfFilters):
    """Of `/stock/movements/`."""

    prefix_of_row = "stock_item__"
    kind = django_filters.ChoiceFilter(choices=StockMovement.Kind.choices)
    reference = django_filters.CharFilter(help_text="Exact, e.g. a parcel or a purchase order.")
    after = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gt")
    before = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = StockMovement
        fields: tuple[str, ...] = ()


class WarehouseFilters(django_filters.FilterSet):
    """Of `/warehouses/`."""

    active = django_filters.ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="by_active")

    class Meta:
        model = Warehouse
        fields: tuple[str, ...] = ()

    def by_active(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return what is open, or what is closed."""
        return rows.filter(active=value == "true")
