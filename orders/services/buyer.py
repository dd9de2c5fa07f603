"""Who buys: found or made, and what they owe."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable

from core.actors import Actor
from core.money import round_amount
from core.often import Remembered
from core.service import service
from customers import selectors as customer_selectors
from customers import services as customers
from customers.models import Customer
from orders import guards, selectors
from orders.errors import DuplicateReference, InvalidOrder
from orders.inputs import OrderInput
from orders.models import Order
from pricing.models import Channel

TWIN_SPAN = timedelta(minutes=10)


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
    known = _find_known(given, channel, goods_key=goods_key, at=at)
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
        channel_id=draft.channel_id,
        reference="",
        goods_key=draft.goods_key,
        since=at - TWIN_SPAN,
        until=at + TWIN_SPAN,
    ).get()
    return _standing(known, on_credit=draft.payment_terms in guards.ON_CREDIT)


def look_at_buyer(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime) -> Buyer:
    """Return who would buy, as they stand now: nothing is written and nothing locked. Nobody is made."""
    known = _find_known(given, channel, goods_key=goods_key, at=at)
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


def _find_known(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime) -> Any:
    """Return the customer an order may mean, with their standing, and whether the sender may know them."""
    asked: dict[str, Any] = {
        "channel_id": channel.pk,
        "reference": given.external_reference,
        "goods_key": goods_key,
        "since": at - TWIN_SPAN,
        "until": at + TWIN_SPAN,
    }
    if not _names(given) and given.customers_of is None and given.email.strip():
        if not given.external_reference:
            del asked["reference"]
        return next(iter(_BY_EMAIL.rows(email=given.email.strip().lower(), **asked)), None)
    if (rows := _named_by(given)) is None:
        return None
    return selectors.with_standing(rows.annotate(is_known=_is_known(given)), **asked).first()


def _by_email(email: str, reference: str = "", **asked: Any) -> QuerySet[Any]:
    everybody = customer_selectors.known_by(email).annotate(is_known=Value(True, output_field=BooleanField()))
    return selectors.with_standing(everybody, reference=reference, **asked)[:1]


# Asked with almost every order.
_BY_EMAIL: Remembered[Any] = Remembered(_by_email)


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
    email = given.email.strip().lower()
    return customer_selectors.known_by(email) if email else None


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
