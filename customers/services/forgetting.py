"""Customers who are gone are forgotten: their number stays, because orders and papers point at it."""

from collections.abc import Collection
from typing import Any

from core import retention
from core.actors import SYSTEM
from core.service import note_change, service, thread_of
from customers.models import Address, Contact, Customer, CustomerWord, TaxCertificate, VatCheck

# Everything by which somebody is named, reached or found, and what people wrote.
TEXTS = ("name", "company", "email", "phone", "vat_id", "vat_state", "vat_reference", "external_reference", "notes")


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
