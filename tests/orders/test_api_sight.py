"""What a key limited to channels sees of customers and movements, and whom it may name."""

from decimal import Decimal

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core import outbox
from core.actors import SYSTEM
from core.api.keys import create_api_key
from customers import services as customers
from customers.models import Customer
from customers.services import CustomerInput
from inventory import services as inventory
from orders.models import Order
from returns import services as returns
from tests.orders.bodies import ORDERS, faults, post
from tests.scenarios import ADA, delivered_order, placed_order, shipped_order

pytestmark = pytest.mark.django_db
CUSTOMERS = "/api/v1/customers/"
MOVEMENTS = "/api/v1/stock/movements/"


def client_of(*channels: str, scopes: tuple[str, ...] = ("*",)) -> APIClient:
    client = APIClient()
    _key, plain = create_api_key("limited", scopes=scopes, channels=channels)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def linde(**given) -> Customer:
    """Return a customer of the house, with terms, an address and something to hide."""
    wanted = {"name": "Café Linde", "email": "linde@example.com", "phone": "0049 30 1", "vat_id": "DE123456788"}
    wanted |= {"notes": "Pays late", "credit_limit": Decimal(10), "language": "de", **given}
    customer = customers.create_customer(CustomerInput(**wanted), actor=SYSTEM)
    customers.add_address(customer.pk, ADA, is_bill_to=True, actor=SYSTEM)
    return customer


def seen(client: APIClient, path: str = CUSTOMERS, name: str = "number") -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return [row[name] for row in answer.json()["results"]]


# --- customers ----------------------------------------------------------------------------------------


def test_a_key_sees_the_customers_of_the_orders_of_its_channels(shop, api, django_assert_num_queries):
    mine, other = placed_order(), placed_order(channel="walk_in", email="grace@example.com")
    placed_order({"MUG-RED": 1})
    everything = client_of()
    seen(api), seen(everything)

    with django_assert_num_queries(3):  # key, customers, sites
        assert seen(api) == [mine.customer.number]
    with django_assert_num_queries(3):
        assert seen(everything) == [other.customer.number, mine.customer.number]
    assert seen(client_of("walk_in")) == [other.customer.number]
    assert seen(client_of("api", "walk_in")) == [other.customer.number, mine.customer.number]


def test_a_foreign_customer_is_like_a_missing_one_in_every_way(shop, api):
    customer = linde()
    site = customer.addresses.get()
    path = f"{CUSTOMERS}{customer.number}/"
    missing = api.get(f"{CUSTOMERS}C-999999/").json()

    for answer in (
        api.get(path),
        api.patch(path, {"notes": "mine"}, format="json"),
        api.get(f"{path}addresses/"),
        api.post(f"{path}addresses/", {"city": "Bonn"}, format="json"),
        api.patch(f"{path}addresses/{site.pk}/", {"city": "Bonn"}, format="json"),
        api.delete(f"{path}addresses/{site.pk}/"),
    ):
        assert answer.status_code == 404
        assert {**answer.json(), "request_id": ""} == {**missing, "request_id": ""}
    assert Customer.objects.get(pk=customer.pk).notes == "Pays late"
    assert customer.addresses.get().city == "Berlin"
    assert client_of().get(path).json()["notes"] == "Pays late"


def test_a_key_sees_whom_it_wrote_down_itself(db, api):
    number = api.post(CUSTOMERS, {"name": "Grace"}, format="json").json()["number"]

    assert seen(api) == [number]
    assert api.post(f"{CUSTOMERS}{number}/addresses/", {"city": "Bonn"}, format="json").status_code == 201
    assert api.patch(f"{CUSTOMERS}{number}/", {"notes": "x"}, format="json").status_code == 200
    assert seen(client_of("walk_in")) == []
    made_by_two = client_of("walk_in", "market").post(CUSTOMERS, {"name": "Ada"}, format="json").json()["number"]
    assert (seen(client_of("market")), seen(client_of("walk_in"))) == ([made_by_two], [])
    assert Customer.objects.get(number=number).origin == "api"


def test_a_key_hears_of_the_customers_it_sees_by_their_numbers(shop, api, run_debts):
    linde()
    number = placed_order().customer.number
    run_debts()
    outbox.sequence_events()

    def heard(client: APIClient) -> list[dict[str, str]]:
        events = client.get("/api/v1/events/?page_size=200").json()["results"]
        return [event["data"] for event in events if event["type"] == "customers.customer_created"]

    assert heard(api) == [{"number": number}]
    assert len(heard(client_of())) == 2


def test_drafts_make_nobody_known(shop, api):
    customer = linde()
    Order.objects.create(channel=shop.channel(), customer=customer, currency="EUR")

    assert seen(api) == []


