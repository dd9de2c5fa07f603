"""Exceptions: what went wrong, and who owns it."""

from functools import wraps
from operator import itemgetter
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.admin import history
from core.admin.base import Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import actor_column, badge_column, link_column, retold_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import Step, TransitionAdmin, TransitionSpec
from core.models import User
from core.reader import retold
from orders import categories, remedies, selectors, services
from orders.admin.forms import CloseForm, HandOverForm, HistoricForm, ReopenForm
from orders.admin.remedies_by_tax import FOR_MANY
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
    """By whose it is, as long as it is open."""

    title = _("state")
    template = "admin/parts/in_tabs.html"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name whose they are."""
        return [
            ("open", _("Open")),
            ("mine", _("Mine")),
            ("queue", _("My queue")),
            ("nobody", _("Nobody's")),
            ("closed", _("Closed")),
        ]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[OrderException]") -> "QuerySet[OrderException]":
        """Return the exceptions in that state; those of nobody are the ones that nobody took."""
        wanted = self.value()
        if wanted == "closed":
            return queryset.exclude(status__in=OPEN)
        if wanted not in ("open", "mine", "queue", "nobody"):
            return queryset
        rows = queryset.filter(status__in=OPEN)
        if wanted == "mine":
            return rows.filter(owner_id=request.user.pk)
        if wanted == "queue":
            return rows.filter(owner=None, queue__in=queues_of(request.user))
        return rows.filter(owner=None) if wanted == "nobody" else rows


def _close_as_historic(exception_id: int, *, resolution: str, actor: Any) -> object:
    return services.close_exceptions([exception_id], resolution=resolution, dismissed=True, actor=actor)


def queues_of(user: Any) -> list[str]:
    """Return the queues that somebody stands in."""
    return [code for code, queue in categories.QUEUES.items() if user.has_perm(queue.permission)]


def _take(exception_id: int, *, actor: Any) -> OrderException:
    owner = User.objects.get(username=actor.name)
    return services.take_exception(exception_id, owner_id=owner.pk, started=True, actor=actor)


def _is_closed(one: OrderException, said: Any) -> bool:
    return one.status not in OPEN


def _hand_over(said: dict[str, Any]) -> dict[str, Any]:
    owner = said["owner"]
    return {"owner_id": owner.pk if owner else None, "queue": said["queue"], "note": said["note"]}


STEPS: dict[str, TransitionSpec] = {
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
        consequences=lambda one: [_("The order may be completed when nothing else is open.")] if one.order_id else [],
    ),
    "hand_over": TransitionSpec(
        _("Hand over"),
        services.hand_over_exception,
        SOLVE,
        form=HandOverForm,
        when=lambda one: one.status in OPEN,
        consequences=lambda one: [_("Your word stands in its history.")],
        arguments=lambda one, said: _hand_over(said),
    ),
    "reopen": TransitionSpec(
        _("Open again"),
        services.reopen_exception,
        SOLVE,
        form=ReopenForm,
        when=lambda one: one.status not in OPEN,
    ),
}


def _best_for(kind: str, user: Any) -> remedies.Remedy | None:
    # What may be done about anything helps against nothing in particular.
    return next((one for one in remedies.for_kind(kind) if one.kinds and user.has_perm(one.permission)), None)


def _step_of(remedy: remedies.Remedy) -> TransitionSpec:
    """Return a remedy as a step of the page, that says first what it would mean."""

    def said(one: OrderException) -> list[Any]:
        offer = remedies.offer_of(remedy, one)
        if offer is None:
            return []
        return [*offer.sentences, *(remedy.details(one) if remedy.details else ())]

    return TransitionSpec(
        remedy.label,
        remedy.execute,
        remedy.permission,
        form=remedy.form,
        when=lambda one: remedies.offer_of(remedy, one) is not None,
        consequences=said,
        style=remedy.style,
        initial=remedy.initial,
        arguments=remedy.arguments,
    )


graveness = badge_column("severity")
# What hurts most comes first, not what begins with a.
graveness.admin_order_field = Case(  # type: ignore[attr-defined]
    *(When(severity=severity, then=Value(place)) for place, severity in enumerate(("critical", "warning", "info")))
)


@admin.register(OrderException, site=site)
class OrderExceptionAdmin(TransitionAdmin, BulkAdmin, PanelAdmin):
    """Exceptions, what is due first on top."""

    page = "orders.exception"
    list_display = (
        retold_column("title"),
        "helps",
        graveness,
        when_column("due_at", _("Due")),
        link_column("order", _("Order")),
        "whose",
        when_column("created_at", _("Since")),
    )
    extra_columns = ("kind", badge_column("status"), "times", when_column("last_seen_at", _("Last seen")))
    list_select_related = ("order", "owner")
    list_filter = (OpenFilter, "severity", CategoryFilter)
    tabs = (
        Tab(_("Open"), {"state": "open"}),
        Tab(_("Mine"), {"state": "mine"}),
        Tab(_("My queue"), {"state": "queue"}),
        Tab(_("Nobody's"), {"state": "nobody"}),
    )
    search_fields = ("=order__number",)
    search_help_text = _("Number of the order")
    empty_text = _("Nothing is wrong. What fails by itself appears here.")
    ordering = ("due_at", "id")
    facts = (
        link_column("order", _("Order")),
        "kind",
        badge_column("severity"),
        "whose",
        when_column("due_at", _("Due")),
        when_column("created_at", _("Since")),
        when_column("last_seen_at", _("Last seen")),
        "times",
        link_column("earlier", _("The time before")),
        when_column("closed_at", _("Closed")),
        actor_column("closed_by"),
        retold_column("resolution"),
    )
    bulk_services: ClassVar[dict[str, BulkSpec]] = {
        "take_many": BulkSpec(
            _("Take"),
            _take,
            SOLVE,
            consequences=lambda n: [_("You own them from now on.")],
            already=_is_closed,
            order=10,
        ),
        "hand_over": BulkSpec(
            _("Hand over"),
            services.hand_over_exception,
            SOLVE,
            form=HandOverForm,
            consequences=lambda n: [_("Your word stands in their history.")],
            already=_is_closed,
            arguments=_hand_over,
            order=20,
        ),
        "close_historic": BulkSpec(
            _("Close as historic"),
            _close_as_historic,
            SOLVE,
            form=HistoricForm,
            consequences=lambda n: [_("They are dismissed; nothing happens to stock or money.")],
            already=_is_closed,
            order=40,
        ),
        "close_many": BulkSpec(
            _("Close"), services.close_exception, SOLVE, form=CloseForm, already=_is_closed, order=30
        ),
        **FOR_MANY,
    }

    @property
    def transition_services(self) -> dict[str, TransitionSpec]:  # type: ignore[override]
        """Return what may be done: what helps, then what is done with every exception."""
        return {**{one.code: _step_of(one) for one in remedies.known()}, **STEPS}

    def steps(self, request: HttpRequest, obj: OrderException) -> list[Step]:
        """Return what is done with every exception; what helps stands in a part of its own."""
        return [
            Step(name, str(spec.label), self._address(obj, name), spec.style, spec.icon)
            for name, spec in STEPS.items()
            if self.may_take(request, obj, name)
        ]

    def is_open(self, obj: OrderException, name: str) -> bool:
        """Whether a step is open; what helps against other kinds is not even asked."""
        remedy = remedies.REMEDIES.get(name)
        if remedy is not None and name not in STEPS and not remedy.is_for(obj.category):
            return False
        return super().is_open(obj, name)

    def transition_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Lead to the page of the exception where what helps best against its kind does not help this one."""
        if request.method == "GET" and name in remedies.REMEDIES:
            found = self.get_object(request, object_id)
            if found is not None and not self.is_open(found, name) and found.status in OPEN:
                return HttpResponseRedirect(reverse("admin:orders_orderexception_change", args=[found.pk]))
        return super().transition_view(request, object_id, name)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[OrderException]":
        """Read the order along with the row."""
        return super().get_queryset(request).select_related("order__channel", "owner")

    @admin.display(description=_("category"), ordering="category")
    def kind(self, obj: OrderException) -> str:
        """Name the kind."""
        return categories.label(obj.category)

    @admin.display(description=_("whose"))
    def whose(self, obj: OrderException) -> str:
        """Name the owner, else who is asked."""
        return str(obj.owner) if obj.owner else categories.queue_label(obj.queue)

    @admin.display(description=_("seen"))
    def times(self, obj: OrderException) -> str:
        """Say how often it came."""
        return ngettext("%(n)s time", "%(n)s times", obj.count) % {"n": obj.count}

    @admin.display(description=_("What helps"))
    def helps(self, obj: OrderException) -> str:
        """Stand for what helps; `dressed` knows who reads."""
        return "–"

    def dressed(self, request: HttpRequest, column: Any) -> Any:
        """Offer what helps best against its kind, of what the reader may do; what it would mean is said before."""
        if column != "helps":
            return super().dressed(request, column)
        best = {kind: _best_for(kind, request.user) for kind in categories.CATEGORIES}

        @wraps(self.helps)
        def offered(obj: OrderException) -> str:
            remedy = best.get(obj.category)
            if remedy is None or obj.status not in OPEN:
                return "–"
            url = reverse("admin:orders_orderexception_do", args=[obj.pk, remedy.code])
            url = f"{url}?{urlencode({'next': request.get_full_path()})}"
            return format_html('<a class="button small" href="{}" data-aside>{}</a>', url, remedy.label)

        return offered

    def alert(self, obj: OrderException) -> str:
        """Say what keeps the order from going on."""
        return retold(selectors.blocked_because(obj.order)) if obj.order and obj.status in OPEN else ""

    def moments(self, obj: OrderException) -> list[history.Moment]:
        """Return its own part of the history of its order."""
        thread = f"orders.order:{obj.order_id}" if obj.order_id else f"orders.orderexception:{obj.pk}"
        return history.moments(thread, only=Q(payload__exception_id=obj.pk))
