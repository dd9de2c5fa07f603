"""A customer pays on the provider's page and comes back to an order that says how it stands."""

import re
from decimal import Decimal
from typing import Any

import pytest

from billing import services as billing
from billing.models import LegalEntity, Payment
from core import outbox
from core.actors import SYSTEM
from core.links import make_link
from core.models import OutgoingMail
from orders import services as orders
from orders.models import Order
from tests.factories.billing import pdf_text, place
from tests.portal.visitors import text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(provider: Any) -> Order:
    return place(terms="prepaid")


@pytest.fixture
def at_home(client: Any, order: Order) -> Any:
    """Return a guest's browser that came by the link of the mail."""
    client.get(f"/track/{make_link('order', order.history_thread())}/")
    return client


def page(client: Any, order: Order) -> str:
    return text_of(client.get(f"/orders/{order.number}/"))


def test_pay_now_leads_to_the_provider_and_back_to_a_confirmed_order(at_home, order, provider):
    home = f"/orders/{order.number}/"
    assert "Pay €22.06 now" in page(at_home, order)

    answer = at_home.post(f"{home}pay/")
    payment = Payment.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{provider.url}/pay/1")
    assert (payment.status, payment.amount) == ("requires_action", Decimal("22.06"))

    provider.pay(payment.code)
    answer = at_home.get(f"{home}paid/")
    assert (answer.status_code, answer["Location"]) == (302, f"{home}#pay")
    said = page(at_home, order)
    assert "Thank you. Your payment is here." in said
    assert "Confirmed" in said
    assert "Pay €22.06" not in said
    assert Payment.objects.get().status == "captured"


def test_whoever_is_signed_in_pays_their_own_order_only(signed_in, ada, order, provider):
    assert signed_in.post(f"/orders/{order.number}/pay/").status_code == 302
    other = place(terms="prepaid", email="eve@example.com", customer_name="Eve")
    assert signed_in.post(f"/orders/{other.number}/pay/").status_code == 404
    assert signed_in.get(f"/orders/{other.number}/paid/").status_code == 404
    assert Payment.objects.get().order == order


def test_opening_an_address_pays_nothing(at_home, order, provider):
    assert at_home.get(f"/orders/{order.number}/pay/").status_code == 405
    at_home.get(f"/orders/{order.number}/paid/")
    assert not Payment.objects.exists()
    assert provider.asked == []


def test_a_form_of_another_site_pays_nothing(order, provider):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.get(f"/track/{make_link('order', order.history_thread())}/")
    assert strict.post(f"/orders/{order.number}/pay/").status_code == 403
    assert not Payment.objects.exists()


def test_coming_back_without_paying_changes_nothing_and_says_how_to_go_on(at_home, order, provider):
    at_home.post(f"/orders/{order.number}/pay/")
    at_home.get(f"/orders/{order.number}/paid/")
    said = page(at_home, order)
    assert "You began to pay at" in said
    assert "Pay €22.06 now" in said
    assert at_home.post(f"/orders/{order.number}/pay/")["Location"] == f"{provider.url}/pay/1"
    assert Payment.objects.get().status == "requires_action"


def test_a_declined_payment_is_explained_and_may_be_tried_again(at_home, order, provider):
    at_home.post(f"/orders/{order.number}/pay/")
    provider.decline(Payment.objects.get().code)
    at_home.get(f"/orders/{order.number}/paid/")
    said = page(at_home, order)
    assert "Your payment did not go through: The bank declined the payment." in said
    assert "Nothing was taken. You can try again." in said
    assert "Pay €22.06 again" in said
    assert at_home.post(f"/orders/{order.number}/pay/")["Location"] == f"{provider.url}/pay/2"


def test_who_has_paid_and_clicks_pay_again_is_told_so_and_pays_once(at_home, order, provider):
    """The answer was lost: the shop knows nothing yet, and asks before it leads anybody anywhere."""
    at_home.post(f"/orders/{order.number}/pay/")
    provider.pay(Payment.objects.get().code)
    answer = at_home.post(f"/orders/{order.number}/pay/")
    assert answer["Location"] == f"/orders/{order.number}/"
    assert Payment.objects.get().status == "captured"
    assert "Confirmed" in page(at_home, order)
    assert len(provider.accounts) == 1


