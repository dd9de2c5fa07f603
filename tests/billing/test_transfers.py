"""One transfer over several invoices of a customer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import services as billing
from billing.errors import NothingToPay, ReferenceTaken
from billing.models import Invoice, Payment
from core.actors import SYSTEM
from customers.models import Customer
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def three(run_debts):
    """Three orders of Ada over 22.06 each; the second is due first."""
    orders = []
    for days in (30, 40, 20):
        then = timezone.now() - timedelta(days=days)
        orders.append(place(placed_at=then, historic=True))
        ship_all(orders[-1], at=then)
    run_debts()
    return orders


def transfer(orders, amount, reference="TRF-1"):
    return billing.record_transfer(
        again(orders[0]).customer_id,
        invoice_ids=list(Invoice.objects.values_list("pk", flat=True)),
        method="bank_transfer",
        amount=Decimal(amount),
        currency="EUR",
        reference=reference,
        actor=SYSTEM,
    )


def paid(orders):
    return [str(again(order).paid_total) for order in orders]


def test_a_transfer_settles_the_invoices_that_are_due_first_once(three):
    transfer(three, "30.00")
    assert paid(three) == ["7.940", "22.060", "0.000"]
    transfer(three, "30.00")
    assert (paid(three), Payment.objects.count()) == (["7.940", "22.060", "0.000"], 2)
    with pytest.raises(ReferenceTaken):
        transfer(three, "31.00")
    # What is more than all is kept as overpaid on the last.
    transfer(three, "40.00", "TRF-2")
    assert paid(three) == ["22.060", "22.060", "25.880"]
    assert set(Invoice.objects.values_list("status", flat=True)) == {"paid"}
    assert again(three[2]).payment_status == "overpaid"
    with pytest.raises(NothingToPay):
        transfer(three, "1.00", "TRF-3")


def test_invoices_of_others_are_none(three, run_debts):
    other = place(email="eve@example.com", customer_name="Eve")
    ship_all(other)
    run_debts()
    transfer(three, "100.00")
    assert again(other).paid_total == 0


def test_finance_records_it_on_the_page_of_the_customer(three, staff):
    customer = Customer.objects.get(pk=again(three[0]).customer_id)
    address = reverse("admin:billing_customer_do", args=[customer.pk, "payment"])
    assert address in staff.get(reverse("admin:customers_customer_change", args=[customer.pk])).content.decode()
    said = staff.get(address).content.decode()
    assert 'value="66.18"' in said
    assert said.index(f"of order {three[1].number}") < said.index(f"of order {three[0].number}")
    wrong = staff.post(address, {"method": "bank_transfer", "amount": "-1", "reference": "TRF-9"})
    assert (wrong.status_code, "TRF-9" in wrong.content.decode(), Payment.objects.count()) == (200, True, 0)
    staff.post(address, {"method": "bank_transfer", "amount": "66.18", "reference": "TRF-9"})
    assert paid(three) == ["22.060"] * 3
    assert staff.get(address).status_code in (302, 409)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_record_it_once(three, concurrently):
    """Without the reference looked up under the locks, all clicks but the first are refused (tried)."""
    outcomes = concurrently(*[lambda: len(transfer(three, "30.00")) for _ in range(4)])
    assert [one.value for one in outcomes] == [2] * 4
    assert (paid(three), Payment.objects.count()) == (["7.940", "22.060", "0.000"], 2)
