"""From what a channel says to the rows of an order: who buys, what, and what it costs. Nothing is written but
a customer who was not known yet."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from core import seat
from core.actors import Actor
from core.service import service
from core.words import folded, from_the_end, last_word_first
from customers import selectors as customer_selectors
from customers.addresses import PostalAddress
from inventory import selectors as stock
from inventory.models import KitPart, Product, Warehouse
from orders import guards, verification
from orders.derivation import restate
from orders.errors import InvalidOrder
from orders.inputs import ChargeInput, LineInput, OrderInput
from orders.models import Order, OrderCharge, OrderLine
from orders.priority import USUAL, rank_of
from pricing import services as pricing
from pricing.models import ShippingMethod

from .buyer import Buyer, find_buyer
from .origins import sold_of, why_not_from
from .routing import why_not_carried

MOST_UNITS = 1_000_000


@dataclass(kw_only=True)
class Composed:
    """An order with its lines and charges, not written yet, and what its checks need to know."""

    order: Order
    lines: list[OrderLine]
    charges: list[OrderCharge]
    products: dict[int, Product]
    buyer: Buyer
    list_prices: dict[int, Decimal] = field(default_factory=dict)
    may_wait: frozenset[int] = frozenset()
    counter: Warehouse | None = None
    uses: list[int] = field(default_factory=list)
    replacement: bool = False

    @property
    def backorder(self) -> dict[int, bool]:
        """Return, by position, whether a line that needs stock may wait for it: nothing does that is handed over."""
        stocked = [line for line in self.lines if self.products[line.product_id].needs_stock]
        return {
            line.position: self.counter is None
            and (self.products[line.product_id].backorder or line.position in self.may_wait)
            for line in stocked
        }

    @property
    def country(self) -> str:
        """Return where the goods get to: what changes hands in a shop stays in its country."""
        if self.counter is not None:
            return self.counter.country
        return PostalAddress.from_dict(self.order.shipping_address or self.order.billing_address).country

    @property
    def region(self) -> str:
        """Return the region the goods get to, as tax knows it; nothing of what changes hands in a shop."""
        if self.counter is not None:
            return ""
        return pricing.region_of(PostalAddress.from_dict(self.order.shipping_address or self.order.billing_address))


@service
def compose(given: OrderInput, *, at: datetime, actor: Actor) -> Composed:
    """Turn what a channel says into rows, with every figure of the quote frozen on them.

    Reads the customer, the products and the prices. Raises InvalidOrder with the fields at fault,
    and DuplicateReference when the channel sent this order before.
    """
    channel = pricing.channel_by_code(given.channel)
    if given.shipping_method:
        pricing.shipping_method(given.shipping_method)
    require_sense(given)
    buyer = find_buyer(given, channel, goods_key=goods_key_of_input(given), at=at, actor=actor)
    return arrange(given, buyer, at=at, by=str(actor))


def arrange(given: OrderInput, buyer: Buyer, *, at: datetime, by: str = "") -> Composed:
    """Turn what somebody says, who is known, into rows. It only reads: nothing is written, nothing locked.

    `by` is who says it: prices and discounts that are given are told as theirs.
    """
    products = _products_of(given)
    order = head_of(given, buyer, at=at)
    if not given.historic:
        _require_carried(order.shipping_method, products.values())
    parts = stock.parts_of(product.pk for product in products.values() if product.is_kit)
    lines = [
        frozen_line(position, line, products, parts, order.language)
        for position, line in enumerate(given.lines, start=1)
    ]
    composed = Composed(
        order=order,
        lines=lines,
        charges=[],
        products={product.pk: product for product in products.values()},
        buyer=buyer,
        may_wait=frozenset(position for position, line in enumerate(given.lines, start=1) if line.may_wait),
        counter=_counter(given),
        replacement=given.replacement,
    )
    _price(composed, given, on=seat.day_of(at), by=by)
    if composed.counter is not None and not given.historic:
        _require_tax_of_home(composed, composed.counter)
    return composed


def goods_key_of_input(given: OrderInput) -> str:
    """Return what is the same for two orders of the same goods."""
    return goods_key_of((line.sku, line.quantity) for line in given.lines)


def goods_key_of(goods: Iterable[tuple[str, int]]) -> str:
    """Return a short text that is the same for the same goods, in whatever order and on however many lines."""
    units: dict[str, int] = {}
    for sku, quantity in goods:
        units[sku.strip().upper()] = units.get(sku.strip().upper(), 0) + quantity
    return hashlib.sha256(repr(sorted(units.items())).encode()).hexdigest()[:32]


def require_sense(given: OrderInput) -> None:
    """Refuse what no door should have let through."""
    faults = []
    if not given.lines:
        faults.append(_fault("/lines", "required", "An order has at least one line"))
    for index, line in enumerate(given.lines):
        if not 1 <= line.quantity <= MOST_UNITS:
            text = f"A quantity is a whole number from 1 to {MOST_UNITS:,}"
            faults.append(_fault(f"/lines/{index}/quantity", "invalid_quantity", text))
    if given.payment_terms not in guards.TERMS:
        text = f"{given.payment_terms!r} is none of {', '.join(sorted(guards.TERMS))}"
        faults.append(_fault("/payment_terms", "invalid_choice", text))
    if faults:
        raise InvalidOrder(faults[0]["detail"], errors=faults)


def _require_carried(method: ShippingMethod | None, products: Iterable[Product]) -> None:
    """Refuse a way of delivery that cannot carry the goods."""
    if text := why_not_carried(method, products):
        raise InvalidOrder(text, errors=[_fault("/shipping_method", "not_carried", text)])


def _counter(given: OrderInput) -> Warehouse | None:
    """Find the warehouse in which goods are handed over as they are sold."""
    if not given.handed_over_at:
        return None
    if (warehouse := stock.warehouse_by_code(given.handed_over_at)) is None:
        text = f"There is no warehouse {given.handed_over_at}"
        raise InvalidOrder(text, errors=[_fault("/handed_over_at", "unknown_warehouse", text)])
    return warehouse


def _require_tax_of_home(composed: Composed, counter: Warehouse) -> None:
    """Refuse a shop abroad in which goods would be taxed otherwise than as its channel sells them."""
    order = composed.order
    sold = sold_of(order, composed.lines, counter=counter)
    if why_not_from(counter.country, home=order.channel.seller_country, sold=sold) is None:
        return
    text = _("In %(place)s other tax is due than where %(channel)s sells from; choose a channel of that country") % {
        "place": counter.name,
        "channel": order.channel.name,
    }
    raise InvalidOrder(text, errors=[_fault("/handed_over_at", "taxed_otherwise", text)])


def _products_of(given: OrderInput) -> dict[str, Product]:
    """Find the products of all lines in one statement. Unknown ones, and those no longer sold, are refused."""
    products = stock.products_by_sku(line.sku for line in given.lines)
    faults = []
    for index, line in enumerate(given.lines):
        product = products.get(line.sku.strip().upper())
        if product is None:
            faults.append(_fault(f"/lines/{index}/sku", "unknown_product", f"There is no product {line.sku}"))
        elif not product.active and not given.historic and not given.replacement:
            faults.append(_fault(f"/lines/{index}/sku", "product_not_sold", f"{line.sku} is not sold any more"))
    if faults:
        raise InvalidOrder(faults[0]["detail"], errors=faults)
    return products


def head_of(given: OrderInput, buyer: Buyer, *, at: datetime) -> Order:
    """Freeze everything about the order that is not its goods and figures."""
    channel = pricing.channel_by_code(given.channel)
    method = pricing.shipping_method(given.shipping_method) if given.shipping_method else None
    bill_to, ship_to = given.billing_address, given.shipping_address
    # An e-mail address that matches somebody links the order, and lends nothing of theirs.
    lender = buyer.customer if buyer.lends else None
    if lender is not None and ship_to is None and bill_to is None and not given.historic:
        bill_to, ship_to = customer_selectors.default_addresses(lender)
        ship_to = None if given.handed_over_at else ship_to
    placed_at = given.placed_at or at
    name = given.customer_name or (lender.name if lender else "")
    phone = given.phone or (lender.phone if lender else "")
    return Order(
        channel=channel,
        external_reference=given.external_reference,
        customer=buyer.customer,
        found_by_email=buyer.found_by_email,
        customer_name=name,
        name_key=folded(name)[:200],
        surname_key=last_word_first(name)[:200],
        email=(given.email or (lender.email if lender else "")).strip().lower(),
        phone=phone,
        phone_key=from_the_end(phone)[:40],
        language=given.language or (lender.language if lender else channel.language),
        billing_address=_stored(bill_to),
        shipping_address=_stored(ship_to or (bill_to if method is None or not method.pickup else None)),
        shipping_method=method,
        requested_delivery_on=given.requested_delivery_on,
        ship_complete=given.ship_complete,
        purchase_order_number=given.purchase_order_number,
        customer_note=given.customer_note,
        gift_note=given.gift_note,
        metadata=given.metadata,
        tags=list(given.tags),
        currency=given.currency or channel.currency,
        payment_terms=given.payment_terms,
        quiet=channel.quiet if given.notify is None else not given.notify,
        placed_at=placed_at,
        goods_key=goods_key_of_input(given),
        address_key=verification.address_key(ship_to or bill_to or PostalAddress()),
        priority=USUAL,
        rank=rank_of(USUAL, placed_at),
    )


def _stored(address: PostalAddress | None) -> dict[str, str]:
    """Return the stored form; an address in which nothing is said is none."""
    return address.as_dict() if address is not None and any(address.as_dict().values()) else {}


def frozen_line(
    position: int,
    given: LineInput,
    products: dict[str, Product],
    parts: Mapping[int, Sequence[KitPart]],
    language: str,
) -> OrderLine:
    """Freeze what is wanted and what is in it, named in the language of the customer."""
    product = products[given.sku.strip().upper()]
    return OrderLine(
        position=position,
        product=product,
        sku=product.sku,
        name=product.name_in(language)[:200],
        kind=product.kind,
        parts=[
            {
                "product": part.product_id,
                "sku": part.product.sku,
                "name": part.product.name_in(language)[:200],
                "per": part.per,
            }
            for part in parts.get(product.pk, ())
        ],
        quantity=given.quantity,
    )


def _price(composed: Composed, given: OrderInput, *, on: date, by: str) -> None:
    """Have the order priced, and write every figure onto it."""
    order, customer = composed.order, composed.buyer.customer if composed.buyer.lends else None
    priced_for = None if given.prices_as_shown else composed.buyer.customer
    is_known = priced_for is not None or bool(given.email and not given.prices_as_shown)
    quote = pricing.quote_order(
        channel=order.channel,
        lines=[
            pricing.QuoteLine(
                key=line.position,
                product=line.product,
                quantity=line.quantity,
                unit_price=wanted.unit_price,
                tax_amount=wanted.tax_amount,
                discount=wanted.discount,
                by=by if wanted.unit_price is not None or wanted.discount else "",
            )
            for line, wanted in zip(composed.lines, given.lines, strict=True)
        ],
        country=composed.country,
        region=composed.region,
        on=on,
        method=order.shipping_method,
        shipping_price=given.shipping_price,
        charges=[replace(one, by=by) for one in (*given.charges, *_discounts(given))],
        coupon_codes=given.coupon_codes,
        buyer=pricing.tax_buyer(customer, is_company=bool(given.customer_company)),
        group_id=customer.group_id if customer and priced_for else None,
        customer_id=priced_for.pk if priced_for else None,
        is_first=composed.buyer.before.is_first if is_known else None,
        prices_include_tax=given.prices_include_tax,
        currency=order.currency,
        excess="keep" if given.historic else "refuse",
    )
    order.taxed_on = on
    freeze_quote(composed, quote)
    composed.list_prices = _list_prices(composed, given, on=on)
    for payment in given.payments:
        if payment.status == "captured":
            order.paid_total += payment.amount
        else:
            order.authorized_total += payment.amount
    restate(order, lines=composed.lines, charges=composed.charges)


def freeze_quote(composed: Composed, quote: pricing.Quote) -> None:
    """Copy the figures of a quote onto the rows, and make a row of each charge."""
    order = composed.order
    order.prices_include_tax = quote.prices_include_tax
    for name in ("subtotal", "discount_total", "shipping_total", "charges_total", "tax_total", "total"):
        setattr(order, name, getattr(quote, name))
    order.tax_breakdown, order.explanation = quote.tax_breakdown, quote.explanation
    for line, priced in zip(composed.lines, quote.lines, strict=True):
        for name in ("unit_price", "discount_total", "net_total", "tax_category", "tax_rate", "tax_total", "total"):
            setattr(line, name, getattr(priced, name))
    composed.charges = [
        OrderCharge(
            position=position,
            kind=charge.kind,
            code=charge.code[:40],
            name=name_of_charge(order, charge.code, charge.name)[:200],
            amount=charge.amount,
            taxes=charge.taxes,
            net_total=charge.net_total,
            tax_total=charge.tax_total,
            total=charge.total,
        )
        for position, charge in enumerate(quote.charges, start=1)
    ]


def name_of_charge(order: Order, code: str, name: str) -> str:
    """Return what a charge is called: delivery in the language of the customer, as the goods are."""
    method = order.shipping_method
    return method.name_in(order.language) if method and (method.code, method.name) == (code, name) else name


def _discounts(given: OrderInput) -> Sequence[ChargeInput]:
    return [
        ChargeInput(kind="discount", code=one.code, name=one.reason or one.code or "Discount", amount=-one.amount)
        for one in given.discounts
    ]


def _list_prices(composed: Composed, given: OrderInput, *, on: date) -> dict[int, Decimal]:
    """Return our own prices of lines that brought theirs, where the two can be compared and somebody wants that."""
    order, channel = composed.order, composed.order.channel
    wanted = [
        line.product_id for line, one in zip(composed.lines, given.lines, strict=True) if one.unit_price is not None
    ]
    comparable = order.currency == channel.currency and order.prices_include_tax == channel.prices_include_tax
    if not wanted or not comparable or verification.policy_of(verification.PRICE, channel.checks) == verification.OFF:
        return {}
    group = composed.buyer.customer.group_id if composed.buyer.customer and composed.buyer.lends else None
    return pricing.prices_for(channel, wanted, on, group_id=group)


def _fault(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}
