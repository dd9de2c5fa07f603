"""An export is said by the law that it is free under: that of the EU, or none where the seller is not of the EU."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.proofs import official
from billing.services import wording
from core.actors import SYSTEM
from customers.addresses import PostalAddress
from inventory.models import Warehouse
from pricing import reference
from pricing.models import Channel, TaxRate
from tests.billing.en16931 import SETTLED, Reading, breaches
from tests.factories.billing import make_seller, pdf_text, place

pytestmark = pytest.mark.django_db
ZURICH = {"line1": "Gasse 1", "postal_code": "8001", "city": "Zürich", "country": "CH"}
BERN = PostalAddress(name="Urs", line1="Gasse 1", city="Bern", postal_code="3000", country="CH")
BY_LAW = {
    "en": "Export outside the EU, exempt from VAT (Directive 2006/112/EC, art. 146).",
    "de": "Steuerfreie Ausfuhrlieferung (Art. 146 der Richtlinie 2006/112/EG).",
}
PLAIN = {"en": "Export, exempt from VAT.", "de": "Steuerfreie Ausfuhr."}


@pytest.fixture
def swiss(shop):
    """A shop that is at home in Switzerland, and keeps its goods there."""
    Channel.objects.update(seller_country="CH")
    Warehouse.objects.update(country="CH")
    for tax_class in ("standard", "reduced"):
        TaxRate.objects.create(country="CH", tax_class=tax_class, rate=Decimal("0.081"), valid_from="2020-01-01")
    reference.forget()
    return make_seller(address=ZURICH, vat_id="CHE123456788")


def papers(**given):
    """Return an invoice, and a credit note over all of it, as paper and as XML."""
    invoice = billing.issue_invoice(billing.invoice_order(place({"MUG-RED": 1}, **given).pk, actor=SYSTEM).pk)
    note = billing.issue_credit_note(billing.credit_invoice(invoice.pk, reference="all", actor=SYSTEM).pk)
    yield pdf_text(billing.render_invoice_pdf(invoice.pk)), billing.invoice_xml(invoice.pk)[1]
    yield pdf_text(billing.render_credit_note_pdf(note.pk)), billing.credit_note_xml(note.pk)[1]


def reason(content):
    """Return why no tax is stated: category, words, code."""
    one = Reading(content)
    return tuple(
        one.text(f"{SETTLED}/ApplicableTradeTax/{name}")
        for name in ("CategoryCode", "ExemptionReason", "ExemptionReasonCode")
    )


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_seller_outside_the_eu_exports_without_a_law_of_the_eu(swiss, language):
    for paper, content in papers(language=language):
        assert PLAIN[language] in paper
        assert "2006/112" not in paper
        assert reason(content) == ("G", PLAIN[language], None)
        assert b"2006/112" not in content
        assert [*breaches(content), *official.faults(content)] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_seller_of_the_eu_names_it(seller, language):
    for paper, content in papers(shipping_address=BERN, language=language):
        assert BY_LAW[language] in paper
        assert reason(content) == ("G", BY_LAW[language], "VATEX-EU-G")
        assert breaches(content) == []


@pytest.mark.parametrize(
    ("country", "vat_id", "of_eu"),
    [
        ("DE", "", True),
        ("CH", "CHE123456788", False),
        ("GB", "GB123456789", False),
        ("US", "", False),
        # Registered in a member state, goods leave from there by its law.
        ("CH", "DE123456788", True),
        ("GB", "XI123456789", True),
        ("US", "EL123456789", True),
    ],
)
def test_of_the_eu_is_who_is_at_home_or_registered_there(country, vat_id, of_eu):
    assert wording.is_of_eu({"address": {"country": country}, "vat_id": vat_id}) == of_eu


def test_papers_of_a_seller_without_a_country_stay_as_they_were():
    assert wording.is_of_eu({})
