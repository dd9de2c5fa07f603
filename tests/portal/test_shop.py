"""Finding products, and filling the cart."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.templatetags.back_office import day
from orders import services as orders
from pricing import services as pricing
from pricing.models import Channel
from tests.factories.shop import make_priced_product
from tests.portal.visitors import text_of

FOUND = [("mug", ["MUG-RED"]), ("tea-", ["TEA-1"]), ("sofa", []), ("mu\0g", ["MUG-RED"])]
NET = "Prices without tax; the total with tax is shown before you order."


def skus(answer):
    return [row["product"].sku for row in answer.context["rows"]]


def test_the_shop_is_paged_and_costs_the_same_statements_on_every_page(client, django_assert_num_queries):
    for n in range(40):
        make_priced_product(f"CUP-{n:02}", "3.00", name=f"Cup {n:02}", stock={"HAM": 5})
    client.get("/shop/")

    with django_assert_num_queries(5):
        first = client.get("/shop/")
    with django_assert_num_queries(5):
        second = client.get("/shop/?page=2")

    assert skus(first) == [f"CUP-{n:02}" for n in range(24)]
    assert skus(second) == [f"CUP-{n:02}" for n in range(24, 40)] + ["TEA-1", "MUG-RED"]


@pytest.mark.parametrize(
    ("query", "found"), [("mug", ["MUG-RED"]), ("tea-", ["TEA-1"]), ("sofa", []), ("mu\0g", ["MUG-RED"])]
)
def test_products_are_found_by_name_and_number(client, query, found):
    assert skus(client.get("/shop/", {"q": query})) == found


@pytest.mark.parametrize("page", ["0", "-1", "99", "x"])
def test_a_page_that_does_not_exist_shows_one_that_does(client, page):
    assert len(client.get("/shop/", {"page": page}).context["rows"]) == 2


def test_the_shop_says_whether_its_prices_are_with_tax(client):
    assert NET in text_of(client.get("/shop/"))

    Channel.objects.filter(code="portal").update(prices_include_tax=True)
    pricing.forget()

    assert NET not in text_of(client.get("/shop/"))
    assert "Prices including tax." in text_of(client.get("/shop/"))


def test_the_cart_shows_what_was_put_in_and_its_sum_per_line(with_mugs):
    page = text_of(with_mugs.get("/cart/"))

    assert "Red mug" in page
    assert "€10.00" in page
    assert "€4.20" in page
    assert NET in page


def test_no_pieces_take_a_product_out(with_mugs):
    with_mugs.post("/cart/put/", {"quantity:MUG-RED": "0", "quantity:TEA-1": ""})

    assert "Your cart is empty." in text_of(with_mugs.get("/cart/"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [("two", "“two” is not a number of pieces."), ("10000", "At most 9999 pieces of one product fit in the cart.")],
)
def test_a_quantity_that_makes_no_sense_is_explained_and_changes_nothing(with_mugs, typed, said):
    page = with_mugs.post("/cart/put/", {"quantity:MUG-RED": typed}, follow=True)

    assert said in text_of(page).replace("&quot;", '"')
    assert with_mugs.session["cart"] == {"MUG-RED": 2, "TEA-1": 1}


def test_products_nobody_sells_and_a_nul_stay_out_of_the_cart(client):
    client.post("/cart/put/", {"quantity:NOTHING": "1", "quantity:MUG-RED\0": "1", "quantity:\0": "1"})

    assert client.session["cart"] == {"MUG-RED": 1}


def test_a_page_full_of_products_goes_into_the_cart_in_one_query(client, django_assert_max_num_queries):
    for n in range(24):
        make_priced_product(f"CUP-{n:02}", "3.00")
    client.get("/shop/")

    with django_assert_max_num_queries(6):
        client.post("/cart/put/", {f"quantity:CUP-{n:02}": "1" for n in range(24)})

    assert len(client.session["cart"]) == 24


def test_the_way_back_from_the_cart_never_leaves_the_shop(client):
    assert client.post("/cart/put/", {"next": "/shop/?page=2"}).url == "/shop/?page=2"
    assert client.post("/cart/put/", {"next": "//evil.example/"}).url == "/cart/"


def test_the_shop_and_the_cart_say_by_when_it_is_there(client, shop):
    make_priced_product("RARE", "9.00", backorder=True, backorder_limit=3, stock={"HAM": 1})
    make_priced_product("NOVEL", "9.00", backorder=True, release_on=timezone.localdate() + timedelta(days=40))
    make_priced_product("GONE", "9.00")
    asked = {"country": "DE", "method": "standard", "channel": "portal"}
    found = {sku: orders.availability(sku=sku, quantity=1, **asked) for sku in ("RARE", "NOVEL", "GONE")}

    page = client.get("/shop/").content.decode()
    for sku in ("RARE", "NOVEL"):
        assert f"with you by {day(found[sku].arrives_on)}" in page
    assert ("Order now, appears soon" in page, "Sold out" in page) == (True, True)

    client.post("/cart/put/", {"quantity:RARE": "4"})
    four = orders.availability(sku="RARE", quantity=4, **asked)
    assert f"with you by {day(four.arrives_on)}" in client.get("/cart/").content.decode()
    assert f"with you by {day(four.arrives_on)}" in client.get("/checkout/").content.decode()
    client.post("/cart/put/", {"quantity:RARE": "5"})
    assert "only 4 can be ordered" in client.get("/cart/").content.decode()


def test_a_full_cart_costs_the_same_statements_as_one_line(client, shop, django_assert_num_queries):
    for number in range(5):
        make_priced_product(f"P-{number}", "1.00", stock={"HAM": 5})
    client.post("/cart/put/", {"quantity:P-0": "1"})
    client.get("/cart/")
    with django_assert_num_queries(4):
        client.get("/cart/")
    client.post("/cart/put/", {f"quantity:P-{number}": "2" for number in range(5)})
    with django_assert_num_queries(4):
        client.get("/cart/")
