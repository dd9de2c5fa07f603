"""Who buys: found or made, and what they owe."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

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
    """Who buys, what they owe, and whether the same order was just placed."""

    customer: Customer | None
    twin: str = ""
    exposure: Decimal = Decimal(0)


@service
def find_buyer(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime, actor: Actor) -> Buyer:
    """Find out who buys, in one statement where they are known; on credit their row is locked for the exposure."""
    on_credit = given.payment_terms in guards.ON_CREDIT
    if given.customer_id is not None:
        rows = Customer.objects.filter(pk=given.customer_id)
        if on_credit:
            # First the lock, then the sum: what a twin adds while we wait must be in it.
            list(Customer.objects.locked().filter(pk=given.customer_id).values_list("pk"))
    elif given.email.strip():
        rows = customer_selectors.known_by(given.email)
    else:
        _refuse_repeat(selectors.number_of_reference(channel, given.external_reference), given)
        return Buyer(customer=None)
    known = selectors.with_standing(
        rows, channel=channel, reference=given.external_reference, goods_key=goods_key, around=at, minutes=TWIN_MINUTES
    ).first()
    if known is None:
        return _new_buyer(given, channel, at=at, actor=actor)
    _refuse_repeat(known.same_reference, given)
    buyer = Buyer(customer=known, twin=known.twin or "")
    if on_credit:
        if given.customer_id is None:
            list(Customer.objects.locked().filter(pk=known.pk).values_list("pk"))
        buyer.exposure = exposure_of(known)
    return buyer


def standing_of(draft: Order, *, at: datetime) -> Buyer:
    """Return who buys by a draft in hand, as they stand now."""
    if draft.customer_id is None:
        return Buyer(customer=None)
    on_credit = draft.payment_terms in guards.ON_CREDIT
    rows = Customer.objects.filter(pk=draft.customer_id)
    if on_credit:
        list(Customer.objects.locked().filter(pk=draft.customer_id).values_list("pk"))
    known = selectors.with_standing(
        rows, channel=draft.channel, reference="", goods_key=draft.goods_key, around=at, minutes=TWIN_MINUTES
    ).get()
    exposure = exposure_of(known) if on_credit else Decimal(0)
    return Buyer(customer=known, twin=known.twin or "", exposure=exposure)


def exposure_of(customer: Customer) -> Decimal:
    """Return what a customer owes on credit for orders that are alive; lock the customer's row first."""
    owed = selectors.on_credit(customer).aggregate(owed=Sum("balance_due"))["owed"]
    return round_amount(owed or Decimal(0), customer.currency)


def _new_buyer(given: OrderInput, channel: Channel, *, at: datetime, actor: Actor) -> Buyer:
    if given.customer_id is not None:
        raise InvalidOrder(
            "There is no such customer",
            errors=[{"pointer": "/customer", "code": "unknown_customer", "detail": "There is no such customer"}],
        )
    _refuse_repeat(selectors.number_of_reference(channel, given.external_reference), given)
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
