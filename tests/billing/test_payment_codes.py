"""Codes for banking apps (EPC069-12) have limits; what is beyond them is paid by what stands beside the code."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing import typesetting
from billing.models import Invoice, LegalEntity
from billing.services import documents, sheet
from core.actors import SYSTEM
from core.models import Delivery, OutgoingMail
from orders.inputs import LineInput
from tests.factories.billing import SELLER, pdf_text, place, words_of

NAME, IBAN, BIC = "Kettle & Co. GmbH", "DE02120300000000202051", "BYLADEM1001"
BIG = "1200000000.00"


def code(**given):
    """Return what is in a code, or nothing where there is none."""
    said = {"name": NAME, "iban": IBAN, "bic": BIC, "amount": "22.06", "text": "INV-1", **given}
    drawn = typesetting.payment_code(**said)
    assert bool(drawn) == bool(typesetting.payment_picture(**said))
    return drawn


@pytest.mark.parametrize("amount", ["0.01", "22.06", "999999999.99"])
def test_every_amount_that_the_standard_takes_has_a_code(amount):
    assert code(amount=amount).startswith("<svg")


@pytest.mark.parametrize(
    "given",
    [
        {"amount": "0.00"},
        {"amount": "-5.00"},
        {"amount": "1000000000.00"},
        {"amount": BIG},
        {"iban": ""},
        {"iban": "   "},
        {"iban": "DE"},
        {"iban": "DE" * 18},
        {"name": ""},
        {"name": "  "},
        {"text": ""},
        {"name": "水" * 70, "text": "水" * 140},
    ],
)
def test_what_it_does_not_take_has_none(given):
    assert code(**given) == ""


def test_a_longer_name_is_cut_as_sepa_cuts_it():
    assert code(name="K" * 200) == code(name="K" * 70) != code(name="K" * 69)
    assert code(name=f"{'K' * 69} und Partner") == code(name="K" * 69)


def test_an_iban_as_it_is_read_out_and_a_bic_that_is_none_keep_nobody_from_paying():
    assert code(iban="DE02 1203 0000 0000 2020 51") == code()
    assert code(bic="Hamburg") == code(bic="")


def test_it_exists_for_euros_alone():
    seller = {"name": NAME, "iban": IBAN}
    assert sheet.payment_code(seller, currency="CHF", amount=Decimal(5), text="INV-1") == ""
    assert sheet.payment_code({"name": NAME}, currency="EUR", amount=Decimal(5), text="INV-1") == ""
    assert sheet.payment_code(seller, currency="EUR", amount=Decimal(5), text="INV-1").startswith("<svg")


def big(**given):
    line = LineInput(sku="MUG-RED", quantity=2, unit_price=Decimal("600000000.00"))
    return place(lines=(line,), shipping_price=Decimal(0), **given)


@pytest.mark.django_db
def test_an_invoice_beyond_it_is_printed_and_mailed_without_a_code(seller, run_debts, monkeypatch):
    drawn = []
    draw = typesetting.draw_document
    monkeypatch.setattr(documents.typesetting, "draw_document", lambda content: drawn.append(content) or draw(content))
    order = big()
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    run_debts()

    paper = pdf_text(Invoice.objects.get(pk=invoice.pk).pdf)
    assert "Please pay €1,428,000,000.00 by" in paper
    assert "DE02 1203 0000 0000 2020 51" in paper
    assert [content["state"]["code"] for content in drawn] == [""]
    assert not Delivery.objects.exclude(status="done").exists()
    assert OutgoingMail.objects.filter(kind="invoice").count() == 1


@pytest.mark.django_db
def test_what_is_to_be_paid_in_advance_beyond_it_is_on_paper_and_page(seller, client):
    order = big(terms="prepaid")
    session = client.session
    session["opened_orders"] = [order.pk]
    session.save()
    _name, content = billing.proforma_pdf(order.pk)

    assert "Please pay €1,428,000,000.00 in advance" in words_of(content)
    page = client.get(f"/orders/{order.number}/")
    assert page.status_code == 200
    [one] = page.context["transfers"]
    assert (one.amount, one.reference, one.picture) == (Decimal("1428000000.00"), str(order.number), "")
    assert "data:image/svg" not in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("amount", "has_code"), [("100.00", True), ("600000000.00", False)])
def test_an_open_invoice_is_on_the_page_with_a_code_where_there_can_be_one(
    seller, client, run_debts, amount, has_code
):
    line = LineInput(sku="MUG-RED", quantity=2, unit_price=Decimal(amount))
    order = place(lines=(line,), shipping_price=Decimal(0))
    billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    session = client.session
    session["opened_orders"] = [order.pk]
    session.save()

    page = client.get(f"/orders/{order.number}/")
    assert page.status_code == 200
    [one] = page.context["transfers"]
    assert (one.reference, bool(one.picture)) == ("INV-000001", has_code)
    assert ("data:image/svg" in page.content.decode()) == has_code


@pytest.mark.django_db
def test_a_seller_with_a_very_long_name_writes_invoices(shop, run_debts):
    LegalEntity.objects.create(**{**SELLER, "name": "Kettle " * 25})
    invoice = billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)

    assert "Please pay €22.06 by" in pdf_text(billing.render_invoice_pdf(invoice.pk))
