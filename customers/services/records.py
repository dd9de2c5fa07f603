"""The central customer record: found, made and changed."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Invalid, Stale
from core.outbox import emit
from core.service import note_change, service
from core.validation import check_fields
from core.words import phone_words, words_of
from customers import vat_ids
from customers.errors import DuplicateGroup, UnknownCustomer, UserTaken
from customers.events import CreditMoved, CustomerChanged, CustomerCreated
from customers.models import Customer, CustomerGroup, CustomerWord
from customers.selectors import by_email

from .vat import want_check

CHANGEABLE = frozenset(
    {
        "kind",
        "name",
        "company",
        "email",
        "phone",
        "vat_id",
        "tax_class",
        "group",
        "language",
        "currency",
        "payment_terms",
        "credit_limit",
        "external_reference",
        "tags",
        "notes",
        "active",
    }
)
VAT_ANSWER = ("vat_state", "vat_reference", "vat_checked_at", "vat_asked_at")
# Any number of our own: it keeps these locks apart from other advisory locks of the same database.
EMAIL_LOCKS = 4711


@dataclass(frozen=True, kw_only=True)
class CustomerInput:
    """What somebody says about a customer. `group` is the code of a group."""

    name: str
    kind: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    vat_id: str = ""
    tax_class: str = ""
    group: str = ""
    language: str = "en"
    currency: str = "EUR"
    payment_terms: str = "prepaid"
    credit_limit: Decimal | None = None
    external_reference: str = ""
    origin: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""


@service
def find_or_create(
    *,
    email: str,
    name: str,
    company: str = "",
    phone: str = "",
    language: str = "en",
    currency: str = "EUR",
    actor: Actor,
    at: datetime | None = None,
) -> Customer:
    """Return the customer an e-mail address stands for, made if there is none.

    One that exists is not changed: an address on an order proves nothing about who sent it.
    Without an address there is nothing to find by, and somebody new is made.
    """
    if (known := by_email(email)) is not None:
        return known
    if email.strip() and _lock_email(email) and (known := by_email(email)) is not None:
        return known
    given = CustomerInput(name=name, company=company, email=email, phone=phone, language=language, currency=currency)
    return create_customer(given, actor=actor, at=at)


def _lock_email(email: str) -> bool:
    """Let nobody else make a customer of this address until the end of the transaction.

    Returns whether it may have been made while we waited. SQLite needs no lock: its write
    transactions run one after the other.
    """
    if connection.vendor != "postgresql":
        return False
    key = zlib.crc32(email.strip().lower().encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [EMAIL_LOCKS, key])
    return True


@service
def create_customer(customer: CustomerInput, *, actor: Actor, at: datetime | None = None) -> Customer:
    """Write a customer down. The number comes with the row."""
    given = asdict(customer) | {"group": _group(customer.group), "tags": list(customer.tags)}
    given["kind"] = customer.kind or (Customer.Kind.COMPANY if customer.company else Customer.Kind.PERSON)
    row = Customer(created_at=at or timezone.now(), **given)
    _tidy(row)
    _require_vat_id(row.vat_id)
    row.save(force_insert=True)
    _write_words(row, _words_of(row))
    emit(CustomerCreated(customer_id=row.pk), actor=actor, at=at)
    want_check(row, actor=actor)
    return row


@service
def update_customer(
    customer_id: int, changes: Mapping[str, Any], *, expected_version: int | None = None, actor: Actor
) -> Customer:
    """Change what we know about a customer, with before and after in the history.

    Raises Stale when the record changed since `expected_version` was read.
    """
    customer = _locked(customer_id)
    if expected_version is not None and customer.version != expected_version:
        raise Stale("Somebody else changed this customer; look again", version=customer.version)
    if unknown := sorted(set(changes) - CHANGEABLE):
        raise Invalid(f"{', '.join(unknown)} cannot be changed here")
    before, known = _told(customer), _words_of(customer)
    for name, value in changes.items():
        setattr(customer, name, _group(value) if name == "group" else value)
    _tidy(customer)
    after = _told(customer)
    changed = sorted(name for name in CHANGEABLE if before[name] != after[name])
    if not changed:
        return customer
    if "vat_id" in changed:
        _require_vat_id(customer.vat_id)
        # What was answered about another id says nothing about this one.
        customer.vat_state, customer.vat_reference = Customer.VatState.UNCHECKED, ""
        customer.vat_checked_at = customer.vat_asked_at = None
    customer.version += 1
    customer.save(update_fields=[*changed, *(VAT_ANSWER if "vat_id" in changed else ()), "version"])
    if "vat_id" in changed:
        want_check(customer, actor=actor)
    if (words := _words_of(customer)) != known:
        CustomerWord.objects.filter(customer=customer).delete()
        _write_words(customer, words)
    note_change(
        customer,
        "customers.customer.changed",
        actor=actor,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        currency=customer.currency if "credit_limit" in changed else "",
    )
    emit(CustomerChanged(customer_id=customer.pk), actor=actor)
    if {"credit_limit", "currency"} & set(changed):
        emit(CreditMoved(customer_id=customer.pk), actor=actor)
    return customer


@service
def link_user(customer_id: int, user_id: int, *, actor: Actor) -> Customer:
    """Let a person sign in as a customer. Raises UserTaken when that sign-in is another customer's."""
    customer = _locked(customer_id)
    if Customer.objects.filter(user_id=user_id).exclude(pk=customer_id).exists():
        raise UserTaken("This sign-in belongs to another customer")
    before = customer.user_id
    customer.user_id = user_id
    customer.save(update_fields=["user"])
    note_change(customer, "customers.customer.changed", actor=actor, before={"user": before}, after={"user": user_id})
    return customer


