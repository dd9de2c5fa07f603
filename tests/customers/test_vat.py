"""A VAT id is good by its form until somebody knows better; every answer is kept, and none is waited for."""

import threading
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import services as billing
from billing.models import Invoice
from billing.proofs.answering import answering
from core.actors import SYSTEM, Actor
from core.circuit import Circuit
from core.errors import Invalid
from customers import services as customers
from customers import vat_ids
from customers.addresses import PostalAddress
from customers.errors import NotConnected, NoVatId
from customers.models import Customer, VatCheck
from customers.services import CustomerInput
from orders.models import Order, OrderException
from orders.price_words import why_prices
from pricing import vies as vies_client
from pricing.services import set_registrations
from tests.dripping import dripping
from tests.factories.billing import again, make_seller, place
from tests.racing import concurrently
from tests.scenarios import run_debts
from tests.vies import vies

pytestmark = pytest.mark.django_db
LYON = PostalAddress(name="Amélie", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
FR = "FR40303265045"
MAYA = Actor("staff", "maya")


@pytest.fixture(autouse=True)
def trusted(monkeypatch):
    """Remember no silence of another test."""
    monkeypatch.setattr(vies_client, "circuit", Circuit())


@pytest.fixture
def asked(settings):
    """Return VIES, connected."""
    with vies() as one:
        settings.VIES_URL = one.url
        yield one


def durand(**given):
    wanted = {"name": "Amélie", "company": "Durand", "email": "d@durand.example", "vat_id": FR}
    return customers.create_customer(CustomerInput(**{**wanted, **given}), actor=SYSTEM)


def seen(customer):
    return Customer.objects.get(pk=customer.pk)


def sold_to(customer, **given) -> Order:
    return place(customer_id=customer.pk, customer_name="", email="", shipping_address=LYON, **given)


def categories(order: Order) -> set[str]:
    return {part["category"] for part in order.tax_breakdown}


@pytest.mark.parametrize(
    ("number", "valid", "fits"),
    [
        ("FR 40.303.265-045", True, True),
        ("FR12345678901", False, False),
        ("EL094259216", True, True),
        ("GR094259216", False, True),
        ("XI123456782", True, True),
        ("CHE-116.281.710", False, True),
        ("12345", False, False),
        ("", False, False),
    ],
)
def test_ids_of_the_eu_need_their_check_digits(number, valid, fits):
    assert (vat_ids.is_valid(number), vat_ids.can_be(number)) == (valid, fits)


def test_what_cannot_be_an_id_is_refused_beside_its_field_and_what_stands_there_may_stay(admin_client):
    with pytest.raises(Invalid) as refused:
        durand(vat_id="FR12345678901")
    assert refused.value.errors[0]["pointer"] == "/vat_id"
    assert not Customer.objects.exists()

    old = durand(vat_id="")
    Customer.objects.filter(pk=old.pk).update(vat_id="FR12345678901")
    customers.update_customer(old.pk, {"notes": "Call first"}, actor=SYSTEM)
    assert seen(old).notes == "Call first"
    with pytest.raises(Invalid):
        customers.update_customer(old.pk, {"vat_id": "FR12345678902"}, actor=SYSTEM)
    assert seen(old).vat_id == "FR12345678901"


def test_an_answer_is_kept_with_its_number_and_named_on_order_and_invoice(shop, asked, admin_client):
    make_seller()
    set_registrations({"DE": "DE123456788"})
    asked.known[FR] = {"name": "DURAND SARL", "address": "1 RUE DU PORT\n69002 LYON"}
    firm = durand()
    run_debts()

    [check] = VatCheck.objects.all()
    assert asked.asked == [
        {
            "countryCode": "FR",
            "vatNumber": FR[2:],
            "requesterMemberStateCode": "DE",
            "requesterNumber": "123456788",
        }
    ]
    assert (check.valid, check.name, check.reference, check.source) == (True, "DURAND SARL", "WAPIAAAA1", "vies")
    assert (seen(firm).vat_state, seen(firm).vat_reference) == ("valid", "WAPIAAAA1")

    order = sold_to(firm)
    assert categories(order) == {"K"}
    assert any("WAPIAAAA1" in said and FR in said for said in why_prices(order).others)
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    page = admin_client.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
    assert "WAPIAAAA1" in page
    assert "DURAND SARL" in page
    page = admin_client.get(reverse("admin:customers_customer_change", args=[firm.pk])).content.decode()
    assert "WAPIAAAA1" in page


def test_nobody_waits_for_vies_and_it_is_asked_again(shop, asked):
    asked.fault = "MS_UNAVAILABLE"
    firm = durand()
    order = sold_to(firm)
    run_debts()
    assert categories(order) == {"K"}
    assert (VatCheck.objects.count(), len(asked.asked)) == (0, 1)

    assert customers.ask_due_vat_checks() == 0
    Customer.objects.update(vat_asked_at=timezone.now() - timedelta(minutes=31))
    asked.fault, asked.away = "", True
    assert customers.ask_due_vat_checks() == 1
    run_debts()
    assert (VatCheck.objects.count(), len(asked.asked)) == (0, 2)

    Customer.objects.update(vat_asked_at=timezone.now() - timedelta(minutes=31))
    asked.away, asked.known[FR] = False, {}
    # Half a minute later; until then nobody is asked.
    vies_client.circuit.close()
    assert customers.ask_due_vat_checks() == 1
    run_debts()
    assert (seen(firm).vat_state, customers.ask_due_vat_checks()) == ("valid", 0)
    Customer.objects.update(vat_checked_at=timezone.now() - timedelta(days=91), vat_asked_at=None)
    assert customers.ask_due_vat_checks() == 1


@pytest.mark.parametrize("already", [0, 9], ids=["hangs", "drips"])
def test_many_questions_in_a_silent_outage_wait_once_and_are_asked_again_soon(shop, settings, monkeypatch, already):
    """Fails with the circuit taken out of `vies._ask`: each of them waits for all the time there is."""
    monkeypatch.setattr("pricing.vies.WITHIN", 1.0)
    for _index in range(8):
        durand(email=f"d{_index}@durand.example")
    with dripping(b"HTTP/1.1 200 OK\r\n" * 50, already=already, every=0.1 if already else 60) as url:
        settings.VIES_URL = url
        assert customers.ask_due_vat_checks() == 8
        begun = time.monotonic()
        run_debts()
        assert 0.9 < time.monotonic() - begun < 5
        assert vies_client.circuit.is_open
    # One of them was asked about; the others count as never asked, and are due with the next round.
    assert Customer.objects.filter(vat_asked_at=None).count() == 7
    assert VatCheck.objects.count() == 0
    assert not OrderException.objects.exists()

    with vies() as one:
        settings.VIES_URL, one.known[FR] = one.url, {}
        assert customers.ask_due_vat_checks() == 7
        run_debts()
        assert (len(one.asked), VatCheck.objects.count()) == (0, 0)
        # Its time is over: the first that asks closes it for all.
        monkeypatch.setattr(vies_client.circuit, "open_until", time.monotonic() - 0.001)
        assert customers.ask_due_vat_checks() == 7
        run_debts()
        assert (len(one.asked), VatCheck.objects.count(), vies_client.circuit.open_until) == (7, 7, 0.0)


def test_a_member_state_that_is_away_says_so_at_once_and_leaves_the_others_alone(shop, asked):
    asked.fault = "MS_UNAVAILABLE"
    durand()
    run_debts()
    assert (len(asked.asked), vies_client.circuit.is_open) == (1, False)


def test_one_tries_whether_it_is_back_and_the_others_wait_for_that(shop, settings, monkeypatch):
    """Fails with `if circuit.open_until` taken out: every worker waits for an answer again."""
    answered, trying = threading.Event(), threading.Event()

    def answer(_asked):
        trying.set()
        answered.wait(20)
        return 200, {"valid": True}

    monkeypatch.setattr(vies_client.circuit, "open_until", time.monotonic() - 0.001)
    with answering(answer) as url:
        settings.VIES_URL = url

        def second():
            trying.wait(20)
            try:
                vies_client.look_up(FR)
            except vies_client.LeftAlone:
                return "left alone"
            finally:
                answered.set()

        first, other = concurrently(lambda: vies_client.look_up(FR).valid, second)
    assert (first.value, other.value) == (True, "left alone")
    assert not vies_client.circuit.is_open


def test_an_id_that_is_refused_taxes_what_comes_and_puts_what_is_open_before_finance(shop, asked):
    asked.fault = "MS_MAX_CONCURRENT_REQ"
    firm = durand()
    before = sold_to(firm)
    run_debts()
    asked.fault = ""
    customers.ask_vat_check(firm.pk, actor=MAYA)
    run_debts()

    assert seen(firm).vat_state == "invalid"
    [exception] = OrderException.objects.filter(category="vat_id")
    assert (exception.order_id, exception.category, exception.queue) == (before.pk, "vat_id", "finance")
    assert categories(again(before)) == {"K"}
    after = sold_to(firm)
    assert categories(after) == {"S"}
    assert Invoice.objects.count() == 0

    # The member state was late to enter it: a person finds out and says so.
    customers.note_vat_check(firm.pk, valid=True, reference="Letter of 28 Nov", actor=MAYA)
    run_debts()
    assert OrderException.objects.get(category="vat_id").status == "resolved"
    assert categories(sold_to(firm)) == {"K"}
    assert [(one.valid, one.source, one.checked_by) for one in VatCheck.objects.order_by("pk")] == [
        (False, "vies", "system"),
        (True, "hand", "staff:maya"),
    ]


def test_an_answer_about_another_id_changes_nothing(shop, asked):
    firm = durand()
    customers.record_vat_check(firm.pk, number="FR83404833048", valid=False)
    assert seen(firm).vat_state == ""
    customers.record_vat_check(firm.pk, number=FR, valid=True, reference="W1")
    customers.update_customer(firm.pk, {"vat_id": "ATU13585627"}, actor=SYSTEM)
    now = seen(firm)
    assert (now.vat_state, now.vat_reference, now.vat_checked_at) == ("", "", None)
    asked.known[FR] = {}
    run_debts()
    # The debt about the id of before asks nothing any more.
    assert [one["countryCode"] for one in asked.asked] == ["AT"]


def test_where_nobody_is_connected_nobody_is_asked(shop):
    firm = durand()
    with pytest.raises(NotConnected):
        customers.ask_vat_check(firm.pk, actor=MAYA)
    with pytest.raises(NoVatId):
        customers.ask_vat_check(durand(vat_id="", email="x@y.example").pk, actor=MAYA)
    with pytest.raises(Invalid):
        customers.note_vat_check(firm.pk, valid=True, reference=" ", actor=MAYA)
    assert (customers.ask_due_vat_checks(), VatCheck.objects.count()) == (0, 0)


def test_the_check_is_written_down_on_the_page_of_the_customer(shop, admin_client):
    firm = durand()
    page = admin_client.get(reverse("admin:customers_customer_change", args=[firm.pk])).content.decode()
    assert "nobody has looked it up" in page
    step = reverse("admin:customers_customer_do", args=[firm.pk, "note-vat"])
    assert step in page
    assert reverse("admin:customers_customer_do", args=[firm.pk, "check-vat"]) not in page
    wrong = admin_client.post(step, {"valid": "no", "reference": ""}).content.decode()
    assert "field is required" in wrong
    admin_client.post(step, {"valid": "no", "reference": "VIES by hand, 29 Nov"})
    assert VatCheck.objects.get().valid is False
    page = admin_client.get(reverse("admin:customers_customer_change", args=[firm.pk])).content.decode()
    assert "VAT id not valid" in page
    assert "VIES by hand, 29 Nov" in page
