"""What the checks found, one row for each finding: what the page of the checks counts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin.base import BackOfficeAdmin
from core.admin.columns import badge_column, link_column, when_column
from core.admin.days import day_filter
from core.admin.site import site
from orders import selectors, verification, wording
from orders.models import FALSE_ALARMS, RIGHT, CheckCatch

Outcome = CheckCatch.Outcome


class CheckFilter(admin.SimpleListFilter):
    """By the check."""

    title = _("check")
    parameter_name = "name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the checks."""
        return [(name, wording.check(name)) for name in verification.NAMES]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return what that check found."""
        return queryset.filter(name=self.value()) if self.value() else queryset


class BecameFilter(admin.SimpleListFilter):
    """By what it turned out to be."""

    title = _("turned out")
    parameter_name = "became"
    outcomes: dict[str, tuple[Any, tuple[str, ...]]] = {
        "false": (_("false alarm"), FALSE_ALARMS),
        "right": (_("rightly found"), RIGHT),
        "settled": (_("settled by itself"), (Outcome.SETTLED,)),
        "open": (_("still open"), (Outcome.OPEN,)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name what it can turn out to be."""
        return [(code, label) for code, (label, _outcomes) in self.outcomes.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return the findings that turned out so."""
        known = self.outcomes.get(self.value() or "")
        return queryset.filter(outcome__in=known[1]) if known else queryset


@admin.register(CheckCatch, site=site)
class CheckCatchAdmin(BackOfficeAdmin):
    """Findings, the newest first; each leads to its order."""

    list_display = (
        link_column("order", _("Order")),
        "of_check",
        "did",
        badge_column("outcome"),
        when_column("at"),
        link_column("channel"),
    )
    list_display_links = None
    list_select_related = ("order", "channel")
    list_defer = tuple(f"order__{name}" for name in selectors.HEAVY)
    list_filter = (CheckFilter, BecameFilter, day_filter("at", "found", _("found")), "channel")
    search_fields = ("=order__number",)
    search_help_text = _("Number of the order")
    empty_text = _("No check found anything.")
    ordering = ("-at", "-id")

    @admin.display(description=_("check"), ordering="name")
    def of_check(self, obj: CheckCatch) -> str:
        """Name the check."""
        return wording.check(obj.name)

    @admin.display(description=_("did"))
    def did(self, obj: CheckCatch) -> Any:
        """Say whether it held the order, or only warned."""
        return _("held the order") if obj.stopped else _("warned")
