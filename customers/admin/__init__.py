"""Customers in the back office."""

from django.utils.translation import gettext_lazy as _

from core import badges
from core.admin import differences, navigation
from customers.terms import TERMS

from . import certificates, customer, finding, groups

__all__ = ["certificates", "customer", "finding", "groups"]

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
badges.register("bad", "vat_refused")
differences.value_words("payment_terms", lambda code: dict(TERMS).get(code, code))
# What was written to whom is looked for where they are.
navigation.register(
    CUSTOMERS,
    _("Sent mail"),
    "admin:core_outgoingmail_changelist",
    permission="core.view_outgoingmail",
    order=650,
    icon="mail",
)
navigation.register(
    CUSTOMERS,
    _("Tax certificates"),
    "admin:customers_taxcertificate_changelist",
    permission="customers.view_customer",
    order=640,
    icon="file",
)
navigation.register(
    navigation.SETTINGS,
    _("Customer groups"),
    "admin:customers_customergroup_changelist",
    permission="customers.view_customergroup",
    order=920,
    icon="gear",
)
