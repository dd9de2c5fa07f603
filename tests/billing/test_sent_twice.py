"""Money moves once, whatever is sent twice: a form from the history of the browser, or an answer that comes late."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import gateways
from billing import services as billing
from billing.errors import PaymentExceedsDue
from billing.gateways import Answer, Outcome
from billing.gateways.base import Charge, Stand
from billing.gateways.manual import ManualGateway
from billing.gateways.stripe import StripeGateway
from billing.models import CreditNote, Invoice, Payment, Refund, StoreCredit
from billing.services import refund_keys, refunds
from core.actors import SYSTEM
from core.money import Money
from customers import services as customers
from orders.inputs import PaymentInput
from orders.models import Order
from tests.billing.test_api import post, problem
from tests.factories.billing import again, place, ship_all
from tests.orders.test_edits import broken
from tests.scenarios import run_debts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop", "seller")]
ITS_OWN = "Give another payment its own words, or tick that it is one."
ALREADY = "This was done already, by the same page; nothing was done twice."


@pytest.fixture
def paid() -> Order:
    """Return an order of 22.06 that is sent, invoiced and paid by card."""
    order = place()
    ship_all(order)
    run_debts()
    billing.record_payment(order.pk, method="card", amount=Decimal("22.06"), reference="x", actor=SYSTEM)
    run_debts()
    return order


def opened(client, address, **answers):
    """Open the page of a step, and return what its form sends."""
    shown = client.get(address).content.decode()
    [page] = re.findall(r'<input type="hidden" name="page" value="(\w{22})">', shown)
    return {"page": page, **answers}


def sent(client, address, answers):
    """Send a form and return what is said then."""
    return [str(one) for one in client.post(address, answers, follow=True).context["messages"]]


def test_a_refund_that_is_sent_again_from_the_same_page_goes_back_once(admin_client, paid):
    address = reverse("admin:billing_order_do", args=[paid.pk, "refund"])
    answers = opened(admin_client, address, amount="5.00", reason="Goodwill")

    assert sent(admin_client, address, answers) == ["The money is on its way back."]
    assert sent(admin_client, address, answers) == [ALREADY]
    assert [one.amount for one in Refund.objects.all()] == [5]

    assert sent(admin_client, address, opened(admin_client, address, amount="5.00", reason="More")) != [ALREADY]
    assert [one.amount for one in Refund.objects.all()] == [5, 5], "another page is another refund"
    assert broken() == [], "what is kept of the page has an answer, as every key has"


def test_what_was_refused_may_be_sent_again(admin_client, paid):
    address = reverse("admin:billing_payment_do", args=[Payment.objects.get().pk, "refund"])
    answers = opened(admin_client, address, amount="99.00", reason="Too much")

    refused = admin_client.post(address, answers)
    assert (refused.status_code, answers["page"] in refused.content.decode()) == (200, True)
    assert sent(admin_client, address, {**answers, "amount": "9.00"}) == ["The money is on its way back."]
    assert [one.amount for one in Refund.objects.all()] == [9]


def test_cash_that_is_sent_again_came_in_once(admin_client):
    order = place()
    address = reverse("admin:billing_order_do", args=[order.pk, "payment"])
    answers = opened(admin_client, address, amount="10.00", method="cash", reference="")

    sent(admin_client, address, answers)
    assert sent(admin_client, address, answers) == [ALREADY]

    assert [one.captured for one in Payment.objects.all()] == [10]


def test_what_is_typed_a_second_time_under_the_same_words_is_refused_beside_them(admin_client):
    order = place()
    address = reverse("admin:billing_order_do", args=[order.pk, "payment"])
    typed = {"amount": "10.00", "method": "bank_transfer", "reference": "Kd-Nr 4711"}
    sent(admin_client, address, opened(admin_client, address, **typed))

    again = admin_client.post(address, opened(admin_client, address, **typed))

    assert again.context["form"].errors == {
        "reference": ["Under “Kd-Nr 4711” this came in already on that day. " + ITS_OWN]
    }
    assert '<input type="checkbox" name="is_another"' in again.content.decode()
    assert [one.captured for one in Payment.objects.all()] == [10]


def test_a_second_one_on_the_same_day_is_written_down_once_somebody_says_that_it_is_another(admin_client):
    order = place()
    address = reverse("admin:billing_order_do", args=[order.pk, "payment"])
    typed = {"amount": "5.00", "method": "cash", "reference": "Till 1"}
    first = opened(admin_client, address, **typed)
    assert 'type="checkbox" name="is_another"' not in admin_client.get(address).content.decode()
    sent(admin_client, address, first)

    answers = opened(admin_client, address, **typed, is_another="on")
    assert sent(admin_client, address, answers) == ["The payment is written down."]
    assert sent(admin_client, address, answers) == [ALREADY]

    paid = list(Payment.objects.order_by("pk").values_list("captured", "reference"))
    assert paid == [(5, "Till 1"), (5, "Till 1")]
    assert again(order).paid_total == 10


def test_another_amount_under_the_same_words_is_refused_beside_them_and_taken_when_it_is_another(admin_client):
    order = place()
    address = reverse("admin:billing_order_do", args=[order.pk, "payment"])
    typed = {"method": "bank_transfer", "reference": "Kd-Nr 4711"}
    sent(admin_client, address, opened(admin_client, address, amount="10.00", **typed))

    refused = admin_client.post(address, opened(admin_client, address, amount="2.00", **typed))
    said = "Under “Kd-Nr 4711”, €10.00 came in already. " + ITS_OWN
    assert refused.context["form"].errors == {"reference": [said]}

    sent(admin_client, address, opened(admin_client, address, amount="2.00", **typed, is_another="on"))
    assert sorted(one.captured for one in Payment.objects.all()) == [2, 10]


def test_a_second_transfer_of_a_customer_is_written_down_when_it_is_another(admin_client):
    linde = customers.create_customer(customers.CustomerInput(name="Linde"), actor=SYSTEM)
    order = place(customer_id=linde.pk)
    ship_all(order)
    run_debts()
    address = reverse("admin:billing_customer_do", args=[linde.pk, "payment"])
    typed = {"amount": "5.00", "method": "cash", "reference": "Till 1"}
    sent(admin_client, address, opened(admin_client, address, **typed))

    refused = admin_client.post(address, opened(admin_client, address, **typed))
    said = "Under “Till 1” this came in already on that day. " + ITS_OWN
    assert refused.context["form"].errors == {"reference": [said]}
    sent(admin_client, address, opened(admin_client, address, **typed, is_another="on"))

    assert [one.captured for one in Payment.objects.all()] == [5, 5]
    assert Invoice.objects.get().paid_total == 10


def test_another_payment_under_the_same_reference_is_told_from_a_repeat_by_its_key(api):
    order = place(terms="prepaid")
    body = {"method": "cash", "amount": "5.00", "reference": "Till 1"}
    path = f"/orders/{order.number}/payments/"
    first = post(api, path, body).json()["id"]
    another = {**body, "is_another": True}

    second = post(api, path, another, key="till-1-2").json()["id"]
    assert post(api, path, another, key="till-1-2").json()["id"] == second != first

    assert [one.captured for one in Payment.objects.order_by("pk")] == [5, 5]
    assert again(order).paid_total == 10
    held = post(api, path, {**another, "status": "authorized"})
    assert problem(held) == (400, "invalid", ["/is_another"])
    assert Payment.objects.count() == 2


def test_units_are_credited_once_however_often_the_page_is_sent(admin_client, paid):
    invoice = Invoice.objects.get()
    address = reverse("admin:billing_invoice_do", args=[invoice.pk, "credit"])
    mugs = invoice.lines.get(sku="MUG-RED")
    rest = {f"row_{row.pk}": "0" for row in invoice.lines.exclude(pk=mugs.pk)}
    answers = opened(admin_client, address, **rest, **{f"row_{mugs.pk}": "1"}, reason="Broken")

    sent(admin_client, address, answers)
    assert sent(admin_client, address, answers) == [ALREADY]

    assert CreditNote.objects.count() == 1


def test_an_instalment_under_the_same_words_on_another_day_is_another_one():
    order = place(customer_id=customers.create_customer(customers.CustomerInput(name="Linde"), actor=SYSTEM).pk)
    ship_all(order)
    run_debts()
    first = timezone.now() - timedelta(days=10)
    said = {"method": "bank_transfer", "amount": Decimal(10), "currency": "EUR", "reference": "Kd-Nr 4711"}
    invoices = [Invoice.objects.get().pk]
    for at in (first, first, timezone.now()):
        billing.record_transfer(order.customer_id, invoice_ids=invoices, **said, actor=SYSTEM, at=at)

    assert again(order).paid_total == 20


class Slow(ManualGateway):
    """Says no to the first try, and sends money for each key after that."""

    code = "slow"
    at_once = False

    def __init__(self):
        self.sent = {}

    def refund(self, *, reference, amount, key):
        if not key.endswith("-1"):
            return Answer(outcome=Outcome.REFUSED, reason="no funds")
        self.sent[key] = amount.amount
        return Answer(outcome=Outcome.DONE, reference=key)


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr(gateways, "_GATEWAYS", dict(gateways._GATEWAYS))
    return gateways.connect(Slow())


def test_a_no_that_comes_late_says_nothing_about_the_next_try(slow):
    order = place()
    given = {"method": "card", "gateway": "slow", "amount": Decimal("22.06"), "reference": "x"}
    payment = billing.record_payment(order.pk, **given, actor=SYSTEM)
    five = Money(Decimal(5), "EUR")
    [refund] = billing.refund_payment(payment.pk, amount=five, reference="R", actor=SYSTEM)
    first = refunds.begin_refund(refund.pk)
    no = slow.refund(reference="x", amount=five, key=refund_keys.key_of(first))
    # The clock hears the same no before, and somebody tries again.
    billing.fail_refund(refund.pk, reason=no.reason)
    billing.retry_refund(refund.pk, actor=SYSTEM)
    second = refunds.begin_refund(refund.pk)
    yes = slow.refund(reference="x", amount=five, key=refund_keys.key_of(second))

    billing.fail_refund(refund.pk, reason=no.reason, asked_as=refund_keys.key_of(first))
    assert Refund.objects.get().status == "processing"
    assert yes.ok
    billing.settle_refund(refund.pk)

    assert (Refund.objects.get().status, Payment.objects.get().refunded) == ("succeeded", 5)
    assert slow.sent == {refund_keys.key_of(second): 5}


def test_an_amount_that_stripe_does_not_know_is_refused_in_words_and_never_asked_for(settings):
    settings.STRIPE_SECRET_KEY = ""
    odd = Money(Decimal("1.234"), "KWD")
    for ask in (StripeGateway().capture, StripeGateway().refund):
        no = ask(reference="pi_1", amount=odd, key="k")
        assert (no.outcome, no.reason) == (Outcome.REFUSED, "The provider cannot move exactly 1.234 KWD")
    again = StripeGateway().charge(Charge(key="k", amount=odd, subject="SO-1", means={}))
    assert (again.stand, again.reason) == (Stand.REFUSED, "The provider cannot move exactly 1.234 KWD")


def test_an_order_takes_no_more_store_credit_than_it_costs():
    linde = customers.create_customer(customers.CustomerInput(name="Linde", email="l@example.com"), actor=SYSTEM)
    hundred = Money(Decimal(100), "EUR")
    billing.give_store_credit(linde.pk, amount=hundred, reason="Sorry", reference="g", actor=SYSTEM)
    credit = PaymentInput(method="store_credit", amount=Decimal("22.07"), status="captured", reference="")

    with pytest.raises(PaymentExceedsDue):
        place(customer_id=linde.pk, terms="prepaid", payments=(credit,))

    assert (Order.objects.count(), StoreCredit.objects.get().balance) == (0, 100)
