"""Placing an order in the portal: once, to the cent, and with nothing typed twice."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM
from customers import services as customers
from inventory import services as inventory
from orders.models import Order
from tests.factories.shop import make_priced_product
from tests.portal.visitors import ADDRESS, faults_of, text_of


def test_the_total_is_shown_before_and_charged_after(with_mugs, answers):
    assert with_mugs.get("/checkout/").context["quote"].total == Decimal("22.06")

    answer = with_mugs.post("/checkout/", answers, follow=True)

    order = Order.objects.get()
    assert answer.redirect_chain == [(f"/orders/{order.number}/placed/", 302)]
    assert order.total == Decimal("22.06")
    assert order.channel.code == "portal"
    assert order.shipping_address["city"] == "Berlin"
    page = text_of(answer)
    assert "Thank you for your order." in page
    assert "How to pay" in page
    assert "DE02120300000000202051" in page
    assert "cart" not in with_mugs.session


def test_only_ways_of_delivery_that_carry_the_goods_are_offered(with_mugs, answers):
    make_priced_product("ACID", "9.00", stock={"HAM": 5}, handling=["hazardous"])
    session = with_mugs.session
    session["cart"] = {"MUG-RED": 2, "ACID": 1}
    session.save()

    form = with_mugs.get("/checkout/").context["form"]

    assert [code for code, _label in form.fields["shipping_method"].choices] == ["pickup"]
    assert form.initial["shipping_method"] == "pickup"
    refused = with_mugs.post("/checkout/", answers | {"shipping_method": "standard"})
    assert (refused.status_code, Order.objects.count()) == (400, 0)


def test_the_same_form_sent_twice_places_one_order_and_shows_it_again(with_mugs, answers):
    first = with_mugs.post("/checkout/", answers)
    second = with_mugs.post("/checkout/", answers)

    assert first.url == second.url == f"/orders/{Order.objects.get().number}/placed/"


def test_two_clicks_at_once_place_one_order(with_mugs, answers):
    first = with_mugs.post("/checkout/", answers)
    # The second click left while the cart was still full, and knew nothing of the order.
    session = with_mugs.session
    session["cart"] = {"MUG-RED": 2, "TEA-1": 1}
    del session["opened_orders"]
    session.save()

    second = with_mugs.post("/checkout/", answers)

    assert first.url == second.url == f"/orders/{Order.objects.get().number}/placed/"
    assert "cart" not in with_mugs.session


def test_an_old_form_does_not_cost_a_new_cart(with_mugs, answers):
    with_mugs.post("/checkout/", answers)
    with_mugs.post("/cart/put/", {"quantity:MUG-RED": "7"})

    with_mugs.post("/checkout/", answers)

    assert Order.objects.count() == 1
    assert with_mugs.session["cart"] == {"MUG-RED": 7}


@pytest.mark.parametrize("token", ["", "guessed", "0" * 33])
def test_a_form_without_its_own_token_places_nothing(with_mugs, answers, token):
    assert with_mugs.post("/checkout/", {**answers, "token": token}).status_code == 400
    assert Order.objects.count() == 0


def test_looking_at_the_price_places_nothing(with_mugs, answers):
    del answers["place"]

    answer = with_mugs.post("/checkout/", {**answers, "update": "1", "country": "AT"})

    assert answer.status_code == 200
    assert Order.objects.count() == 0
    assert answer.context["form"]["country"].value() == "AT"


def test_a_shortage_is_explained_and_keeps_what_was_typed(with_mugs, answers):
    with_mugs.post("/cart/put/", {"quantity:MUG-RED": "500"})

    answer = with_mugs.post("/checkout/", {**answers, "customer_note": "Ring twice"})

    assert answer.status_code == 400
    page = text_of(answer)
    assert "We do not have enough of: MUG-RED (200). Please order fewer." in page
    assert "Ring twice" in page
    assert answer.context["form"]["city"].value() == "Berlin"
    assert with_mugs.session["cart"]["MUG-RED"] == 500
    assert Order.objects.count() == 0
    with_mugs.post("/cart/put/", {"quantity:MUG-RED": "3"})
    assert with_mugs.post("/checkout/", answers).status_code == 302


def test_bad_answers_are_named_beside_their_fields(with_mugs, answers):
    bad = {
        **answers,
        "email": "ada",
        "name": "",
        "country": "XX",
        "shipping_method": "rocket",
        "payment_terms": "net30",
    }

    answer = with_mugs.post("/checkout/", bad)

    assert answer.status_code == 400
    assert set(faults_of(answer)) == {"email", "name", "country", "shipping_method", "payment_terms"}
    page = answer.content.decode()
    assert 'aria-describedby="error_name"' in page
    assert 'id="error_name">This field is required.' in page
    assert Order.objects.count() == 0


def test_a_voucher_nobody_knows_is_named_beside_its_field(with_mugs, answers):
    answer = with_mugs.post("/checkout/", {**answers, "coupon_code": "FREE"})

    assert answer.status_code == 400
    assert list(faults_of(answer)) == ["coupon_code"]
    assert Order.objects.count() == 0


@pytest.mark.parametrize("field", ["name", "city", "customer_note", "coupon_code", "token"])
def test_a_nul_is_refused_beside_its_field(with_mugs, answers, field):
    answer = with_mugs.post("/checkout/", {**answers, field: "a\0b"})

    assert answer.status_code == 400
    assert "Null characters are not allowed." in faults_of(answer)[field]


def test_a_product_no_longer_sold_drops_out_before_it_is_ordered(with_mugs, answers, shop):
    inventory.update_product(shop.mug.pk, {"active": False}, actor=SYSTEM)

    with_mugs.post("/checkout/", answers)

    assert [line.sku for line in Order.objects.get().lines.all()] == ["TEA-1"]


def test_an_empty_cart_leads_back_to_the_shop(client):
    assert client.get("/checkout/").url == "/shop/"
    assert client.post("/checkout/", ADDRESS).url == "/shop/"


def test_a_customer_buys_on_account_and_need_not_type_what_we_know(signed_in, ada, answers):
    customers.update_customer(ada.pk, {"payment_terms": "net14"}, actor=SYSTEM)
    form = signed_in.get("/checkout/").context["form"]
    assert form["name"].value() == "Ada Byron"
    assert form["payment_terms"].value() == "net14"

    signed_in.post("/checkout/", {**answers, "email": "eve@example.com", "payment_terms": "net14"})

    order = Order.objects.get()
    assert order.customer_id == ada.pk
    assert order.email == "ada@example.com"
    assert order.status == "confirmed"


def test_a_customer_with_terms_of_his_own_still_finds_one_to_choose(signed_in, ada):
    customers.update_customer(ada.pk, {"payment_terms": "prepaid"}, actor=SYSTEM)
    signed_in.post("/cart/put/", {"quantity:MUG-RED": "1"})

    assert signed_in.get("/checkout/").context["form"]["payment_terms"].value() == "prepaid"


def test_a_guest_gets_nothing_of_the_customer_whose_address_he_types(with_mugs, answers):
    """Fails without `acts_for_customer`: the VAT number of another firm takes the tax off."""
    firm = customers.CustomerInput(name="Firm", company="Firm", email="ada@example.com", vat_id="ATU12345675")
    customers.create_customer(firm, actor=SYSTEM)

    with_mugs.post("/checkout/", {**answers, "country": "AT", "postal_code": "1010", "company": "Mine"})

    order = Order.objects.get()
    assert (order.customer.company, order.tax_total > 0) == ("Firm", True)
