"""Issued documents go out again as they were printed: to whom somebody says, once per wish, and on the record."""

import pytest
from django.urls import reverse

from billing import services as billing
from billing.errors import NobodyToMail, NotIssued
from billing.models import CreditNote, Invoice
from core import outbox
from core.actors import SYSTEM, Actor
from core.files import read_file
from core.models import Attachment, BulkRow, EventRecord, OutgoingMail
from tests.factories.billing import place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
INES = Actor("staff", "ines")


@pytest.fixture
def invoice(run_debts):
    ship_all(place())
    run_debts()
    return Invoice.objects.get()


@pytest.fixture
def note(invoice, run_debts):
    written = billing.credit_invoice(invoice.pk, reference="all", reason="Broken", actor=SYSTEM)
    run_debts()
    return CreditNote.objects.get(pk=written.pk)


def mails(kind="invoice"):
    return list(OutgoingMail.objects.filter(kind=kind).order_by("pk"))


def asked(kind="invoice"):
    rows = EventRecord.objects.filter(name=f"billing.{kind}_asked_for").order_by("pk")
    return [(row.actor, row.payload["email"]) for row in rows]


def test_an_invoice_goes_again_to_its_customer_with_the_same_paper(invoice, run_debts):
    before = read_file(invoice.pdf)
    billing.mail_invoice(invoice.pk, actor=INES)
    run_debts()

    first, second = mails()
    assert (second.to, second.subject) == ("ada@example.com", first.subject)
    assert list(second.attachments.all()) == list(first.attachments.all()) == [invoice.pdf]
    assert read_file(second.attachments.get()) == before
    assert first.message_id != second.message_id
    assert asked() == [("staff:ines", "ada@example.com")]
    assert Attachment.objects.filter(name="INV-000001.pdf").count() == 1


def test_a_wish_that_is_told_twice_is_one_mail(invoice, run_debts):
    for wish in ("a", "a", "b"):
        billing.mail_invoice(invoice.pk, to="tax@example.com", asked=wish, actor=INES)
        run_debts()

    assert [mail.to for mail in mails()] == ["ada@example.com", "tax@example.com", "tax@example.com"]
    assert len(asked()) == 2


def test_two_clicks_at_once_are_one_mail(transactional_db, shop, concurrently):
    ship_all(place())
    outbox.drain()
    invoice = Invoice.objects.get()

    def click():
        billing.mail_invoice(invoice.pk, to="tax@example.com", asked="same", actor=INES)

    concurrently(*[click] * 4)
    outbox.drain()

    assert [mail.to for mail in mails()] == ["ada@example.com", "tax@example.com"]
    assert asked() == [("staff:ines", "tax@example.com")]


def test_a_copy_for_somebody_else_leads_nobody_into_the_account(invoice, note, run_debts):
    billing.mail_invoice(invoice.pk, to="tax@example.com", actor=INES)
    billing.mail_credit_note(note.pk, to="tax@example.com", actor=INES)
    billing.mail_credit_note(note.pk, to="ADA@example.com", actor=INES)
    run_debts()

    copies = OutgoingMail.objects.filter(to="tax@example.com")
    assert [mail.kind for mail in copies.order_by("pk")] == ["invoice", "credit_note"]
    assert all("/track/" not in mail.text + mail.html for mail in copies)
    assert "/track/" in OutgoingMail.objects.get(to="ADA@example.com").text


def test_a_credit_note_goes_again_and_says_who_wanted_it(note, run_debts):
    before = len(mails("credit_note"))
    billing.mail_credit_note(note.pk, asked="once", actor=INES)
    billing.mail_credit_note(note.pk, asked="once", actor=INES)
    run_debts()

    again = mails("credit_note")[before:]
    assert [(mail.to, mail.attachments.get()) for mail in again] == [("ada@example.com", note.pdf)]
    assert asked("credit_note") == [("staff:ines", "ada@example.com")]


@pytest.mark.parametrize("to", ["nobody", "a@b.c\nBcc: x@example.com", "two@example.com, three@example.com"])
def test_what_is_no_address_is_refused(invoice, run_debts, to):
    with pytest.raises(NobodyToMail) as refused:
        billing.mail_invoice(invoice.pk, to=to, actor=INES)
    run_debts()

    assert [fault["pointer"] for fault in refused.value.errors] == ["/to"]
    assert (len(mails()), asked()) == (1, [])


def test_a_draft_and_a_customer_without_an_address_are_refused():
    draft = billing.invoice_order(place(email="").pk, actor=SYSTEM)
    with pytest.raises(NotIssued):
        billing.mail_invoice(draft.pk, to="tax@example.com", actor=INES)
    billing.issue_invoice(draft.pk)
    with pytest.raises(NobodyToMail):
        billing.mail_invoice(draft.pk, actor=INES)

    assert asked() == []


def test_staff_send_it_from_its_page_and_read_there_where_it_went(invoice, staff, run_debts):
    step = reverse("admin:billing_invoice_do", args=[invoice.pk, "mail"])
    form = staff.get(step).context["form"]
    said = {"to": "tax@example.com", "asked": form.initial["asked"]}
    assert form.initial["to"] == "ada@example.com"
    for _click in range(2):
        assert staff.post(step, said).status_code == 302
    run_debts()

    assert [mail.to for mail in mails()] == ["ada@example.com", "tax@example.com"]
    page = staff.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
    assert "tax@example.com" in page
    assert "Invoice INV-000001 mailed to tax@example.com" in page
    wrong = staff.post(step, {**said, "to": "nobody"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (200, ["to"])
    bent = staff.post(step, {**said, "asked": "x"})
    assert (bent.status_code, list(bent.context["form"].errors)) == (200, ["asked"])


def test_many_go_out_from_the_list_each_to_its_customer(invoice, staff, run_debts):
    other = billing.issue_invoice(billing.invoice_order(place(email="bob@example.com").pk, actor=SYSTEM).pk)
    nobody = billing.issue_invoice(billing.invoice_order(place(email="").pk, actor=SYSTEM).pk)
    run_debts()
    OutgoingMail.objects.all().delete()
    listed = reverse("admin:billing_invoice_changelist")
    chosen = {"action": "mail_many", "_selected_action": [invoice.pk, other.pk, nobody.pk]}
    asking = staff.post(listed, chosen)
    assert "Each goes to its customer as it was printed" in asking.content.decode()
    for _click in range(2):
        assert staff.post(listed, {**chosen, "confirmed": "1", "token": "abc"}).status_code == 302
        run_debts()

    assert [mail.to for mail in mails()] == ["ada@example.com", "bob@example.com"]
    assert list(BulkRow.objects.exclude(reason="").values_list("subject_id", "status")) == [(nobody.pk, "refused")]
