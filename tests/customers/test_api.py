"""`/customers/`, as integrators use it."""

import pytest

from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Address, Customer
from customers.services import CustomerInput

pytestmark = pytest.mark.django_db
URL = "/api/v1/customers/"


def make(name="Ada Byron", **given):
    """Write a customer down, as the key of the channel does."""
    return customers.create_customer(CustomerInput(name=name, origin="api", **given), actor=SYSTEM)


def problem(response):
    """Return status, code and pointers of a problem."""
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, body["code"], [fault["pointer"] for fault in body.get("errors", [])]


def test_a_customer_is_made_with_sites(api):
    body = {
        "name": "Ada Byron",
        "company": "Analytical Engines",
        "email": "Ada@Example.com",
        "currency": "EUR",
        "credit_limit": "2500.00",
        "payment_terms": "net_30",
        "tags": ["vip"],
        "addresses": [{"line1": "1 Main St", "city": "Berlin", "country": "DE", "is_bill_to": True}],
    }

    response = api.post(URL, body, format="json")

    assert response.status_code == 201, response.json()
    ada = Customer.objects.get()
    assert (response["Location"], response["ETag"]) == (f"http://testserver{URL}{ada.number}/", '"0"')
    shown = response.json()
    assert {name: shown[name] for name in ("number", "kind", "email", "credit_limit", "group", "tags")} == {
        "number": ada.number,
        "kind": "company",
        "email": "ada@example.com",
        "credit_limit": "2500.00",
        "group": None,
        "tags": ["vip"],
    }
    assert [(site["city"], site["is_bill_to"], site["is_ship_to"]) for site in shown["addresses"]] == [
        ("Berlin", True, True)
    ]


def test_a_customer_sent_twice_with_a_key_is_made_once(api):
    body = {"name": "Ada", "email": "ada@example.com"}

    first, second = (api.post(URL, body, format="json", headers={"Idempotency-Key": "k1"}) for _ in range(2))

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Customer.objects.count() == 1


def test_a_page_of_customers_takes_three_statements_however_long(api, django_assert_num_queries):
    api.get(URL)
    for number in range(30):
        ada = make(f"Customer {number}")
        customers.add_address(ada.pk, PostalAddress(city="Berlin"), actor=SYSTEM)

    with django_assert_num_queries(3):  # the key, the page, its sites
        rows = api.get(f"{URL}?page_size=200").json()["results"]

    assert len(rows) == 30
    assert rows[0]["name"] == "Customer 29"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("email=ADA@example.com", ["Ada"]),
        ("q=engines", ["Ada"]),
        ("q=eve@", ["Eve"]),
        ("group=trade", ["Eve"]),
        ("active=false", ["Old"]),
        ("ordering=name", ["Ada", "Eve", "Old"]),
    ],
)
def test_customers_are_found(api, query, names):
    customers.create_group("trade", "Trade", actor=SYSTEM)
    old = make("Old")
    customers.update_customer(old.pk, {"active": False}, actor=SYSTEM)
    make("Eve", email="eve@example.com", group="trade")
    make("Ada", email="ada@example.com", company="Analytical Engines")

    assert [row["name"] for row in api.get(f"{URL}?{query}").json()["results"]] == names


@pytest.mark.parametrize("query", ["colour=red", "q=x", "ordering=email", "active=1"])
def test_a_question_that_makes_no_sense_is_refused(api, query):
    assert problem(api.get(f"{URL}?{query}"))[0] == 400


def test_a_change_that_somebody_overtook_is_refused(api):
    ada = make()
    url = f"{URL}{ada.number}/"

    first = api.patch(url, {"phone": "+49 30 1"}, format="json", headers={"If-Match": '"0"'})
    late = api.patch(url, {"phone": "+49 30 2"}, format="json", headers={"If-Match": '"0"'})

    assert (first.status_code, first["ETag"], first.json()["phone"]) == (200, '"1"', "+49 30 1")
    assert problem(late)[:2] == (412, "stale")
    assert api.get(url, headers={"If-None-Match": '"1"'}).status_code == 304
    assert Customer.objects.get().phone == "+49 30 1"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"number": "C-1"}, "/number"),
        ({"email": "nonsense"}, "/email"),
        ({"currency": "EURO"}, "/currency"),
        ({"credit_limit": "-1"}, "/credit_limit"),
        ({"tags": "vip"}, "/tags"),
        ({"group": "nobody"}, "/group"),
        ({"active": "no"}, "/active"),
        ({"name": ""}, "/name"),
        ({"language": "deutsch"}, "/language"),
    ],
)
def test_a_wrong_change_is_named(api, change, pointer):
    ada = make()

    assert problem(api.patch(f"{URL}{ada.number}/", change, format="json"))[0::2] == (400, [pointer])
    assert Customer.objects.get().version == 0


def test_sites_come_and_go(api):
    ada, eve = make(), make("Eve")
    url = f"{URL}{ada.number}/addresses/"

    made = api.post(url, {"line1": "1 Main St", "country": "DE", "label": "Home"}, format="json")
    changed = api.patch(f"{url}{made.json()['id']}/", {"city": "Berlin"}, format="json")
    foreign = api.patch(f"{URL}{eve.number}/addresses/{made.json()['id']}/", {"city": "Rome"}, format="json")

    assert (made.status_code, changed.json()["city"], foreign.status_code) == (201, "Berlin", 404)
    assert [site["line1"] for site in api.get(url).json()["results"]] == ["1 Main St"]
    assert api.delete(f"{url}{made.json()['id']}/").status_code == 204
    assert not Address.objects.exists()


def test_a_customer_that_is_not_there_is_missing(api):
    assert problem(api.get(f"{URL}C-000404/"))[:2] == (404, "not_found")
    assert api.patch(f"{URL}C-000404/", {"name": "X"}, format="json").status_code == 404


def test_scopes_decide(make_api, client):
    ada = make()
    reader = make_api("customers:read")

    assert reader.get(URL).status_code == 200
    assert reader.patch(f"{URL}{ada.number}/", {"name": "X"}, format="json").status_code == 403
    assert make_api("orders:read").get(URL).status_code == 403
    assert client.get(URL).status_code == 401
