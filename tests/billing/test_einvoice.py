"""Every invoice and credit note is there for machines too, and keeps the rules of EN 16931."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from billing import services as billing
from billing.errors import NotIssued
from billing.models import CreditNote, InvoiceLine
from billing.proofs import official
from billing.services import einvoice, wording
from core.actors import SYSTEM
from core.files import read_file
from customers import services as customers
from customers.addresses import PostalAddress
from inventory import services as stock
from orders import services as orders
from orders.inputs import LineInput
from orders.models import OrderCharge, OrderLine
from orders.wishes import LineWish, Wish
from tests.billing.en16931 import BUYER, DELIVERY, SELLER, SETTLED, SUMS, TRADE, Reading, breaches
from tests.factories.billing import ADA, again, pdf_text, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller")]
LINE = f"{TRADE}/IncludedSupplyChainTradeLineItem"


def issued(**given):
    goods = given.pop("goods", None)
    return billing.issue_invoice(billing.invoice_order(place(goods, **given).pk, actor=SYSTEM).pk)


def test_an_invoice_says_to_machines_what_it_says_on_paper():
    invoice = issued(purchase_order_number="PO-77")
    name, content = billing.invoice_xml(invoice.pk)
    one = Reading(content)

    assert name == "INV-000001.xml"
    assert breaches(content) == []
    said = {
        "ExchangedDocument/ID": "INV-000001",
        "ExchangedDocument/TypeCode": "380",
        "ExchangedDocument/IssueDateTime/DateTimeString": f"{invoice.issued_on:%Y%m%d}",
        f"{SELLER}/Name": "Kettle & Co. GmbH",
        f"{SELLER}/PostalTradeAddress/LineOne": "Kehrwieder 8",
        f"{SELLER}/SpecifiedTaxRegistration/ID": "DE123456788",
        f"{BUYER}/Name": "Ada Byron",
        f"{BUYER}/PostalTradeAddress/PostcodeCode": "10115",
        f"{TRADE}/ApplicableHeaderTradeAgreement/BuyerOrderReferencedDocument/IssuerAssignedID": "PO-77",
        f"{SETTLED}/SpecifiedTradeSettlementPaymentMeans/TypeCode": "58",
        f"{SETTLED}/SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID":
            "DE02120300000000202051",
        f"{SETTLED}/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString": f"{invoice.due_on:%Y%m%d}",
        f"{SUMS}/LineTotalAmount": "19.10",
        f"{SUMS}/TaxTotalAmount": "2.96",
        f"{SUMS}/GrandTotalAmount": "22.06",
        f"{SUMS}/DuePayableAmount": "22.06",
    }  # fmt: skip
    assert {path: one.text(path) for path in said} == said
    assert [(one.text("CategoryCode", tax), one.text("RateApplicablePercent", tax), one.text("BasisAmount", tax),
             one.text("CalculatedAmount", tax)) for tax in one.all(f"{SETTLED}/ApplicableTradeTax")] == [
        ("S", "19.00", "13.45", "2.56"), ("S", "7.00", "5.65", "0.40"),
    ]  # fmt: skip
    assert len(one.all(LINE)) == 4


def test_it_is_inside_the_paper_which_says_so():
    invoice = issued(customer_name="Zoë & <Söhne>\x0b", shipping_address=ADA)
    kept = read_file(billing.render_invoice_pdf(invoice.pk))
    paper = PdfReader(BytesIO(kept), strict=True)

    assert paper.attachments == {"factur-x.xml": [billing.invoice_xml(invoice.pk)[1]]}
    assert "Zoë & <Söhne>" in Reading(paper.attachments["factur-x.xml"][0]).text(f"{BUYER}/Name")
    said = paper.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>" in said
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in said
    assert paper.trailer["/Root"]["/AF"][0].get_object()["/AFRelationship"] == "/Alternative"
    assert paper.metadata.title == "Invoice INV-000001"


def test_a_credit_note_names_its_invoice(run_debts):
    invoice = issued()
    row = InvoiceLine.objects.get(invoice=invoice, sku="MUG-RED")
    note = billing.credit_invoice(
        invoice.pk, quantities={row.pk: 1}, reference="R-1", reason="\nxref\n0 1\n", actor=SYSTEM
    )
    with pytest.raises(NotIssued):
        billing.credit_note_xml(note.pk)
    run_debts()
    content = billing.credit_note_xml(CreditNote.objects.get().pk)[1]
    one = Reading(content)
    paper = PdfReader(BytesIO(read_file(CreditNote.objects.get().pdf)), strict=True)

    assert breaches(content) == []
    assert paper.attachments == {"factur-x.xml": [content]}
    assert one.text("ExchangedDocument/TypeCode") == "381"
    assert one.text(f"{SETTLED}/InvoiceReferencedDocument/IssuerAssignedID") == "INV-000001"
    day = one.text(f"{SETTLED}/InvoiceReferencedDocument/FormattedIssueDateTime/DateTimeString")
    assert day == f"{invoice.issued_on:%Y%m%d}"
    assert one.text(f"{SUMS}/DuePayableAmount") == "5.95"
    assert not one.all(f"{SETTLED}/SpecifiedTradeSettlementPaymentMeans")


@pytest.mark.parametrize(
    ("category", "code", "words"),
    [
        ("AE", "VATEX-EU-AE", "Reverse charge"),
        ("K", "VATEX-EU-IC", "Intra-Community supply"),
        ("G", "VATEX-EU-G", "Export outside the EU"),
        ("E", None, "Exempt from VAT"),
        ("O", "VATEX-EU-O", "No VAT"),
        ("Z", None, None),
    ],
)
def test_it_says_why_no_tax_is_stated(category, code, words):
    there = PostalAddress(name="Amélie", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
    order = place(shipping_address=there, customer_name="Amélie", purchase_order_number="7")
    # As an order that comes priced from elsewhere; who decides on the treatment is tested where it is decided.
    taxless = {"tax_category": category, "tax_rate": 0, "tax_total": 0}
    for line in OrderLine.objects.filter(order=order):
        OrderLine.objects.filter(pk=line.pk).update(**taxless, total=line.net_total)
    charge = OrderCharge.objects.get(order=order)
    parts = [{"category": category, "rate": "0.0000", "net": str(charge.net_total), "tax": "0.00"}]
    OrderCharge.objects.filter(pk=charge.pk).update(taxes=parts, tax_total=0, total=charge.net_total)
    order.customer.vat_id = "FR12345678901"
    order.customer.save()
    invoice = billing.invoice_order(order.pk, actor=SYSTEM)
    invoice.number, invoice.supplied_on = "INV-9", date(2026, 11, 28)
    invoice.issued_on = invoice.due_on = invoice.supplied_on
    content = einvoice.write(invoice, list(invoice.lines.order_by("position")))
    one = Reading(content)

    assert breaches(content) == []
    [tax] = one.all(f"{SETTLED}/ApplicableTradeTax")
    assert one.text("ExemptionReasonCode", tax) == code
    assert (one.text("ExemptionReason", tax) or "").startswith(words or "")
    assert one.text(f"{DELIVERY}/ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString") == "20261128"


def test_goods_for_a_company_abroad_billed_in_advance_state_the_time_of_supply(run_debts):
    durand = customers.create_customer(
        customers.CustomerInput(name="Amélie", company="Durand", email="d@durand.example", vat_id="FR40303265045"),
        actor=SYSTEM,
    )
    there = PostalAddress(name="Amélie", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
    stock.create_products([stock.ProductInput(sku="FITTING", name="Fitting", kind="service")], actor=SYSTEM)
    lines = (LineInput(sku="MUG-RED", quantity=2), LineInput(sku="FITTING", quantity=1, unit_price=Decimal(40)))
    order = place(customer_id=durand.pk, customer_name="", email="", shipping_address=there, lines=lines)
    customers.update_customer(durand.pk, {"vat_id": ""}, actor=SYSTEM)
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    rows = list(InvoiceLine.objects.filter(invoice=invoice).order_by("position"))
    billing.credit_invoice(invoice.pk, quantities={rows[0].pk: 1}, reference="R-1", actor=SYSTEM)
    run_debts()
    note = CreditNote.objects.get()

    assert [(row.tax_category, row.sku) for row in rows[:2]] == [("K", "MUG-RED"), ("AE", "FITTING")]
    assert order.promised_on > invoice.issued_on
    # What was agreed on a VAT id bears it, whatever became of the customer since.
    assert (invoice.supplied_on, invoice.buyer["vat_id"]) == (None, "FR40303265045")
    for content, paper in (
        (billing.invoice_xml(invoice.pk)[1], pdf_text(billing.render_invoice_pdf(invoice.pk))),
        (billing.credit_note_xml(note.pk)[1], pdf_text(billing.render_credit_note_pdf(note.pk))),
    ):
        one = Reading(content)
        assert (breaches(content), official.faults(content)) == ([], [])
        period = f"{SETTLED}/BillingSpecifiedPeriod"
        assert one.text(f"{period}/StartDateTime/DateTimeString") == f"{invoice.issued_on:%Y%m%d}"
        assert one.text(f"{period}/EndDateTime/DateTimeString") == f"{order.promised_on:%Y%m%d}"
        assert one.text(f"{DELIVERY}/ShipToTradeParty/PostalTradeAddress/CountryID") == "FR"
        assert one.text(f"{BUYER}/SpecifiedTaxRegistration/ID") == "FR40303265045"
        assert "art. 138" in paper
        assert f"{wording.day(invoice.issued_on)} – {wording.day(order.promised_on)}" in paper


def test_an_edit_keeps_the_treatment_that_was_agreed():
    durand = customers.create_customer(
        customers.CustomerInput(name="Amélie", company="Durand", email="d@durand.example", vat_id="FR40303265045"),
        actor=SYSTEM,
    )
    there = PostalAddress(name="Amélie", line1="1 rue du Port", city="Lyon", postal_code="69002", country="FR")
    order = place(customer_id=durand.pk, customer_name="", email="", shipping_address=there)
    customers.update_customer(durand.pk, {"vat_id": ""}, actor=SYSTEM)
    line = OrderLine.objects.get(order=order, sku="MUG-RED")

    wish = Wish(lines=(LineWish(position=line.position, quantity=1),))
    orders.amend_order(order.pk, wish, expected_version=order.version, actor=SYSTEM)

    order = again(order)
    assert {one.tax_category for one in OrderLine.objects.filter(order=order)} == {"K"}
    assert order.tax_total == 0
    assert [one["vat_id"] for one in order.explanation if one["about"] == "tax"] == ["FR40303265045"]


def test_the_rules_notice_what_is_wrong():
    content = billing.invoice_xml(issued().pk)[1]
    assert "BR-CO-15" in breaches(content.replace(b">22.06</ram:GrandTotal", b">22.07</ram:GrandTotal"))
    assert "BR-CO-14" in breaches(content.replace(b">2.56<", b">2.57<"))
    assert "BR-CO-17" in breaches(content.replace(b">2.56<", b">2.57<"))
    assert "BR-CO-10" in breaches(content.replace(b">10.00</ram:LineTotalAmount>", b">10.01</ram:LineTotalAmount>"))


def test_prices_with_tax_and_many_pieces_keep_the_rules(run_debts):
    invoice = issued(goods={"MUG-RED": 7, "TEA-1": 13}, prices_include_tax=True)
    assert breaches(billing.invoice_xml(invoice.pk)[1]) == []
    for n in range(3):
        rows = {row.pk: 2 for row in InvoiceLine.objects.filter(invoice=invoice, order_line__isnull=False)}
        billing.credit_invoice(invoice.pk, quantities=rows, reference=f"R-{n}", actor=SYSTEM)
    run_debts()
    for note in CreditNote.objects.all():
        assert breaches(billing.credit_note_xml(note.pk)[1]) == []


def test_who_may_read_the_paper_may_have_the_xml(client, admin_client, django_user_model):
    invoice = issued()
    page = reverse("admin:billing_invoice_xml", args=[invoice.pk])
    assert page in admin_client.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
    answer = admin_client.get(page)
    assert answer.content == billing.invoice_xml(invoice.pk)[1]
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="INV-000001.xml"'
    draft = billing.invoice_order(place().pk, actor=SYSTEM)
    assert admin_client.get(reverse("admin:billing_invoice_xml", args=[draft.pk])).status_code == 404
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert client.get(page).status_code == 403
    order = invoice.order
    for name in ("portal:document", "portal:document-xml"):
        assert client.get(reverse(name, args=[order.number, invoice.number])).status_code == 404
