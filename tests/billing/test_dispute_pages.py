"""Disputes in the back office and for machines: found by their day, decided by finance, and seen by who may."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.gateways import DisputeStand, DisputeStanding
from billing.models import Dispute
from core.actors import SYSTEM
from core.money import Money
from orders.models import OrderException
from tests.factories.billing import place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
AMOUNT = Money(Decimal("22.06"), "EUR")


def disputed(number: int, run_debts, *, stand: DisputeStand = DisputeStand.OPEN, due_days: int = 7) -> Dispute:
    """Return a dispute over a payment that came through the demo's provider."""
    order = place(email=f"b{number}@example.com", customer_name=f"Buyer {number}")
    ship_all(order)
    run_debts()
    payment = billing.record_payment(
        order.pk, method="card", amount=AMOUNT.amount, reference=f"ck_{number}", gateway="demo", actor=SYSTEM
    )
    standing = DisputeStanding(
        reference=f"dp_{number}",
        stand=stand,
        amount=AMOUNT,
        taken=AMOUNT,
        returned=Money(Decimal(0), "EUR"),
        reason="product_not_received",
        due_at=timezone.now() + timedelta(days=due_days),
        page=f"https://provider.example/{number}",
    )
    found = billing.record_dispute(payment.pk, standing)
    assert found is not None
    return found


def test_the_list_shows_what_is_due_first_and_asks_no_more_for_more_rows(
    staff, run_debts, django_assert_max_num_queries, django_assert_num_queries
):
    first, second = disputed(1, run_debts, due_days=9), disputed(2, run_debts, due_days=2)
    page = staff.get("/admin/billing/dispute/")
    rows = page.context["cl"].result_list
    assert [one.pk for one in rows] == [second.pk, first.pk]
    with django_assert_max_num_queries(40) as asked:
        staff.get("/admin/billing/dispute/")
    for number in (3, 4, 5):
        disputed(number, run_debts)
    with django_assert_num_queries(len(asked)):
        staff.get("/admin/billing/dispute/")


def test_its_page_says_what_to_send_and_finance_decides_when_it_is_lost(staff, run_debts):
    dispute = disputed(1, run_debts)
    page = staff.get(f"/admin/billing/dispute/{dispute.pk}/change/", follow=True).content.decode()
    assert "That it arrived: carrier, tracking number" in page
    assert 'href="https://provider.example/1"' in page
    assert "It is our loss" not in page

    lost = disputed(2, run_debts, stand=DisputeStand.LOST)
    page = staff.get(f"/admin/billing/dispute/{lost.pk}/change/", follow=True).content.decode()
    assert "The customer owes it again" in page
    answer = staff.post(f"/admin/billing/dispute/{lost.pk}/do/owed/", {"version": "", "confirm": "1"}, follow=True)
    assert answer.status_code == 200
    assert Dispute.objects.get(pk=lost.pk).owed == AMOUNT.amount
    assert not OrderException.objects.filter(order=lost.order, closed_at=None).exists()


def test_machines_read_disputes_with_their_scope_and_channels(make_api, run_debts, django_assert_num_queries):
    dispute = disputed(1, run_debts)
    api = make_api("payments:read")
    shown = api.get(f"/api/v1/disputes/{dispute.code}/").json()
    assert {name: shown[name] for name in ("status", "reason", "amount", "taken", "lost", "owed")} == {
        "status": "open",
        "reason": "product_not_received",
        "amount": "22.06",
        "taken": "22.06",
        "lost": "0.00",
        "owed": "0.00",
    }
    with django_assert_num_queries(2):  # the key, the page
        [row] = api.get("/api/v1/disputes/?status=open").json()["results"]
    assert row == shown
    assert api.get("/api/v1/disputes/?status=won").json()["results"] == []
    assert api.get("/api/v1/disputes/dp_unknown/").status_code == 404
    assert make_api("invoices:read").get("/api/v1/disputes/").status_code == 403
