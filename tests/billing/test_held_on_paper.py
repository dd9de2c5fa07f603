"""Who pays by card is asked for nothing by an invoice: what is held is taken as the goods leave, by the provider."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import Invoice, Payment
from billing.proofs import official
from core.models import OutgoingMail
from orders import services as orders
from orders.wishes import LineWish, Wish
from tests.billing.checkouts import MAYA, begin, come_back
from tests.billing.en16931 import SETTLED, SUMS, Reading, breaches
from tests.factories.billing import again, line_of, pdf_text, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
MEANS = f"{SETTLED}/SpecifiedTradeSettlementPaymentMeans/TypeCode"


@pytest.fixture
def order(stripe, run_debts):
    """An order of 22.06 EUR, all of which Stripe holds."""
    order = place(terms="prepaid")
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    assert Payment.objects.get().held == Decimal("22.06")
    return order


def papers(invoice):
    """Return the words of an invoice on paper, and its XML, which keeps the rules."""
    xml = billing.invoice_xml(invoice.pk)[1]
    assert breaches(xml) == official.faults(xml) == []
    return pdf_text(billing.render_invoice_pdf(invoice.pk)), Reading(xml)


def test_nobody_is_asked_for_what_is_held_and_will_be_taken(order, run_debts):
    ship_all(order)
    run_debts()

    invoice = Invoice.objects.get()
    text, said = papers(invoice)
    assert "There is nothing you have to do." in text
    assert "€22.06 is taken by card: it has been held since you ordered." in text
    assert "Please pay" not in text
    # What is due is due, though no transfer is asked for; and the paper stays what it was, now that the money came.
    assert (said.text(MEANS), said.text(f"{SUMS}/DuePayableAmount")) == ("68", "22.06")
    assert (invoice.status, invoice.open_amount) == ("paid", 0)
    mail = OutgoingMail.objects.get(kind="invoice")
    assert "Please pay" not in mail.text


def test_what_is_more_than_is_held_is_asked_for(order, run_debts):
    tea = line_of(order, "TEA-1")
    wish = Wish(lines=(LineWish(position=tea.position, quantity=2),))
    orders.amend_order(order.pk, wish, expected_version=again(order).version, reason="More", actor=MAYA)
    billing.invoice_order(order.pk, actor=MAYA)
    run_debts()

    invoice = Invoice.objects.get()
    more = invoice.total - Decimal("22.06")
    text, said = papers(invoice)
    assert more > 0
    assert "€22.06 is taken by card: it has been held since you ordered." in text
    assert f"Please pay €{more:.2f} by" in text
    assert (said.text(MEANS), said.text(f"{SUMS}/DuePayableAmount")) == ("58", f"{invoice.total:.2f}")
    assert f"Please pay €{more:.2f} by" in OutgoingMail.objects.get(kind="invoice").text


def test_a_hold_that_was_let_go_is_asked_for_like_any_other(order, run_debts):
    billing.void_payment(Payment.objects.get().pk, reason="Asked for", actor=MAYA)
    billing.invoice_order(order.pk, actor=MAYA)
    run_debts()

    text, said = papers(Invoice.objects.get())
    assert "Please pay €22.06 by" in text
    assert "held" not in text
    assert said.text(MEANS) == "58"
    assert "Please pay €22.06 by" in OutgoingMail.objects.get(kind="invoice").text