def test_a_provider_that_is_away_is_said_and_costs_nothing(at_home, order, provider):
    provider.away = True
    at_home.post(f"/orders/{order.number}/pay/")
    said = page(at_home, order)
    assert "The payment provider does not answer at the moment. Nothing was taken" in said
    assert Payment.objects.get().status == "pending"


def test_browser_message_and_clock_at_once_make_one_payment(at_home, order, provider, live_server, concurrently):
    at_home.post(f"/orders/{order.number}/pay/")
    key = Payment.objects.get().code
    provider.pay(key)
    notice = f"{live_server.url}/hooks/payments/demo/"
    cookie = at_home.cookies["sessionid"].value

    def come_back() -> int:
        from django.test import Client

        window = Client()
        window.cookies["sessionid"] = cookie
        return window.get(f"/orders/{order.number}/paid/").status_code

    def write() -> int:
        status = provider.write(notice, key)
        outbox.drain()
        return status

    outcomes = concurrently(come_back, write, come_back, write)
    assert [one.value for one in outcomes] == [302, 204, 302, 204]
    outbox.drain()
    payment = Payment.objects.get()
    assert (payment.status, payment.captured) == ("captured", Decimal("22.06"))
    assert Order.objects.get().paid_total == Decimal("22.06")
    assert OutgoingMail.objects.filter(kind="order_confirmed").count() == 1


def test_the_mail_leads_to_the_page_and_opening_it_changes_nothing(client, order, provider):
    outbox.drain()
    mail = OutgoingMail.objects.get(kind="order_received")
    assert "Pay €22.06 now" in mail.html
    link = re.search(r"http://127\.0\.0\.1:8000(/track/[^\"#]+)#pay", mail.html)
    assert f"{link[1]}#pay" in mail.text
    answer = client.get(link[1])
    assert answer["Location"] == f"/orders/{order.number}/"
    assert "Pay €22.06 now" in page(client, order)
    assert not Payment.objects.exists()


def test_the_browser_may_follow_the_form_to_the_provider_from_this_page_only(at_home, order, provider):
    policy = at_home.get(f"/orders/{order.number}/")["Content-Security-Policy"]
    assert f"form-action 'self' {provider.url};" in f"{policy};"
    assert "form-action 'self';" in f"{at_home.get('/shop/')['Content-Security-Policy']};"


def test_without_a_provider_there_is_only_the_bank(client):
    order = place(terms="prepaid")
    client.get(f"/track/{make_link('order', order.history_thread())}/")
    said = page(client, order)
    assert "How to pay" in said
    assert "IBAN" in said
    assert "Pay €" not in said
    answer = client.post(f"/orders/{order.number}/pay/", follow=True)
    assert "Paying online is not offered here" in text_of(answer)
    assert not Payment.objects.exists()


def test_a_cancelled_order_offers_no_payment(at_home, order, provider):
    orders.cancel_order(order.pk, reason="No", actor=SYSTEM)
    assert "How to pay" not in page(at_home, order)
    said = text_of(at_home.post(f"/orders/{order.number}/pay/", follow=True))
    assert "Nothing is to be paid for this order at the moment" in said


def test_an_open_invoice_is_paid_from_the_page_of_its_order(client, provider):
    LegalEntity.objects.update(iban="DE02120300000000202051")
    order = place(terms="net14")
    outbox.drain()
    billing.invoice_order(order.pk, actor=SYSTEM)
    outbox.drain()
    client.get(f"/track/{make_link('order', order.history_thread())}/")
    said = page(client, order)
    assert "Pay €22.06 now" in said
    assert "Or by bank transfer Amount €22.06" in said
    assert "Reference INV-000001" in said
    mail = OutgoingMail.objects.get(kind="invoice")
    assert "Pay €22.06 now" in mail.html
    assert re.search(r"Or pay online: http://127\.0\.0\.1:8000/track/\S+#pay", mail.text)
    paper = pdf_text(order.invoices.get().pdf)
    assert f"Or pay online: http://127.0.0.1:8000/track/?number={order.number}" in paper
    assert client.post(f"/orders/{order.number}/pay/")["Location"] == f"{provider.url}/pay/1"


def test_too_many_tries_wait_a_minute(at_home, order, provider):
    for _ in range(10):
        at_home.post(f"/orders/{order.number}/pay/")
    answer = at_home.post(f"/orders/{order.number}/pay/", follow=True)
    assert "Too many tries" in text_of(answer)
    assert len(provider.accounts) == 1
