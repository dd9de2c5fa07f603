"""What screens and callers read about customers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import CharField, F, Q, QuerySet, Sum, Value
from django.utils import timezone

from core.money import round_amount
from core.words import begins_with, typed_words
from customers.addresses import PostalAddress
from customers.errors import UnknownCustomer
from customers.models import Address, CreditOverride, Customer, CustomerWord, TaxCertificate, VatCheck

NUMBER = re.compile(r"^(?:C-)?0*(\d{1,12})$", re.IGNORECASE | re.ASCII)


def by_number(number: str) -> Customer:
    """Return the customer of a number. Raises UnknownCustomer."""
    customer = Customer.objects.select_related("group").filter(number=number.strip().upper()).first()
    if customer is None:
        raise UnknownCustomer(f"There is no customer {number}")
    return customer


def by_email(email: str) -> Customer | None:
    """Return the customer an e-mail address stands for: of several active ones the oldest."""
    return known_by(email.strip().lower()).first() if email.strip() else None


def known_by(email: str) -> "QuerySet[Customer]":
    """Return the active customers of an e-mail address in small letters, the oldest first: the first one is meant."""
    return Customer.objects.filter(email=email, active=True).order_by("pk")


def vat_checks(customer_id: int, *, limit: int = 5) -> list[VatCheck]:
    """Return the last answers about the VAT ids of a customer, the youngest first."""
    return list(VatCheck.objects.filter(customer=customer_id).order_by("-checked_at", "-pk")[:limit])


def certificates(customer_id: int, *, limit: int = 5) -> list[TaxCertificate]:
    """Return the tax certificates of a customer that were not ended, those that end last first."""
    rows = TaxCertificate.objects.filter(customer=customer_id, ended_at=None)
    return list(rows.order_by(F("valid_until").desc(nulls_first=True), "-pk")[:limit])


def vat_evidence(customer_id: int, number: str, at: datetime) -> VatCheck | None:
    """Return what was known of a VAT id at a moment: the last answer before it, else the first one after."""
    known = VatCheck.objects.filter(customer=customer_id, number=number)
    before = known.filter(checked_at__lte=at).order_by("-checked_at", "-pk").first()
    return before or known.filter(checked_at__gt=at).order_by("checked_at", "pk").first()


def customers(*, text: str = "") -> "QuerySet[Customer]":
    """Return customers with their group, the youngest first; `text` says whom somebody means."""
    rows = Customer.objects.select_related("group").order_by("-pk")
    return rows.filter(mentions(text)) if text.strip() else rows


def mentions(text: str) -> Q:
    """Return the condition under which a customer is meant: by number, or by the beginning of every word.

    Each is looked up by its own index; alternatives in one condition would read the whole table.
    """
    words = _with_words(Customer.objects.order_by(), typed_words(text)).values("pk")
    if not (number := _as_number(text)):
        return Q(pk__in=words)
    return Q(pk__in=Customer.objects.filter(number=number).order_by().values("pk").union(words))


def _as_number(text: str) -> str:
    """Return the number of a customer that a text stands for: C-000123, c-123 and 123 alike."""
    numbered = NUMBER.match(text.strip())
    return f"C-{int(numbered[1]):06d}" if numbered else ""


def _with_words(rows: "QuerySet[Customer]", words: Sequence[str]) -> "QuerySet[Customer]":
    if not words:
        return rows.none()
    for word in words:
        rows = rows.filter(pk__in=begins_with(CustomerWord.objects.all(), word).values("customer"))
    return rows


def begun(text: str, *, limit: int = 8, among: "QuerySet[Customer] | None" = None) -> list[Customer]:
    """Return the customers that somebody means who has begun to type, active ones unless others are asked for.

    By number, or by the beginning of every word of name, company, mail address or phone number. The youngest
    first, at most two statements.
    """
    rows = (Customer.objects.filter(active=True) if among is None else among).select_related("group")
    number = _as_number(text)
    found = list(rows.filter(number=number)) if number else []
    if words := typed_words(text):
        found += [one for one in _with_words(rows, words).order_by("-pk")[:limit] if one not in found]
    return found[:limit]


def written_down_for(channels: Iterable[str]) -> Q:
    """Return the condition of customers whom keys of channels wrote down."""
    return Q(origin__in=set(channels))


def overrides(customer_id: int) -> "QuerySet[CreditOverride]":
    """Return what a customer may owe beyond the limit now, the oldest first."""
    running = CreditOverride.objects.filter(customer=customer_id, ended_at=None, until__gt=timezone.now())
    return running.order_by("pk")


def extra_credit(customer: Customer) -> Decimal:
    """Return how much more than the limit a customer may owe now."""
    extra = overrides(customer.pk).aggregate(extra=Sum("amount"))["extra"]
    return round_amount(extra or Decimal(0), customer.currency)


def sites(customer: Customer) -> "QuerySet[Address]":
    """Return the sites of a customer in the order they were made."""
    return customer.addresses.order_by("pk")


def first_towns(customers: Iterable[Customer]) -> dict[int, str]:
    """Return the town of each customer's first site, in one statement; who has none is missing."""
    rows = Address.objects.filter(customer__in=[one.pk for one in customers]).order_by("-pk")
    return dict(rows.values_list("customer", "city"))


def default_addresses(customer: Customer) -> tuple[PostalAddress | None, PostalAddress | None]:
    """Return where invoices and goods go unless an order says otherwise: (bill to, ship to), in one query."""
    known = list(sites(customer))
    bill_to = next((site.postal() for site in known if site.is_bill_to), None)
    ship_to = next((site.postal() for site in known if site.is_ship_to), None)
    return bill_to, ship_to


@dataclass(frozen=True)
class Double:
    """A customer who may be the same as another, and what they have in common: `email`, `phone`, `address`."""

    customer: Customer
    alike: tuple[str, ...]


def doubles_of(customer: Customer, *, at: Iterable[Address], limit: int = 5) -> list[Double]:
    """Return who else has the mail address, the phone number or a site of a customer, in two statements."""
    places = {(site.postal_code, site.line1) for site in at if site.postal_code and site.line1}
    alike = {
        "email": _others(customer).filter(email=customer.email) if customer.email else None,
        "phone": _others(customer).filter(phone=customer.phone).exclude(phone="") if customer.phone else None,
        "address": _others(customer).filter(pk__in=_living_at(places)) if places else None,
    }
    asked = {name: rows for name, rows in alike.items() if rows is not None}
    if not asked:
        return []
    # Each is looked up by its own index; alternatives in one condition would read the whole table.
    first, *others = (rows.values_list("pk", Value(name, output_field=CharField())) for name, rows in asked.items())
    pairs = list(first.union(*others, all=True)[: limit * len(asked)])
    found = Customer.objects.in_bulk({pk for pk, _name in pairs})
    common = {pk: tuple(name for one, name in pairs if one == pk) for pk in sorted(found)}
    return [Double(found[pk], names) for pk, names in common.items()][:limit]


def _others(customer: Customer) -> "QuerySet[Customer]":
    return Customer.objects.exclude(pk=customer.pk).order_by()


def _living_at(places: Iterable[tuple[str, str]]) -> "QuerySet[Address, int]":
    wanted = Q()
    for postal_code, line1 in places:
        wanted |= Q(postal_code=postal_code, line1=line1)
    return Address.objects.exclude(postal_code="").filter(wanted).order_by().values_list("customer", flat=True)
