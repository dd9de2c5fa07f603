"""The event log: everything that ever happened, to be read and never changed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.admin import navigation
from core.admin.base import BackOfficeAdmin
from core.admin.columns import code_column, thread_column, when_column
from core.admin.history import status_words, words
from core.admin.site import site
from core.models import EventRecord
from core.templatetags.back_office import spoken_actor


@admin.register(EventRecord, site=site)
class LogAdmin(BackOfficeAdmin):
    """Every fact and every passage of a status."""

    list_display = (
        "what",
        thread_column("thread", _("about")),
        "who",
        "note",
        when_column("at"),
        code_column("request_id"),
    )
    search_fields = ("thread",)
    search_help_text = _("By history (app.model:17) or request id")
    readonly_fields = ("what", "moved")
    fields = (
        "what", "moved", "thread", "name", "subject_type", "subject_id", "transition", "source", "target",
        "actor", "note", "payload", "public", "request_id", "at", "recorded_at", "position",
    )  # fmt: skip
    empty_text = _("Nothing has happened yet.")

    def get_search_results(self, request: HttpRequest, queryset: "QuerySet", search_term: str) -> tuple[Any, bool]:
        """Find a history (it has a colon) or the work of one request, exactly: both by index."""
        if not search_term:
            return queryset, False
        term = search_term.strip()
        if ":" in term:
            return queryset.filter(thread=term), False
        # The exclusion names the condition of the index, else it would not be used.
        return queryset.exclude(request_id="").filter(request_id=term), False

    @admin.display(description=_("what happened"))
    def what(self, record: EventRecord) -> str:
        """Return the record in words, with its name."""
        return format_html('{} <span class="quiet">{}</span>', words(record), record.name)

    @admin.display(description=_("status"))
    def moved(self, record: EventRecord) -> str:
        """Return the passage of a status in words."""
        return " → ".join(map(status_words(record), (record.source, record.target))) if record.transition else "–"

    @admin.display(description=_("who"))
    def who(self, record: EventRecord) -> str:
        """Return who did it."""
        return spoken_actor(record.actor)


navigation.register(
    navigation.SETTINGS,
    _("Event log"),
    "admin:core_eventrecord_changelist",
    permission="core.view_eventrecord",
    order=990,
    icon="gear",
)
