"""Somebody begins to type, and is shown whom and what they mean."""

from decimal import Decimal

import pytest

from core import sight
from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from desk.views.looking_up import channel_in
from inventory import services as inventory
from tests.factories.shop import make_priced_product
from tests.scenarios import confirmed_order

pytestmark = pytest.mark.django_db
CUSTOMERS = "/desk/look-up/customers/"
PRODUCTS = "/desk/look-up/products/"


@pytest.fixture
def linde(shop):
    given = customers.CustomerInput(
        name="Jürgen Groß",
        company="Linde & Söhne",
        email="einkauf@linde.example",
        phone="+49 40 5550-100",
        payment_terms="net30",
        credit_limit=Decimal(500),
    )
    found = customers.create_customer(given, actor=SYSTEM)
    customers.add_address(found.pk, PostalAddress(line1="Kai 1", city="Hamburg", country="DE"), actor=SYSTEM)
    return found


def labels(client, address, **asked):
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return [hit["label"] for hit in answer.json()["hits"]]


@pytest.mark.parametrize(
    "typed",
    ["lin", "LINDE", "sohne", "Söh", "groß jür", "gross jur", "einkauf@lin", "einkauf"]
    + ["040 5550", "+49 40 555", "0049405550100", "40 5550-1"],
)
def test_a_customer_is_found_by_the_beginning_of_any_word(linde, maya, typed):
    assert labels(maya, CUSTOMERS, q=typed) == ["Linde & Söhne"]


def test_a_customer_is_found_by_number_in_every_way_to_say_it(linde, maya):
    for typed in (linde.number, linde.number.lower(), str(linde.pk)):
        assert labels(maya, CUSTOMERS, q=typed)[0] == "Linde & Söhne"


@pytest.mark.parametrize("typed", ["", " ", "inde", "\0", "'; --", "%", "lin mug", "é" * 300])
def test_what_nobody_begins_with_finds_nobody(linde, maya, typed):
    assert labels(maya, CUSTOMERS, q=typed) == []


def test_who_is_not_active_is_not_offered(linde, maya):
    customers.update_customer(linde.pk, {"active": False}, actor=SYSTEM)

    assert labels(maya, CUSTOMERS, q="lin") == []


def test_a_customer_is_found_by_the_new_name_and_no_longer_by_the_old(linde, maya):
    customers.update_customer(linde.pk, {"company": "Ulme"}, actor=SYSTEM)

    assert (labels(maya, CUSTOMERS, q="sohne"), labels(maya, CUSTOMERS, q="ulm")) == ([], ["Ulme"])


def test_terms_credit_and_open_orders_are_told_with_a_customer(linde, maya, django_assert_max_num_queries):
    confirmed_order({"MUG-RED": 2, "TEA-1": 1}, customer_id=linde.pk, email="", payment_terms="net30")

    with django_assert_max_num_queries(10):  # four of them the look-up, the rest the person who asks
        hit = maya.get(CUSTOMERS, {"q": "linde"}).json()["hits"][0]

    assert hit["number"] == linde.number
    assert hit["detail"] == f"{linde.number} · Jürgen Groß · einkauf@linde.example · +49 40 5550-100 · Hamburg"
    assert hit["notes"] == ["by invoice, within 30 days", "€477.94 credit left", "1 open order"]


def test_a_product_is_told_with_price_and_free_units(shop, maya):
    confirmed_order({"MUG-RED": 2})

    hits = maya.get(PRODUCTS, {"q": "red m"}).json()["hits"]

    assert hits == [
        {
            "sku": "MUG-RED",
            "label": "Red mug",
            "detail": "MUG-RED",
            "image": "",
            "price": "€5.00",
            "free": 198,
            "stock": "198 free",
            "tone": "good",
            "exact": False,
        }
    ]


def test_a_product_is_found_by_sku_name_in_any_language_and_gtin(shop, maya):
    changes = {"names": {"de": "Roter Becher"}, "barcode": "4006381333931"}
    inventory.update_product(shop.mug.pk, changes, actor=SYSTEM)

    for typed in ("mug-r", "MUG", "becher ro", "4006381333931", "400638"):
        assert labels(maya, PRODUCTS, q=typed) == ["Red mug"], typed
    assert maya.get(PRODUCTS, {"q": "4006381333931"}).json()["hits"][0]["exact"] is True


def test_the_very_sku_comes_first(shop, maya):
    for sku in ("MUG", "MUG-A"):
        make_priced_product(sku, "1.00")

    hits = maya.get(PRODUCTS, {"q": "mug"}).json()["hits"]

    assert [hit["sku"] for hit in hits] == ["MUG", "MUG-A", "MUG-RED"]
    assert [hit["exact"] for hit in hits] == [True, False, False]


def test_looking_up_costs_the_same_however_much_is_found(shop, maya, django_assert_num_queries):
    maya.get(PRODUCTS, {"q": "tea"})
    with django_assert_num_queries(8):
        assert len(labels(maya, PRODUCTS, q="tea")) == 1
    for n in range(20):
        make_priced_product(f"TEA-{n + 2}", "2.00", stock={"HAM": n + 1})
    with django_assert_num_queries(8):
        assert len(labels(maya, PRODUCTS, q="tea")) == 8


@pytest.mark.parametrize("address", [CUSTOMERS, PRODUCTS])
def test_only_who_takes_orders_looks_up(shop, tom, client, address):
    assert tom.get(address, {"q": "mu"}).status_code == 403
    assert client.get(address, {"q": "mu"}).status_code == 302


def test_prices_are_told_of_a_channel_of_the_reader(shop, rf):
    wanted = rf.get("/", {"channel": "api"})

    with sight.within({"channel": frozenset({"walk_in", "staff"})}):
        assert channel_in(wanted).code == "staff"
    assert channel_in(wanted).code == "api"
