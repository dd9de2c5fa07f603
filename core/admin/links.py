"""Ways to a record's page."""

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from core.sight import may_open

__all__ = ["link_to", "list_of", "may_open", "may_see", "page_of", "page_of_thread", "title_of"]


def page_of(obj: Any) -> str:
    """Return the address of a record's page in the back office, or nothing if it has none."""
    if obj is None:
        return ""
    try:
        return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
    except NoReverseMatch:
        return ""


def title_of(obj: Any) -> str:
    """Return what a record is called, in the reader's language where it has a name in it (`title_in`)."""
    return str(obj.title_in() if hasattr(obj, "title_in") else obj)


def link_to(obj: Any, text: Any = "") -> str:
    """Return a link to a record's page; just its name where it has no page."""
    if obj is None:
        return ""
    if url := page_of(obj):
        return format_html('<a href="{}">{}</a>', url, text or title_of(obj))
    return str(text or title_of(obj))


def may_see(user: Any, obj: Any) -> bool:
    """Whether a person may open a record's page."""
    return may_open(user, obj._meta.label_lower)


def page_of_thread(thread: str, user: Any) -> str:
    """Return the page of the record a history belongs to (`app.model:17`), as far as it is a person's to open."""
    label, _colon, identifier = thread.partition(":")
    app, _dot, model = label.partition(".")
    if not may_open(user, label):
        return ""
    try:
        return reverse(f"admin:{app}_{model}_change", args=[identifier]) if identifier else ""
    except NoReverseMatch:
        return ""


def list_of(model: Any, **query: Any) -> str:
    """Return the address of a table's list, narrowed by a query: `list_of(Thing, status__exact="open")`."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else path
