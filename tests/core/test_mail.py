"""Mails: kept with the data, sent once, readable in both languages."""

import copy
from pathlib import Path
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend

from core import mail, outbox
from core.actors import Actor
from core.files import keep_file
from core.models import Delivery, EventRecord, OutgoingMail
from core.service import service

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")

TEMPLATES = {
    "greeting.subject.txt": "{% load i18n %}{% translate 'Yes' %}, {{ name }}\n",
    "greeting.txt": "{% extends 'mail/base.txt' %}{% block body %}Dear {{ name }},{% endblock %}",
    "greeting.html": (
        "{% extends 'mail/base.html' %}{% block body %}<p>Dear {{ name }},</p>"
        "{% include 'mail/_button.html' with url='https://shop.test/x' label='Track' %}{% endblock %}"
    ),
    "note.subject.txt": "A note",
    "note.txt": "Words",
}


@pytest.fixture(autouse=True)
def _templates(settings: Any, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    engines = copy.deepcopy(settings.TEMPLATES)
    engines[0]["DIRS"] = [tmp_path]
    settings.TEMPLATES = engines
    settings.COMPANY_NAME = "Kettle & Co."
    settings.DEFAULT_FROM_EMAIL = "Kettle <orders@kettle.test>"


def greet(**given: Any) -> OutgoingMail | None:
    wanted = {
        "dedupe_key": "greeting:7",
        "template": "greeting",
        "context": {"name": "Ada O'Neil"},
        "to": "ada@example.com",
        "language": "en",
        "thread": "orders.order:7",
    }
    return mail.intend(**{**wanted, **given})


def test_a_mail_is_kept_then_sent_once() -> None:
    kept = greet()
    assert kept is not None
    assert (kept.status, kept.subject, django_mail.outbox) == ("kept", "Yes, Ada O'Neil", [])

    assert outbox.drain() == 1
    assert outbox.drain() == 0

    [sent] = django_mail.outbox
    assert sent.to == ["ada@example.com"]
    assert sent.from_email == "Kettle <orders@kettle.test>"
    assert sent.body.startswith("Dear Ada O'Neil,\n")
    assert "Kettle & Co." in sent.body
    [(html, kind)] = sent.alternatives
    assert kind == "text/html"
    assert "Dear Ada O&#x27;Neil," in html
    assert "Kettle &amp; Co." in html
    assert 'href="https://shop.test/x"' in html
    kept.refresh_from_db()
    assert kept.status == "sent"
    assert kept.sent_at is not None


def test_a_known_dedupe_key_writes_and_sends_nothing() -> None:
    first = greet()
    outbox.drain()
    second = greet(context={"name": "Somebody else"})
    outbox.drain()
    assert first is not None
    assert second is not None
    assert (second.pk, second.subject) == (first.pk, "Yes, Ada O'Neil")
    assert OutgoingMail.objects.count() == 1
    assert len(django_mail.outbox) == 1


def test_nobody_to_write_to_is_no_mail() -> None:
    assert greet(to="") is None
    assert not OutgoingMail.objects.exists()


def test_a_rollback_takes_the_mail_with_it() -> None:
    @service
    def greet_and_fail() -> None:
        greet()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        greet_and_fail()
    assert not OutgoingMail.objects.exists()
    assert not Delivery.objects.exists()


def test_the_reader_reads_their_language() -> None:
    kept = greet(language="de")
    assert kept is not None
    assert kept.subject == "Ja, Ada O'Neil"
    assert '<html lang="de"' in kept.html


def test_a_mail_without_html_and_with_a_file() -> None:
    file = keep_file(name="invoice.pdf", content=b"%PDF-1.7", content_type="application/pdf")
    kept = greet(template="note", attachments=[file])
    outbox.drain()
    assert kept is not None
    assert kept.html == ""
    [sent] = django_mail.outbox
    assert sent.alternatives == []
    assert sent.attachments == [("invoice.pdf", b"%PDF-1.7", "application/pdf")]


def test_the_message_id_says_that_two_copies_are_one() -> None:
    kept = greet()
    assert kept is not None
    mail.send(kept.pk)
    # What a crash between the server's yes and ours looks like.
    OutgoingMail.objects.update(status="kept")
    mail.send(kept.pk)
    ids = {message.message()["Message-ID"] for message in django_mail.outbox}
    assert len(django_mail.outbox) == 2
    assert ids == {kept.message_id}
    assert kept.message_id.endswith("@kettle.test>")


def test_a_mail_is_sent_again_when_somebody_asks() -> None:
    kept = greet()
    assert kept is not None
    outbox.drain()
    mail.resend(kept.pk, actor=MAYA)
    outbox.drain()
    first, second = (message.message()["Message-ID"] for message in django_mail.outbox)
    assert first != second
    note = EventRecord.objects.get(name="core.mail_resent")
    assert note.actor == "staff:maya"
    assert note.payload["before"] == {"message_id": first, "status": "sent"}


class Refusing(EmailBackend):
    """A mail server that says no."""

    error: Exception

    def send_messages(self, messages: Any) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "debt"),
    [
        (SMTPRecipientsRefused({"ada@example.com": (550, b"no such user")}), "failed", "done"),
        (SMTPRecipientsRefused({"ada@example.com": (450, b"busy")}), "kept", "pending"),
        (SMTPServerDisconnected("gone"), "kept", "pending"),
    ],
)
def test_a_no_for_good_is_final_and_a_no_for_now_is_not(
    settings: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str, debt: str
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    monkeypatch.setattr(Refusing, "error", error, raising=False)
    kept = greet()
    assert kept is not None
    outbox.drain()
    kept.refresh_from_db()
    assert (kept.status, Delivery.objects.get(event__name="core.mail_kept").status) == (status, debt)
    refused = EventRecord.objects.filter(name="core.mail_refused", thread="orders.order:7")
    assert refused.count() == (1 if status == "failed" else 0)


def test_a_line_break_in_an_address_is_refused_for_good() -> None:
    kept = greet(to="ada@example.com\nBcc: everybody@example.com")
    assert kept is not None
    outbox.drain()
    kept.refresh_from_db()
    assert (kept.status, django_mail.outbox) == ("failed", [])


def test_a_confidential_mail_is_forgotten_when_it_is_sent(run_debts: Any) -> None:
    kept = greet(confidential=True)
    assert kept is not None
    run_debts()
    [sent] = django_mail.outbox
    assert "Dear Ada" in sent.body
    known = OutgoingMail.objects.get()
    assert (known.status, known.text, known.html) == ("sent", mail.FORGOTTEN, "")
    with pytest.raises(mail.MailForgotten):
        mail.resend(known.pk, actor=MAYA)
