"""Filters of `/customers/`."""

import django_filters
from django.db.models import QuerySet

from customers import selectors
from customers.models import Customer


class CustomerFilters(django_filters.FilterSet):
    """By e-mail, group, whether they are active, or a word."""

    email = django_filters.CharFilter(method="by_email", help_text="Exact, in any case.")
    group = django_filters.CharFilter(field_name="group__code")
    active = django_filters.ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="by_active")
    q = django_filters.CharFilter(
        method="by_word",
        min_length=2,
        help_text="Number, or beginnings of words: name, company, e-mail, phone.",
    )

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ()

    def by_email(self, rows: "QuerySet[Customer]", name: str, value: str) -> "QuerySet[Customer]":
        """Addresses are kept in lower case."""
        return rows.filter(email=value.strip().lower())

    def by_active(self, rows: "QuerySet[Customer]", name: str, value: str) -> "QuerySet[Customer]":
        """Return who buys, or who does no more."""
        return rows.filter(active=value == "true")

    def by_word(self, rows: "QuerySet[Customer]", name: str, value: str) -> "QuerySet[Customer]":
        """Look where people look."""
        return rows.filter(selectors.mentions(value))
