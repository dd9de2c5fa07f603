"""Sites and contacts of a customer."""

from collections.abc import Mapping
from typing import Any

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import note_change, service
from core.validation import check_fields
from customers.addresses import PostalAddress
from customers.errors import UnknownContact, UnknownCustomer, UnknownSite
from customers.events import CustomerChanged
from customers.models import Address, Contact, Customer

from .records import CustomerInput, create_customer

POSTAL = frozenset(PostalAddress.__dataclass_fields__)
SITE_FIELDS = POSTAL | {"label", "is_bill_to", "is_ship_to"}
CONTACT_FIELDS = frozenset({"name", "role", "email", "phone", "site"})
Parts = dict[str, Any]


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
    _note(customer, "site", before={}, after=_site_told(site), actor=actor)
    return site


@service
def take_in(customer: CustomerInput, address: PostalAddress | None = None, *, actor: Actor) -> Customer:
    """Write a customer down together with where they are: goods and invoices go there."""
    made = create_customer(customer, actor=actor)
    if address is not None:
        add_address(made.pk, address, is_bill_to=True, is_ship_to=True, actor=actor)
    return made


@service
def update_address(address_id: int, changes: Mapping[str, Any], *, actor: Actor) -> Address:
    """Change a site of a customer. Agreements made before keep the address they were made with."""
    customer, site = _site_in_hand(address_id)
    before = _site_told(site)
    _apply(site, changes, SITE_FIELDS)
    _check_site(site)
    site.save()
    _note(customer, "site", before=before, after=_site_told(site), actor=actor)
    return site


@service
def remove_address(address_id: int, *, actor: Actor) -> None:
    """Take a site off the record."""
    customer, site = _site_in_hand(address_id)
    before = _site_told(site)
    site.delete()
    _note(customer, "site", before=before, after={}, actor=actor)


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
    _note(customer, "contact", before={}, after=_contact_told(contact), actor=actor)
    return contact


@service
def update_contact(contact_id: int, changes: Mapping[str, Any], *, actor: Actor) -> Contact:
    """Change what we know about a person at a customer."""
    customer, contact = _contact_in_hand(contact_id)
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
    customer, contact = _contact_in_hand(contact_id)
    before = _contact_told(contact)
    contact.delete()
    _note(customer, "contact", before=before, after={}, actor=actor)


def _locked(customer_id: int) -> Customer:
    customer = Customer.objects.locked().filter(pk=customer_id).first()
    if customer is None:
        raise UnknownCustomer("There is no such customer")
    return customer


def _site_in_hand(address_id: int) -> tuple[Customer, Address]:
    """Lock the customer of a site, then read the site: what somebody else wrote while we waited is in it."""
    customer = Customer.objects.locked().filter(addresses=address_id).first()
    site = Address.objects.filter(pk=address_id).first()
    if customer is None or site is None:
        raise UnknownSite("This customer has no such site")
    return customer, site


def _contact_in_hand(contact_id: int) -> tuple[Customer, Contact]:
    """Lock the customer of a contact, then read the contact."""
    customer = Customer.objects.locked().filter(contacts=contact_id).first()
    contact = Contact.objects.select_related("site").filter(pk=contact_id).first()
    if customer is None or contact is None:
        raise UnknownContact("This customer has no such contact")
    return customer, contact


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


def _note(customer: Customer, what: str, *, before: Parts, after: Parts, actor: Actor) -> None:
    """Tell a change of a part in the history of the customer; what came or went, as a whole."""
    if before == after:
        return
    was, becomes = {what: before or ""}, {what: after or ""}
    note_change(customer, "customers.customer.changed", actor=actor, before=was, after=becomes)
    emit(CustomerChanged(customer_id=customer.pk), actor=actor)


def _site_told(site: Address) -> Parts:
    return {name: getattr(site, name) for name in sorted(SITE_FIELDS)}


def _contact_told(contact: Contact) -> Parts:
    return {name: getattr(contact, name) for name in sorted(CONTACT_FIELDS - {"site"})}
