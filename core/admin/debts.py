"""Work that is owed to the outside world or to ourselves: what is stuck, why, and another try."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import outbox
from core.actors import Actor
from core.admin import navigation
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import badge_column, figure_column, thread_column, when_column
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.models import Delivery


def try_one_again(pk: int, *, actor: Actor) -> int:
    """Give one debt that was given up another eight attempts."""
    return outbox.retry_dead([pk])


class StateFilter(admin.SimpleListFilter):
    """Shows what is open unless asked for what is done: the done are millions."""

    title = _("state")
    template = "admin/parts/in_tabs.html"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states one can look at."""
        return [("dead", _("Given up")), ("pending", _("Due")), ("done", _("Paid"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet") -> "QuerySet":
        """Narrow the list to the chosen state."""
        return queryset.filter(status=self.value()) if self.value() else queryset.exclude(status="done")


@admin.register(Delivery, site=site)
class DebtAdmin(BulkAdmin, TransitionAdmin, BackOfficeAdmin):
    """The outbox, those that were given up first."""

    list_display = (
        "name",
        badge_column("status"),
        thread_column("event__thread", _("because of"), text="event__name"),
        figure_column("attempts"),
        "why",
        when_column("due_at"),
        when_column("created_at"),
    )
    list_filter = (StateFilter,)
    list_select_related = ("event",)
    search_fields = ("=event__thread", "=event__request_id", "handler")
    search_help_text = _("By history (app.model:17), request id or part of the handler's name")
    all_label = _("Open")
    tabs = (
        Tab(_("Given up"), {"state": "dead"}),
        Tab(_("Due"), {"state": "pending"}),
        Tab(_("Paid"), {"state": "done"}),
    )
    # "dead" comes before "pending".
    ordering = ("status", "-pk")
    fields = ("handler", "event", "status", "attempts", "due_at", "created_at", "error")
    readonly_fields = ("error",)
    empty_text = _("Nothing is owed: every piece of work that follows from an event is done.")
    bulk_services = {
        "try_again": BulkSpec(
            _("Try again"),
            try_one_again,
            "core.change_delivery",
            already=lambda debt, said: debt.status != Delivery.Status.DEAD,
            consequences=lambda n: [
                ngettext(
                    "%(n)s debt gets eight new attempts, the first one now.",
                    "%(n)s debts get eight new attempts each, the first one now.",
                    n,
                )
                % {"n": n},
                _("Only those that were given up are touched; what is done stays done."),
            ],
        )
    }
    transition_services = {
        "try-again": TransitionSpec(
            _("Try again"),
            try_one_again,
            "core.change_delivery",
            when=lambda debt: debt.status == Delivery.Status.DEAD,
            consequences=lambda debt: [_("It gets eight new attempts, the first one now.")],
            style="primary",
            done=_("It will be tried again in a moment."),
        )
    }

    @admin.display(description=_("work"), ordering="handler")
    def name(self, debt: Delivery) -> str:
        """Return what has to be done, for people: the last part of the handler's name."""
        return debt.handler.rsplit(".", 1)[-1].replace("_", " ").capitalize()

    @admin.display(description=_("last error"))
    def why(self, debt: Delivery) -> str:
        """Return the beginning of what went wrong."""
        if not debt.last_error:
            return "–"
        return format_html(
            '<span class="problem" title="{}">{}</span>', debt.last_error, Truncator(debt.last_error).chars(80)
        )

    @admin.display(description=_("last error"))
    def error(self, debt: Delivery) -> str:
        """Return all of what went wrong."""
        return format_html("<pre>{}</pre>", debt.last_error) if debt.last_error else "–"


navigation.register(
    navigation.SETTINGS,
    _("Debts"),
    "admin:core_delivery_changelist",
    permission="core.view_delivery",
    order=985,
    icon="gear",
)
