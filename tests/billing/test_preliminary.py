"""Papers before the invoice: the quotation and the proforma invoice say what is agreed, and bind no ledger."""

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from billing import services as billing
from billing.errors import NoProforma, NotOffered
from billing.models import CreditNote, Invoice, LedgerEntry
from core.actors import SYSTEM, Actor
from core.files import read_file
from core.models import NumberSeries, OutgoingMail
from orders import services as orders
from orders.inputs import LineInput
from pricing.models import Channel
from tests.factories.billing import place, ship, ship_all
from tests.scenarios import order_input

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
MAYA, ADA = Actor("staff", "maya"), Actor("guest", "SO-000001")


def words(content):
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00a0", " ").split())


def links(content):
    notes = [note.get_object() for page in PdfReader(BytesIO(content)).pages for note in page.get("/Annots", [])]
    return {note["/A"]["/URI"] for note in notes if "/A" in note}


def offered(lines=None, *, days=14, deposit=None, **given):
    draft = orders.save_draft(order_input(lines, payment_terms="net14", **given), actor=MAYA)
    until = timezone.localdate() + timedelta(days=days)
    return orders.offer_draft(draft.pk, valid_until=until, deposit=deposit, actor=MAYA)


def quotation(order, **asked):
    name, content = billing.quotation_pdf(order.pk, **asked)
    assert name == f"{order.number}-quotation.pdf"
    return words(content)


def proforma(order):
    name, content = billing.proforma_pdf(order.pk)
    assert name == f"{order.number}-proforma.pdf"
    return words(content)


def test_a_quotation_says_what_is_offered_and_until_when():
    order = offered(deposit=orders.Deposit(percent=Decimal(50)), purchase_order_number="PO-77")
    text = quotation(order)
    until = timezone.localdate() + timedelta(days=14)

    for said in (
        f"Quotation {order.number}",
        "This is an offer and no invoice: nothing is to be paid by it.",
        f"Valid until {until.day} {until:%B} {until.year}",
        "Your reference PO-77", "Ada Byron 1 Main St 10115 Berlin Germany", "Kettle & Co. GmbH",
        "Red mug MUG-RED 2 5.00 19 % 10.00", "Morning tea TEA-1 1 4.20 7 % 4.20",
        "Net total €19.10", "VAT 19 % €2.56", "VAT 7 % €0.40", "Total €22.06", "Of it as a deposit €11.03",
        "Payment: ", "Of it €11.03 is a deposit: you pay it when you accept, and then we begin.",
    ):  # fmt: skip
        assert said in text, said
    assert "Invoice number" not in text
    assert "IBAN" not in text
    assert (Invoice.objects.count(), LedgerEntry.objects.count()) == (0, 0)


def test_only_who_may_accept_it_finds_the_way_to_do_so():
    order = offered()
    _name, theirs = billing.quotation_pdf(order.pk, accept=True)
    _name, plain = billing.quotation_pdf(order.pk)

    (link,) = links(theirs)
    assert "/quotations/" in link
    assert "Scan to accept" in words(theirs)
    assert links(plain) == set()
    assert "accept it online" not in words(plain)


def test_the_mail_that_offers_it_carries_it(run_debts):
    order = offered(language="de")
    run_debts()

    mail = OutgoingMail.objects.get(kind="quotation")
    (kept,) = mail.attachments.all()
    text = words(read_file(kept))
    assert kept.name == f"{order.number}-quotation.pdf"
    assert f"Angebot {order.number}" in text
    assert "22,06 €" in text
    assert [link.partition("/quotations/")[0] for link in links(read_file(kept))] == ["http://127.0.0.1:8000"]


def test_a_quotation_that_lapsed_says_so():
    order = offered(days=0)
    orders.lapse_drafts(timezone.now() + timedelta(days=1))

    text = quotation(order, accept=True)
    assert "This offer was valid until" in text
    assert "Its prices hold no more." in text
    assert "accept it online" not in text
    assert "Total €22.06" in text


def test_a_quotation_that_was_accepted_names_the_order():
    order = offered()
    orders.accept_quotation(order.pk, version=order.version, actor=ADA)
    today = timezone.localdate()

    assert f"Accepted on {today.day} {today:%B} {today.year}: it is order {order.number}." in quotation(order)


def test_after_an_edit_a_quotation_is_what_went_out(run_debts):
    order = offered()
    run_debts()
    sent = read_file(OutgoingMail.objects.get(kind="quotation").attachments.get())
    orders.accept_quotation(order.pk, version=order.version, actor=ADA)
    orders.cancel_order(order.pk, reason="", actor=MAYA)

    assert billing.quotation_pdf(order.pk) == (f"{order.number}-quotation.pdf", sent)


