"""What money says on the first screen, and on the page of a customer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import services as billing
from billing.admin import today
from core.actors import SYSTEM
from tests.factories.billing import place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def overdue(run_debts):
    then = timezone.now() - timedelta(days=20)
    order = place(placed_at=then, historic=True)
    ship_all(order, at=then)
    run_debts()
    return order


def test_overdue_invoices_are_named_counted_and_summed(overdue):
    assert today.overdue().text == "1 invoice is overdue."
    [named] = today.overdue_invoices()
    assert named.text == f"{overdue.number} · Ada Byron · €22.06 on INV-000001, overdue for 6 days"
    assert named.url == reverse("admin:billing_order_do", args=[overdue.pk, "payment"])
    [figure] = today.owed()
    assert (figure.value, figure.note) == ("€22.06", "on 1 invoice")
    step = today.payment()
    assert (step.number, step.count, step.late) == (8, 1, 1)

    billing.record_payment(overdue.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
    assert today.overdue() is None
    assert today.overdue_invoices() == []
    assert today.owed() == []
    assert (today.payment().count, today.invoicing().count) == (0, 0)


def test_goods_that_left_wait_for_their_invoice(run_debts):
    ship_all(place())
    assert today.invoicing().count == 1
    run_debts()
    assert today.invoicing().count == 0


def test_a_customer_page_shows_invoices_and_what_is_owed(staff, overdue):
    shown = staff.get(reverse("admin:customers_customer_change", args=[overdue.customer_id])).content.decode()

    assert "INV-000001" in shown
    assert "Overdue" in shown
    assert "€22.06" in shown
