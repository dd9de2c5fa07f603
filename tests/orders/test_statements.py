"""What an order costs the database: at most 18 statements, BEGIN and COMMIT included, whatever path.

Money that was taken with it is two more: what the ledger says of it.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.services import ledger
from core.actors import SYSTEM
from customers import services as customers
from orders import services
from orders.inputs import LineInput
from tests.factories.shop import make_priced_product
from tests.orders.bodies import post
from tests.scenarios import order_input, placed_order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
MOST, LEDGER = 18, 2
THREE = [{"sku": "MUG-RED", "quantity": 2}, {"sku": "TEA-1", "quantity": 1}, {"sku": "POT", "quantity": 1}]


@pytest.fixture
def pot(shop):
    return make_priced_product("POT", "20.00", stock={"HAM": 50})


@pytest.fixture
def books(pot, api, monkeypatch) -> None:
    """Let the accounts be there for a while, as in a house that sells."""
    monkeypatch.setattr(ledger, "SETTLED_AFTER", timedelta(0))
    total = post(api, lines=THREE, key="opening", external_reference="opening").json()["total"]
    money = {"method": "card", "amount": total, "reference": "ch_0", "status": "captured"}
    for key in ("opened", "warm"):
        # The second one finds the accounts that the first one made, and they are known from then on.
        ledger.forget()
        paid = [{**money, "reference": key}]
        assert post(api, lines=THREE, key=key, external_reference=key, payments=paid).status_code == 201


def statements(work) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work()
    said = [query["sql"] for query in seen.captured_queries]
    assert (said.count("BEGIN"), said.count("COMMIT")) == (1, 1)
    return said


@pytest.mark.parametrize("status", ["authorized", "captured"])
@pytest.mark.usefixtures("books")
def test_an_order_by_api_that_brings_its_payment(api, status):
    total = post(api, lines=THREE, key="first").json()["total"]
    money = {"method": "card", "amount": total, "reference": "ch_1", "status": status}

    def send():
        answer = post(api, lines=THREE, key="second", external_reference="SHOP-2", payments=[money])
        paid = {"authorized": "authorized", "captured": "paid"}[status]
        shown = [answer.json()[name] for name in ("status", "payment_status")]
        assert (answer.status_code, shown) == (201, ["confirmed", paid])

    said = statements(send)
    assert len(said) <= MOST + LEDGER * (status == "captured"), said


def test_an_order_by_staff_on_account(pot):
    linde = customers.create_customer(
        customers.CustomerInput(name="Linde", email="l@example.com", credit_limit=Decimal(500)), actor=SYSTEM
    )
    lines = {"MUG-RED": 2, "TEA-1": 1, "POT": 1}
    wanted = {"channel": "staff", "customer_id": linde.pk, "payment_terms": "net30"}
    placed_order(lines, **wanted)

    def place():
        order = services.place_order(order_input({**lines, "POT": 2}, **wanted), actor=SYSTEM)
        assert order.status == "confirmed"

    said = statements(place)
    assert len(said) <= MOST, said


def test_an_order_that_is_imported(pot):
    lines = [LineInput(sku=one["sku"], quantity=one["quantity"], unit_price=Decimal("2.55")) for one in THREE]
    wanted = {"channel": "import", "historic": True, "payment_terms": "net30", "placed_at": timezone.now()}
    linde = customers.create_customer(customers.CustomerInput(name="12345"), actor=SYSTEM)
    wanted |= {"customer_id": linde.pk, "email": "", "shipping_address": None, "shipping_method": None}
    placed_order(lines, external_reference="536365", **wanted)

    def place():
        order = services.place_order(order_input(lines, external_reference="536366", **wanted), actor=SYSTEM)
        assert order.status == "confirmed"

    said = statements(place)
    assert len(said) <= MOST, said


@pytest.mark.usefixtures("books")
def test_a_new_customer_stays_below_the_limit_too(api):
    buyer = {"email": "grace@example.com", "name": "Grace Hopper"}
    total = post(api, lines=THREE, key="first", external_reference="SHOP-3").json()["total"]
    money = {"method": "card", "amount": total, "reference": "ch_1", "status": "captured"}

    def send():
        answer = post(api, lines=THREE, customer=buyer, external_reference="SHOP-2", payments=[money], key="k")
        assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")

    said = statements(send)
    assert len(said) <= 25 + LEDGER, said
