"""{% load live %}{% live record %}: this page changes by itself when something happens to the record.

{% live record doing="edit" %} on a form of its own: it stays as it is; colleagues are told that it is being edited,
and whoever fills it in is told when somebody was faster. {% live_rows rows %} on a list: it says how many of its rows
changed, and shows them anew when it is asked to.
"""

import time
from collections.abc import Iterable
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.live import is_refresh, token_for
from core.service import thread_of

register = template.Library()
# What was written down so many milliseconds before a page was made may not be on it yet. A list is made quicker, and
# would only offer in vain to show itself anew.
MARGIN = 2000
ROWS_MARGIN = 300


@register.simple_tag(takes_context=True)
def live(context: Any, record: Any, doing: str = "read") -> str:
    """Load the scripts that listen, draw anew, and show who else is here, with the right to hear of the record."""
    request = context.get("request")
    if context.get("aside") or (request is not None and is_refresh(request)):
        return ""
    is_staff = bool(getattr(getattr(request, "user", None), "is_staff", False))
    scripts = [_line([thread_of(record)], request, doing=doing, is_seen=is_staff)]
    if doing == "read":
        scripts.append(_script("live", **_words()))
    if is_staff:
        words = {"looks": gettext("# is looking"), "edits": gettext("# is editing"), "doing": doing}
        note = gettext("Something changed here while you were at it. What you typed stays.")
        scripts.append(_script("onlookers", **words, note=note))
    return format_html_join("", "{}", [(one,) for one in scripts])


@register.simple_tag(takes_context=True)
def live_rows(context: Any, rows: Iterable[Any]) -> str:
    """Load the scripts that listen, and offer to show what changed."""
    threads = [thread_of(row) for row in rows]
    if not threads:
        return ""
    words = {"one": gettext("1 changed: show"), "many": gettext("# changed: show")}
    line = _line(threads, context.get("request"), margin=ROWS_MARGIN)
    return format_html("{}{}", line, _script("live", **_words(), **words))


@register.simple_tag(takes_context=True)
def live_bell(context: Any) -> str:
    """Load the script that listens for the bell alone, on a page that listens for nothing else."""
    request = context.get("request")
    if getattr(request, "has_line", False):
        return ""
    return _line([], request)


def _words() -> dict[str, str]:
    return {
        "said": gettext("Changed just now: #"),
        "waits": gettext("Something changed here while you were at it."),
        "reload": gettext("Load again"),
    }


def _line(
    threads: list[str], request: Any, *, doing: str = "read", is_seen: bool = False, margin: int = MARGIN
) -> SafeString:
    token = token_for(threads, request, is_seen=is_seen)
    if request is not None:
        request.has_line = True
    style = format_html('<link rel="stylesheet" href="{}">', static("core/live.css"))
    asks = {
        "ask": reverse("live", args=[token]) if threads else "",
        "stream": reverse("live-stream", args=[token]),
    }
    return style + _script("live_line", **asks, made=str(int(time.time() * 1000)), margin=str(margin), doing=doing)


def _script(name: str, **data: str) -> SafeString:
    said = format_html_join("", ' data-{}="{}"', data.items())
    return format_html('<script src="{}" defer{}></script>', static(f"core/{name}.js"), said)
