"""Who buys: found or made, and what they owe."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

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
    """Who buys, what they owe on credit, and the number of the same order if it was just placed."""

    customer: Customer | None
    twin: str = ""
    exposure: Decimal = Decimal(0)


@service
def find_buyer(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime, actor: Actor) -> Buyer:
    """Find out who buys, in one statement where they are known; who is not, and has an e-mail address, is made.

    Raises DuplicateReference when the channel sent this order before.
    """
    if (rows := _named_by(given)) is not None:
        known = selectors.with_standing(
            rows,
            channel=channel,
            reference=given.external_reference,
            goods_key=goods_key,
            around=at,
            minutes=TWIN_MINUTES,
        ).first()
        if known is not None:
            _refuse_repeat(known.same_reference, given)
            return _standing(known, on_credit=given.payment_terms in guards.ON_CREDIT)
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


def exposure_of(customer: Customer) -> Decimal:
    """Return what a customer owes on credit for orders that are alive, under a lock on the customer's row.

    First the lock, then the sum: what a twin adds while we wait must be in it.
    """
    list(Customer.objects.locked().filter(pk=customer.pk).values_list("pk"))
    owed = selectors.on_credit(customer).aggregate(owed=Sum("balance_due"))["owed"]
    return round_amount(owed or Decimal(0), customer.currency)


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
    if given.customer_id is not None or given.customer_number:
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
    return Buyer(customer=customer)


def _refuse_repeat(number: str | None, given: OrderInput) -> None:
    if number:
        raise DuplicateReference(
            f"{given.external_reference} was placed before, as {number}",
            number=number,
            external_reference=given.external_reference,
        )
