"""Sites and contacts of a customer."""

from collections.abc import Mapping
from typing import Any

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import note_change, service
from core.validation import check_fields
from customers.addresses import PostalAddress
from customers.errors import UnknownCustomer
from customers.events import CustomerChanged
from customers.models import Address, Contact, Customer

POSTAL = frozenset(PostalAddress.__dataclass_fields__)
SITE_FIELDS = POSTAL | {"label", "is_bill_to", "is_ship_to"}
CONTACT_FIELDS = frozenset({"name", "role", "email", "phone", "site"})


@service
def add_address(
    customer_id: int,
    address: PostalAddress,
    *,
    label: str = "",
    is_bill_to: bool = False,
    is_ship_to: bool = True,
    actor: Actor,
) -> Address:
    """Write down where invoices or goods of a customer go."""
    customer = _locked(customer_id)
    site = Address(customer=customer, label=label, is_bill_to=is_bill_to, is_ship_to=is_ship_to, **address.as_dict())
    _check_site(site)
    site.save(force_insert=True)
    _note(customer, "site", before="", after=_site_told(site), actor=actor)
    return site


@service
def update_address(address_id: int, changes: Mapping[str, Any], *, actor: Actor) -> Address:
    """Change a site of a customer. Agreements made before keep the address they were made with."""
    site = Address.objects.select_related("customer").get(pk=address_id)
    customer = _locked(site.customer_id)
    before = _site_told(site)
    _apply(site, changes, SITE_FIELDS)
    _check_site(site)
    site.save()
    _note(customer, "site", before=before, after=_site_told(site), actor=actor)
    return site


@service
def remove_address(address_id: int, *, actor: Actor) -> None:
    """Take a site off the record."""
    site = Address.objects.get(pk=address_id)
    customer = _locked(site.customer_id)
    before = _site_told(site)
    site.delete()
    _note(customer, "site", before=before, after="", actor=actor)


@service
def add_contact(
    customer_id: int,
    *,
    name: str,
    role: str = "",
    email: str = "",
    phone: str = "",
    site: Address | None = None,
    actor: Actor,
) -> Contact:
    """Write down a person at a customer."""
    customer = _locked(customer_id)
    contact = Contact(customer=customer, name=name, role=role, email=email.lower(), phone=phone, site=site)
    _check_contact(contact)
    contact.save(force_insert=True)
    _note(customer, "contact", before="", after=_contact_told(contact), actor=actor)
    return contact


@service
def update_contact(contact_id: int, changes: Mapping[str, Any], *, actor: Actor) -> Contact:
    """Change what we know about a person at a customer."""
    contact = Contact.objects.select_related("site").get(pk=contact_id)
    customer = _locked(contact.customer_id)
    before = _contact_told(contact)
    _apply(contact, changes, CONTACT_FIELDS)
    contact.email = contact.email.lower()
    _check_contact(contact)
    contact.save()
    _note(customer, "contact", before=before, after=_contact_told(contact), actor=actor)
    return contact


@service
def remove_contact(contact_id: int, *, actor: Actor) -> None:
    """Take a person off the record."""
    contact = Contact.objects.get(pk=contact_id)
    customer = _locked(contact.customer_id)
    before = _contact_told(contact)
    contact.delete()
    _note(customer, "contact", before=before, after="", actor=actor)


def _locked(customer_id: int) -> Customer:
    customer = Customer.objects.locked().filter(pk=customer_id).first()
    if customer is None:
        raise UnknownCustomer("There is no such customer")
    return customer


def _apply(row: Address | Contact, changes: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(changes) - known):
        raise Invalid(f"{', '.join(unknown)} cannot be changed here")
    for name, value in changes.items():
        setattr(row, name, value)


def _check_site(site: Address) -> None:
    site.country = site.country.strip().upper()
    check_fields(site)
    if site.country and not (len(site.country) == 2 and site.country.isalpha() and site.country.isascii()):
        fault = {"pointer": "/country", "code": "invalid", "detail": "A country is two letters, as in DE"}
        raise Invalid(fault["detail"], errors=[fault])


def _check_contact(contact: Contact) -> None:
    check_fields(contact)
    if contact.site is not None and contact.site.customer_id != contact.customer_id:
        raise Invalid("That site belongs to another customer")


def _note(customer: Customer, what: str, *, before: str, after: str, actor: Actor) -> None:
    """Tell a change of a part in the history of the customer."""
    if before == after:
        return
    note_change(customer, "customers.customer.changed", actor=actor, before={what: before}, after={what: after})
    emit(CustomerChanged(customer_id=customer.pk), actor=actor)


def _site_told(site: Address) -> str:
    uses = [word for word, on in (("bill to", site.is_bill_to), ("ship to", site.is_ship_to)) if on]
    return ", ".join(part for part in (site.label, str(site), site.phone, *uses) if part)


def _contact_told(contact: Contact) -> str:
    return ", ".join(part for part in (contact.name, contact.role, contact.email, contact.phone) if part)
