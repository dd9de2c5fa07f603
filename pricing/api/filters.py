"""Filters of `/products/`."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from inventory.models import Product


class ProductFilters(django_filters.FilterSet):
    """By SKU, by whether it is sold, or by a word."""

    sku = django_filters.CharFilter(method="by_sku", help_text="Exact, in any case.")
    active = django_filters.ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="by_active")
    q = django_filters.CharFilter(method="by_word", min_length=2, help_text="Beginning of the SKU, or in the name.")

    class Meta:
        model = Product
        fields: tuple[str, ...] = ()

    def by_sku(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        """SKUs are kept in upper case."""
        return products.filter(sku=value.strip().upper())

    def by_active(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        """Return what is sold, or what is not."""
        return products.filter(active=value == "true")

    def by_word(self, products: QuerySet[Product], name: str, value: Any) -> QuerySet[Product]:
        """Look where people look."""
        return products.filter(Q(sku__startswith=value.strip().upper()) | Q(name__icontains=value.strip()))
