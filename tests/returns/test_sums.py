"""Whatever comes back, in whatever order: what goes back is exactly what was charged."""

import random
from collections import Counter
from decimal import Decimal as D

import pytest
from django.db import connection

from billing.models import CreditNote, Invoice, Refund
from core import outbox
from inventory import services as inventory
from inventory.models import Product
from orders.inputs import DiscountInput, LineInput
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.models import Channel
from returns import services as returns
from returns.models import ReturnLine, ReturnRequest
from tests.factories.catalog import stock_of
from tests.factories.returns import MAYA, again, days_ago, delivered_order, inspected, resolved
from tests.factories.shop import make_priced_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_true")]


def total_of(model, order: Order, field: str) -> D:
    return sum((getattr(row, field) for row in model.objects.filter(order=order)), start=D(0))


def test_two_withdrawals_of_everything_give_the_whole_order_back_with_delivery(seller):
    order = delivered_order()

    first = resolved(order, {"MUG-RED": 1})
    second = resolved(order, {"MUG-RED": 1, "TEA-1": 1})

    assert (first.refund_total, first.with_charges) == (D("5.95"), False)
    assert (second.refund_total, second.with_charges) == (D("22.06") - D("5.95"), True)
    assert again(order).refunded_total == again(order).credited_total == order.total
    assert (again(order).payment_status, again(order).return_status) == ("refunded", "returned")


def test_half_of_the_only_line_is_not_everything_so_delivery_stays_paid(seller):
    order = delivered_order({"MUG-RED": 2})

    first = resolved(order, {"MUG-RED": 1})
    assert (first.refund_total, first.with_charges) == (D("5.95"), False)

    second = resolved(order, {"MUG-RED": 1})
    assert (second.refund_total, second.with_charges) == (order.total - D("5.95"), True)
    assert again(order).refunded_total == again(order).credited_total == order.total


def test_delivery_charges_go_back_from_whichever_invoice_they_are_on(seller):
    for product, warehouse in ((seller.tea, seller.hamburg), (seller.mug, seller.munich)):
        inventory.adjust_stock(
            product_id=product.pk, warehouse_id=warehouse.pk, change=-100, reason="Gone", actor=MAYA
        )
    order = delivered_order()
    assert Invoice.objects.filter(order=order).count() == 2

    refunds = [resolved(order, {sku: units}).refund_total for sku, units in (("MUG-RED", 2), ("TEA-1", 1))]

    assert sum(refunds) == order.total == again(order).credited_total
    assert CreditNote.objects.filter(order=order).count() == 3


def test_a_discount_on_the_whole_order_comes_off_what_goes_back_and_off_its_lines(seller):
    order = delivered_order(discounts=(DiscountInput(amount=D("3.00"), reason="Thank you"),))
    first = resolved(order, {"MUG-RED": 1})
    second = resolved(order, {"MUG-RED": 1, "TEA-1": 1})

    for one in (first, second):
        [note] = CreditNote.objects.filter(order=order, reference=one.number)
        of_lines = sum(line.refund_amount for line in one.lines.all())
        assert of_lines == note.total - sum(row.total for row in note.lines.filter(order_line=None, total__gt=0))
    assert D(0) < first.refund_total < D("5.95")
    assert first.refund_total + second.refund_total == order.total == again(order).refunded_total


def test_after_the_time_of_the_law_delivery_is_not_refunded(seller):
    order = delivered_order(at=days_ago(20))

    assert resolved(order, {"MUG-RED": 2, "TEA-1": 1}).refund_total == D("11.90") + D("4.50")


def test_staff_may_be_generous_and_may_be_strict(seller, run_debts):
    late = inspected(delivered_order(at=days_ago(20)), {"MUG-RED": 2})
    assert returns.resolve_return(late.pk, with_charges=True, actor=MAYA).refund_total == D("17.56")

    early = inspected(delivered_order(email="bob@example.com"), {"MUG-RED": 2, "TEA-1": 1})
    assert returns.resolve_return(early.pk, with_charges=False, actor=MAYA).refund_total == D("16.40")


@pytest.mark.parametrize("gross", [False, True])
@pytest.mark.parametrize("method", ["standard", "pickup"])
def test_thirty_known_returns_refund_what_was_charged(seller, gross, method):
    """Six orders at odd prices with discounts, given back in five parts each, in any order."""
    # What is summed up in Python is the same on every database: the second one is asked for one of them.
    buyers = 6 if connection.vendor == "sqlite" else 1
    chance = random.Random(f"{gross} {method}")
    Channel.objects.filter(code="api").update(prices_include_tax=gross)
    pricing.forget()
    products = [odd_product(number, chance) for number in range(6)]
    for buyer in range(buyers):
        order = odd_order(products, chance, method, email=f"buyer-{buyer}@example.com")
        lines = list(OrderLine.objects.filter(order=order))
        *parts, last = in_parts(lines, 5, chance)
        how = {"warehouse_id": seller.hamburg.pk, "actor": MAYA, "at": order.delivered_at}
        for part in parts:
            returns.return_through(order.pk, quantities=part, **how)
        returns.return_through(order.pk, quantities=last, with_charges=True, **how)
        outbox.drain(threads=[order.history_thread()])

        assert total_of(Refund, order, "amount") == total_of(CreditNote, order, "total") == order.total
        assert total_of(ReturnRequest, order, "refund_total") == again(order).refunded_total == order.total
        if method == "pickup":
            amounts = ReturnLine.objects.filter(return_request__order=order).values_list("refund_amount", flat=True)
            assert sum(amounts) == sum(line.total for line in lines) == order.total
        back = OrderLine.objects.filter(order=order).values_list("returned", flat=True)
        assert list(back) == [line.quantity for line in lines]

    assert ReturnRequest.objects.filter(status="closed").count() == 5 * buyers
    assert {stock_of(product).on_hand for product in products} == {500}


def odd_product(number: int, chance: random.Random) -> Product:
    price = f"{chance.randint(1, 3000) / 100:.2f}"
    tax_class = chance.choice(["standard", "reduced"])
    return make_priced_product(f"ODD-{number}", price, tax_class=tax_class, stock={"HAM": 500})


def odd_order(products: list[Product], chance: random.Random, method: str, **given: str) -> Order:
    goods = {product.sku: chance.randint(2, 7) for product in chance.sample(products, 3)}
    lines = tuple(
        LineInput(sku=sku, quantity=units, discount=D(chance.randint(0, units)) / 100) for sku, units in goods.items()
    )
    # Told nobody: the sums are the same, and no letter is set for them.
    return delivered_order(lines=lines, shipping_method=method, notify=False, **given)


def in_parts(lines: list[OrderLine], count: int, chance: random.Random) -> list[dict[int, int]]:
    """Share all units out over so many returns, at random, none of them empty."""
    pieces = [line.pk for line in lines for _ in range(line.quantity)]
    chance.shuffle(pieces)
    parts: list[Counter[int]] = [Counter([piece]) for piece in pieces[:count]]
    for piece in pieces[count:]:
        chance.choice(parts)[piece] += 1
    return [dict(part) for part in parts]
