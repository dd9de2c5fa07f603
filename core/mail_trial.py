"""A test mail, sent while somebody waits, and what the mail server said to it."""

import smtplib
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from core import milestones
from core.actors import Actor
from core.mail import compose

TESTED = "mail.tested"
TIMEOUT = 10


@dataclass(frozen=True)
class Answer:
    """What became of it, in the words of the server."""

    sent: bool
    text: str


def send_test_mail(to: str, *, language: str, actor: Actor) -> Answer:
    """Hand a mail to the mail server now. What it answers is kept when it took the mail."""
    words = compose("test", {"server": _server()}, language=language)
    mail = EmailMultiAlternatives(words["subject"], words["text"], to=[to])
    heard: list[str] = []
    try:
        connection = get_connection(timeout=TIMEOUT) if _is_smtp() else get_connection()
        connection.open()
        _listen(connection, heard)
        try:
            mail.connection = connection
            mail.send()
        finally:
            connection.close()
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        return Answer(False, _said(error))
    text = heard[-1] if heard else "OK"
    milestones.reach(TESTED, actor=actor, detail={"to": to, "answer": text})
    return Answer(True, text)


def _is_smtp() -> bool:
    return bool(settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"))


def _server() -> str:
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if _is_smtp() else settings.EMAIL_BACKEND.split(".")[-2]


def _listen(connection: Any, heard: list[str]) -> None:
    """Hear what the server says when it takes a mail: smtplib keeps only the refusals."""
    server = getattr(connection, "connection", None)
    if not isinstance(server, smtplib.SMTP):
        return
    say = server.data

    def data(message: Any) -> tuple[int, bytes]:
        code, words = say(message)
        heard.append(f"{code} {_plain(words)}"[:300])
        return code, words

    server.data = data  # type: ignore[method-assign, assignment]


def _said(error: Exception) -> str:
    """Return the words of the server, or of the network on the way there."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refusals = (f"{code} {_plain(words)}" for code, words in error.recipients.values())
        return "; ".join(refusals)[:300]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_plain(error.smtp_error)}"[:300]
    return f"{_server()}: {error}"[:300]


def _plain(words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    return " ".join(text.split())