def test_the_index_answers_who_bought_where(shop, api):
    order = placed_order()
    rows = Order.objects.filter(customer=order.customer, channel=order.channel).order_by()
    plan = rows.explain()

    if connection.vendor == "sqlite":
        assert "order_customer_channel" in plan


# --- naming somebody ----------------------------------------------------------------------------------


def test_nobody_orders_for_a_foreign_customer(shop, api):
    customer = linde()

    foreign = post(api, customer={"number": customer.number}, shipping_address=None)
    missing = post(api, customer={"number": "C-999999"}, shipping_address=None)

    assert (foreign.status_code, faults(foreign)) == (400, [("/customer/number", "unknown_customer")])
    assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    assert not Order.objects.exists()
    everything = post(client_of(), customer={"number": customer.number}, shipping_address=None)
    assert everything.json()["customer"]["name"] == "Café Linde"


@pytest.mark.parametrize("scopes", [("*",), ("orders:read", "orders:write", "orders:terms", "customers:read")])
def test_somebodys_address_links_an_order_and_opens_nothing(shop, scopes):
    customer = linde()
    client = client_of("api", scopes=scopes)

    answer = post(client, customer={"email": "linde@example.com", "name": "Mallory"}, payment_terms="net14")

    body = answer.json()
    assert answer.status_code == 201
    assert body["customer"] == {"number": customer.number, "email": "linde@example.com", "name": "Mallory"}
    assert "10.00" not in str(body["checks"]), "what they owe and may owe stays ours"
    assert body["is_on_hold"] is True
    order = Order.objects.get()
    assert (order.customer, order.found_by_email, order.phone, order.language) == (customer, True, "", "en")
    [row] = client.get(f"{ORDERS}?expand=customer").json()["results"]
    assert row["customer"] == body["customer"]
    assert client.get(f"{CUSTOMERS}{customer.number}/").status_code == 404
    [whole] = client_of().get(f"{ORDERS}?expand=customer").json()["results"]
    assert whole["customer"]["vat_id"] == "DE123456788"


def test_who_was_made_by_an_order_is_known_by_it(shop):
    client = client_of("api", scopes=("orders:write", "customers:read"))

    number = post(client).json()["customer"]["number"]

    assert Order.objects.get().found_by_email is False
    assert seen(client) == [number]


def test_who_came_by_a_channel_before_is_no_stranger_to_its_credit(shop):
    client = client_of("api", scopes=("orders:write", "orders:terms"))

    first, second = (
        post(client, external_reference=name, payment_terms="net14", lines=[{"sku": "TEA-1", "quantity": units}])
        for units, name in enumerate(("one", "two"), start=1)
    )
    assert [answer.json()["is_on_hold"] for answer in (first, second)] == [False, False]


def test_who_acts_for_a_customer_it_knows_gets_what_is_theirs(shop, api):
    customer = linde(origin="api")

    body = post(api, customer={"email": "linde@example.com", "name": "Linde"}, shipping_address=ADA.as_dict()).json()

    assert Order.objects.get().found_by_email is False
    assert (Order.objects.get().language, body["customer"]["number"]) == ("de", customer.number)


# --- movements ----------------------------------------------------------------------------------------


def test_a_key_sees_what_its_orders_moved_and_what_no_order_did(shop, api, django_assert_num_queries):
    mine = delivered_order({"MUG-RED": 1})
    shipped_order({"TEA-1": 1}, channel="walk_in", email="grace@example.com")
    foreign = delivered_order({"MUG-RED": 1}, channel="walk_in", email="grace@example.com")
    for order in (mine, foreign):
        line = order.lines.get()
        found = returns.request_return(order.pk, quantities={line.pk: 1}, reason="", note="", actor=SYSTEM)
        units, where = {shop.mug.pk: 1}, shop.hamburg.pk
        inventory.restock(
            warehouse_id=where, units=units, disposition="scrap", reference=str(found.number), actor=SYSTEM
        )
    inventory.adjust_stock(
        product_id=shop.mug.pk, warehouse_id=shop.munich.pk, change=-1, reason="broken", actor=SYSTEM
    )
    everything = client_of()
    seen(api, MOVEMENTS, "kind"), seen(everything, MOVEMENTS, "kind")

    with django_assert_num_queries(2):
        rows = api.get(MOVEMENTS).json()["results"]
    told = [(row["kind"], row["reference"]) for row in rows if row["kind"] != "opening"]
    work = mine.fulfillment_orders.get().number
    own = mine.returns.get().number
    assert [reference for _, reference in told] == ["", own, own, work]
    with django_assert_num_queries(2):
        references = set(seen(everything, MOVEMENTS, "reference"))
    assert {foreign.fulfillment_orders.get().number, foreign.returns.get().number} < references
    assert seen(api, f"{MOVEMENTS}?reference={foreign.returns.get().number}", "reference") == []
