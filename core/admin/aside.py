"""Pages shown beside the page one is on: a step or a related record in a drawer, at its own address.

The script asks for the same address with the header `X-Aside`; the page then comes without the frame
around it. A step that was taken answers where to go instead of leading there. Without the script the
same links are pages of their own.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse

HEADER = "X-Aside"
GO_TO = "X-Go-To"
FRAME = "admin/base.html"
DRAWER = "admin/aside.html"


def is_aside(request: HttpRequest) -> bool:
    """Whether the page is shown in the drawer."""
    return HEADER in request.headers


def frame_of(request: HttpRequest) -> dict[str, Any]:
    """Return what the templates need to know about the frame around the page."""
    aside = is_aside(request)
    return {"aside": aside, "frame": DRAWER if aside else FRAME}


def go_to(url: str) -> HttpResponse:
    """Tell the drawer that the work is done, and where its result is."""
    return HttpResponse(status=204, headers={GO_TO: url})
