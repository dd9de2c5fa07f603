"""A VAT id given in the check-out: by who is signed in, for themselves, with its price and its evidence."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM
from core.circuit import Circuit
from core.models import EventRecord
from customers import services as customers
from customers.models import Customer
from orders.models import Order
from pricing import vies as vies_client
from tests.portal.visitors import ADDRESS, faults_of, text_of
from tests.scenarios import run_debts
from tests.vies import vies

FR = "FR40303265045"
LYON = {"company": "Durand", "line1": "1 rue du Port", "city": "Lyon", "postal_code": "69002", "country": "FR"}


@pytest.fixture
def buying(signed_in):
    """Return a browser of Ada's with two mugs in the cart, and what she types."""
    signed_in.post("/cart/put/", {"quantity:MUG-RED": "2"})
    token = signed_in.get("/checkout/").context["form"]["token"].value()
    return signed_in, {**ADDRESS, **LYON, "token": token}


def test_a_vat_id_is_priced_written_down_and_asked_about(buying, ada, settings, monkeypatch):
    monkeypatch.setattr(vies_client, "circuit", Circuit())
    browser, typed = buying
    taxed = browser.post("/checkout/", {**typed, "update": "1"}).context["quote"]
    assert [part["category"] for part in taxed.tax_breakdown] == ["S"]
    free = browser.post("/checkout/", {**typed, "vat_id": "fr 40 303 265 045", "update": "1"}).context["quote"]
    assert [(part["category"], part["tax"]) for part in free.tax_breakdown] == [("K", "0.00")]
    # Looking at a price writes nothing down.
    assert Customer.objects.get(pk=ada.pk).vat_id == ""

    with vies() as asked:
        settings.VIES_URL = asked.url
        asked.known[FR] = {"name": "Durand SARL", "address": "Lyon"}
        answer = browser.post("/checkout/", {**typed, "vat_id": "fr 40 303 265 045", "place": "1"})
        assert answer.status_code == 302
        run_debts()
    order, known = Order.objects.get(), Customer.objects.get(pk=ada.pk)
    assert (order.tax_total, order.lines.get().tax_category, order.total) == (Decimal(0), "K", free.total)
    assert (known.vat_id, known.vat_state) == (FR, "valid")
    told = EventRecord.objects.filter(name="customers.customer.changed").latest("pk")
    assert (told.payload["after"], told.actor) == ({"vat_id": FR}, f"customer:{ada.number}")


WRONG = "This is no VAT id: it begins with its country, and its check digits must fit."


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"vat_id": "FR40303265046"}, {"vat_id": [WRONG]}),
        ({"vat_id": FR, "company": ""}, {"company": ["A VAT id belongs to a company: please say which one."]}),
    ],
)
def test_what_is_wrong_stands_beside_its_field(buying, ada, given, fault):
    browser, typed = buying
    refused = browser.post("/checkout/", {**typed, **given, "place": "1"})
    assert (refused.status_code, faults_of(refused)) == (400, fault)
    assert (Order.objects.count(), Customer.objects.get(pk=ada.pk).vat_id) == (0, "")


def test_an_order_that_is_refused_leaves_the_id_as_it_was(buying, ada):
    browser, typed = buying
    refused = browser.post("/checkout/", {**typed, "vat_id": FR, "coupon_code": "NOPE", "place": "1"})
    assert (refused.status_code, Customer.objects.get(pk=ada.pk).vat_id) == (400, "")


def test_nobody_gives_another_customer_an_id(with_mugs, answers, ada):
    assert "vat_id" not in with_mugs.get("/checkout/").context["form"].fields
    assert with_mugs.post("/checkout/", {**answers, **LYON, "vat_id": FR}).status_code == 302
    assert Customer.objects.get(pk=ada.pk).vat_id == ""
    assert Order.objects.get().tax_total > 0


def test_an_id_that_was_refused_is_taxed_and_said_to_be(buying, ada):
    browser, typed = buying
    customers.update_customer(ada.pk, {"vat_id": FR}, actor=SYSTEM)
    customers.record_vat_check(ada.pk, number=FR, valid=False, actor=SYSTEM)
    page = browser.get("/checkout/")
    assert f"{FR} was not confirmed: VAT is charged." in text_of(page)
    taxed = browser.post("/checkout/", {**typed, "vat_id": FR, "update": "1"}).context["quote"]
    assert [part["category"] for part in taxed.tax_breakdown] == ["S"]
    # It stays on the record when it is given again, and another one starts anew.
    other = browser.post("/checkout/", {**typed, "vat_id": "ATU13585627", "update": "1"}).context["quote"]
    assert [part["category"] for part in other.tax_breakdown] == ["K"]
