"""Files handed to people of the back office. The view that uses this checks the permission."""

from django.http import HttpResponse

from core.files import read_file
from core.models import Attachment

# Only what a browser shows without running anything is shown; the rest is saved.
SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg", "text/plain"})


def download(attachment: Attachment, *, inline: bool = False) -> HttpResponse:
    """Return a kept file; `inline` shows it in the browser where that is safe."""
    response = HttpResponse(read_file(attachment), content_type=attachment.content_type)
    place = "inline" if inline and attachment.content_type in SHOWN else "attachment"
    name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in attachment.name)
    response.headers["Content-Disposition"] = f'{place}; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
