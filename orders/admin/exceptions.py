"""Exceptions: what went wrong, and who owns it."""

from operator import itemgetter
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin.base import Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import actor_column, badge_column, link_column, retold_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.models import User
from core.reader import retold
from orders import categories, selectors, services
from orders.admin.forms import CloseForm, HistoricForm
from orders.models import OrderException

SOLVE = "orders.change_orderexception"
OPEN = ("open", "acknowledged", "in_progress")


class CategoryFilter(admin.SimpleListFilter):
    """By what went wrong: the kinds we know, without looking through the table for them."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the kinds."""
        return sorted(((code, categories.label(code)) for code in categories.CATEGORIES), key=itemgetter(1))

    def queryset(self, request: HttpRequest, queryset: "QuerySet[OrderException]") -> "QuerySet[OrderException]":
        """Return the exceptions of that kind."""
        return queryset.filter(category=self.value()) if self.value() else queryset


class OpenFilter(admin.SimpleListFilter):
    """By whether somebody still has to look at it."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the two states."""
        return [("open", _("Open")), ("closed", _("Closed")), ("mine", _("Mine"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[OrderException]") -> "QuerySet[OrderException]":
        """Return the exceptions in that state."""
        if self.value() == "open":
            return queryset.filter(status__in=OPEN)
        if self.value() == "mine":
            return queryset.filter(status__in=OPEN, owner_id=request.user.pk)
        return queryset.exclude(status__in=OPEN) if self.value() == "closed" else queryset


def _take(exception_id: int, *, actor: Any) -> OrderException:
    owner = User.objects.get(username=actor.name)
    return services.take_exception(exception_id, owner_id=owner.pk, started=True)


def _close_as_historic(exception_id: int, *, resolution: str, actor: Any) -> object:
    return services.close_exceptions([exception_id], resolution=resolution, dismissed=True, actor=actor)


@admin.register(OrderException, site=site)
class OrderExceptionAdmin(TransitionAdmin, BulkAdmin, PanelAdmin):
    """Exceptions, newest first."""

    page = "orders.exception"
    list_display = (
        retold_column("title"),
        badge_column("status"),
        badge_column("severity"),
        "kind",
        link_column("order", _("Order")),
        "owner",
        when_column("due_at", _("Due")),
        when_column("created_at", _("Since")),
    )
    list_select_related = ("order", "owner")
    list_filter = (OpenFilter, "severity", CategoryFilter)
    tabs = (Tab(_("Open"), {"state": "open"}), Tab(_("Mine"), {"state": "mine"}))
    search_fields = ("=order__number",)
    search_help_text = _("Number of the order")
    empty_text = _("Nothing is wrong. What fails by itself appears here.")
    ordering = ("-created_at", "-id")
    facts = (
        link_column("order", _("Order")),
        "kind",
        "owner",
        when_column("created_at", _("Since")),
        when_column("due_at", _("Due")),
        when_column("closed_at", _("Closed")),
        actor_column("closed_by"),
        "resolution",
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "take": TransitionSpec(
            _("Take it"),
            _take,
            SOLVE,
            when=lambda one: one.status in ("open", "acknowledged"),
            consequences=lambda one: [_("You own it from now on.")],
        ),
        "close": TransitionSpec(
            _("Close"),
            services.close_exception,
            SOLVE,
            form=CloseForm,
            when=lambda one: one.status in OPEN,
            consequences=lambda one: (
                [_("The order may be completed when nothing else is open.")] if one.order_id else []
            ),
            style="primary",
        ),
        "reopen": TransitionSpec(
            _("Open again"),
            lambda pk, *, actor: services.reopen_exception(pk, reason="", actor=actor),
            SOLVE,
            when=lambda one: one.status not in OPEN,
        ),
    }
    bulk_services: ClassVar[dict[str, BulkSpec]] = {
        "close_historic": BulkSpec(
            _("Close as historic"),
            _close_as_historic,
            SOLVE,
            form=HistoricForm,
            consequences=lambda n: [_("They are dismissed; nothing happens to stock or money.")],
            already=lambda one, said: one.status not in OPEN,
        ),
    }

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrderException]":
        """Read the order along with the row."""
        return super().get_queryset(request).select_related("order", "owner")

    @admin.display(description=_("category"), ordering="category")
    def kind(self, obj: OrderException) -> str:
        """Name the kind."""
        return categories.label(obj.category)

    def page_title(self, obj: OrderException) -> str:
        """Say what went wrong."""
        return retold(obj.title)

    def alert(self, obj: OrderException) -> str:
        """Say what keeps the order from going on."""
        return retold(selectors.blocked_because(obj.order)) if obj.order and obj.status in OPEN else ""
