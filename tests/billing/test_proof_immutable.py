"""`./run manage prove immutable`: every door refuses, every planted edit is found, and what is open is said."""

import pytest
from django.db import IntegrityError, connection, transaction

from billing import immutability, verifying
from billing import services as billing
from billing.models import Invoice
from billing.proofs import immutable
from billing.proofs.asking import Asked
from core.actors import SYSTEM
from core.models import Attachment
from tests.factories.billing import place

pytestmark = pytest.mark.django_db


def test_every_door_refuses_and_every_planted_edit_is_found(monkeypatch):
    monkeypatch.setattr(immutable, "DOCUMENTS", 4)
    found = immutable.prove(Asked(60))

    assert found["told"] == []
    assert (found["met"], found["attempts_that_succeeded"], found["found"], found["planted"]) == (True, 0, 60, 60)
    assert sorted(found["attempts"]) == ["API", "ORM", "SQL", "admin"]
    assert found["attempts"]["ORM"] > 200
    assert found["attempts"]["SQL"] > 70
    assert found["places"] > 20
    assert len(immutability.in_place(connection)) == len(immutability.NAMES), "the triggers are back"


def test_what_is_open_and_what_is_not_found_is_said(monkeypatch):
    monkeypatch.setattr(immutable, "DOCUMENTS", 2)
    monkeypatch.setattr(verifying, "_judge", lambda *args: iter(()))
    immutability.remove(connection)
    found = immutable.prove(Asked(10))

    assert not found["met"]
    assert found["attempts_that_succeeded"] > 50
    assert found["found"] < 10
    assert any("went through" in said for said in found["told"])


def test_the_paper_of_a_document_stays(seller):
    invoice = billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)
    other = billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)
    kept, strange = billing.render_invoice_pdf(invoice.pk), billing.render_invoice_pdf(other.pk)
    loose = Attachment.objects.create(
        name="note.txt", content_type="text/plain", file="aa/bb", size=1, sha256="a" * 64
    )

    for attempt in (
        lambda: Invoice.objects.filter(pk=invoice.pk).update(pdf=strange),
        lambda: Invoice.objects.filter(pk=invoice.pk).update(pdf=None),
        lambda: Attachment.objects.filter(pk=kept.pk).update(sha256="b" * 64),
        lambda: Attachment.objects.filter(pk=kept.pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="An issued document never changes"), transaction.atomic():
            attempt()

    assert Invoice.objects.get(pk=invoice.pk).pdf == kept
    assert Attachment.objects.filter(pk=loose.pk).update(name="other.txt") == 1
    assert loose.delete()[0] == 1
