"""The bell in the frame: what somebody is told, where it leads, and when it is mailed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from core import bell
from core.admin import history
from core.admin.actors import actor_for
from core.admin.links import page_of_thread
from core.models import Notice
from core.models.user import NoticesByMail
from core.reader import spoken

PER_PAGE = 50
# With more than this since, what a notice is about is not among the newest of its history.
IN_SIGHT = 15
LARGEST = 2**63


def notices_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Show the notices, the newest first; a POST counts them as read or not, or says when they are mailed."""
    user: Any = request.user
    if request.method == "POST":
        _act(request, user)
        return HttpResponseRedirect(request.get_full_path())
    waiting = "unread" in request.GET
    rows = bell.of(user.pk).filter(read_at=None) if waiting else bell.of(user.pk)
    if before := _number(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PER_PAGE + 1])
    older = {"unread": 1} if waiting else {}
    context = {
        **site.each_context(request),
        "title": _("Notices"),
        "notices": [_told(one) for one in bell.in_sight(page[:PER_PAGE], user)],
        "older": urlencode({**older, "before": page[PER_PAGE - 1].pk}) if len(page) > PER_PAGE else "",
        "newest": bell.unread(user.pk).order_by("-pk").values_list("pk", flat=True).first(),
        "waiting": waiting,
        "is_first": not before,
        "choices": NoticesByMail.choices,
    }
    return render(request, "admin/notices.html", context)


def _act(request: HttpRequest, user: Any) -> None:
    wanted = request.POST.get("by_mail", "")
    if wanted in NoticesByMail.values:
        bell.choose_mail(user.pk, wanted, actor=actor_for(request))
        messages.success(request, _("From now on notices are mailed as you said."))
    elif "read_all" in request.POST:
        bell.read_all(user.pk, up_to=_number(request.POST["read_all"]))
    elif "read" in request.POST:
        bell.read(user.pk, _number(request.POST["read"]))
    elif "unread" in request.POST:
        bell.unread_again(user.pk, _number(request.POST["unread"]))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _told(notice: Notice) -> dict[str, Any]:
    return {
        "notice": notice,
        "did": bell.KINDS.get(notice.kind, notice.kind),
        "about": spoken(notice.about),
        "text": spoken(notice.text),
        "url": reverse("admin:notice", args=[notice.pk]),
    }


def open_notice(site: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the place that a notice is about, and count it as read."""
    user: Any = request.user
    notice = bell.of(user.pk).filter(pk=pk).first() if pk < LARGEST else None
    if notice is None:
        raise Http404
    bell.read(user.pk, notice.pk)
    return HttpResponseRedirect(_place_of(notice, user) or reverse("admin:notices"))


def _place_of(notice: Notice, user: Any) -> str:
    """Return where on its page a notice leads; where much happened since, to the history as it ended then."""
    page = page_of_thread(notice.thread, user)
    if not page or not notice.anchor:
        return f"{page}#history" if page else ""
    since = history.records(notice.thread).filter(at__gt=notice.at)[:IN_SIGHT]
    then = (notice.at + timedelta(milliseconds=1)).isoformat()
    query = f"?{urlencode({'until': then})}" if len(since) == IN_SIGHT else ""
    return f"{page}{query}#{notice.anchor}"


def urls(site: Any) -> list[Any]:
    """Return the addresses of the bell."""

    def framed(view: Callable[..., HttpResponse]) -> Any:
        return site.admin_view(lambda request, **given: view(site, request, **given))

    return [
        path("notices/", framed(notices_view), name="notices"),
        path("notices/<int:pk>/", framed(open_notice), name="notice"),
    ]
