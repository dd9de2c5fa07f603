"""Goods that were lost go out once more: as an order of its own at no charge, tied to the one it stands for."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import service
from customers.addresses import PostalAddress
from orders import selectors
from orders.errors import SentAgainAlready
from orders.events import SentAgain, StandsFor
from orders.inputs import LineInput, OrderInput
from orders.models import Order, OrderLine, OrderStatus, Replacement

from .book import take_order
from .placement import place_order
from .settlement import settle


def replacement_input(order: Order, units: Mapping[int, int], *, to: PostalAddress | None = None) -> OrderInput:
    """Return the order that brings units, by line id, once more: agreed as before, but for what it costs."""
    lines = OrderLine.objects.filter(order=order, pk__in=units).order_by("position")
    wanted = [LineInput(sku=line.sku, quantity=units[line.pk], unit_price=Decimal(0), may_wait=True) for line in lines]
    there = to or (PostalAddress.from_dict(order.shipping_address) if order.shipping_address else None)
    return OrderInput(
        channel=order.channel.code,
        lines=tuple(wanted),
        currency=order.currency,
        customer_id=order.customer_id,
        acts_for_customer=not order.found_by_email,
        customer_name=order.customer_name,
        email=order.email,
        phone=order.phone,
        language=order.language,
        billing_address=PostalAddress.from_dict(order.billing_address) if order.billing_address else None,
        shipping_address=there,
        shipping_method=order.shipping_method.code if order.shipping_method else None,
        shipping_price=Decimal(0),
        prices_include_tax=order.prices_include_tax,
        purchase_order_number=order.purchase_order_number,
        gift_note=order.gift_note,
        allow_shortage=True,
        replacement=True,
        notify=not order.quiet,
    )


def replacement_of(order_id: int, reference: str) -> Order | None:
    """Return the order that brings what was in a parcel once more, if there is one that is not given up."""
    return selectors.sent_again(order_id).get(reference)


@service
def send_units_again(
    order_id: int, *, units: Mapping[int, int], reference: str, to: PostalAddress | None = None, actor: Actor
) -> Order:
    """Place an order at no charge for units that were lost, by line id. Raises SentAgainAlready for a parcel twice."""
    order = take_order(order_id)
    if (known := replacement_of(order.pk, reference)) is not None:
        raise SentAgainAlready(_("%(order)s brings it already") % {"order": known}, order=known.number)
    placed = place_order(replacement_input(order, units, to=to), actor=actor)
    Replacement.objects.create(order=placed, replaced=order, reference=reference)
    emit(
        SentAgain(order_id=order.pk, other=str(placed), reference=reference, quiet=order.quiet),
        StandsFor(order_id=placed.pk, other=str(order), reference=reference, quiet=order.quiet),
        actor=actor,
    )
    return placed


@service
def await_no_longer(order_id: int, *, actor: Actor, at: datetime | None = None) -> Order:
    """Say of an order all of which has left that nobody waits for word of it any more: what is lost is settled."""
    when = at or timezone.now()
    order, today = take_order(order_id), timezone.localdate(when)
    if order.status == OrderStatus.FULFILLED and (order.closes_on is None or order.closes_on > today):
        order.closes_on = today
        settle(order, actor=actor, at=when, more=["closes_on"])
    return order


def value_of(order: Order, units: Mapping[int, int]) -> tuple[Decimal | None, Decimal]:
    """Return what units, by line id, cost the house, if that is known of all of them, and what they were sold for."""
    cost, price = Decimal(0), Decimal(0)
    is_known = True
    for line in OrderLine.objects.filter(order=order, pk__in=units).select_related("product"):
        share = Decimal(units[line.pk]) / line.quantity
        price += line.total * share
        is_known = is_known and line.product.unit_cost is not None
        cost += (line.product.unit_cost or Decimal(0)) * units[line.pk]
    return (cost if is_known else None), price
