"""An amount of an invoice is given back through the API and in the back office, seen before anything is done."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from billing import services as billing
from billing.models import CreditNote, Invoice, Refund
from core.actors import SYSTEM
from core.models import OutgoingMail
from tests.billing.test_api import post, problem
from tests.factories.billing import again, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def invoiced(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    return order


def test_an_amount_is_credited_of_rows_or_of_the_whole(api, invoiced, run_debts):
    mug = api.get("/api/v1/invoices/INV-000001/").json()["lines"][0]
    of_row = {"lines": [{"id": mug["id"], "amount": "2.00"}], "reason": "scratched", "reference": "G-1"}
    first = post(api, "/invoices/INV-000001/credit/", of_row)
    assert (first.status_code, first.json()["total"], first.json()["lines"][0]["quantity"]) == (201, "2.38", 0)
    whole = post(api, "/invoices/INV-000001/credit/", {"amount": "3.00", "reason": "late", "reference": "G-2"})
    assert (whole.json()["net_total"], len(whole.json()["lines"])) == ("3.00", 4)

    for wrong, expected in (
        ({"amount": "100.00"}, (409, "credit_exceeds_invoice", ["/amount"])),
        ({"lines": [{"id": mug["id"], "amount": "9.00"}]}, (409, "credit_exceeds_invoice", ["/lines/0/amount"])),
        ({"amount": "0.00"}, (400, "invalid", ["/amount"])),
        ({"amount": "1.00", "lines": of_row["lines"]}, (400, "invalid", ["/amount"])),
        ({"lines": [{"id": mug["id"]}]}, (400, "invalid", ["/lines/0/quantity"])),
        (
            {"lines": [{"id": mug["id"], "quantity": 1, "amount": "1.00"}]},
            (400, "invalid", ["/lines/0/quantity"]),
        ),
    ):
        refused = problem(post(api, "/invoices/INV-000001/credit/", {**wrong, "reason": "late"}))
        assert (refused[0], refused[2]) == (expected[0], expected[2]), wrong
    assert CreditNote.objects.count() == 2
    run_debts()
    assert api.get("/api/v1/invoices/INV-000001/").json()["status"] == "issued"


def mark_of(page):
    """Return what the page says was shown on it."""
    found = re.search(r'name="shown" value="([0-9a-f]+)"', page)
    return found.group(1) if found else ""


class TestInTheBackOffice:
    def test_tax_money_and_mail_are_shown_before_the_note_is_written(self, staff, invoiced, run_debts):
        billing.record_payment(invoiced.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
        invoice = Invoice.objects.get()
        mug = invoice.lines.get(sku="MUG-RED")
        address = reverse("admin:billing_invoice_do", args=[invoice.pk, "credit-amount"])
        assert address in staff.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
        asked = staff.get(address).content.decode()
        assert "Show what will happen" in asked
        assert not mark_of(asked)

        sent = {f"amount_{mug.pk}": "2.00", "amount": "", "reason": "Scratched", "money": "refund"}
        shown = staff.post(address, sent).content.decode()
        for said in ("A credit note over €2.38", "€2.00 and €0.38 tax", "€2.38 goes back", "ada@example.com gets"):
            assert said in shown
        assert not CreditNote.objects.exists()

        # Another amount is shown first, too.
        other = staff.post(address, {**sent, f"amount_{mug.pk}": "3.00", "shown": mark_of(shown)}).content.decode()
        assert "A credit note over €3.57" in other
        assert not CreditNote.objects.exists()
        OutgoingMail.objects.all().delete()
        answer = staff.post(address, {**sent, f"amount_{mug.pk}": "3.00", "shown": mark_of(other)})
        assert answer.status_code == 302
        # A second click finds other things than were shown, and asks again.
        again_ = staff.post(address, {**sent, f"amount_{mug.pk}": "3.00", "shown": mark_of(other)})
        assert "Look again" in again_.content.decode()
        run_debts()
        note, refund = CreditNote.objects.get(), Refund.objects.get()
        assert (note.total, note.status, note.reason) == (Decimal("3.57"), "refunded", "Scratched")
        assert (refund.amount, refund.credit_note) == (Decimal("3.57"), note)
        assert (again(invoiced).balance_due, again(invoiced).payment_status) == (0, "partially_refunded")
        assert OutgoingMail.objects.filter(to="ada@example.com").exists()

    def test_money_may_stay_and_what_is_open_gets_less(self, staff, invoiced, run_debts):
        billing.record_payment(invoiced.pk, method="cash", amount=Decimal("20.06"), reference="", actor=SYSTEM)
        invoice = Invoice.objects.get()
        address = reverse("admin:billing_invoice_do", args=[invoice.pk, "credit-amount"])
        sent = {"amount": "5.00", "reason": "Late", "money": "keep"}
        shown = staff.post(address, sent).content.decode()
        assert "stays with the order as credit" in shown
        assert "€0.00 is then still to be paid" in shown
        staff.post(address, {**sent, "shown": mark_of(shown)})
        run_debts()
        assert not Refund.objects.exists()
        assert Invoice.objects.get().status == "paid"
        assert again(invoiced).balance_due == Decimal("2.00") - CreditNote.objects.get().total

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"amount": "19.11"}, "is left."),
            ({"amount": "0"}, "greater than or equal"),
            ({"amount": "1.001"}, "decimal"),
            ({"amount": ""}, "Say how much is given back."),
            ({"amount": "1", "reason": ""}, "required"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(self, staff, invoiced, sent, said):
        address = reverse("admin:billing_invoice_do", args=[Invoice.objects.get().pk, "credit-amount"])
        answer = staff.post(address, {"reason": "Late", **sent, "shown": "0"})
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()
        assert said in answer.content.decode()
        assert not CreditNote.objects.exists()

    def test_who_may_not_move_money_is_refused(self, invoiced, django_user_model):
        tom = django_user_model.objects.create_user("tom", password="x", is_staff=True)
        tom.user_permissions.set(Permission.objects.filter(codename="view_invoice"))
        client = Client()
        client.force_login(tom)
        address = reverse("admin:billing_invoice_do", args=[Invoice.objects.get().pk, "credit-amount"])
        assert client.get(address).status_code == 403
        assert client.post(address, {"amount": "1", "reason": "x"}).status_code == 403
        assert not CreditNote.objects.exists()
