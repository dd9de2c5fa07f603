"""Holds: what keeps orders from going on."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.base import BackOfficeAdmin, Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import actor_column, badge_column, code_column, link_column, retold_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from orders import hold_types, services
from orders.admin.note import NoteForm
from orders.models import Hold, HoldType

from .forms import BLOCKABLE, HoldTypeForm

RELEASE = "orders.release_hold"
STEPS = {**dict(BLOCKABLE), "ship": _("shipping")}


def _lift(hold: Hold) -> list[str]:
    known = hold_types.type_of(hold.kind)
    who = known.get_may_lift_display() if known is not None else ""  # type: ignore[attr-defined]
    said = [gettext("Only %(who)s may lift it.") % {"who": who}] if who else []
    if not hold.is_whole:
        return [*said, gettext("The warehouse gets what was on hold.")]
    return [*said, gettext("The order goes on as far as it may.")]


class TypeFilter(admin.SimpleListFilter):
    """By the type of the hold, also one that the house has added."""

    title = _("kind")
    parameter_name = "kind__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the types, offered or not."""
        return [(one.code, one.title()) for one in hold_types.every_type()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return the holds of that type."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Hold, site=site)
class HoldAdmin(TransitionAdmin, BulkAdmin, PanelAdmin):
    """Holds, the oldest active first."""

    page = "orders.hold"
    list_display = (
        retold_column("reason"),
        badge_column("status"),
        "kind_of",
        link_column("order", _("Order")),
        "part",
        when_column("created_at", _("Since")),
        actor_column("placed_by"),
        "lifted_by",
    )
    list_select_related = ("order", "line")
    list_filter = ("status", TypeFilter)
    tabs = (Tab(_("Active"), {"status__exact": "active"}),)
    search_fields = ("=order__number",)
    search_help_text = _("Number of the order")
    empty_text = _("Nothing is on hold.")
    ordering = ("-id",)
    facts = (
        link_column("order", _("Order")),
        "part",
        "kind_of",
        "stopped",
        when_column("created_at", _("Since")),
        actor_column("placed_by"),
        "lifted_by",
        when_column("expires_at", _("Until")),
        actor_column("released_by"),
        when_column("released_at", _("Released")),
        "release_note",
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "lift": TransitionSpec(
            _("Lift the hold"),
            services.release_hold,
            RELEASE,
            form=NoteForm,
            consequences=_lift,
            when=lambda hold: hold.status == Hold.Status.ACTIVE,
            style="primary",
        ),
    }
    bulk_services: ClassVar[dict[str, BulkSpec]] = {
        "lift_many": BulkSpec(
            _("Lift"),
            services.release_hold,
            RELEASE,
            form=NoteForm,
            already=lambda hold, said: hold.status != Hold.Status.ACTIVE,
        ),
    }

    @admin.display(description=_("kind"), ordering="kind")
    def kind_of(self, obj: Hold) -> str:
        """Name its type."""
        return hold_types.name_of(obj.kind)

    @admin.display(description=_("part of it"))
    def part(self, obj: Hold) -> str:
        """Name the line or the work it is about; nothing where it stops the whole order."""
        return obj.line.sku if obj.line is not None else obj.work

    @admin.display(description=_("stops"))
    def stopped(self, obj: Hold) -> str:
        """Name the steps it stops."""
        return ", ".join(str(STEPS.get(name, name)) for name in obj.blocks)

    @admin.display(description=_("lifted by"))
    def lifted_by(self, obj: Hold) -> str:
        """Name the fact that lifts it by itself."""
        return obj.get_auto_release_display()  # type: ignore[attr-defined, no-any-return]


@admin.register(HoldType, site=site)
class HoldTypeAdmin(BackOfficeAdmin):
    """What each type of hold stops, what lifts it, how long it lasts, and who may lift it."""

    form = HoldTypeForm
    is_small = True
    list_display = ("title", code_column("code"), "stopped", "auto_release", "hours", "who", "active")
    list_display_links = ("title",)
    ordering = ("pk",)
    create_fields = ("code", "name", "blocks", "auto_release", "hours", "may_lift", "active")
    editable = create_fields[1:]
    create_service = staticmethod(services.create_hold_type)
    change_service = staticmethod(services.change_hold_type)

    @admin.display(description=_("name"), ordering="name")
    def title(self, obj: HoldType) -> str:
        """Name it in the reader's language."""
        return obj.title()

    @admin.display(description=_("stops"))
    def stopped(self, obj: HoldType) -> str:
        """Name the steps its holds stop."""
        return ", ".join(str(STEPS.get(name, name)) for name in obj.blocks)

    @admin.display(description=_("may be lifted by"))
    def who(self, obj: HoldType) -> str:
        """Say who may lift its holds."""
        return obj.get_may_lift_display() or gettext("whoever may lift holds")  # type: ignore[attr-defined]
