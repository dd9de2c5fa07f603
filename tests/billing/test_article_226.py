"""Directive 2006/112/EC art. 226, point by point: what it asks for is on the paper and in its XML, in any language."""

from datetime import timedelta
from decimal import Decimal

import pytest
from babel.dates import format_date
from django.utils import timezone

from billing import services as billing
from billing.models import CreditNote, Invoice
from core.actors import SYSTEM
from customers.models import Customer
from orders.inputs import LineInput
from tests.billing.en16931 import BUYER, DELIVERY, SELLER, SETTLED, SUMS, TRADE, Reading, breaches
from tests.factories.billing import pdf_text, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
LINE = f"{TRADE}/IncludedSupplyChainTradeLineItem"
GOODS = (
    LineInput(sku="MUG-RED", quantity=2, unit_price=Decimal("5.00"), discount=Decimal("1.00")),
    LineInput(sku="TEA-1", quantity=1, unit_price=Decimal("4.20")),
)


@pytest.mark.parametrize(("language", "locale"), [("de", "de"), ("en", "en_GB")])
def test_every_point_is_on_the_paper_and_in_the_xml(language, locale, run_debts):
    def spoken(day):
        return format_date(day, format="long", locale=locale).replace("\u00a0", " ")

    def figure(text):
        return text.replace(".", ",") if language == "de" else text

    order = place(lines=GOODS, language=language)
    Customer.objects.filter(pk=order.customer_id).update(vat_id="DE987654321")
    today = timezone.localdate()
    paid, left = timezone.now() - timedelta(days=3), timezone.now() - timedelta(days=1)
    billing.record_payment(order.pk, method="cash", amount=Decimal("10.00"), reference="", actor=SYSTEM, at=paid)
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1", at=left)
    run_debts()
    invoice = Invoice.objects.get()
    paper, content = pdf_text(invoice.pdf), billing.invoice_xml(invoice.pk)[1]
    xml = Reading(content)
    supplied, issued = timezone.localdate(left), invoice.issued_on
    country = {"de": "Deutschland", "en": "Germany"}[language]

    on_paper = {
        "1 date of issue": spoken(issued),
        "2 number": "INV-000001",
        "3 VAT id of the seller": "DE123456788",
        "4 VAT id of the customer": "DE987654321",
        "5 seller": f"Kettle & Co. GmbH Kehrwieder 8 20457 Hamburg {country}",
        "5 customer": f"Ada Byron 1 Main St 10115 Berlin {country}",
        "6 quantity and nature": f"Red mug MUG-RED 2 {figure('5.00')}",
        "7 date of supply": spoken(supplied),
        "7 date of the payment on account": spoken(timezone.localdate(paid)),
        "8 unit price, discount, 9 rate, net": f"2 {figure('5.00')} {figure('-1.00')} 19 % {figure('9.00')}",
        "8 to 10 of the lower rate": f"7 % {figure('4.20')}",
        "10 tax in all": figure(str(invoice.tax_breakdown[0]["tax"])),
    }
    assert {point for point, said in on_paper.items() if said not in paper} == set(), paper
    in_xml = {
        "1": ("ExchangedDocument/IssueDateTime/DateTimeString", f"{issued:%Y%m%d}"),
        "2": ("ExchangedDocument/ID", "INV-000001"),
        "3": (f"{SELLER}/SpecifiedTaxRegistration/ID", "DE123456788"),
        "4": (f"{BUYER}/SpecifiedTaxRegistration/ID", "DE987654321"),
        "5 seller": (f"{SELLER}/PostalTradeAddress/LineOne", "Kehrwieder 8"),
        "5 customer": (f"{BUYER}/PostalTradeAddress/LineOne", "1 Main St"),
        "6 nature": (f"{LINE}/SpecifiedTradeProduct/Name", "Red mug"),
        "6 quantity": (f"{LINE}/SpecifiedLineTradeDelivery/BilledQuantity", "2"),
        "7": (f"{DELIVERY}/ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString", f"{supplied:%Y%m%d}"),
        "8 base": (f"{SETTLED}/ApplicableTradeTax/BasisAmount", str(invoice.tax_breakdown[0]["net"])),
        "9": (f"{SETTLED}/ApplicableTradeTax/RateApplicablePercent", "19.00"),
        "10": (f"{SETTLED}/ApplicableTradeTax/CalculatedAmount", str(invoice.tax_breakdown[0]["tax"])),
        "paid on account": (f"{SUMS}/TotalPrepaidAmount", "10.00"),
    }
    assert {point: xml.text(path) for point, (path, _said) in in_xml.items()} == {
        point: said for point, (_path, said) in in_xml.items()
    }
    assert breaches(content) == []
    note = billing.credit_invoice(invoice.pk, reference="all", actor=SYSTEM)
    run_debts()
    credited = pdf_text(billing.render_credit_note_pdf(CreditNote.objects.get(pk=note.pk).pk))
    # Art. 219: what amends an invoice refers to it, and says all that it had to say.
    missing = {point for point, said in on_paper.items() if said not in credited}
    assert missing <= {"7 date of the payment on account", "1 date of issue"}
    assert spoken(today) in credited
