"""A reason is chosen from a list: it is a code for machines, and words for everybody who reads it."""

import pytest
from django.contrib.auth import get_user_model

from billing import services as billing
from billing.models import CreditNote, Refund
from core.models import OutgoingMail
from returns.models import ReturnRequest
from tests.billing.en16931 import breaches
from tests.factories.returns import delivered_order, requested, resolved

pytestmark = pytest.mark.django_db


def test_the_mail_says_the_chosen_reason_in_the_language_of_the_customer(seller, run_debts):
    requested(delivered_order(language="de"), {"MUG-RED": 1}, reason="changed_mind")
    run_debts()

    mail = OutgoingMail.objects.get(kind="return_requested")
    assert "Grund: Umentschieden" in mail.text
    assert "Umentschieden" in mail.html
    assert "changed_mind" not in mail.text + mail.html


def test_documents_and_refunds_carry_words_and_the_return_its_code(seller, run_debts):
    found = resolved(delivered_order(language="de"), {"MUG-RED": 1}, reason="not_as_described")

    note = CreditNote.objects.get()
    assert note.reason == Refund.objects.get().reason == "Not as described"
    content = billing.credit_note_xml(note.pk)[1]
    assert breaches(content) == []
    assert "<ram:Content>Nicht wie beschrieben</ram:Content>" in content.decode()
    assert ReturnRequest.objects.get(pk=found.pk).reason == "not_as_described", "the API speaks in codes"


def test_what_was_typed_stays_as_it_was_typed(seller, run_debts):
    resolved(delivered_order(language="de"), {"MUG-RED": 1}, reason="Too red")

    note = CreditNote.objects.get()
    assert (note.reason, Refund.objects.get().reason) == ("Too red", "Too red")
    assert "<ram:Content>Too red</ram:Content>" in billing.credit_note_xml(note.pk)[1].decode()


def test_staff_read_refund_and_credit_note_in_their_language(seller, run_debts, admin_client):
    found = resolved(delivered_order(), {"MUG-RED": 1}, reason="wrong_item")
    refund, note = Refund.objects.get(), CreditNote.objects.get()

    for language, words in (("en", "Wrong item"), ("de", "Falscher Artikel")):
        get_user_model().objects.update(language=language)
        for address in (
            "/admin/billing/refund/",
            f"/admin/billing/refund/{refund.pk}/change/",
            f"/admin/billing/creditnote/{note.pk}/change/",
            f"/admin/returns/returnrequest/{found.pk}/change/",
        ):
            assert words in admin_client.get(address).content.decode(), address
