"""What is printed is what was agreed: papers are opened and their figures read back."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from billing import services as billing
from billing.errors import NotIssued
from billing.models import CreditNote, Invoice
from core.actors import SYSTEM
from core.files import read_file
from core.models import Attachment, OutgoingMail
from customers.addresses import PostalAddress
from customers.models import Customer
from orders.inputs import LineInput
from orders.models import Order
from pricing.models import Channel
from tests.factories.billing import again, line_of, pdf_text, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


def printed(order, **given):
    """Invoice an order and return what its paper says."""
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM, **given).pk)
    return pdf_text(billing.render_invoice_pdf(invoice.pk))


def test_everything_the_law_asks_for_is_on_it(run_debts):
    order = place(purchase_order_number="PO-77")
    Customer.objects.filter(pk=order.customer_id).update(vat_id="DE987654321")
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    invoice = Invoice.objects.get()
    text = pdf_text(invoice.pdf)
    today = timezone.localdate()

    for said in (
        "Invoice INV-000001",  # sequential number
        f"Invoice date {today.day} {today:%B} {today.year}",
        f"Date of supply {today.day} {today:%B} {today.year}",
        "Kettle & Co. GmbH", "Kehrwieder 8", "20457 Hamburg", "VAT id DE123456788",  # the seller
        "Ada Byron 1 Main St 10115 Berlin Germany", "Your VAT id DE987654321",  # the buyer
        "Red mug MUG-RED 2 5.00 19 % 10.00",  # quantity, nature, net unit price, rate, net
        "Morning tea TEA-1 1 4.20 7 % 4.20",
        "19 % 13.45 2.56 16.01", "7 % 5.65 0.40 6.05",  # taxable amount and tax per rate
        "Net total €19.10", "VAT 19 % €2.56", "VAT 7 % €0.40", "Total €22.06",
        f"Order number {order.number}", f"Customer number {order.customer.number}", "Your reference PO-77",
        "Please pay €22.06 by", "DE02 1203 0000 0000 2020 51", "BYLADEM1001",
        "Page 1 of 1",
    ):  # fmt: skip
        assert said in text, said


@pytest.mark.parametrize(
    ("language", "row"),
    [
        ("en", "3 Standard delivery 3.45 at 19 %, 1.45 at 7 % 1 4.90 19 % + 7 % 4.90"),
        ("de", "3 Standardversand 3,45 zu 19 %, 1,45 zu 7 % 1 4,90 19 % + 7 % 4,90"),
    ],
)
def test_delivery_of_goods_of_two_rates_is_one_row_and_taxed_by_both(run_debts, language, row):
    order = place(language=language)
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    invoice = Invoice.objects.get()
    note = billing.credit_invoice(invoice.pk, reference="all", actor=SYSTEM)
    run_debts()

    for paper in (invoice.pdf, CreditNote.objects.get(pk=note.pk).pdf):
        text = pdf_text(paper)
        assert row in text
        assert text.count("Standard") == 1
        for taxed in ("19 % 13.45 2.56 16.01", "7 % 5.65 0.40 6.05"):
            assert (taxed.replace(".", ",") if language == "de" else taxed) in text
    assert invoice.lines.count() == 4


def test_a_receiver_without_a_name_in_the_address_is_named(run_debts):
    text = printed(place(customer_name="Charles B.", shipping_address=PostalAddress(country="GB"), historic=True))

    assert "Charles B. United Kingdom" in text


def test_sheets_of_a_long_invoice_say_whose_they_are(run_debts):
    lines = tuple(LineInput(sku="MUG-RED", quantity=n) for n in range(1, 31))
    text = printed(place(lines=lines, historic=True, allow_shortage=True))

    assert "Invoice INV-000001 Page 1 of 3" in text
    assert "Invoice INV-000001 Page 3 of 3" in text


def test_it_says_that_it_is_paid_and_how(run_debts):
    order = place(terms="prepaid")
    billing.authorize_payment(order.pk, method="card", amount=Decimal("22.06"), reference="ch_1", actor=SYSTEM)
    run_debts()
    ship_all(order)
    run_debts()

    text = pdf_text(Invoice.objects.get().pdf)
    assert "Paid in full. Thank you!" in text
    assert "Paid by card on" in text
    assert "Please pay" not in text


def test_what_is_partly_paid_says_what_is_left(run_debts):
    order = place()
    billing.record_payment(order.pk, method="bank_transfer", amount=Decimal("10.00"), reference="", actor=SYSTEM)
    ship_all(order)
    run_debts()

    text = pdf_text(Invoice.objects.get().pdf)
    assert "Paid by bank transfer on" in text
    assert "-€10.00" in text
    assert "Still to pay €12.06" in text
    assert "Please pay €12.06 by" in text


def test_a_german_reader_finds_german_dates_and_figures(run_debts):
    text = printed(place({"MUG-RED": 300}, language="de", historic=True, allow_shortage=True))

    assert "1.500,00" in text
    assert "€" in text
    assert re.search(r"\d{1,2}\. [A-Z]\w+ \d{4}", text)
    assert "Deutschland" in text


def test_where_prices_include_tax_the_rows_say_so_too(run_debts):
    Channel.objects.filter(code="api").update(prices_include_tax=True)
    order = place(lines=(LineInput(sku="MUG-RED", quantity=3, unit_price=Decimal("9.99")),), historic=True)
    text = printed(order)

    assert "Net Gross" in text
    assert "Red mug MUG-RED 3 8.394958 19 % 25.18 29.97" in text


def test_discounts_have_a_column_where_there_are_any(run_debts):
    line = LineInput(sku="MUG-RED", quantity=2, unit_price=Decimal("5.00"), discount=Decimal("1.00"))
    text = printed(place(lines=(line,), historic=True))

    assert "Unit price Discount VAT Net" in text
    assert "Red mug MUG-RED 2 5.00 -1.00 19 % 9.00" in text


def test_goods_that_go_elsewhere_say_where(run_debts):
    office = PostalAddress(company="Byron Ltd", line1="Office 7", city="Bonn", postal_code="53111", country="DE")
    text = printed(place(billing_address=office))

    assert "Byron Ltd Office 7 53111 Bonn Germany" in text
    assert "Delivered to: Ada Byron, 1 Main St, 10115 Berlin, Germany" in text


def test_markup_in_a_name_is_only_text(run_debts):
    name = '#panic("x") *bold* $x$ \\ <b> " & _'
    text = printed(place(customer_name=name, shipping_address=PostalAddress(name=name, line1="1", country="DE")))

    assert '#panic("x") *bold* $x$ \\ <b> " & _' in text


def test_a_long_invoice_goes_over_several_pages_with_its_sums_on_the_last(run_debts):
    lines = tuple(LineInput(sku="MUG-RED", quantity=1, unit_price=Decimal("5.00")) for _ in range(60))
    order = place(lines=lines, historic=True)
    text = printed(order)

    pages = int(re.search(r"Page 1 of (\d+)", text).group(1))
    assert pages >= 3
    assert f"Page {pages} of {pages}" in text
    assert text.count("Red mug") == 60


def test_a_credit_note_names_the_invoice_and_what_it_takes_back(run_debts):
    order = place()
    ship_all(order)
    run_debts()
    billing.credit_return(order.pk, quantities={line_of(order, "MUG-RED").pk: 1}, reference="RMA-7", actor=SYSTEM)
    run_debts()

    text = pdf_text(CreditNote.objects.get().pdf)
    for said in (
        "Credit note CN-000001",
        "for invoice INV-000001 of",
        "Invoice number INV-000001",
        "Reference RMA-7",
        "Red mug MUG-RED 1 5.00 19 % 5.00",
        "19 % 5.00 0.95 5.95",
        "Total €5.95",
        "We credit you €5.95",
    ):
        assert said in text, said


def test_papers_are_archive_pdfs_with_a_name_and_a_date():
    order = place()
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    kept = billing.render_invoice_pdf(invoice.pk)
    content = read_file(kept)
    reader = PdfReader(BytesIO(content))
    assert reader.metadata.title == "Invoice INV-000001"
    assert reader.metadata.author == "Kettle & Co. GmbH"
    assert b"pdfaid:part" in reader.xmp_metadata.stream.get_data()


def test_it_is_drawn_once_and_stays_as_it_was(seller):
    order = place()
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    first = billing.render_invoice_pdf(invoice.pk)
    before = read_file(first)
    billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
    billing.change_entity(seller.pk, {"name": "Somebody else"}, actor=SYSTEM)

    again_ = billing.render_invoice_pdf(invoice.pk)
    assert again_ == first
    assert read_file(again_) == before
    assert Attachment.objects.filter(thread=f"orders.order:{order.pk}").count() == 1


def test_a_draft_is_not_printed():
    draft = billing.invoice_order(place().pk, actor=SYSTEM)

    with pytest.raises(NotIssued):
        billing.render_invoice_pdf(draft.pk)


def test_the_invoice_is_mailed_once_with_its_paper(run_debts):
    order = place()
    ship_all(order)
    run_debts()
    run_debts()

    mail = OutgoingMail.objects.get(kind="invoice")
    assert mail.to == "ada@example.com"
    assert mail.subject == f"Invoice INV-000001 for your order {order.number}"
    assert [file.name for file in mail.attachments.all()] == ["INV-000001.pdf"]
    assert "Please pay €22.06 by" in mail.text
    assert "IBAN DE02 1203 0000 0000 2020 51, BIC BYLADEM1001" in mail.text
    assert "Kettle &amp; Co. GmbH" in mail.html


def test_the_paper_says_what_the_order_and_the_documents_say(run_debts):
    order = place({"MUG-RED": 3, "TEA-1": 2})
    ship(order, {"MUG-RED": 1, "TEA-1": 2}, reference="SH-1")
    run_debts()
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()

    totals = [
        Decimal(re.search(r"Total €([\d.,]+)", pdf_text(invoice.pdf)).group(1)) for invoice in Invoice.objects.all()
    ]
    assert totals == [invoice.total for invoice in Invoice.objects.all()]
    assert sum(totals) == again(order).total == Order.objects.get().invoiced_total
