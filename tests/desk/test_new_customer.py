"""A customer who is written down while the order is taken."""

import pytest

from customers.models import Customer
from tests.desk.conftest import client_of, staff

pytestmark = pytest.mark.django_db


def test_a_new_customer_is_written_down_with_where_they_are(shop, maya):
    said = {"name": "Bo Holm", "email": "Bo@example.com", "line1": "Kai 1", "city": "Hamburg", "country": "DE"}

    card = maya.post("/desk/customers/", said).json()["card"]

    bo = Customer.objects.get()
    assert (card["number"], card["label"], bo.email) == (bo.number, "Bo Holm", "bo@example.com")
    assert [site["ship"] for site in card["sites"]] == [True]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, ["/name", "/email"]),
        ({"name": "Bo", "email": "bo"}, ["/email"]),
        ({"name": "Bo", "phone": "1", "line1": "Kai 1"}, ["/city", "/country"]),
        ({"name": "B\0o", "phone": "1"}, ["/name"]),
    ],
)
def test_what_is_wrong_with_a_new_customer_is_said_beside_its_field(shop, maya, said, wrong):
    answer = maya.post("/desk/customers/", said).json()

    assert sorted(one["pointer"] for one in answer["faults"]) == sorted(wrong)
    assert not Customer.objects.exists()


def test_who_is_known_already_is_offered_instead(ada, maya):
    answer = maya.post("/desk/customers/", {"name": "Ada", "email": "ADA@example.com"}).json()

    assert answer["known"]["number"] == ada.number
    assert Customer.objects.count() == 1


def test_only_who_may_writes_customers_down(shop):
    clara = client_of(staff("clara", "view_order", "operate_order", "view_customer"))

    assert clara.post("/desk/customers/", {"name": "Bo", "phone": "1"}).status_code == 403
    assert "new-customer" not in clara.get("/desk/orders/new/").content.decode()
