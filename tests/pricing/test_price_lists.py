"""Whose prices: by customer group, channel and day, each with the reason why."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from core.actors import SYSTEM, Actor
from core.money import Money
from customers import services as customers
from customers.models import Customer, CustomerGroup
from inventory.models import Product
from orders import services as orders
from orders.price_words import why_prices
from orders.wishes import LineWish, Wish
from portal.cart import Step
from pricing import services as pricing
from pricing.models import PriceList, ShippingRate, Zone
from tests.orders.bodies import ORDERS, post
from tests.scenarios import anew, confirmed_order, order_input, placed_order

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)


def make_list(code: str, prices: dict[int, dict[int, str]] | None = None, **more) -> PriceList:
    """Return a list with prices by product and quantity."""
    made = PriceList.objects.create(code=code, name=code.capitalize(), currency=more.pop("currency", "EUR"), **more)
    for product_id, steps in (prices or {}).items():
        for least, amount in steps.items():
            pricing.set_price(product_id, amount=D(amount), price_list=code, min_quantity=least, actor=SYSTEM)
    pricing.forget()
    return made


@pytest.fixture
def trade(shop) -> CustomerGroup:
    """Return a group of customers."""
    return CustomerGroup.objects.create(code="trade", name="Trade")


def make_dealer(trade: CustomerGroup) -> Customer:
    dealer = customers.find_or_create(
        email="dealer@example.com",
        name="Dora Dealer",
        company="Dealer",
        phone="",
        language="en",
        currency="EUR",
        actor=SYSTEM,
    )
    Customer.objects.filter(pk=dealer.pk).update(group=trade)
    return dealer


def lists(shop, **more) -> list[str]:
    found = pricing.price_lists_for(shop.channel("api"), **{"on": TODAY, **more})
    return [one.code for one in found]


def test_the_list_that_names_a_sale_most_closely_goes_first(shop, trade):
    api, phone = shop.channel("api"), shop.channel("phone")
    make_list("sale", valid_from=TODAY, valid_to=TODAY)
    make_list("web", channel=api)
    make_list("web-first", channel=api, priority=5)
    make_list("by-phone", channel=phone)
    make_list("dealers", group=trade)
    make_list("dollars", currency="USD", channel=api)
    make_list("unnamed")

    assert lists(shop, group_id=trade.pk) == ["dealers", "web-first", "web", "sale", "standard"]
    assert lists(shop) == ["web-first", "web", "sale", "standard"]
    assert lists(shop, on=TODAY + timedelta(days=1)) == ["web-first", "web", "standard"]
    assert lists(shop, currency="USD") == ["dollars"]
    with pytest.raises(pricing.CurrencyNotSold):
        lists(shop, currency="GBP")


def test_a_list_of_net_amounts_stays_off_gross_channels(shop, trade):
    make_list("dealers", group=trade, taxed="net")

    assert lists(shop, group_id=trade.pk, gross=False) == ["dealers", "standard"]
    assert lists(shop, group_id=trade.pk, gross=True) == ["standard"]


def test_a_product_that_is_not_on_the_first_list_costs_what_the_next_one_says(shop, trade):
    make_list("dealers", {shop.mug.pk: {10: "4.00"}}, group=trade)
    asked = {"channel": shop.channel("api"), "country": "DE", "on": TODAY, "group_id": trade.pk}

    quote = pricing.quote_order(
        lines=[
            pricing.QuoteLine(1, shop.mug, 10), pricing.QuoteLine(2, shop.mug, 9), pricing.QuoteLine(3, shop.tea, 1),
        ],
        **asked,
    )  # fmt: skip

    assert [line.unit_price for line in quote.lines] == [D("4.00"), D("5.00"), D("4.20")]
    assert [one["list"] for one in quote.explanation if one["code"] == "price_list"] == [
        {"code": "dealers", "name": "Dealers", "from": 10},
        {"code": "standard", "name": "Standard", "from": 1},
        {"code": "standard", "name": "Standard", "from": 1},
    ]


def test_one_statement_reads_the_prices_of_all_lists(shop, trade, django_assert_num_queries):
    make_list("dealers", {shop.mug.pk: {1: "4.50", 10: "4.00", 20: "4.00"}}, group=trade)
    channel, pks = shop.channel("api"), [shop.mug.pk, shop.tea.pk]
    pricing.price_steps(channel, pks, TODAY, group_id=trade.pk)

    with django_assert_num_queries(1):
        found = pricing.price_steps(channel, pks, TODAY, group_id=trade.pk)

    assert [(one.min_quantity, one.amount) for one in found[shop.mug.pk]] == [(1, D("4.50")), (10, D("4.00"))]
    assert [(one.min_quantity, one.amount) for one in found[shop.tea.pk]] == [(1, D("4.20"))]


def test_an_order_keeps_why_it_costs_what_it_does(shop, trade):
    make_list("dealers", {shop.mug.pk: {10: "4.00"}}, group=trade, valid_to=date(2999, 1, 31))
    dealer = make_dealer(trade)

    order = placed_order({"MUG-RED": 10, "TEA-1": 1}, email="", customer_id=dealer.pk)
    PriceList.objects.filter(code="dealers").update(name="Renamed")

    assert [line.unit_price for line in order.lines.all()] == [D("4.00"), D("4.20")]
    assert why_prices(anew(order)).lines == {
        1: ["Price list Dealers, from 10 units, until 31 January 2999"], 2: ["Price list Standard"],
    }  # fmt: skip


def test_a_mail_address_alone_buys_at_the_prices_for_everybody(shop, trade):
    make_list("dealers", {shop.mug.pk: {1: "1.00"}}, group=trade)
    dealer = make_dealer(trade)

    order = placed_order({"MUG-RED": 1}, email=dealer.email, acts_for_customer=False)

    assert order.customer == dealer
    assert order.lines.get().unit_price == D("5.00")


def test_a_price_that_somebody_sets_says_who_and_why(shop):
    maya = Actor("staff", "maya", frozenset({"orders.change_price"}))
    order = confirmed_order({"MUG-RED": 2, "TEA-1": 1})
    wish = Wish(lines=(LineWish(position=1, unit_price=D("3.00")),))

    orders.amend_order(order.pk, wish, expected_version=order.version, reason="Scratched", actor=maya)
    assert why_prices(anew(order)).lines[1] == ["Price set by hand, by Maya: Scratched"]

    # The next edit is somebody else's, and leaves that word as it is.
    more = Wish(lines=(LineWish(position=2, quantity=2),))
    orders.amend_order(order.pk, more, expected_version=anew(order).version, actor=Actor("staff", "ben"))
    assert why_prices(anew(order)).lines == {
        1: ["Price set by hand, by Maya: Scratched"], 2: ["Price list Standard"],
    }  # fmt: skip


def test_the_portal_shows_who_is_signed_in_their_prices(shop, trade, client, django_user_model):
    make_list("dealers", {shop.mug.pk: {1: "4.50", 10: "4.00"}}, group=trade)
    dealer = make_dealer(trade)
    user = django_user_model.objects.create_user("dora")
    Customer.objects.filter(pk=dealer.pk).update(user=user)

    assert _mug(client)["price"] == Money(D("5.00"), "EUR")
    client.force_login(user)
    assert _mug(client)["price"] == Money(D("4.50"), "EUR")
    assert _mug(client)["steps"] == [Step(10, Money(D("4.00"), "EUR"))]
    client.post("/cart/put/", {"quantity:MUG-RED": "10"})
    assert client.get("/cart/").context["rows"][0]["line"].price == Money(D("4.00"), "EUR")


def _mug(client):
    rows = client.get("/shop/").context["rows"]
    return next(row for row in rows if row["product"].sku == "MUG-RED")


def test_the_api_quotes_without_placing(shop, trade, api):
    make_list("dealers", {shop.mug.pk: {1: "1.00"}}, group=trade)
    answer = post(api, f"{ORDERS}quote/")

    assert answer.status_code == 200
    assert (answer.json()["subtotal"], answer.json()["total"]) == ("14.20", "22.06")
    assert answer.json()["explanation"][0]["list"] == {"code": "standard", "name": "Standard", "from": 1}
    assert orders.preview_order(order_input()).order.total == D("22.06")
    assert not Customer.objects.exists()


def test_a_delivery_costs_by_zone_weight_and_value(shop):
    standard, home = pricing.shipping_method("standard"), Zone.objects.get(code="home")
    for grams, value, amount in [(0, 50, "0.00"), (10_000, 0, "12.90"), (10_000, 100, "6.00")]:
        ShippingRate.objects.create(
            method=standard,
            zone=home,
            currency="EUR",
            min_weight_grams=grams,
            min_goods_value=value,
            amount=D(amount),
        )
    Product.objects.filter(pk=shop.mug.pk).update(weight_grams=1_000)
    shop.mug.weight_grams = 1_000
    pricing.forget()

    def charge(mugs: int) -> str:
        order = orders.preview_order(order_input({"MUG-RED": mugs})).order
        return f"{order.shipping_total} {why_prices(order).others[-1]}"

    assert [charge(mugs) for mugs in (9, 10, 20)] == [
        "4.90 Delivery to Germany: €4.90",
        "12.90 Delivery to Germany, from 10 kg: €12.90",
        "6.00 Delivery to Germany, goods from €100.00, from 10 kg: €6.00",
    ]
    # An edit asks the same steps.
    order = confirmed_order({"MUG-RED": 9})
    wish = Wish(lines=(LineWish(position=1, quantity=20),))
    orders.amend_order(order.pk, wish, expected_version=order.version, actor=SYSTEM)
    assert anew(order).shipping_total == D("6.00")
