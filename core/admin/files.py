"""Files handed to people. The view that uses this checks the permission."""

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header

from core.files import open_file, read_file
from core.models import Attachment
from core.uploads import PICTURES

# Only what a browser shows without running anything is shown; the rest is saved.
SHOWN = frozenset({"application/pdf", "text/plain", *PICTURES})


def save_as(content: bytes, name: str, content_type: str) -> HttpResponse:
    """Return bytes that are only ever saved."""
    response = HttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = _named("attachment", name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _named(place: str, name: str) -> str:
    """Return where a file goes and its name: signs of every script, spelled as browsers read them."""
    safe = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)
    return content_disposition_header(place == "attachment", safe) or place


def download(attachment: Attachment, *, inline: bool = False) -> HttpResponse:
    """Return a kept file; `inline` shows it in the browser where that is safe."""
    response = HttpResponse(read_file(attachment), content_type=attachment.content_type)
    place = "inline" if inline and attachment.content_type in SHOWN else "attachment"
    response.headers["Content-Disposition"] = _named(place, attachment.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    if attachment.content_type != "application/pdf" or place == "attachment":
        # Whatever is in it, nothing of it runs, and it reaches nothing of ours. The reader of PDFs is a page itself.
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def download_large(attachment: Attachment) -> FileResponse:
    """Return a kept file piece by piece, to be saved."""
    response = FileResponse(open_file(attachment), content_type=attachment.content_type)
    response.headers["Content-Disposition"] = _named("attachment", attachment.name)
    response.headers["Content-Length"] = str(attachment.size)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
