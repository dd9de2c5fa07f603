"""A tax certificate makes exempt where and while it is valid; its reason is printed, and its end is told before."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from billing import services as billing
from billing.models import CreditNote, InvoiceLine
from billing.proofs import official
from core.actors import SYSTEM, Actor
from core.errors import Invalid
from customers import services as customers
from customers.models import Customer, TaxCertificate
from customers.services import CertificateInput, CustomerInput
from orders import services as orders
from orders.models import OrderException
from orders.price_words import why_prices
from orders.wishes import LineWish, Wish
from pricing.calculation import Exemption, TaxSituation
from pricing.calculation.treatment import treat
from tests.factories.billing import again, make_seller, pdf_text, place
from tests.scenarios import run_debts

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
WHY = "Embassy of Ruritania, art. 151 of Directive 2006/112/EC"


def embassy() -> Customer:
    return customers.create_customer(CustomerInput(name="Rudolf", email="rudolf@embassy.example"), actor=SYSTEM)


def certify(customer: Customer, **given) -> TaxCertificate:
    today = timezone.localdate()
    wanted = {"number": "15.10-4711", "country": "DE", "reason": WHY, "valid_from": today, "valid_until": today}
    return customers.add_certificate(customer.pk, CertificateInput(**{**wanted, **given}), actor=MAYA)


def sold_to(customer: Customer):
    return place(customer_id=customer.pk, customer_name="", email="")


@pytest.mark.parametrize(
    ("held", "code"),
    [
        ({"country": "DE"}, "exempt"),
        ({"country": "FR"}, "domestic"),
        ({"country": "DE", "region": "DE-BY"}, "exempt"),
        ({"country": "DE", "region": "DE-BE"}, "domestic"),
        ({"country": "DE", "valid_from": "2026-12-01"}, "domestic"),
        ({"country": "DE", "valid_until": "2026-11-29"}, "exempt"),
        ({"country": "DE", "valid_until": "2026-11-28"}, "domestic"),
    ],
)
def test_it_counts_in_its_place_and_time(held, code):
    certificate = Exemption(number="1", reason=WHY, **held)
    tax = TaxSituation(
        seller_country="DE", country="DE", region="DE-BY", on=date(2026, 11, 29), exemptions=(certificate,)
    )
    assert treat(tax).code == code


def test_what_is_sold_under_it_bears_its_reason_on_paper_and_for_machines(shop):
    make_seller()
    rudolf = embassy()
    certify(rudolf)
    order = sold_to(rudolf)

    assert {part["category"] for part in order.tax_breakdown} == {"E"}
    assert (order.tax_total, order.total) == (0, Decimal("19.10"))
    assert f"Tax: none, certificate 15.10-4711 ({WHY})" in why_prices(order).others
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    row = InvoiceLine.objects.get(invoice=invoice, sku="MUG-RED")
    TaxCertificate.objects.update(reason="Something else")
    billing.credit_invoice(invoice.pk, quantities={row.pk: 1}, reference="R-1", actor=SYSTEM)
    run_debts()
    note = CreditNote.objects.get()
    for content, paper in (
        (billing.invoice_xml(invoice.pk)[1], billing.render_invoice_pdf(invoice.pk)),
        (billing.credit_note_xml(note.pk)[1], billing.render_credit_note_pdf(note.pk)),
    ):
        assert official.faults(content) == []
        assert f"Exempt from VAT. {WHY}" in content.decode()
        assert WHY in pdf_text(paper)


def test_after_its_end_they_pay_tax_and_what_was_agreed_stays(shop):
    rudolf = embassy()
    held = certify(rudolf)
    before = sold_to(rudolf)
    customers.end_certificate(held.pk, actor=MAYA)
    customers.end_certificate(held.pk, actor=MAYA)

    assert Customer.objects.get(pk=rudolf.pk).exemptions == []
    assert {part["category"] for part in sold_to(rudolf).tax_breakdown} == {"S"}
    wish = Wish(lines=(LineWish(position=1, quantity=1),))
    orders.amend_order(before.pk, wish, expected_version=before.version, actor=SYSTEM)
    assert {part["category"] for part in again(before).tax_breakdown} == {"E"}
    # One that begins later exempts no order of before, also where that is changed.
    after = sold_to(rudolf)
    certify(rudolf)
    orders.amend_order(after.pk, wish, expected_version=after.version, actor=SYSTEM)
    assert {part["category"] for part in again(after).tax_breakdown} == {"S"}


def test_its_end_is_told_once_before(shop):
    rudolf, today = embassy(), timezone.localdate()
    certify(rudolf, valid_until=today + timedelta(days=31))
    assert customers.warn_of_certificates() == 0
    assert customers.warn_of_certificates(today=today + timedelta(days=1)) == 1
    assert customers.warn_of_certificates(today=today + timedelta(days=2)) == 0
    run_debts()
    [told] = OrderException.objects.all()
    assert (told.category, told.queue, told.order_id) == ("certificate", "finance", None)
    assert "15.10-4711" in told.title


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"number": " "}, "/number"),
        ({"country": "XX"}, "/country"),
        ({"region": "FR-IDF"}, "/region"),
        ({"valid_until": date(2020, 1, 1)}, "/valid_until"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(shop, given, pointer):
    with pytest.raises(Invalid) as refused:
        certify(embassy(), **given)
    assert [one["pointer"] for one in refused.value.errors] == [pointer]
    assert not TaxCertificate.objects.exists()


def test_it_is_written_down_with_its_file_on_the_page_of_the_customer(shop, admin_client, client, django_user_model):
    rudolf = embassy()
    page = reverse("admin:customers_customer_change", args=[rudolf.pk])
    step = reverse("admin:customers_customer_do", args=[rudolf.pk, "certificate"])
    assert step in admin_client.get(page).content.decode()
    form = {"number": "4711", "country": "DE", "region": "", "reason": WHY, "valid_from": "2026-11-01"}
    wrong = admin_client.post(step, {**form, "region": "US-CA", "valid_until": "2026-01-01"}).content.decode()
    assert "A region begins with its country" in wrong
    assert "It ends before it begins" in wrong
    paper = SimpleUploadedFile("4711.pdf", b"%PDF-1.7 stamped")
    admin_client.post(step, {**form, "valid_until": "2026-12-01", "files": paper})

    held = TaxCertificate.objects.get()
    assert (held.number, held.file.name, held.added_by[:6]) == ("4711", "4711.pdf", "staff:")
    said = admin_client.get(page).content.decode()
    assert "certificate 4711" in said
    assert "ends soon" in said
    file = reverse("admin:customers_taxcertificate_file", args=[held.pk])
    assert admin_client.get(file).content == b"%PDF-1.7 stamped"
    assert held.number in admin_client.get(reverse("admin:customers_taxcertificate_changelist")).content.decode()
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert client.get(file).status_code == 403
    customers.forget_customers([rudolf.pk])
    assert not TaxCertificate.objects.exists()
