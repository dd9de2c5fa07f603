"""A sale over the counter: ordered, paid, handed over and invoiced in one go, or not at all."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing import services as billing
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.money import plain
from core.reader import spoken_amount
from core.service import already_paid, service
from customers.addresses import PostalAddress
from desk.till import Till
from fulfillment import services as fulfillment
from orders import services as orders
from orders.errors import DuplicateReference, NotADraft
from orders.inputs import DiscountInput, LineInput, OrderInput
from orders.models import Draft, Order, OrderStatus

SHOP, CASH_GIVEN = "shop", "cash_given"
CASH, CARD = "cash", "card_terminal"
IN_STORE = "in_store"
# Whoever stands at the counter sees what happens; they get a receipt, and the invoice by mail if they ask for it.
LETTERS = (
    "orders.handlers.send_order_confirmation",
    "fulfillment.handlers.send_shipped",
    "fulfillment.handlers.send_delivered",
    # What is handed over at the counter was never lost.
    "returns.handlers.tell_of_parcel_after_all",
    "billing.handlers.render_and_send_invoice",
)


class TotalChanged(Conflict):
    """The price is not the one the customer was told; `total` is what it comes to now."""

    code = "total_changed"


class TooLittleCash(Invalid):
    """Less money was handed over than the goods cost."""

    code = "too_little_cash"


class NotFinished(Conflict):
    """Something keeps the order from being done at once; nothing of it was written."""

    code = "not_finished"


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Who buys, as far as they said: nobody in particular, a known customer, or a name for the invoice."""

    customer_id: int | None = None
    name: str = ""
    company: str = ""
    email: str = ""
    address: PostalAddress | None = None


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What is sold and how it is paid. `token` tells one sale from the next, `total` is what the customer was told.

    `given` is what they put on the counter, where it is cash and somebody counted it. `page` and `version` say which
    page sells what was parked, as it stood when it was taken up.
    """

    token: str
    till: Till
    lines: tuple[LineInput, ...]
    total: Decimal
    method: str
    given: Decimal | None = None
    reference: str = ""
    discount: Decimal = Decimal(0)
    buyer: Buyer = Buyer()
    page: str = ""
    version: int | None = None


@service
def sell(sale: Sale, *, actor: Actor) -> Order:
    """Place, verify, confirm, hand over, invoice, take the money and complete, in one transaction.

    Raises InsufficientStock for what is not on the shelf of this shop, DuplicateReference for a sale that was done,
    TotalChanged, TooLittleCash, TransitionRefused for a failed check, and NotFinished; of what was parked StaleOrder
    where somebody parked it anew meanwhile, and NotADraft where it was thrown away.
    """
    order = _placed(sale, actor=actor)
    _refuse_another_total(order, sale)
    now = timezone.now()
    if order.status == OrderStatus.PLACED:
        orders.verify_order(order.pk, actor=actor, at=now)
    if order.status == OrderStatus.VERIFIED:
        orders.confirm_order(order.pk, actor=actor, at=now)
    fulfillment.fulfil_through(order.pk, through="delivered", shipped_at=now, delivered_at=now, actor=actor)
    billing.bill_and_pay_through(
        order.pk, paid_at=now, issued_at=now, method=sale.method, reference=sale.reference, actor=actor
    )
    for letter in LETTERS:
        already_paid(letter, order.history_thread())
    if order.status != OrderStatus.COMPLETED:
        raise NotFinished(order.why_not("complete") or _("The sale cannot be completed at once"), order=order.number)
    return order


def _placed(sale: Sale, *, actor: Actor) -> Order:
    """Place what lies on the counter; what was parked becomes an order under the number it had."""
    parked = Draft.objects.filter(token=sale.token).values_list("order", flat=True).first()
    if parked is None:
        return orders.place_order(_order_input(sale), actor=actor)
    try:
        orders.take_offer(parked)
    except NotADraft:
        sold = Order.objects.get(pk=parked)
        if sold.external_reference != sale.token:
            raise
        raise DuplicateReference(f"{sold} was sold before", number=str(sold.number)) from None
    return orders.place_typed(
        _order_input(sale),
        token=UUID(sale.token),
        typed={"page": sale.page},
        expected_version=sale.version,
        actor=actor,
    )


def _order_input(sale: Sale) -> OrderInput:
    till, buyer = sale.till, sale.buyer
    kept = {SHOP: till.warehouse.code}
    if sale.method == CASH and sale.given is not None:
        kept[CASH_GIVEN] = plain(sale.given, till.channel.currency)
    with override(till.channel.language):
        reason = _("Discount")
    return OrderInput(
        channel=till.channel.code,
        external_reference=sale.token,
        handed_over_at=till.warehouse.code,
        lines=sale.lines,
        discounts=(DiscountInput(amount=sale.discount, reason=reason),) if sale.discount else (),
        customer_id=buyer.customer_id,
        customer_name=buyer.name,
        customer_company=buyer.company,
        email=buyer.email,
        billing_address=buyer.address,
        shipping_method=till.method.code,
        payment_terms=IN_STORE,
        prices_as_shown=True,
        metadata=kept,
    )


def _refuse_another_total(order: Order, sale: Sale) -> None:
    """Raise where the customer was told another price, or gave too little."""
    currency = order.currency
    if order.total != sale.total:
        told, now = spoken_amount(sale.total, currency), spoken_amount(order.total, currency)
        raise TotalChanged(
            _("The price changed: it is %(now)s now, not %(told)s") % {"now": now, "told": told},
            total=plain(order.total, currency),
        )
    if sale.method == CASH and sale.given is not None and sale.given < order.total:
        missing = spoken_amount(order.total - sale.given, currency)
        text = _("%(amount)s are missing") % {"amount": missing}
        raise TooLittleCash(text, errors=[{"pointer": "/given", "code": TooLittleCash.code, "detail": text}])
