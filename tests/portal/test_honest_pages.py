"""The pages mean what they say: no total nobody saw, no state that is not, no dead end."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from orders import services as orders
from orders.models import Order
from tests.factories.shop import make_priced_product
from tests.portal.visitors import faults_of, text_of
from tests.scenarios import anew, placed_order, shipped_order

CHANGED = "Your choices changed the total to €28.20. Please look at it, and order if it suits you."
MARKED = "Something is missing or not right. It is marked below."


def test_what_was_typed_into_the_cart_is_what_is_checked_out(with_mugs):
    answer = with_mugs.post("/cart/put/", {"quantity:MUG-RED": "5", "checkout": "1"})

    assert answer.url == "/checkout/"
    assert with_mugs.session["cart"] == {"MUG-RED": 5, "TEA-1": 1}


@pytest.mark.parametrize("typed", ["-1", "1.5", "abc", "1_0", "²", "9" * 5000])
def test_what_is_no_number_of_pieces_stays_in_the_cart_instead_of_being_checked_out(with_mugs, typed):
    answer = with_mugs.post("/cart/put/", {"quantity:MUG-RED": typed, "checkout": "1"})

    assert answer.url == "/cart/"
    assert with_mugs.session["cart"] == {"MUG-RED": 2, "TEA-1": 1}


def test_a_product_that_is_sold_out_cannot_be_typed_into_the_cart(client, shop):
    make_priced_product("GONE", "3.00", name="Gone cup")

    page = client.get("/shop/?q=gone")

    assert "Sold out" in text_of(page)
    assert "quantity:GONE" not in page.content.decode()
    assert "quantity:MUG-RED" in client.get("/shop/?q=mug").content.decode()


def test_a_total_that_no_page_showed_is_shown_before_it_is_ordered(with_mugs, answers):
    shown = with_mugs.get("/checkout/").context["shown"]

    abroad = with_mugs.post("/checkout/", {**answers, "country": "AT", "postal_code": "1010", "shown": shown})

    assert abroad.status_code == 400
    assert CHANGED in text_of(abroad)
    assert Order.objects.count() == 0
    assert abroad.context["shown"] != shown
    again = {**answers, "country": "AT", "postal_code": "1010", "shown": abroad.context["shown"]}
    assert with_mugs.post("/checkout/", again).status_code == 302
    assert Order.objects.get().total == Decimal(abroad.context["shown"])


def test_a_total_that_was_shown_is_ordered_at_once(with_mugs, answers):
    shown = with_mugs.get("/checkout/").context["shown"]

    assert with_mugs.post("/checkout/", {**answers, "shown": shown}).status_code == 302


def test_a_second_window_shows_what_the_first_one_ordered(with_mugs, answers):
    second = with_mugs.get("/checkout/").context["form"]["token"].value()
    with_mugs.post("/checkout/", answers)

    answer = with_mugs.post("/checkout/", {**answers, "token": second}, follow=True)

    assert answer.redirect_chain == [(f"/orders/{Order.objects.get().number}/", 302)]
    assert "Your cart is empty. This is what you ordered a moment ago." in text_of(answer)


def test_an_empty_cart_shows_nobody_the_order_of_somebody_else(client, answers):
    placed_order(channel="portal")
    client.post("/cart/put/", {"quantity:MUG-RED": "0", "quantity:TEA-1": "0"})

    assert client.post("/checkout/", answers).url == "/shop/"


@pytest.mark.parametrize("wrong", [{"email": "ada@"}, {"name": ""}, {"coupon_code": "NOPE"}])
def test_the_total_stays_on_the_page_when_an_answer_is_wrong(with_mugs, answers, wrong):
    shown = with_mugs.get("/checkout/").context["shown"]

    answer = with_mugs.post("/checkout/", {**answers, **wrong})

    assert answer.status_code == 400
    assert answer.context["shown"] == shown
    assert MARKED in text_of(answer)


@pytest.mark.parametrize(
    ("country", "code", "fits"),
    [("DE", "ABC!!", False), ("DE", "", False), ("DE", "1011", False), ("GB", "sw1a 1aa", True), ("AE", "", True)],
)
def test_a_postcode_is_asked_for_at_once_instead_of_holding_the_order(with_mugs, answers, country, code, fits):
    answer = with_mugs.post("/checkout/", {**answers, "country": country, "postal_code": code})

    said = faults_of(answer) if answer.status_code == 400 else {}
    assert said.get("postal_code", []) == ([] if fits else ["This postcode does not fit the country."])
    assert fits or Order.objects.count() == 0


def test_goods_that_are_picked_up_need_no_postcode(with_mugs, answers):
    answer = with_mugs.post("/checkout/", {**answers, "postal_code": "", "shipping_method": "pickup"})

    assert "postal_code" not in (faults_of(answer) if answer.status_code == 400 else {})


def test_the_first_wrong_field_is_where_the_reader_goes_on(with_mugs, answers):
    page = with_mugs.post("/checkout/", {**answers, "name": "", "city": ""}).content.decode()

    assert page.count("autofocus") == 1
    assert 'aria-describedby="error_name" autofocus' in page


def test_an_address_that_is_none_is_named_in_polite_german(client):
    answer = client.post("/look-up/", {"number": "SO-1", "email": "ada@"}, headers={"Accept-Language": "de"})

    assert faults_of(answer) == {"email": ["Bitte geben Sie eine gültige E-Mail-Adresse ein."]}


def test_goods_that_wait_for_the_payment_are_not_called_in_preparation(signed_in):
    order = placed_order()

    page = text_of(signed_in.get(f"/orders/{order.number}/"))

    assert "Waiting for payment" in page
    assert "in preparation" not in page


def test_days_are_written_in_full(signed_in):
    order = placed_order()
    due = timezone.localtime(anew(order).payment_due_at)

    page = text_of(signed_in.get(f"/orders/{order.number}/"))

    assert f"placed {timezone.localtime(order.placed_at):%-d %B %Y}" in page
    assert f"Until {due:%-d %B %Y} , {due:%H:%M}" in page


def test_an_order_that_was_not_paid_says_why_it_ended(signed_in):
    order = placed_order()
    orders.expire_order(order.pk, at=timezone.now() + timedelta(days=90))

    assert "We did not receive the payment in time." in text_of(signed_in.get(f"/orders/{order.number}/"))


def test_my_orders_say_when_a_parcel_on_its_way_arrives(signed_in):
    order = shipped_order()
    assert anew(order).delivered_at is None

    page = text_of(signed_in.get("/orders/"))

    assert f"{order.promised_on:%-d %B %Y}" in page


@pytest.mark.parametrize(("language", "said"), [("en", "Page not found"), ("de", "Seite nicht gefunden")])
def test_an_address_that_leads_nowhere_shows_the_way_on(client, language, said):
    answer = client.get("/orders/SO-999999/", headers={"Accept-Language": language})

    assert answer.status_code == 404
    assert said in text_of(answer)
    assert 'href="/look-up/"' in answer.content.decode()


def test_a_form_that_is_too_old_says_that_nothing_was_changed():
    answer = Client(enforce_csrf_checks=True).post("/look-up/", {"number": "SO-1", "email": "ada@example.com"})

    assert answer.status_code == 403
    assert "This page is too old" in text_of(answer)
    assert "Nothing was changed." in text_of(answer)


def test_a_fault_of_ours_is_confessed_on_a_page_of_ours(monkeypatch):
    def fail(*_args, **_given):
        raise RuntimeError

    monkeypatch.setattr("portal.access.look_up", fail)

    answer = Client(raise_request_exception=False).post("/look-up/", {"number": "SO-1", "email": "ada@example.com"})

    assert answer.status_code == 500
    assert "Something went wrong" in text_of(answer)
