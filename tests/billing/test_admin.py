"""Money in the back office: read, printed, moved behind confirmation pages, never edited."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from billing import services as billing
from billing.models import CreditNote, Invoice, LegalEntity, Payment, Refund
from core.actors import SYSTEM
from core.models import EventRecord, User
from tests.factories.billing import again, line_of, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def invoiced(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    return order


@pytest.fixture
def desk(django_user_model):
    """Make a browser in which somebody with just these permissions is signed in."""

    def make(*names):
        user = django_user_model.objects.create_user("tom", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = Client()
        client.force_login(user)
        return client

    return make


def seen_words(text):
    """Return what stands on a page, piece by piece."""
    body = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]+>", "\n", text)
    return [one.strip() for one in body.split("\n") if one.strip()]


def page(client, name, *args, status=200):
    response = client.get(reverse(f"admin:{name}", args=args))
    assert response.status_code == status
    return response.content.decode()


def test_the_page_of_an_order_shows_its_money_and_what_can_be_done(staff, invoiced, run_debts):
    shown = page(staff, "orders_order_change", invoiced.pk)
    assert "INV-000001" in shown
    assert reverse("admin:billing_order_do", args=[invoiced.pk, "payment"]) in shown
    assert reverse("admin:billing_order_do", args=[invoiced.pk, "refund"]) not in shown

    billing.record_payment(invoiced.pk, method="cash", amount=Decimal("22.06"), reference="till 7", actor=SYSTEM)
    shown = page(staff, "orders_order_change", invoiced.pk)
    assert "till 7" in shown
    assert reverse("admin:billing_order_do", args=[invoiced.pk, "refund"]) in shown


def test_a_payment_is_recorded_with_the_amount_that_is_owed(staff, invoiced):
    address = reverse("admin:billing_order_do", args=[invoiced.pk, "payment"])
    asked = staff.get(address).content.decode()
    assert 'value="22.06"' in asked
    assert not Payment.objects.exists()

    answer = staff.post(address, {"method": "cash", "amount": "22.06", "reference": "", "received_on": ""})
    assert answer["Location"] == reverse("admin:orders_order_change", args=[invoiced.pk])
    payment = Payment.objects.get()
    assert (payment.method, payment.captured) == ("cash", Decimal("22.06"))
    assert again(invoiced).payment_status == "paid"
    assert EventRecord.objects.get(name="billing.payment_recorded").actor == "staff:maya"


def test_the_day_the_money_came_is_kept(staff, invoiced):
    address = reverse("admin:billing_order_do", args=[invoiced.pk, "payment"])
    staff.post(address, {"method": "bank_transfer", "amount": "22.06", "received_on": "2026-01-05"})

    assert Payment.objects.get().captured_at.date().isoformat() == "2026-01-05"


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "many", ""])
def test_an_amount_that_cannot_be_is_shown_beside_its_field(staff, invoiced, amount):
    address = reverse("admin:billing_order_do", args=[invoiced.pk, "payment"])
    answer = staff.post(address, {"method": "cash", "amount": amount})

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Payment.objects.exists()


def test_a_refund_of_an_order_offers_what_came_in(staff, invoiced, run_debts):
    billing.record_payment(invoiced.pk, method="cash", amount=Decimal("30.00"), reference="", actor=SYSTEM)
    address = reverse("admin:billing_order_do", args=[invoiced.pk, "refund"])
    assert 'value="30.00"' in staff.get(address).content.decode()

    refused = staff.post(address, {"amount": "30.01", "reason": "overpaid"})
    assert "Only 30.00 EUR came in" in refused.content.decode()
    assert not Refund.objects.exists()
    staff.post(address, {"amount": "7.94", "reason": "overpaid"})
    run_debts()
    assert Refund.objects.get().amount == Decimal("7.94")
    assert again(invoiced).balance_due == 0


def test_a_payment_is_taken_let_go_and_sent_back_from_its_page(staff, invoiced, run_debts):
    payment = billing.authorize_payment(
        place(email="b@example.com").pk, method="card", amount=Decimal("20.00"), reference="ch_1", actor=SYSTEM
    )
    shown = page(staff, "billing_payment_change", payment.pk)
    steps = [reverse("admin:billing_payment_do", args=[payment.pk, name]) for name in ("take", "let-go", "refund")]
    assert [step in shown for step in steps] == [True, True, False]

    staff.post(steps[0], {"amount": "5.00"})
    staff.post(steps[1], {"reason": "rest not needed"})
    staff.post(steps[2], {"amount": "2.00", "reason": "late"})
    run_debts()
    payment = Payment.objects.get()
    assert (payment.status, payment.captured, payment.refunded) == ("captured", Decimal(5), Decimal(2))
    assert page(staff, "billing_refund_change", Refund.objects.get().pk)


def test_an_invoice_is_read_printed_and_credited_by_row(staff, invoiced, run_debts):
    invoice = Invoice.objects.get()
    shown = page(staff, "billing_invoice_change", invoice.pk)
    assert "Invoice INV-000001" in shown
    printed = staff.get(reverse("admin:billing_invoice_pdf", args=[invoice.pk]))
    assert printed["Content-Type"] == "application/pdf"
    assert b"".join(printed).startswith(b"%PDF-")

    address = reverse("admin:billing_invoice_do", args=[invoice.pk, "credit"])
    mug = invoice.lines.get(sku="MUG-RED")
    names = {f"row_{row.pk}": "0" for row in invoice.lines.all()}
    nothing = staff.post(address, {**names, "reason": "broken"}).content.decode()
    assert "Say how many units are credited" in nothing
    staff.post(address, {**names, f"row_{mug.pk}": "1", "reason": "broken"})
    run_debts()
    note = CreditNote.objects.get()
    assert (note.number, note.total, note.reason) == ("CN-000001", Decimal("5.95"), "broken")
    assert "Credit note CN-000001" in page(staff, "billing_creditnote_change", note.pk)
    assert staff.get(reverse("admin:billing_creditnote_pdf", args=[note.pk])).status_code == 200
    too_many = staff.post(address, {f"row_{mug.pk}": "2", "reason": "broken"}).content.decode()
    assert "errorlist" in too_many


def test_a_draft_is_not_printed_or_credited(staff):
    draft = billing.invoice_order(place().pk, actor=SYSTEM)

    assert staff.get(reverse("admin:billing_invoice_pdf", args=[draft.pk])).status_code == 404
    assert staff.get(reverse("admin:billing_invoice_do", args=[draft.pk, "credit"])).status_code == 409


@pytest.mark.parametrize("model", ["invoice", "creditnote", "payment", "refund"])
def test_nothing_about_money_can_be_edited_added_or_deleted(staff, invoiced, model):
    billing.record_payment(invoiced.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
    billing.credit_return(invoiced.pk, quantities={line_of(invoiced, "MUG-RED").pk: 1}, reference="R", actor=SYSTEM)
    billing.refund_payment(Payment.objects.get().pk, actor=SYSTEM)
    rows = {"invoice": Invoice, "creditnote": CreditNote, "payment": Payment, "refund": Refund}[model]
    change = reverse(f"admin:billing_{model}_change", args=[rows.objects.get().pk])

    assert staff.post(change, {"status": "paid", "amount": "1", "total": "1"}).status_code == 403
    assert staff.get(reverse(f"admin:billing_{model}_add")).status_code == 403
    assert staff.post(reverse(f"admin:billing_{model}_delete", args=[rows.objects.get().pk])).status_code == 403


@pytest.mark.parametrize("name", ["invoice", "creditnote", "payment", "refund"])
def test_a_list_costs_the_same_however_long(staff, run_debts, django_assert_max_num_queries, name):
    for number in range(4):
        order = place(email=f"b{number}@example.com")
        ship_all(order)
        run_debts()
        billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
        billing.credit_invoice(Invoice.objects.get(order=order).pk, reference="x", actor=SYSTEM)
        billing.refund_payment(Payment.objects.get(order=order).pk, actor=SYSTEM)
        run_debts()
    page(staff, f"billing_{name}_changelist")

    with django_assert_max_num_queries(10):
        shown = page(staff, f"billing_{name}_changelist")
    assert shown.count('class="action-select"') in (0, 4)
    for query in ("?waits=overdue", "?waits=money", "?status__exact=paid") if name == "invoice" else ("?q=1",):
        assert staff.get(reverse(f"admin:billing_{name}_changelist") + query).status_code == 200


def test_who_may_only_look_moves_nothing(desk, invoiced):
    reader = desk("view_invoice", "view_order", "view_payment")
    shown = page(reader, "orders_order_change", invoiced.pk)
    step = reverse("admin:billing_order_do", args=[invoiced.pk, "payment"])

    assert "INV-000001" in shown
    assert step not in shown
    assert reader.post(step, {"method": "cash", "amount": "1.00"}).status_code == 403
    credit = reverse("admin:billing_invoice_do", args=[Invoice.objects.get().pk, "credit"])
    assert reader.post(credit, {"reason": "x"}).status_code == 403
    assert not Payment.objects.exists()


def test_who_may_not_see_money_sees_none(desk, invoiced):
    other = desk("view_order")

    assert "INV-000001" not in page(other, "orders_order_change", invoiced.pk)
    assert other.get(reverse("admin:billing_invoice_changelist")).status_code == 403
    assert other.get(reverse("admin:billing_invoice_pdf", args=[Invoice.objects.get().pk])).status_code == 403


def test_the_seller_is_kept_in_the_settings_and_old_documents_stay(staff, seller, invoiced):
    address = reverse("admin:billing_legalentity_change", args=[seller.pk])
    form = {
        "name": "Kettle & Daughters GmbH",
        "line1": "Neuer Wall 1",
        "line2": "",
        "postal_code": "20354",
        "city": "Hamburg",
        "country": "de",
        "vat_id": "DE136695976",
        "email": "",
        "phone": "",
        "bank_name": "",
        "iban": "DE89 3704 0044 0532 0130 00",
        "bic": "",
        "is_default": "on",
    }
    wrong = staff.post(address, {**form, "vat_id": "DE123", "iban": "DE00"}).content.decode()
    assert "This is no VAT id of the EU." in wrong
    assert "This is no IBAN." in wrong
    assert staff.post(address, form).status_code == 302

    entity = LegalEntity.objects.get()
    assert (entity.name, entity.iban, entity.address["line1"], entity.address["country"]) == (
        "Kettle & Daughters GmbH",
        "DE89370400440532013000",
        "Neuer Wall 1",
        "DE",
    )
    assert Invoice.objects.get().seller["name"] == "Kettle & Co. GmbH"
    assert EventRecord.objects.filter(name="billing.legalentity.changed").count() == 1


def test_there_is_always_one_default_seller(staff, seller):
    form = {"code": "at", "name": "Kettle AT", "prefix": "AT", "line1": "Ring 1", "postal_code": "1010",
            "city": "Wien", "country": "AT"}  # fmt: skip
    assert staff.post(reverse("admin:billing_legalentity_add"), form).status_code == 302
    second = LegalEntity.objects.get(code="at")
    assert not second.is_default

    billing.change_entity(second.pk, {"is_default": True}, actor=SYSTEM)
    assert list(LegalEntity.objects.filter(is_default=True)) == [second]
    billing.change_entity(second.pk, {"is_default": False}, actor=SYSTEM)
    assert list(LegalEntity.objects.filter(is_default=True)) == [second]


def test_documents_are_found_from_the_search_box(staff, invoiced):
    found = staff.get(reverse("admin:search") + "?q=inv-000001")

    assert found["Location"] == reverse("admin:billing_invoice_change", args=[Invoice.objects.get().pk])


def test_money_is_told_in_the_words_and_figures_of_the_reader(staff, invoiced):
    staff.post(
        reverse("admin:billing_order_do", args=[invoiced.pk, "payment"]), {"method": "bank_transfer", "amount": "5.00"}
    )
    payment = Payment.objects.get(order=invoiced)
    User.objects.update(language="de")

    shown = page(staff, "billing_payment_change", payment.pk)

    assert "<h1>5,00\xa0€, Überweisung</h1>" in shown
    assert "bank_transfer" not in shown


def test_a_click_on_open_sorts_invoices_by_what_is_to_be_paid(invoiced, staff, run_debts):
    ship_all(place({"MUG-RED": 1}))
    run_debts()
    dear, cheap = Invoice.objects.order_by("pk").values_list("number", flat=True)

    pages = [staff.get(f"/admin/billing/invoice/?o={how}open_amount").content.decode() for how in ("", "-")]

    assert [page.index(dear) < page.index(cheap) for page in pages] == [False, True]


def test_a_payment_is_named_by_its_way_and_never_by_a_code(staff, run_debts):
    order = place(terms="prepaid")
    payment = billing.record_payment(
        order.pk, method="bank_transfer", amount=Decimal("5.00"), reference="T-1", actor=SYSTEM
    )
    User.objects.update(language="de")
    listed = reverse("admin:billing_payment_changelist")
    pages = {
        "list": listed,
        "page": reverse("admin:billing_payment_change", args=[payment.pk]),
        "history": reverse("admin:billing_payment_history", args=[payment.pk]),
        "step": reverse("admin:billing_payment_do", args=[payment.pk, "refund"]),
    }

    drawn = {name: unescape(staff.get(url).content.decode()) for name, url in pages.items()}
    shown = {name: seen_words(text) for name, text in drawn.items()}

    assert [name for name, text in drawn.items() if "5,00\xa0€, Überweisung" not in text] == ["list"]
    assert [name for name, words in shown.items() for one in words if "bank_transfer" in one or one == "manual"] == []
    assert {"Überweisung", "Von Hand eingetragen"} <= set(shown["list"]), "the choices of the filters"
    assert staff.get(listed, {"method": "bank_transfer"}).context_data["cl"].result_count == 1
    assert staff.get(listed, {"method": "cash"}).context_data["cl"].result_count == 0
