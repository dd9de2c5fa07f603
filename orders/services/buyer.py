"""Who buys: found or made, and what they owe."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Sum
from django.db.models.expressions import Combinable

from core.actors import Actor
from core.money import round_amount
from core.service import service
from customers import selectors as customer_selectors
from customers import services as customers
from customers.models import Customer
from orders import guards, selectors
from orders.errors import DuplicateReference, InvalidOrder
from orders.inputs import OrderInput
from orders.models import Order
from pricing.models import Channel

TWIN_MINUTES = 10


@dataclass(kw_only=True)
class Buyer:
    """Who buys, what they owe on credit, and the number of the same order if it was just placed.

    `lends`: the order gets what is theirs. `found_by_email`: they were known, and only the address says it is them.
    `is_foreign`: whoever sent the order may not know them, nor what they owe.
    """

    customer: Customer | None
    lends: bool = True
    found_by_email: bool = False
    is_foreign: bool = False
    twin: str = ""
    exposure: Decimal = Decimal(0)


@service
def find_buyer(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime, actor: Actor) -> Buyer:
    """Find out who buys, in one statement where they are known; who is not, and has an e-mail address, is made.

    Raises DuplicateReference when the channel sent this order before.
    """
    if (rows := _named_by(given)) is not None:
        rows = rows.annotate(is_known=_is_known(given))
        known = _with_standing(rows, given, channel, goods_key=goods_key, at=at).first()
        if known is not None and (known.is_known or not _names(given)):
            _refuse_repeat(known.same_reference, given)
            lends = given.acts_for_customer and known.is_known
            buyer = _standing(known, on_credit=known.is_known and given.payment_terms in guards.ON_CREDIT)
            return replace(buyer, lends=lends, found_by_email=not lends, is_foreign=not known.is_known)
    _refuse_repeat(selectors.number_of_reference(channel, given.external_reference), given)
    return _unknown(given, channel, at=at, actor=actor)


def standing_of(draft: Order, *, at: datetime) -> Buyer:
    """Return who buys by a draft in hand, as they stand now."""
    if draft.customer_id is None:
        return Buyer(customer=None)
    known = selectors.with_standing(
        Customer.objects.filter(pk=draft.customer_id),
        channel=draft.channel,
        reference="",
        goods_key=draft.goods_key,
        around=at,
        minutes=TWIN_MINUTES,
    ).get()
    return _standing(known, on_credit=draft.payment_terms in guards.ON_CREDIT)


def look_at_buyer(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime) -> Buyer:
    """Return who would buy, as they stand now: nothing is written and nothing locked. Nobody is made."""
    rows = _named_by(given)
    known = None if rows is None else _with_standing(rows, given, channel, goods_key=goods_key, at=at).first()
    if known is None:
        return Buyer(customer=None)
    exposure = owed_by(known) if given.payment_terms in guards.ON_CREDIT else Decimal(0)
    return Buyer(customer=known, twin=known.twin or "", exposure=exposure)


def exposure_of(customer: Customer) -> Decimal:
    """Return what a customer owes on credit for orders that are alive, under a lock on the customer's row.

    First the lock, then the sum: what a twin adds while we wait must be in it.
    """
    list(Customer.objects.locked().filter(pk=customer.pk).values_list("pk"))
    return owed_by(customer)


def owed_by(customer: Customer) -> Decimal:
    """Return what a customer owes on credit for orders that are alive."""
    owed = selectors.on_credit(customer).aggregate(owed=Sum("balance_due"))["owed"]
    return round_amount(owed or Decimal(0), customer.currency)


def _with_standing(
    rows: QuerySet[Customer], given: OrderInput, channel: Channel, *, goods_key: str, at: datetime
) -> QuerySet[Any]:
    return selectors.with_standing(
        rows,
        channel=channel,
        reference=given.external_reference,
        goods_key=goods_key,
        around=at,
        minutes=TWIN_MINUTES,
    )


def _names(given: OrderInput) -> bool:
    """Whether the order says who buys, instead of where they read their mail."""
    return given.customer_id is not None or bool(given.customer_number)


def _is_known(given: OrderInput) -> Combinable:
    """Return whether the sender may know a customer at all."""
    condition = Q(pk__isnull=False) if given.customers_of is None else selectors.known_to(given.customers_of)
    return ExpressionWrapper(condition, output_field=BooleanField())


def _named_by(given: OrderInput) -> QuerySet[Customer] | None:
    """Return the customers that the order may mean, or None where it names nobody."""
    if given.customer_id is not None:
        return Customer.objects.filter(pk=given.customer_id)
    if given.customer_number:
        return Customer.objects.filter(number=given.customer_number.strip().upper())
    return customer_selectors.known_by(given.email) if given.email.strip() else None


def _standing(known: Any, *, on_credit: bool) -> Buyer:
    exposure = exposure_of(known) if on_credit else Decimal(0)
    return Buyer(customer=known, twin=known.twin or "", exposure=exposure)


def _unknown(given: OrderInput, channel: Channel, *, at: datetime, actor: Actor) -> Buyer:
    if _names(given):
        text = "There is no such customer"
        raise InvalidOrder(text, errors=[{"pointer": "/customer/number", "code": "unknown_customer", "detail": text}])
    if not given.email.strip():
        return Buyer(customer=None)
    customer = customers.find_or_create(
        email=given.email,
        name=given.customer_name,
        company=given.customer_company,
        phone=given.phone,
        language=given.language or channel.language,
        currency=given.currency or channel.currency,
        actor=actor,
        at=at,
    )
    return Buyer(customer=customer, lends=given.acts_for_customer)


def _refuse_repeat(number: str | None, given: OrderInput) -> None:
    if number:
        raise DuplicateReference(
            f"{given.external_reference} was placed before, as {number}",
            number=number,
            external_reference=given.external_reference,
        )
