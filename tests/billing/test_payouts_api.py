"""Payouts as integrators read them: what came, what was kept, and out of what."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.test import APIClient

from billing import services as billing
from billing.models import Payout, Refund
from core.api.keys import create_api_key
from core.money import Money
from orders.models import Order
from tests.billing.checkouts import MAYA
from tests.billing.test_payouts import bring, pay, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
PAYOUTS = "/api/v1/payouts/"


def keyed(*scopes, **given):
    client = APIClient()
    _key, plain = create_api_key("Books", scopes=scopes, **given)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


@pytest.fixture
def paid_out(stripe, run_debts):
    """Two payments and a refund of 2.06 paid out, less 3.00 that nobody knows."""
    first = pay(stripe, run_debts)
    pay(stripe, run_debts, email="b@example.com")
    billing.refund_payment(first.pk, amount=Money(Decimal("2.06"), "EUR"), actor=MAYA)
    run_debts()
    write(stripe, run_debts)
    stripe.pay_out(extra=-300)
    write(stripe, run_debts)
    return Payout.objects.get()


def test_a_payout_says_what_arrives_what_was_kept_and_out_of_what(paid_out, django_assert_num_queries):
    books = keyed("payouts:read")
    # The first request of a key is noted.
    shown = books.get(f"{PAYOUTS}stripe/po_1/").json()
    with django_assert_num_queries(2):  # the key, the page
        [row] = books.get(PAYOUTS).json()["results"]
    assert row == shown
    told = {name: shown[name] for name in ("gateway", "reference", "status", "currency", "amount", "fees")}
    assert told == {
        "gateway": "stripe",
        "reference": "po_1",
        "status": "on_its_way",
        "currency": "EUR",
        "amount": "37.96",
        "fees": "1.10",
    }
    assert (shown["unknown_rows"], shown["arrived_on"]) == (1, None)
    with django_assert_num_queries(3):  # the key, the payout, the page
        rows = books.get(f"{PAYOUTS}stripe/po_1/rows/").json()["results"]
    assert [(one["kind"], one["status"], one["amount"], one["fee"]) for one in rows] == [
        ("payment", "matched", "22.06", "0.55"),
        ("payment", "matched", "22.06", "0.55"),
        ("refund", "matched", "-2.06", "0.00"),
        ("other", "open", "-3.00", "0.00"),
    ]
    # What came in less what was kept is what arrives.
    assert sum(Decimal(one["amount"]) - Decimal(one["fee"]) for one in rows) == Decimal(shown["amount"])
    first, second = Order.objects.order_by("pk").values_list("number", flat=True)
    assert [one["order"] for one in rows] == [first, second, first, None]
    assert [bool(one["payment"]) for one in rows] == [True, True, True, False]
    assert rows[2]["refund"] == Refund.objects.get().code


def test_payouts_are_found_by_where_the_money_is_and_by_what_is_unknown(paid_out):
    books = keyed("payouts:read")

    def count(query):
        return len(books.get(f"{PAYOUTS}?{query}").json()["results"])

    assert [count(f"status={name}") for name in ("asked", "on_its_way", "at_bank")] == [0, 1, 0]
    assert [count(f"unknown={word}") for word in ("true", "false")] == [1, 0]
    assert [count(f"gateway={name}") for name in ("stripe", "demo")] == [1, 0]
    line = bring("STRIPE PAYOUT", "37,96")
    billing.book_line(line.pk, actor=MAYA)
    assert [count(f"status={name}") for name in ("asked", "on_its_way", "at_bank")] == [0, 0, 1]
    assert books.get(f"{PAYOUTS}stripe/po_1/").json()["arrived_on"] == "2026-11-03"
    rows = f"{PAYOUTS}stripe/po_1/rows/"
    assert [one["kind"] for one in books.get(f"{rows}?status=open").json()["results"]] == ["other"]
    assert len(books.get(f"{rows}?kind=payment&kind=refund").json()["results"]) == 3
    for odd in (f"{PAYOUTS}?status=x", f"{PAYOUTS}?bogus=1", f"{rows}?status=x", f"{PAYOUTS}stripe/po_1/?bogus=1"):
        assert books.get(odd).status_code == 400


def test_a_payout_is_for_its_scope_and_for_who_sees_the_whole_house(paid_out, django_user_model):
    one, rows = f"{PAYOUTS}stripe/po_1/", f"{PAYOUTS}stripe/po_1/rows/"
    assert [keyed("payments:read").get(page).status_code for page in (PAYOUTS, one, rows)] == [403] * 3
    limited = keyed("payouts:read", channels=["api"])
    assert limited.get(PAYOUTS).json()["results"] == []
    assert [limited.get(page).status_code for page in (one, rows)] == [404, 404]
    assert keyed("payouts:read").get(f"{PAYOUTS}stripe/po_2/").status_code == 404
    assert keyed("payouts:read").get(f"{PAYOUTS}demo/po_1/rows/").status_code == 404
    # It is read, and nothing else.
    assert keyed("*").post(PAYOUTS, {}).status_code == 405
    ines = django_user_model.objects.create_user("ines", is_staff=True)
    browser = Client()
    browser.force_login(ines, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(PAYOUTS).status_code == 403
    ines.user_permissions.add(Permission.objects.get(codename="view_payout"))
    assert browser.get(one).json()["amount"] == "37.96"


def test_a_payout_that_was_only_told_has_no_amount_yet(stripe, run_debts):
    pay(stripe, run_debts)
    stripe.pay_out()
    stripe.away = True
    write(stripe, run_debts)
    shown = keyed("payouts:read").get(f"{PAYOUTS}stripe/po_1/").json()
    assert (shown["status"], shown["currency"], shown["listed_at"]) == ("asked", "", None)
    assert keyed("payouts:read").get(f"{PAYOUTS}stripe/po_1/rows/").json()["results"] == []
