"""Who buys: found or made, what they owe, and what they ordered before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable

from core.actors import Actor
from core.often import Remembered
from core.service import service
from customers import selectors as customer_selectors
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer
from orders import credit, earlier, guards, selectors
from orders.errors import DuplicateReference, InvalidOrder
from orders.inputs import OrderInput
from orders.models import Order, OrderLine, OrderStatus
from orders.verification import A_MOMENT, address_key
from pricing.models import Channel

# No address has this key.
NOWHERE = "-"


@dataclass(kw_only=True)
class Buyer:
    """Who buys, what they owe on credit, and what was ordered before; of history only a `twin` sent a moment ago.

    `lends`: the order gets what is theirs. `found_by_email`: they were known, and only the address says it is them.
    `is_foreign`: whoever sent the order may not know them, nor what they owe.
    """

    customer: Customer | None
    lends: bool = True
    found_by_email: bool = False
    is_foreign: bool = False
    twin: str = ""
    exposure: Decimal = Decimal(0)
    owed: Decimal | None = None
    extra: Decimal = Decimal(0)
    before: earlier.Before = field(default_factory=earlier.Before)


@service
def find_buyer(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime, actor: Actor) -> Buyer:
    """Find out who buys, in one statement where they are known; who is not, and has an e-mail address, is made.

    Raises DuplicateReference when the channel sent this order before.
    """
    known = _find_known(given, channel, goods_key=goods_key, at=at)
    if known is not None and (known.is_known or not _names(given)):
        _refuse_repeat(known.same_reference, given)
        lends = given.acts_for_customer and known.is_known
        on_credit = known.is_known and given.payment_terms in guards.ON_CREDIT
        buyer = _standing(known, _tokens(given), on_credit=on_credit)
        return replace(buyer, lends=lends, found_by_email=not lends, is_foreign=not known.is_known)
    around = _around(given, channel, at=at)
    _refuse_repeat(around.same_reference, given)
    buyer = _unknown(given, channel, at=at, actor=actor)
    return buyer if given.historic else replace(buyer, before=_before(around, None, given.email, _tokens(given)))


def standing_of(order: Order, lines: Iterable[OrderLine], *, at: datetime, but: Iterable[int] = ()) -> Buyer:
    """Return who buys by an order in hand, as they stand now; `but` are orders that are not to be compared with it."""
    goods = [(line.sku, line.quantity - line.cancelled) for line in lines if line.quantity > line.cancelled]
    tokens = earlier.tokens_of(goods) or [""]
    asked = {**_asked(order.channel_id, order.ship_to, tokens, at=at), "reference": ""}
    is_placed = order.status in selectors.LIVE
    if is_placed:
        # What came later is to be compared with this one, not this one with it.
        asked["until"] = at
    rows: QuerySet[Any]
    if order.customer_id is None:
        rows = _with_reference(Channel.objects.filter(pk=order.channel_id), customer=None, **asked)
    else:
        rows = _with_reference(Customer.objects.filter(pk=order.customer_id), customer=OuterRef("pk"), **asked)
    found = rows.get()
    if order.customer_id is None:
        return Buyer(customer=None, before=_before(found, None, order.email, tokens, but))
    on_credit = order.payment_terms in guards.ON_CREDIT
    buyer = _standing(found, tokens, on_credit=on_credit, but=but, order_id=order.pk)
    if is_placed:
        # It came not before itself, and owes no more than what is due for it.
        others = Order.objects.filter(customer=found, pk__lt=order.pk).exclude(status=OrderStatus.DRAFT)
        before = replace(buyer.before, is_first=not others.exists())
        buyer = replace(buyer, before=before, owed=order.balance_due if on_credit else None)
    # An e-mail address that matches somebody lends nothing of theirs.
    return replace(buyer, found_by_email=order.found_by_email, is_foreign=order.found_by_email)


def look_at_buyer(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime) -> Buyer:
    """Return who would buy, as they stand now: nothing is written and nothing locked. Nobody is made."""
    known = _find_known(given, channel, goods_key=goods_key, at=at)
    if known is None or (not known.is_known and _names(given)):
        if given.customers_of is not None:
            _refuse_unknown(given)
        before = earlier.Before(is_first=bool(given.email.strip()))
        return Buyer(customer=None, lends=given.acts_for_customer, before=before)
    on_credit = given.payment_terms in guards.ON_CREDIT
    exposure, extra = (owed_by(known), _extra(known)) if on_credit else (Decimal(0), Decimal(0))
    before = _before(known, known.pk, known.email, _tokens(given))
    lends = given.acts_for_customer and known.is_known
    return Buyer(
        customer=known,
        lends=lends,
        found_by_email=not lends,
        is_foreign=not known.is_known,
        exposure=exposure,
        extra=extra,
        before=before,
    )


def exposure_of(customer: Customer, *, but: int | None = None) -> Decimal:
    """Return what counts against the credit limit of a customer, under a lock on their row.

    First the lock, then the sum: what a twin adds while we wait must be in it. `but` is an order that is left out.
    """
    list(Customer.objects.locked().filter(pk=customer.pk).values_list("pk"))
    return credit.exposure_of(customer, but=but).total


def owed_by(customer: Customer) -> Decimal:
    """Return what counts against the credit limit of a customer."""
    return credit.exposure_of(customer).total


def _extra(customer: Customer) -> Decimal:
    """Return what may be owed beyond the limit now; nobody asks where nothing limits."""
    return customer_selectors.extra_credit(customer) if customer.credit_limit is not None else Decimal(0)


def _find_known(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime) -> Any:
    """Return the customer an order may mean, with what came before, and whether the sender may know them."""
    if given.historic:
        return _find_of_history(given, channel, goods_key=goods_key, at=at)
    asked = _asked(channel.pk, given.shipping_address or given.billing_address, _tokens(given), at=at)
    if given.external_reference:
        asked["reference"] = given.external_reference
    if given.customers_of is not None:
        asked["channels"] = sorted(given.customers_of) or [NOWHERE]
    if given.customer_id is not None:
        rows = _BY_ID.rows(who=given.customer_id, **asked)
    elif given.customer_number:
        rows = _BY_NUMBER.rows(who=given.customer_number.strip().upper(), **asked)
    elif given.email.strip():
        rows = _BY_EMAIL.rows(who=given.email.strip().lower(), **asked)
    else:
        rows = []
    return rows[0] if rows else None


def _find_of_history(given: OrderInput, channel: Channel, *, goods_key: str, at: datetime) -> Any:
    """Return the customer of an order that is told afterwards, and whether the same was told with that moment."""
    asked: dict[str, Any] = {
        "channel_id": channel.pk,
        "goods_key": goods_key,
        "since": at - A_MOMENT,
        "until": at + A_MOMENT,
    }
    if given.external_reference:
        asked["reference"] = given.external_reference
    if given.customer_id is not None and given.customers_of is None:
        return next(iter(_OF_HISTORY.rows(who=given.customer_id, **asked)), None)
    if (rows := _named_by(given)) is None:
        return None
    return selectors.with_standing(rows.annotate(is_known=_is_known(given.customers_of)), **asked).first()


def _tokens(given: OrderInput) -> list[str]:
    return earlier.tokens_of((line.sku, line.quantity) for line in given.lines) or [""]


def _asked(channel_id: int, to: PostalAddress | None, tokens: list[str], *, at: datetime) -> dict[str, Any]:
    """Return by what is looked back."""
    return {
        "channel_id": channel_id,
        "address_key": (address_key(to) if to else "") or NOWHERE,
        "tokens": tokens,
        "skus": [token.rpartition(" ")[0] for token in tokens],
        "since": at - earlier.LOOK_BACK,
        "until": at + A_MOMENT,
    }


def _with_reference(rows: QuerySet[Any], *, channel_id: Any, reference: Any = "", **asked: Any) -> QuerySet[Any]:
    """Add what came before, and the number of the order with this reference."""
    known = Order.objects.filter(channel=channel_id, external_reference=reference)
    known = known if reference else known.none()
    rows = rows.annotate(same_reference=Subquery(known.order_by().values("number")[:1]))
    return earlier.looking_back(rows, **asked)


def _remembered(rows: Callable[[Any], QuerySet[Customer]]) -> Remembered[Any]:
    """Ask with almost every order: for customers found in one way, known to all or to who may use `channels`."""

    def write(who: Any, channels: Any = None, **asked: Any) -> QuerySet[Any]:
        found = rows(who).annotate(is_known=_is_known(channels))
        return _with_reference(found, customer=OuterRef("pk"), **asked)[:1]

    return Remembered(write)


def _is_known(channels: Iterable[str] | None) -> Combinable:
    """Return whether the sender may know a customer at all."""
    if channels is None:
        return Value(True, output_field=BooleanField())
    return ExpressionWrapper(selectors.known_to(channels), output_field=BooleanField())


_BY_EMAIL = _remembered(customer_selectors.known_by)
_BY_ID = _remembered(lambda pk: Customer.objects.filter(pk=pk))
_BY_NUMBER = _remembered(lambda number: Customer.objects.filter(number=number))
_OF_HISTORY: Remembered[Any] = Remembered(
    lambda who, **asked: selectors.with_standing(
        Customer.objects.filter(pk=who).annotate(is_known=_is_known(None)), **asked
    )
)
_AROUND: Remembered[Any] = Remembered(
    lambda **asked: _with_reference(Channel.objects.filter(pk=asked["channel_id"]), customer=None, **asked)
)


def _around(given: OrderInput, channel: Channel, *, at: datetime) -> Any:
    """Return what came before around an address, where nobody knows who buys, and who used the reference."""
    if given.historic:
        return _Nothing(selectors.number_of_reference(channel, given.external_reference))
    asked = _asked(channel.pk, given.shipping_address or given.billing_address, _tokens(given), at=at)
    if given.external_reference:
        asked["reference"] = given.external_reference
    return _AROUND.rows(**asked)[0]


@dataclass(frozen=True)
class _Nothing:
    same_reference: str | None


def _before(
    found: Any, customer_id: int | None, email: str, tokens: list[str], but: Iterable[int] = ()
) -> earlier.Before:
    return earlier.before_of(found, customer_id=customer_id, email=email.strip().lower(), tokens=tokens, but=but)


def _names(given: OrderInput) -> bool:
    """Whether the order says who buys, instead of where they read their mail."""
    return given.customer_id is not None or bool(given.customer_number)


def _named_by(given: OrderInput) -> QuerySet[Customer] | None:
    """Return the customers that the order may mean, or None where it names nobody."""
    if given.customer_id is not None:
        return Customer.objects.filter(pk=given.customer_id)
    if given.customer_number:
        return Customer.objects.filter(number=given.customer_number.strip().upper())
    email = given.email.strip().lower()
    return customer_selectors.known_by(email) if email else None


def _standing(
    known: Any, tokens: list[str], *, on_credit: bool, but: Iterable[int] = (), order_id: int | None = None
) -> Buyer:
    exposure, extra = (exposure_of(known, but=order_id), _extra(known)) if on_credit else (Decimal(0), Decimal(0))
    if hasattr(known, "twin"):
        return Buyer(customer=known, twin=known.twin or "", exposure=exposure, extra=extra)
    before = _before(known, known.pk, known.email, tokens, but)
    return Buyer(customer=known, exposure=exposure, extra=extra, before=before)


def _unknown(given: OrderInput, channel: Channel, *, at: datetime, actor: Actor) -> Buyer:
    _refuse_unknown(given)
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


def _refuse_unknown(given: OrderInput) -> None:
    """Refuse an order that names a customer whom its sender does not know."""
    if _names(given):
        text = "There is no such customer"
        raise InvalidOrder(text, errors=[{"pointer": "/customer/number", "code": "unknown_customer", "detail": text}])


def _refuse_repeat(number: str | None, given: OrderInput) -> None:
    if number:
        raise DuplicateReference(
            f"{given.external_reference} was placed before, as {number}",
            number=number,
            external_reference=given.external_reference,
        )
