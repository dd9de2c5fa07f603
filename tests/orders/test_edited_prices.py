"""What becomes of the price of many, and of a discount on the whole, when an order gets smaller."""

from decimal import Decimal

import pytest

from core.actors import Actor
from orders import services as orders
from orders.changing import PriceKept
from orders.inputs import DiscountInput
from orders.models import OrderLine
from pricing import services as pricing
from pricing.calculation import charges
from pricing.models import Price
from tests.factories.shop import Shop, make_priced_product
from tests.orders.test_edits import edit, quantities
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def cheaper_from_ten(shop: Shop) -> None:
    """A mug costs 5.00, and 1.00 from ten on."""
    tier = Price.objects.get(product=shop.mug, min_quantity=1)
    tier.pk, tier.min_quantity, tier.amount = None, 10, Decimal(1)
    tier.save()
    pricing.forget()


@pytest.mark.usefixtures("cheaper_from_ten")
def test_a_customer_who_takes_fewer_than_a_price_asks_for_pays_the_price_of_so_many() -> None:
    order = confirmed_order({"MUG-RED": 10})
    line = OrderLine.objects.get(order=order)
    assert line.unit_price == 1

    edit(order, quantities(line1=9), actor=Actor("guest", order.number))

    now, line = anew(order), OrderLine.objects.get(order=order)
    assert (line.quantity, line.unit_price, now.subtotal) == (9, 5, 45)
    told = [(one["code"], one["list"]["from"], "by" in one) for one in now.explanation if one["about"] == "line:1"]
    assert told == [("price_list", 1, False)]


@pytest.mark.usefixtures("cheaper_from_ten")
def test_staff_keep_the_price_of_many_for_few_and_are_told_both() -> None:
    order = confirmed_order({"MUG-RED": 10})

    shown = orders.preview_change(order.pk, quantities(line1=9))
    assert shown.prices == (PriceKept(name="Red mug", units=9, agreed=Decimal(1), today=Decimal(5)),)
    edit(order, quantities(line1=9))

    assert OrderLine.objects.get(order=order).unit_price == 1


def test_a_discount_that_was_granted_takes_no_more_than_what_is_left(shop: Shop) -> None:
    order = confirmed_order({"MUG-RED": 4}, discounts=(DiscountInput(amount=Decimal(15)),))
    assert (order.subtotal, order.discount_total) == (20, 15)

    edit(order, quantities(line1=1))

    now = anew(order)
    assert (now.subtotal, now.shipping_total, now.discount_total, now.total) == (
        5,
        Decimal("4.90"),
        Decimal("9.90"),
        0,
    )


@pytest.mark.usefixtures("shop")
def test_an_order_whose_delivery_a_service_bore_as_well_is_changed_and_its_goods_bear_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_priced_product("CARE", "40.00", kind="service")
    with monkeypatch.context() as before:
        before.setattr(charges, "_bases_of", lambda _charge, goods, _charges: charges._bases(goods))
        order = confirmed_order({"TEA-1": 2, "CARE": 1})
    assert [one["rate"] for one in order.charges.get().taxes] == ["0.07", "0.19"]

    edit(order, quantities(line1=1))

    assert [(one["rate"], one["net"]) for one in order.charges.get().taxes] == [("0.07", "4.90")]
    assert anew(order).total == Decimal("57.34")
