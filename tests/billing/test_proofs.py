"""What `./run manage prove` tries in great numbers holds for some, and what is wrong is found."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from billing import services as billing
from billing.errors import NoElectronicForm
from billing.models import Invoice
from billing.proofs import official, papers
from core.actors import SYSTEM
from core.files import read_file
from orders.inputs import LineInput
from tests.factories.billing import pdf_text, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller")]


def test_random_papers_keep_the_published_rules_the_law_and_one_total():
    found = papers.prove(60, seed=11, papers=12)
    assert found["told"] == []
    assert found["met"]
    assert (found["fatal"], found["fields_missing"], found["totals_differ"]) == (0, 0, 0)
    assert found["documents"] >= 60
    assert found["papers_read"] == 5
    assert not Invoice.objects.exists()


def test_a_wrong_document_is_called_wrong(monkeypatch):
    invoice = billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)
    content = billing.invoice_xml(invoice.pk)[1]
    assert official.faults(content) == []
    wrong = official.faults(content.replace(b">22.06</ram:GrandTotal", b">22.07</ram:GrandTotal"))
    assert [said[:10] for said in wrong] == ["[BR-CO-15]", "[BR-CO-16]"]
    nameless = content.replace(b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"")
    assert official.faults(nameless)[0].startswith("schema: ")

    monkeypatch.setattr(papers.wording, "legal_notes", lambda categories, **given: ["Never printed"])
    monkeypatch.setattr(papers, "_printed_total", lambda paper, document: Decimal(1))
    monkeypatch.setattr(papers.einvoice.wording, "legal_notes", lambda categories, **given: [])
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("prove", "papers", "--cases", "4", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert found["fatal"]
    assert found["totals_differ"]
    assert not found["met"]


def test_three_decimals_are_there_on_paper_only(client, admin_client):
    dear = LineInput(sku="MUG-RED", quantity=3, unit_price=Decimal("1.125"))
    order = place(lines=(dear,), currency="KWD", shipping_price=Decimal("0.500"), channel="api")
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    kept = billing.render_invoice_pdf(invoice.pk)

    assert (invoice.total, invoice.has_xml) == (Decimal("4.611"), False)
    assert "4.611" in pdf_text(kept)
    assert b"factur-x" not in read_file(kept)
    with pytest.raises(NoElectronicForm):
        billing.invoice_xml(invoice.pk)
    page = admin_client.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
    assert f"{invoice.number}.pdf" in page
    assert f"{invoice.number}.xml" not in page
    assert admin_client.get(reverse("admin:billing_invoice_xml", args=[invoice.pk])).status_code == 404
