"""Pages that change by themselves: a page asks, again and again, whether something happened to what it shows.

    {% load live %}{% live order %}        in the head of a page about a record

The token in the page is the right to ask, and lets nobody see anything but that. The question comes without a
cookie, so it neither keeps anybody signed in nor reads who asks: it is one query, by an index, of one history.
"""

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from core import links
from core.models import EventRecord

PURPOSE = "live"
DAYS = 1
# Said by the script when it fetches a page to take its fresh parts: whoever reads is not reading yet.
HEADER = "X-Live"


def token_for(thread: str) -> str:
    """Return the right to ask about a history for a day; a page that is older wants to be loaded again anyway."""
    return links.make_link(PURPOSE, thread, days=DAYS)


def mark_of(thread: str) -> tuple[str, int]:
    """Return what changes with every entry of a history, and when the last one was made, in milliseconds.

    Counted, because a slow transaction may add an entry that is older than one seen before.
    """
    found = EventRecord.objects.filter(thread=thread).aggregate(count=Count("pk"), last=Max("recorded_at"))
    last = int(found["last"].timestamp() * 1000) if found["last"] else 0
    return f"{found['count']}-{last}", last


@require_GET
def changes(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the mark of a history; 204 where it is the one the page has (`?after=`)."""
    if (thread := links.read_link(token, PURPOSE)) is None:
        return HttpResponse(status=404)
    mark, last = mark_of(thread)
    if request.GET.get("after") == mark:
        response = HttpResponse(status=204)
    else:
        response = JsonResponse({"mark": mark, "last": last})
    response.headers["Cache-Control"] = "no-store"
    return response


def is_refresh(request: HttpRequest) -> bool:
    """Whether a page is only fetched for its fresh parts; what is said once is kept for a reader then."""
    return HEADER in request.headers
