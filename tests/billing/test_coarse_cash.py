"""A currency whose cash is coarser than its books: dinars have paras on every paper, page and account."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from billing import services as billing
from billing.models import Invoice, LedgerEntry
from billing.proofs import official
from core.actors import SYSTEM
from orders.inputs import LineInput
from tests.factories.billing import again, pdf_text, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def order(run_debts):
    """An order over 118.41 RSD: 99.50 and 19 %."""
    line = LineInput(sku="MUG-RED", quantity=1, unit_price=Decimal("99.50"))
    made = place({}, currency="RSD", lines=(line,), shipping_price=Decimal(0))
    ship_all(made)
    run_debts()
    return again(made)


def test_a_price_with_paras_is_charged_and_paid_to_the_para(order, run_debts):
    assert (order.subtotal, order.tax_total, order.total) == (Decimal("99.50"), Decimal("18.91"), Decimal("118.41"))
    billing.record_payment(order.pk, method="cash", amount=Decimal("118.41"), actor=SYSTEM)
    run_debts()

    assert (again(order).payment_status, again(order).balance_due) == ("paid", 0)
    assert Invoice.objects.get().status == "paid"
    assert {abs(one.amount) for one in LedgerEntry.objects.all()} >= {Decimal("118.41"), Decimal("18.91")}


def test_every_paper_and_page_shows_the_paras(order, client, admin_client):
    invoice = Invoice.objects.get()
    paper = pdf_text(billing.render_invoice_pdf(invoice.pk))
    content = billing.invoice_xml(invoice.pk)[1]
    session = client.session
    session["opened_orders"] = [order.pk]
    session.save()
    portal = client.get(f"/orders/{order.number}/").content.decode()
    desk = admin_client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    assert {"99.50", "18.91", "118.41"} <= set(re.findall(r"\d+\.\d+", paper))
    assert b'currencyID="RSD">18.91<' in content
    assert official.faults(content) == []
    for page in (portal, desk):
        assert "118.41" in page
        assert not re.search(r"RSD\s?118(?!\.)", page)


def test_the_statement_of_the_account_and_its_file_are_written_to_the_para(order, admin_client):
    page = reverse("admin:billing_statement", args=[order.customer_id])
    assert re.search(r"RSD\s?118\.41", admin_client.get(page).content.decode())
    assert b"118.41" in admin_client.get(f"{page}?as=csv").content
