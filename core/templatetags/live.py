"""{% load live %}{% live record %}: this page changes by itself when something happens to the record."""

import time
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from core.live import token_for
from core.service import thread_of

register = template.Library()


SCRIPT = (
    '<link rel="stylesheet" href="{}"><script src="{}" defer data-ask="{}" data-made="{}" '
    'data-said="{}" data-waits="{}" data-reload="{}"></script>'
)


@register.simple_tag
def live(record: Any) -> str:
    """Load the script that asks, with the right to ask and the moment of this page."""
    return format_html(
        SCRIPT,
        static("core/live.css"),
        static("core/live.js"),
        reverse("live", args=[token_for(thread_of(record))]),
        int(time.time() * 1000),
        gettext("Changed just now: #"),
        gettext("Something changed here while you were at it."),
        gettext("Load again"),
    )
