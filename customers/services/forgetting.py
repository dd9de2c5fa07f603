"""Customers who are gone are forgotten: their number stays, because orders and papers point at it."""

from collections.abc import Callable, Collection
from typing import Any

from django.db.models import QuerySet

from core import retention
from core.actors import SYSTEM
from core.service import note_change, service, thread_of
from customers.models import Address, Contact, Customer, CustomerWord, TaxCertificate, VatCheck

# Everything by which somebody is named, reached or found, and what people wrote.
TEXTS = ("name", "company", "email", "phone", "vat_id", "vat_state", "vat_reference", "external_reference", "notes")

# Who may not be forgotten yet, as floors above know it: each narrows the customers who may go.
Keeps = Callable[["QuerySet[Customer]"], "QuerySet[Customer]"]
_KEEPS: list[Keeps] = []


def keep_customers(narrow: Keeps) -> Keeps:
    """Let an app above keep customers with whom something is still open; usable as a decorator."""
    if narrow not in _KEEPS:
        _KEEPS.append(narrow)
    return narrow


def may_be_forgotten(rows: "QuerySet[Customer]") -> "QuerySet[Customer]":
    """Return those of some customers with whom nothing is open any more, as the apps above know it."""
    for narrow in _KEEPS:
        rows = narrow(rows)
    return rows


@service
def forget_customers(customer_ids: Collection[int]) -> None:
    """Take away who they are, with sites, contacts and history. A number is left that orders nothing any more."""
    found = list(Customer.objects.locked().filter(pk__in=customer_ids))
    ids = [one.pk for one in found]
    nobody: dict[str, Any] = dict.fromkeys(TEXTS, "")
    Customer.objects.filter(pk__in=ids).update(**nobody, tags=[], exemptions=[], active=False)
    for model in (CustomerWord, Contact, Address, VatCheck, TaxCertificate):
        model._default_manager.filter(customer__in=ids).delete()
    retention.forget_history([thread_of(one) for one in found])
    for one in found:
        note_change(one, "customers.forgotten", actor=SYSTEM)
