"""Mails: written down in the transaction that wants them, sent once per dedupe key by the outbox."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

from django.conf import settings
from django.core.mail import BadHeaderError
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone, translation

from core.actors import SYSTEM, Actor
from core.errors import Conflict
from core.events import MailKept, MailRefused
from core.files import read_file
from core.inserting import insert_once
from core.letterheads import Letterhead, letterhead_of
from core.mail_pictures import Letter, files_of
from core.models import Attachment, OutgoingMail
from core.outbox import emit
from core.service import note_change, service

PERMANENT = 500
FORGOTTEN = "This mail was for its reader only; its text was removed when it was sent.\n"


class MailForgotten(Conflict):
    """The text of a confidential mail is gone; its reader asks for a new one."""

    code = "mail_forgotten"


@service
def intend(
    *,
    dedupe_key: str,
    template: str,
    context: Mapping[str, Any],
    to: str,
    language: str,
    thread: str,
    attachments: Sequence[Attachment] = (),
    confidential: bool = False,
    letterhead: Letterhead | None = None,
) -> OutgoingMail | None:
    """Write a mail down and leave its sending as a debt. None where there is nobody to write to.

    A confidential one (a link that signs in) is forgotten as soon as it is sent: staff who read sent
    mail must not become its reader. The demo sends nothing and keeps it.

    In its head is the logo of `letterhead`, without one that of whose the record is that it is about.

    A dedupe key that is known returns the mail that was written first; nothing is sent again.
    """
    if not to:
        return None
    if known := OutgoingMail.objects.filter(dedupe_key=dedupe_key).first():
        return known
    head = letterhead or letterhead_of(thread)
    mail = OutgoingMail(
        dedupe_key=dedupe_key,
        kind=template,
        thread=thread,
        to=to,
        language=language,
        confidential=confidential,
        message_id=_message_id(dedupe_key),
        **compose(template, {"letterhead": head, **context}, language=language),
    )
    if not insert_once(mail):
        return OutgoingMail.objects.get(dedupe_key=dedupe_key)
    pictures = [head.picture_id] if head and head.content_id in mail.html else []
    if files := [*(one.pk for one in attachments), *pictures]:
        mail.attachments.set(files)
    emit(MailKept(mail_id=mail.pk, kind=template, mail_thread=thread))
    return mail


@service
def resend(mail_id: int, *, actor: Actor) -> OutgoingMail:
    """Send a mail again, as it was written, because somebody asked for it.

    It gets a new Message-ID: with the old one, mail servers would drop it as a duplicate.
    """
    mail = OutgoingMail.objects.select_for_update(no_key=True).get(pk=mail_id)
    if mail.text == FORGOTTEN:
        raise MailForgotten("This mail was for its reader only and is not kept; a new one has to be asked for")
    before = {"message_id": mail.message_id, "status": mail.status}
    mail.status = OutgoingMail.Status.KEPT
    mail.message_id = _message_id(f"{mail.dedupe_key}:{uuid.uuid4()}")
    mail.save(update_fields=["status", "message_id"])
    after = {"message_id": mail.message_id, "status": mail.status}
    note_change(mail, "core.mail_resent", actor=actor, before=before, after=after)
    emit(MailKept(mail_id=mail.pk, kind=mail.kind, mail_thread=mail.thread), actor=actor)
    return mail


def send(mail_id: int) -> None:
    """Hand a kept mail to the mail server; one that was sent stays sent.

    A crash between the server's yes and ours sends it again with the same Message-ID.
    """
    mail = OutgoingMail.objects.get(pk=mail_id)
    if mail.status != OutgoingMail.Status.KEPT:
        return
    try:
        as_message(mail).send()
    except (BadHeaderError, SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError) as error:
        if not _is_final(error):
            raise
        _give_up(mail.pk, str(error))
        return
    sent = OutgoingMail.objects.filter(pk=mail.pk, message_id=mail.message_id)
    forgotten = {"text": FORGOTTEN, "html": ""} if mail.confidential and not settings.DEMO else {}
    sent.update(status=OutgoingMail.Status.SENT, sent_at=timezone.now(), **forgotten)


def compose(template: str, context: Mapping[str, Any], *, language: str) -> dict[str, str]:
    """Return `subject`, `text` and `html` of a template in a language."""
    frame = {"company_name": settings.COMPANY_NAME, "site_url": settings.SITE_URL, "language": language}
    with translation.override(language):
        subject = " ".join(_plain(f"mail/{template}.subject.txt", {**frame, **context}).split())[:250]
        words = {**frame, **context, "subject": subject}
        text = _plain(f"mail/{template}.txt", words).strip() + "\n"
        try:
            html = get_template(f"mail/{template}.html").render(words)
        except TemplateDoesNotExist as missing:
            if str(missing) != f"mail/{template}.html":
                raise
            html = ""
    return {"subject": subject, "text": text, "html": html}


def as_message(mail: OutgoingMail) -> Letter:
    """Return a kept mail as it goes over the wire."""
    message = Letter(
        subject=mail.subject,
        body=mail.text,
        to=[mail.to],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated", "Content-Language": mail.language},
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    files, pictures = files_of(mail)
    message.show(pictures)
    for attachment in files:
        message.attach(attachment.name, read_file(attachment), attachment.content_type)
    return message


@service
def _give_up(mail_id: int, reason: str) -> None:
    """Note that the server will never take this mail."""
    mail = OutgoingMail.objects.select_for_update(no_key=True).get(pk=mail_id)
    mail.status = OutgoingMail.Status.FAILED
    mail.save(update_fields=["status"])
    emit(MailRefused(mail_id=mail.pk, mail_thread=mail.thread, reason=reason[:500]), actor=SYSTEM)


def _is_final(error: Exception) -> bool:
    """Say whether the server said no for good (5xx), and not just for now (4xx)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _reason in error.recipients.values())
    if isinstance(error, SMTPSenderRefused):
        return False
    return isinstance(error, BadHeaderError) or getattr(error, "smtp_code", 0) >= PERMANENT


def _plain(template: str, words: Mapping[str, Any]) -> str:
    """Render text that is no HTML: an apostrophe stays an apostrophe."""
    source: Any = get_template(template)
    return str(source.template.render(Context(dict(words), autoescape=False)))


def _message_id(dedupe_key: str) -> str:
    """Return the same id for the same key, so that a mail sent twice is recognised as one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(dedupe_key.encode()).hexdigest()[:40]}@{domain}>"
