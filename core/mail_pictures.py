"""Pictures that a mail brings along and shows itself: no reader's program has to ask us for them.

A file of a mail is such a picture where its HTML names it (RFC 2392).
"""

import base64
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from typing import Any

from django.core.mail import EmailMultiAlternatives

from core.files import FileDamaged, read_file
from core.models import Attachment, OutgoingMail


def content_id(checksum: str) -> str:
    """Return the name of a picture within a mail."""
    return f"{checksum[:32]}@pictures"


def files_of(mail: OutgoingMail) -> tuple[list[Attachment], list[Attachment]]:
    """Return the files that come with a mail, and the pictures that its HTML shows."""
    kept = sorted(mail.attachments.all(), key=lambda one: one.pk)
    shown = [one for one in kept if f"cid:{content_id(one.sha256)}" in mail.html]
    return [one for one in kept if one not in shown], shown


def html_for_a_page(mail: OutgoingMail) -> str:
    """Return the HTML of a mail for a browser, which has no mail to find the pictures in."""
    html = mail.html
    for picture, content in _readable(files_of(mail)[1]):
        data = base64.b64encode(content).decode()
        html = html.replace(f"cid:{content_id(picture.sha256)}", f"data:{picture.content_type};base64,{data}")
    return html


class Letter(EmailMultiAlternatives):
    """A message whose HTML has its pictures right beside it, so that no program lists them as files."""

    pictures: tuple[tuple[Attachment, bytes], ...] = ()

    def show(self, pictures: list[Attachment]) -> None:
        """Bring pictures along. One that was lost keeps no mail from going: its name is read instead."""
        self.pictures = tuple(_readable(pictures))

    def message(self, **named: Any) -> Any:
        """Return it as it goes over the wire: the HTML and its pictures are one alternative to the text."""
        whole: Any = super().message(**named)
        if self.pictures:
            alternatives = next(part for part in whole.walk() if part.get_content_type() == "multipart/alternative")
            text, html = alternatives.get_payload()
            shown = MIMEMultipart("related", type="text/html")
            shown.attach(html)
            for picture, content in self.pictures:
                part = MIMEImage(content, picture.content_type.partition("/")[2])
                part.add_header("Content-ID", f"<{content_id(picture.sha256)}>")
                part.add_header("Content-Disposition", "inline", filename=picture.name)
                shown.attach(part)
            alternatives.set_payload([text, shown])
        return whole


def _readable(pictures: list[Attachment]) -> list[tuple[Attachment, bytes]]:
    found = []
    for picture in pictures:
        try:
            found.append((picture, read_file(picture)))
        except FileDamaged:
            continue
    return found
