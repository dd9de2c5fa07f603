"""Customers in the back office."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation

from . import customer, finding, groups

__all__ = ["customer", "finding", "groups"]

CUSTOMERS = _("Customers")
navigation.register(
    CUSTOMERS,
    CUSTOMERS,
    "admin:customers_customer_changelist",
    permission="customers.view_customer",
    order=600,
    icon="people",
    keys="g c",
)
navigation.register(
    _("Settings"),
    _("Customer groups"),
    "admin:customers_customergroup_changelist",
    permission="customers.view_customergroup",
    order=920,
    icon="gear",
)
