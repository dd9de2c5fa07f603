"""Files handed to people. The view that uses this checks the permission."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from core.files import read_file
from core.models import Attachment
from core.uploads import PICTURES

# Only what a browser shows without running anything is shown; the rest is saved.
SHOWN = frozenset({"application/pdf", "text/plain", *PICTURES})


def download(attachment: Attachment, *, inline: bool = False) -> HttpResponse:
    """Return a kept file; `inline` shows it in the browser where that is safe."""
    response = HttpResponse(read_file(attachment), content_type=attachment.content_type)
    place = "inline" if inline and attachment.content_type in SHOWN else "attachment"
    name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in attachment.name)
    # Signs of every script, spelled as browsers read them.
    response.headers["Content-Disposition"] = content_disposition_header(place == "attachment", name) or place
    response.headers["X-Content-Type-Options"] = "nosniff"
    if attachment.content_type != "application/pdf" or place == "attachment":
        # Whatever is in it, nothing of it runs, and it reaches nothing of ours. The reader of PDFs is a page itself.
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
