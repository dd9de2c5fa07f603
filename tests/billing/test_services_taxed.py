"""Services to people and businesses elsewhere: whose tax, what stands on paper, and in the XML."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import DistanceSale, Invoice, LedgerEntry
from billing.proofs import official
from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from inventory import services as stock
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Order
from orders.price_words import why_prices
from orders.wishes import LineWish, Wish
from tests.billing.en16931 import BUYER, SELLER, SETTLED, Reading, breaches
from tests.factories.billing import again, pdf_text, place
from tests.scenarios import run_debts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
BERN = PostalAddress(name="Urs", line1="Gasse 1", city="Bern", postal_code="3000", country="CH")
WIEN = PostalAddress(name="Eva", line1="Ring 3", city="Wien", postal_code="1010", country="AT")
ART_44 = "Service to a business outside the EU, taxed there: not subject to VAT (Directive 2006/112/EC, art. 44)."
ART_58 = "Supplied electronically to somebody outside the EU, taxed there: not subject to VAT"


@pytest.fixture(autouse=True)
def wares(shop):
    """Sell an hour of work and a download beside the goods."""
    kinds = {"HOUR": "service", "FILE": "digital"}
    stock.create_products(
        [stock.ProductInput(sku=sku, name=sku, kind=kind) for sku, kind in kinds.items()], actor=SYSTEM
    )


def buy(*skus: str, to: PostalAddress, **given) -> Order:
    lines = tuple(LineInput(sku=sku, quantity=1, unit_price=Decimal(40)) for sku in skus)
    return again(place(shipping_address=to, billing_address=to, lines=lines, shipping_price=Decimal(0), **given))


def bill(order: Order) -> Invoice:
    return billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)


def taxes(order: Order) -> list[tuple[str, str]]:
    return [(line.tax_category, f"{line.tax_rate:.2f}") for line in order.lines.order_by("position")]


def booked() -> set[str]:
    rows = LedgerEntry.objects.filter(account__kind__in=("revenue", "tax"))
    return set(rows.values_list("account__detail", flat=True))


def test_a_service_to_a_consumer_elsewhere_is_taxed_and_booked_at_home():
    order = buy("HOUR", to=WIEN)
    assert taxes(order) == [("S", "0.19")]
    assert "Tax: rates of Germany, a service to a consumer is taxed where we are" in why_prices(order).others
    bill(order)
    run_debts()
    # It is no distance sale, and counts for no threshold.
    assert (booked(), DistanceSale.objects.count()) == ({"DE:S:0.1900", "DE:0.1900"}, 0)
    assert taxes(buy("HOUR", to=BERN)) == [("S", "0.19")]


def test_a_service_beside_goods_goes_with_them_and_a_download_to_who_buys_it():
    assert taxes(buy("MUG-RED", "HOUR", to=WIEN)) == [("S", "0.20"), ("S", "0.20")]
    assert taxes(buy("MUG-RED", "HOUR", "FILE", to=BERN)) == [("G", "0.00")] * 3
    assert taxes(buy("FILE", to=WIEN)) == [("S", "0.20")]


def test_a_service_to_a_business_outside_the_eu_is_outside_of_tax_on_paper_and_in_the_xml():
    firm = customers.CustomerInput(name="Urs", company="Uhren", email="urs@uhren.example", vat_id="CHE123456788")
    order = buy("HOUR", to=BERN, customer_id=customers.create_customer(firm, actor=SYSTEM).pk)
    assert "Tax: none of ours, a service outside the EU is taxed there (art. 44)" in why_prices(order).others
    invoice = bill(order)
    assert [(part["category"], part["article"]) for part in invoice.tax_breakdown] == [("O", "44")]
    paper, content = pdf_text(billing.render_invoice_pdf(invoice.pk)), billing.invoice_xml(invoice.pk)[1]
    assert ART_44 in paper
    assert "DE123456788" in paper
    one = Reading(content)
    [tax] = one.all(f"{SETTLED}/ApplicableTradeTax")
    assert [one.text(name, tax) for name in ("CategoryCode", "ExemptionReasonCode", "ExemptionReason")] == [
        "O", "VATEX-EU-O", ART_44,
    ]  # fmt: skip
    # BR-O-2: where nothing else is on it, no VAT id is either.
    assert not one.all(f"{SELLER}/SpecifiedTaxRegistration") + one.all(f"{BUYER}/SpecifiedTaxRegistration")
    assert (breaches(content), official.faults(content)) == ([], [])

    billing.credit_invoice(invoice.pk, reference="R-1", actor=SYSTEM)
    run_debts()
    note = billing.credit_note_xml(invoice.credit_notes.get().pk)[1]
    assert (breaches(note), official.faults(note)) == ([], [])
    assert ART_44 in note.decode()
    assert booked() == {"CH:O:0.0000"}


def test_what_is_outside_of_tax_beside_what_is_taxed_is_stated_as_exempt_with_its_reason():
    order = buy("HOUR", "FILE", to=BERN)
    assert taxes(order) == [("S", "0.19"), ("O", "0.00")]
    invoice = bill(order)
    content = billing.invoice_xml(invoice.pk)[1]
    one = Reading(content)
    stated = {
        one.text("CategoryCode", tax): one.text("ExemptionReason", tax)
        for tax in one.all(f"{SETTLED}/ApplicableTradeTax")
    }
    assert (set(stated), (stated["E"] or "").startswith(ART_58)) == ({"S", "E"}, True)
    assert (breaches(content), official.faults(content)) == ([], [])
    assert ART_58 in pdf_text(billing.render_invoice_pdf(invoice.pk))
    run_debts()
    assert booked() == {"DE:S:0.1900", "DE:0.1900", "CH:O:0.0000"}


def test_a_service_that_was_agreed_with_the_tax_of_there_is_changed_with_it():
    order = buy("HOUR", to=WIEN)
    # As it was agreed before services had rules of their own.
    order.lines.update(tax_rate=Decimal("0.2"), tax_total=Decimal(8), total=Decimal(48))
    told = [
        one | {"code": "destination", "country": "AT"} if one["about"] == "tax" else one for one in order.explanation
    ]
    breakdown = [{"category": "S", "rate": "0.20", "net": "40.00", "tax": "8.00"}]
    figures = {"tax_total": 8, "total": 48, "balance_due": 48, "tax_breakdown": breakdown}
    Order.objects.filter(pk=order.pk).update(explanation=told, **figures)
    wish = Wish(lines=(LineWish(position=1, quantity=2),))
    orders.amend_order(order.pk, wish, expected_version=order.version, actor=SYSTEM)
    now = again(order)
    assert (taxes(now), now.tax_total) == ([("S", "0.20")], Decimal(16))
    bill(now)
    run_debts()
    assert booked() == {"AT:S:0.2000", "AT:0.2000"}
