"""`/products/`: the catalogue with prices, as the contract says."""

from decimal import Decimal as D

import pytest

from core.actors import SYSTEM
from inventory.models import Product
from pricing import services as pricing
from pricing.models import Price
from tests.factories.shop import make_priced_product

pytestmark = pytest.mark.django_db
URL = "/api/v1/products/"
CONTRACT = ["sku", "name", "kind", "price", "currency", "tax_class", "backorder", "active"]


def test_a_row_is_as_the_contract_says(shop, api):
    row = api.get(f"{URL}mug-red/").json()

    assert {name: row[name] for name in CONTRACT} == {
        "sku": "MUG-RED",
        "name": "Red mug",
        "kind": "stocked",
        "price": "5.00",
        "currency": "EUR",
        "tax_class": "standard",
        "backorder": False,
        "active": True,
    }


def test_a_page_of_products_takes_the_same_statements_however_long(shop, api, django_assert_num_queries):
    api.get(URL)
    with django_assert_num_queries(3):  # the key, the page, the prices
        assert len(api.get(URL).json()["results"]) == 2
    for number in range(20):
        make_priced_product(f"MORE-{number:02}", "1.00")
    pricing.channels()
    with django_assert_num_queries(3):
        assert len(api.get(URL).json()["results"]) == 22


def test_pages_hold_every_product_once(shop, api):
    for number in range(5):
        make_priced_product(f"MORE-{number}", "1.00")
    url, seen = f"{URL}?page_size=3", []
    while url:
        page = api.get(url).json()
        seen += [row["sku"] for row in page["results"]]
        url = page["next"]

    assert seen == [f"MORE-{number}" for number in range(5)] + ["MUG-RED", "TEA-1"]


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ("sku=mug-red", ["MUG-RED"]),
        ("sku=NONE", []),
        ("active=false", ["OLD"]),
        ("active=true", ["MUG-RED", "TEA-1"]),
        ("q=morning", ["TEA-1"]),
        ("q=mug", ["MUG-RED"]),
        ("ordering=-sku", ["TEA-1", "OLD", "MUG-RED"]),
    ],
)
def test_filters(shop, api, query, skus):
    make_priced_product("OLD", "1.00", active=False)

    assert [row["sku"] for row in api.get(f"{URL}?{query}").json()["results"]] == skus


@pytest.mark.parametrize("query", ["active=maybe", "colour=red", "q=x", "ordering=price", "page_size=0", "cursor=%3F"])
def test_a_filter_that_makes_no_sense_is_refused(shop, api, query):
    response = api.get(f"{URL}?{query}")

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_a_new_product_comes_with_its_price(shop, api):
    body = {"sku": "cup-1", "name": "Cup", "price": "7.50", "currency": "EUR", "tax_class": "reduced"}

    response = api.post(URL, body, format="json")

    assert response.status_code == 201, response.json()
    assert response["Location"].endswith("/api/v1/products/CUP-1/")
    assert [response.json()[name] for name in CONTRACT] == [
        "CUP-1", "Cup", "stocked", "7.50", "EUR", "reduced", False, True,
    ]  # fmt: skip
    assert Price.objects.get(product__sku="CUP-1").amount == D("7.50")


def test_a_product_sent_twice_with_a_key_is_made_once(shop, api):
    body = {"sku": "CUP-1", "name": "Cup", "price": "7.50"}

    first, second = (api.post(URL, body, format="json", headers={"Idempotency-Key": "k1"}) for _ in range(2))

    assert (first.status_code, second.status_code, first.content) == (201, 201, second.content)
    assert second["Idempotent-Replayed"] == "true"
    assert Product.objects.filter(sku="CUP-1").count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "X"}, "/sku"),
        ({"sku": "X"}, "/name"),
        ({"sku": "X", "name": "X", "price": "-1"}, "/price"),
        ({"sku": "X", "name": "X", "price": "many"}, "/price"),
        ({"sku": "X", "name": "X", "price": "1", "currency": "USD"}, "/currency"),
        ({"sku": "X", "name": "X", "currency": "EURO"}, "/currency"),
        ({"sku": "X", "name": "X", "tax_class": "luxury"}, "/tax_class"),
        ({"sku": "X", "name": "X", "kind": "animal"}, "/kind"),
        ({"sku": "X", "name": "X", "active": "yes"}, "/active"),
        ({"sku": "X", "name": "X", "colour": "red"}, "/colour"),
        ({"sku": "X", "name": "X", "weight_grams": 1.5}, "/weight_grams"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(shop, api, body, pointer):
    response = api.post(URL, body, format="json")

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"][0]["pointer"] == pointer
    assert not Product.objects.filter(sku="X").exists()


def test_an_sku_is_given_once(shop, api):
    assert api.post(URL, {"sku": "mug-red", "name": "X"}, format="json").status_code == 409


def test_a_changed_price_holds_from_now_on(shop, api):
    response = api.patch(f"{URL}MUG-RED/", {"price": "5.25", "name": "Red mug, large"}, format="json")

    assert response.status_code == 200, response.json()
    assert (response.json()["price"], response.json()["name"]) == ("5.25", "Red mug, large")
    assert Price.objects.get(product=shop.mug).amount == D("5.25")


def test_a_product_that_is_not_there_is_missing(shop, api):
    assert api.get(f"{URL}NOPE/").status_code == 404
    assert api.patch(f"{URL}NOPE/", {"name": "X"}, format="json").status_code == 404


def test_a_price_with_many_decimals_is_shown_in_full(shop, api):
    pricing.set_price(shop.mug.pk, amount=D("0.012500"), actor=SYSTEM)

    assert api.get(f"{URL}MUG-RED/").json()["price"] == "0.0125"


def test_without_a_key_nothing_is_shown(shop, client):
    response = client.get(URL)

    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")


def test_kits_are_made_shown_and_changed_with_their_parts(shop, api):
    body = {"sku": "GIFT-1", "name": "Gift set", "kind": "kit", "price": "12.00"}
    parts = [{"sku": "mug-red", "quantity": 2}, {"sku": "TEA-1"}]

    bare = api.post(URL, body, format="json")
    twice = api.post(URL, {**body, "parts": [*parts, {"sku": "TEA-1"}]}, format="json")
    made = api.post(URL, {**body, "parts": parts}, format="json")

    assert [one["pointer"] for one in bare.json()["errors"]] == ["/parts"]
    assert [one["pointer"] for one in twice.json()["errors"]] == ["/parts"]
    assert made.json()["parts"] == [{"sku": "MUG-RED", "quantity": 2}, {"sku": "TEA-1", "quantity": 1}]
    changed = api.patch(f"{URL}GIFT-1/", {"parts": [{"sku": "TEA-1", "quantity": 4}]}, format="json")
    assert changed.json()["parts"] == [{"sku": "TEA-1", "quantity": 4}]
    assert [row["parts"] for row in api.get(URL).json()["results"]] == [
        [{"sku": "TEA-1", "quantity": 4}], [], [],
    ]  # fmt: skip
    found = api.get("/api/v1/availability/?sku=GIFT-1&quantity=3&country=DE").json()
    assert found["available"] == 50
