"""The demo's payment provider, over HTTP as the shop speaks to it, and its page as the customer sees it."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing import gateways
from billing import services as billing
from billing.gateways import Checkout, DisputeStand, Evidence, Exhibit, Outcome, Proves, ProviderSilent, Stand
from billing.models import Payment
from core import outbox
from core.actors import Actor
from core.money import Money
from demo import provider
from demo.models import DemoDatabase, ProviderCheckout
from orders.models import Order
from tests.factories.billing import make_seller, place

pytestmark = pytest.mark.django_db(transaction=True)
LENA = Actor("customer", "C-1")


@pytest.fixture
def here(settings: Any, live_server: Any) -> Iterator[Any]:
    """Be in the demo, with the provider in the same server."""
    settings.DEMO = True
    settings.SITE_URL = live_server.url
    settings.DEMO_PROVIDER_URL = f"{live_server.url}/demo/provider"
    settings.DEMO_PROVIDER_SECRET = "between the two of us"
    DemoDatabase.objects.create(stage="Ready", ready=True)
    yield live_server
    for thread in provider.threading.enumerate():
        if thread.name == "provider":
            thread.join(10)


@pytest.fixture
def checkout(here: Any) -> Checkout:
    return Checkout(
        key="pay_1",
        amount=Money(Decimal("22.06"), "EUR"),
        subject="Order SO-000001",
        payee="Kettle & Co. GmbH",
        language="en",
        return_url=f"{here.url}/back/",
        notice_url=f"{here.url}/hooks/payments/demo/",
    )


@pytest.fixture
def lantern(checkout: Checkout) -> Any:
    return gateways.hosted("demo")


def path_of(page: str) -> str:
    return page.partition("/demo/")[1] + page.partition("/demo/")[2]


def test_asked_twice_it_makes_one_page(lantern: Any, checkout: Checkout) -> None:
    first, second = lantern.start_checkout(checkout), lantern.start_checkout(checkout)
    assert first == second
    assert (first.stand, first.paid) == (Stand.OPEN, None)
    assert ProviderCheckout.objects.count() == 1
    assert lantern.ask(key="pay_1") == first
    assert lantern.ask(key="pay_2").stand is Stand.UNKNOWN


def test_another_amount_under_the_same_key_is_no_answer(lantern: Any, checkout: Checkout) -> None:
    lantern.start_checkout(checkout)
    other = Checkout(**{**vars(checkout), "amount": Money(Decimal("1.00"), "EUR")})
    with pytest.raises(ProviderSilent):
        lantern.start_checkout(other)


def test_its_page_says_what_is_paid_to_whom(lantern: Any, checkout: Checkout, client: Client) -> None:
    page = client.get(path_of(lantern.start_checkout(checkout).page)).content.decode()
    for words in ("€22.06", "Kettle &amp; Co. GmbH", "Order SO-000001", "Demo: nothing here is real."):
        assert words in page
    # No number of a card is asked for anywhere.
    assert 'type="text"' not in page


@pytest.mark.parametrize(
    ("clicks", "stand"),
    [
        (["pay"], Stand.PAID),
        (["lose"], Stand.PAID),
        (["decline"], Stand.REFUSED),
        (["challenge"], Stand.OPEN),
        (["challenge", "pay"], Stand.PAID),
        (["challenge", "abort"], Stand.REFUSED),
        (["lapse"], Stand.CLOSED),
        (["pay", "decline"], Stand.PAID),
        (["decline", "pay"], Stand.REFUSED),
        (["nonsense"], Stand.OPEN),
        ([""], Stand.OPEN),
    ],
)
def test_the_customer_decides_once(
    lantern: Any, checkout: Checkout, client: Client, clicks: list[str], stand: Stand
) -> None:
    page = path_of(lantern.start_checkout(checkout).page)
    for click in clicks:
        client.post(page, {"do": click})
    found = lantern.ask(key="pay_1")
    assert found.stand is stand
    assert found.paid == (checkout.amount if stand is Stand.PAID else None)
    assert client.get(page).status_code == 200


def test_a_closed_page_takes_nothing(lantern: Any, checkout: Checkout, client: Client) -> None:
    page = path_of(lantern.start_checkout(checkout).page)
    assert lantern.close_checkout(key="pay_1").stand is Stand.CLOSED
    client.post(page, {"do": "pay"})
    assert lantern.ask(key="pay_1").stand is Stand.CLOSED
    assert "This page is closed." in client.get(page).content.decode()


def test_a_page_that_was_paid_on_cannot_be_closed(lantern: Any, checkout: Checkout, client: Client) -> None:
    client.post(path_of(lantern.start_checkout(checkout).page), {"do": "lose"})
    assert lantern.close_checkout(key="pay_1").stand is Stand.PAID


def test_money_goes_back_once_per_key_and_never_more_than_came(
    lantern: Any, checkout: Checkout, client: Client
) -> None:
    reference = lantern.start_checkout(checkout).reference
    client.post(path_of(lantern.ask(key="pay_1").page), {"do": "lose"})
    part = Money(Decimal("20.00"), "EUR")
    first = lantern.refund(reference=reference, amount=part, key="r1")
    assert (first.ok, lantern.refund(reference=reference, amount=part, key="r1")) == (True, first)
    refused = lantern.refund(reference=reference, amount=part, key="r2")
    assert (refused.ok, refused.reason) == (False, "More would go back than was paid")
    assert lantern.refund(reference="ck_unknown", amount=part, key="r3").ok is False


def test_a_payment_is_asked_back_and_decided_in_the_place_of_the_bank(
    lantern: Any, checkout: Checkout, client: Client
) -> None:
    reference = lantern.start_checkout(checkout).reference
    page = path_of(lantern.ask(key="pay_1").page)
    client.post(page, {"do": "lose"})
    assert lantern.disputes_of(reference=reference) == []
    for _click in range(2):
        client.post(page, {"do": "dispute"})
    [open_one] = lantern.disputes_of(reference=reference)
    assert (open_one.stand, open_one.amount, open_one.taken) == (DisputeStand.OPEN, checkout.amount, checkout.amount)
    assert path_of(open_one.page) == page
    assert lantern.refund(reference=reference, amount=checkout.amount, key="r1").reason == "The payment is disputed"
    client.post(page, {"do": "shop-wins"})
    client.post(page, {"do": "shop-loses"})
    [won] = lantern.disputes_of(reference=reference)
    assert (won.stand, won.returned) == (DisputeStand.WON, checkout.amount)
    assert lantern.refund(reference=reference, amount=checkout.amount, key="r1").ok is True


def test_nobody_without_the_secret_is_answered(lantern: Any, checkout: Checkout, client: Client, here: Any) -> None:
    lantern.start_checkout(checkout)
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"}):
        assert client.get("/demo/provider/checkouts/pay_1/", headers=header).status_code == 401
        assert client.post("/demo/provider/checkouts/pay_1/close/", headers=header).status_code == 401
    assert lantern.ask(key="pay_1").stand is Stand.OPEN


def test_nothing_of_it_is_there_outside_of_the_demo(
    lantern: Any, checkout: Checkout, client: Client, settings: Any
) -> None:
    page = path_of(lantern.start_checkout(checkout).page)
    settings.DEMO = False
    secret = {"Authorization": "Bearer between the two of us"}
    assert client.get(page).status_code == 404
    assert client.post(page, {"do": "pay"}).status_code == 404
    assert client.get("/demo/provider/checkouts/pay_1/", headers=secret).status_code == 404


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"key": "x", "currency": "EUR", "amount": "-1"}', '{"amount": "x"}']
)
def test_what_cannot_be_understood_is_refused_with_a_reason(here: Any, client: Client, body: str) -> None:
    secret = {"Authorization": "Bearer between the two of us"}
    answer = client.post("/demo/provider/checkouts/", body, content_type="application/json", headers=secret)
    assert answer.status_code == 409
    assert answer.json()["reason"]


def test_lena_pays_and_the_shop_hears_of_it_by_itself(here: Any, shop: Any, client: Client) -> None:
    make_seller()
    order = place(terms="prepaid")
    payment = billing.start_paying(order.pk, return_url=f"{here.url}/back/", actor=LENA)
    client.post(path_of(payment.page_url), {"do": "pay"})
    end = time.monotonic() + 15
    while Payment.objects.get().status != "captured" and time.monotonic() < end:
        outbox.drain()
    assert Payment.objects.get().status == "captured"
    assert Order.objects.get().status == "confirmed"


def test_an_answer_that_was_lost_is_found_by_asking(here: Any, shop: Any, client: Client) -> None:
    make_seller()
    order = place(terms="prepaid")
    payment = billing.start_paying(order.pk, return_url=f"{here.url}/back/", actor=LENA)
    client.post(path_of(payment.page_url), {"do": "lose"})
    outbox.drain()
    assert Payment.objects.get().status == "requires_action"
    assert billing.reconcile_checkouts(Payment.objects.get().ask_at) == 1
    assert Order.objects.get().status == "confirmed"


def test_evidence_is_taken_once_and_read_on_its_page(lantern: Any, checkout: Checkout, client: Client) -> None:
    page = path_of(lantern.start_checkout(checkout).page)
    client.post(page, {"do": "lose"})
    reference = lantern.ask(key="pay_1").reference
    slip = Exhibit(proves=Proves.DELIVERY, name="slip.pdf", content_type="application/pdf", content=b"%PDF-")
    ours = Evidence(key="e1", dispute="dp_1", payment=reference, text="It <b>arrived</b>.", exhibits=[slip])
    assert lantern.give_evidence(ours).reason == "Nothing is disputed, or the bank has decided"
    client.post(page, {"do": "dispute"})
    assert "The shop has not answered yet." in client.get(page).content.decode()

    assert [lantern.give_evidence(ours).outcome for _again in range(2)] == [Outcome.DONE, Outcome.DONE]
    other = Evidence(key="e2", dispute="dp_1", payment=reference, text="Another")
    assert lantern.give_evidence(other).reason == "The bank has your evidence already"
    assert [one.sent for one in lantern.disputes_of(reference=reference)] == [True]
    shown = client.get(page).content.decode()
    assert "“It &lt;b&gt;arrived&lt;/b&gt;.”" in shown
    assert "<li>slip.pdf</li>" in shown