@service
def create_group(code: str, name: str, *, actor: Actor) -> CustomerGroup:
    """Name a group of customers who are treated alike. Raises DuplicateGroup."""
    group = CustomerGroup(code=code.strip().lower(), name=name.strip())
    check_fields(group)
    if CustomerGroup.objects.filter(code=group.code).exists():
        raise DuplicateGroup(f"There is a group {group.code} already")
    group.save(force_insert=True)
    note_change(group, "customers.customergroup.created", actor=actor, after={"code": group.code, "name": group.name})
    return group


def _locked(customer_id: int) -> Customer:
    customer = Customer.objects.locked().select_related("group").filter(pk=customer_id).first()
    if customer is None:
        raise UnknownCustomer("There is no such customer")
    return customer


def _group(named: str | CustomerGroup | None) -> CustomerGroup | None:
    """Return a group by its code, or as it is."""
    if not isinstance(named, str):
        return named
    if not named:
        return None
    if (group := CustomerGroup.objects.filter(code=named).first()) is None:
        fault = {"pointer": "/group", "code": "invalid", "detail": f"There is no group {named}"}
        raise Invalid(fault["detail"], errors=[fault])
    return group


def _tidy(customer: Customer) -> None:
    """Bring the fields into the form in which they are compared, and check them."""
    customer.email = customer.email.strip().lower()
    customer.name = customer.name.strip() or customer.company.strip()
    customer.currency = customer.currency.strip().upper()
    customer.tax_class = customer.tax_class.strip().lower()
    customer.vat_id = vat_ids.tidy(customer.vat_id)
    customer.tags = list(dict.fromkeys(str(tag).strip() for tag in customer.tags if str(tag).strip()))
    check_fields(customer)


def _require_vat_id(number: str) -> None:
    """Refuse what cannot be a VAT id: what is sold without tax may rest on it."""
    if number and not vat_ids.can_be(number):
        text = _("%(number)s is no VAT id: it begins with its country, and its check digits must fit")
        text %= {"number": number}
        raise Invalid(text, errors=[{"pointer": "/vat_id", "code": "invalid_vat_id", "detail": text}])


def _words_of(customer: Customer) -> list[str]:
    """Return what a customer is found by, when somebody begins to type it."""
    words = words_of(customer.name, customer.company, customer.email, customer.external_reference)
    return list(dict.fromkeys([*words, *phone_words(customer.phone)]))


def _write_words(customer: Customer, words: list[str]) -> None:
    CustomerWord.objects.bulk_create(CustomerWord(customer=customer, word=word) for word in words)


def _told(customer: Customer) -> dict[str, Any]:
    """Return the changeable fields in a form the history can keep."""
    told = {name: getattr(customer, name) for name in CHANGEABLE}
    told["group"] = customer.group.code if customer.group else ""
    told["credit_limit"] = None if customer.credit_limit is None else f"{customer.credit_limit.normalize():f}"
    return told