def test_what_was_never_offered_or_changed_since_is_no_quotation():
    draft = orders.save_draft(order_input(payment_terms="net14"), actor=MAYA)
    changed = offered()
    orders.save_draft(order_input({"TEA-1": 3}), draft_id=changed.pk, actor=MAYA)

    for order in (draft, changed, place()):
        with pytest.raises(NotOffered):
            billing.quotation_pdf(order.pk)


@pytest.mark.parametrize("gross", [False, True])
@pytest.mark.parametrize("price", ["0.01", "0.07", "9.99", "3.333333"])
def test_a_quotation_equals_its_order_and_its_invoice_to_the_cent(gross, price, run_debts):
    Channel.objects.filter(code="api").update(prices_include_tax=gross)
    rows = [LineInput(sku=sku, quantity=7, unit_price=Decimal(price)) for sku in ("MUG-RED", "TEA-1")]
    order = offered(rows)
    said = re.search(r"Total €([\d.,]+)", quotation(order))[1]
    orders.accept_quotation(order.pk, version=order.version, actor=ADA)
    early = re.search(r"Total with VAT €([\d.,]+)", proforma(order))[1]
    ship_all(order)
    run_debts()

    assert Decimal(said) == Decimal(early) == order.total == Invoice.objects.get().total


def test_a_proforma_invoice_asks_for_the_money_and_states_no_tax():
    order = place(terms="prepaid")
    text = proforma(order)

    for said in (
        f"Proforma invoice for order {order.number}",
        "No invoice for VAT: it gives no right to deduct input tax.",
        f"Reference {order.number}-proforma",
        "Red mug MUG-RED 2 10.00 11.90", "Total with VAT €22.06",
        "Please pay €22.06 in advance", f"Quote {order.number} with the transfer.", "DE02 1203 0000 0000 2020 51",
        "Scan to pay",
    ):  # fmt: skip
        assert said in text, said
    assert "19 %" not in text
    assert "2.56" not in text
    assert (Invoice.objects.count(), CreditNote.objects.count(), LedgerEntry.objects.count()) == (0, 0, 0)
    assert not NumberSeries.objects.filter(key__contains="invoice").exists()


def test_what_was_paid_already_is_not_asked_for_again():
    order = place()
    billing.record_payment(order.pk, method="cash", amount=Decimal("10.00"), reference="", actor=SYSTEM)
    assert "Paid or reserved already -€10.00 Still to pay €12.06" in proforma(order)
    billing.record_payment(order.pk, method="cash", amount=Decimal("12.06"), reference="", actor=SYSTEM)
    assert "Nothing is to be paid." in proforma(order)


def test_a_deposit_is_what_is_asked_for_first():
    order = offered(deposit=orders.Deposit(amount=Decimal("5.00")))
    orders.accept_quotation(order.pk, version=order.version, actor=ADA)
    text = proforma(order)

    assert "Please pay €5.00 in advance" in text
    assert "It is the deposit: we begin as soon as it is here." in text


def test_after_a_first_parcel_it_lists_the_rest_and_then_there_is_none(run_debts):
    order = place({"MUG-RED": 3, "TEA-1": 1})
    ship(order, {"MUG-RED": 1, "TEA-1": 1}, reference="SH-1")
    run_debts()
    text = proforma(order)
    assert "Red mug MUG-RED 2 10.00 11.90" in text
    assert "Morning tea" not in text
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()

    with pytest.raises(NoProforma) as refused:
        billing.proforma_pdf(order.pk)
    assert refused.value.message == "All of it is invoiced: INV-000001, INV-000002. The invoice is its paper."


def test_an_invoice_that_waits_for_its_number_takes_the_place_of_the_proforma():
    order = place()
    billing.invoice_order(order.pk, actor=SYSTEM)

    with pytest.raises(NoProforma) as refused:
        billing.proforma_pdf(order.pk)
    assert refused.value.message == "There is nothing left of it to be invoiced."


def test_what_is_over_or_not_placed_has_none():
    gone = place()
    orders.cancel_order(gone.pk, reason="", actor=SYSTEM)

    for order in (gone, offered()):
        with pytest.raises(NoProforma):
            billing.proforma_pdf(order.pk)


def test_papers_speak_the_language_of_the_customer():
    order = offered(language="de")
    offer = quotation(order)
    orders.accept_quotation(order.pk, version=order.version, actor=ADA)
    early = proforma(order)
    today = timezone.localdate()

    assert f"Angebot {order.number}" in offer
    assert "Netto gesamt 19,10 €" in offer
    assert "Zahlung: auf Rechnung" in offer
    for text in (offer, early):
        assert re.search(rf"Datum {today.day}\. \w+ {today.year}", text)
        assert "Deutschland" in text
        assert "22,06 €" in text
