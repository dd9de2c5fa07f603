"""Where somebody lands who signs in to the back office and came for nothing in particular.

    landing.register(first_start_page)     # (user) -> address, or "" for: nothing special

The first answer counts; without one it is Today.
"""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

Chooser = Callable[[Any], str]
CHOOSERS: list[Chooser] = []


def register(chooser: Chooser) -> None:
    """Let an app lead some people to a page of its own."""
    CHOOSERS.append(chooser)


def page_for(user: Any) -> str:
    """Return where this person starts."""
    chosen = (chooser(user) for chooser in CHOOSERS)
    return next(filter(None, chosen), "") or reverse("admin:index")
