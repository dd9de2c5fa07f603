"""Edits of orders: what waits for somebody's approval, and what was changed."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.base import Tab
from core.admin.columns import actor_column, badge_column, link_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import retold
from orders import services
from orders.admin.note import NoteForm
from orders.models import OrderChange
from orders.services.amending import APPROVES

CHANGE = "orders.change_order"


def _approve(change: OrderChange) -> list[str]:
    said = [retold(str(text)) for text in change.approval]
    return [*said, _("It is applied at once, if the order still is what it was.")]


@admin.register(OrderChange, site=site)
class OrderChangeAdmin(TransitionAdmin, PanelAdmin):
    """Edits, the newest first."""

    page = "orders.orderchange"
    list_display = (
        "number",
        badge_column("status"),
        link_column("order", gettext_lazy("Order")),
        "reason",
        actor_column("requested_by"),
        when_column("created_at", gettext_lazy("Asked for")),
        actor_column("decided_by"),
    )
    list_select_related = ("order",)
    list_filter = ("status",)
    tabs = (Tab(gettext_lazy("Waits for approval"), {"status__exact": "requested"}),)
    search_fields = ("=number", "=order__number")
    search_help_text = gettext_lazy("Number of the change or of the order")
    empty_text = gettext_lazy("Nothing was changed yet.")
    ordering = ("-id",)
    facts = (
        link_column("order", gettext_lazy("Order")),
        "reason",
        actor_column("requested_by"),
        when_column("created_at", gettext_lazy("Asked for")),
        actor_column("decided_by"),
        "decision_note",
        when_column("applied_at", gettext_lazy("Applied")),
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "approve": TransitionSpec(
            gettext_lazy("Approve and apply"),
            services.approve_and_apply,
            APPROVES,
            form=NoteForm,
            consequences=_approve,
            style="primary",
        ),
        "decline": TransitionSpec(
            gettext_lazy("Decline"),
            services.decline_change,
            CHANGE,
            form=NoteForm,
            consequences=lambda change: [_("The order stays as it is.")],
            style="danger",
        ),
    }

    def has_add_permission(self, request: Any) -> bool:
        """Say no: an edit is made on the page of its order."""
        return False

    def what_next(self, obj: OrderChange) -> str:
        """Say what comes next."""
        return _("Somebody has to agree") if obj.status == OrderChange.Status.REQUESTED else ""
