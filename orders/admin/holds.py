"""Holds: what keeps orders from going on."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.base import Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import actor_column, badge_column, link_column, retold_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import retold
from orders import services
from orders.admin.note import NoteForm
from orders.models import Hold

RELEASE = "orders.release_hold"


@admin.register(Hold, site=site)
class HoldAdmin(TransitionAdmin, BulkAdmin, PanelAdmin):
    """Holds, the oldest active first."""

    page = "orders.hold"
    list_display = (
        retold_column("reason"),
        badge_column("status"),
        "kind",
        link_column("order", _("Order")),
        when_column("created_at", _("Since")),
        actor_column("placed_by"),
        "lifted_by",
    )
    list_select_related = ("order",)
    list_filter = ("status", "kind")
    tabs = (Tab(_("Active"), {"status__exact": "active"}),)
    search_fields = ("=order__number",)
    search_help_text = _("Number of the order")
    empty_text = _("Nothing is on hold.")
    ordering = ("-id",)
    facts = (
        link_column("order", _("Order")),
        "kind",
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
            consequences=lambda hold: [_("The order goes on as far as it may.")],
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

    def page_title(self, obj: Hold) -> str:
        """Say why."""
        return retold(obj.reason)

    @admin.display(description=_("lifted by"))
    def lifted_by(self, obj: Hold) -> str:
        """Name the fact that lifts it by itself."""
        return gettext("the payment") if obj.auto_release == "paid" else obj.auto_release
