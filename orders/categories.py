"""The kinds of exceptions, by code: each app names its own.

In `<app>/admin/__init__.py`: `categories.register("short_pick", _("short pick"))`
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

CATEGORIES: dict[str, Any] = {
    "late": _("late"),
    "promise": _("promise at risk"),
    "payment": _("payment"),
    "shortfall": _("shortfall"),
    "mail": _("refused mail"),
    "dead_debt": _("work given up"),
}


def register(code: str, label: Any) -> None:
    """Name a kind of exceptions."""
    CATEGORIES[code] = label


def label(code: str) -> str:
    """Name a kind of exceptions, in the language that is active."""
    known = str(CATEGORIES.get(code, code.replace("_", " ")))
    return known[:1].upper() + known[1:]
