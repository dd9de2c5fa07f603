"""The list of orders, and the page of an order."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import seat
from core.admin.base import Tab
from core.admin.bulk import BulkAdmin
from core.admin.columns import badge_column, money_column, when_column
from core.admin.days import day_filter
from core.admin.links import page_of
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import retold, spoken_moment, spoken_time
from orders import needs, selectors, wording
from orders.admin.beside import BesideAdmin
from orders.admin.figures import FigureFilter
from orders.admin.files import FilesAdmin
from orders.admin.many import STEPS_FOR_MANY
from orders.admin.past import PastAdmin
from orders.admin.steps import ORDER_STEPS, cancelling
from orders.admin.together import TOGETHER_STEPS, FollowUpFilter, WhoFilter
from orders.models import Order, OrderStatus, Replacement

A, F, P, R = Order.Allocation, Order.Fulfillment, Order.Paid, Order.Returned
# What stands beside the title of an order, because it is not as usual.
WORTH_A_LOOK: dict[str, tuple[str, ...]] = {
    "allocation_status": (A.PARTIAL, A.BACKORDERED),
    "fulfillment_status": (F.PARTIALLY_SHIPPED, F.PARTIALLY_DELIVERED),
    "payment_status": (P.OVERPAID, P.PARTIALLY_REFUNDED, P.REFUNDED),
    "return_status": (R.REQUESTED, R.PARTIALLY_RETURNED, R.RETURNED),
}


class AttentionFilter(admin.SimpleListFilter):
    """By what asks for somebody."""

    title = _("needs")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the kinds of attention."""
        return [(need, label) for need, (label, _condition) in needs.NEEDS.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Order]") -> "QuerySet[Order]":
        """Return the orders that need it."""
        return needs.needing(queryset, self.value() or "")


@admin.display(description=_("Status"), ordering="status")
def state(order: Order) -> str:
    """Return the state as people say it."""
    return selectors.display_status(order)


@admin.register(Order, site=site)
class OrderAdmin(BesideAdmin, FilesAdmin, PastAdmin, TransitionAdmin, BulkAdmin, PanelAdmin):
    """Orders, newest first; one page tells where an order stands, why, and what can be done."""

    page = "orders.order"
    list_display = (
        "number",
        badge_column("status"),
        "customer_name",
        when_column("placed_at", _("Placed")),
        when_column("promised_on", _("Promised")),
        badge_column("payment_status", _("Payment")),
        badge_column("fulfillment_status", _("Fulfillment")),
        money_column("total", _("Total")),
        "channel",
    )
    extra_columns = (
        "email",
        "external_reference",
        "purchase_order_number",
        badge_column("allocation_status"),
        badge_column("invoice_status"),
        badge_column("return_status", _("Return")),
        money_column("balance_due", _("Balance due")),
        when_column("ship_by_on", _("Must leave by")),
        when_column("requested_delivery_on"),
        "shipping_method",
        "priority",
        "assignee",
        when_column("follow_up__on", _("Follow up on")),
    )
    list_select_related = ("channel",)
    list_defer = selectors.HEAVY
    list_filter = (
        AttentionFilter,
        FigureFilter,
        WhoFilter,
        FollowUpFilter,
        "status",
        day_filter("placed_at", "placed", _("placed")),
        "channel",
        "payment_status",
        "fulfillment_status",
    )
    tabs = (
        Tab(_("Late"), {"needs": "late"}),
        Tab(_("On hold"), {"needs": "hold"}),
        Tab(_("Waiting for payment"), {"needs": "payment"}),
        Tab(_("Ready"), {"status__exact": "confirmed"}),
        Tab(_("In fulfillment"), {"status__exact": "fulfilling"}),
        Tab(_("Delivered, not paid"), {"needs": "unpaid"}),
        Tab(_("Follow up"), {"follow_up": "due"}),
        Tab(_("Drafts"), {"status__exact": "draft"}),
    )
    search_fields = ("=number", "=external_reference")
    search_help_text = _("Number, reference, PO number, e-mail, name, phone, SKU or tracking number")
    empty_text = _("No orders here. They come in through the portal, the API, an import, or as a draft.")
    ordering = ("-placed_at", "-id")
    remark = "comment"
    facts = (
        "channel",
        when_column("placed_at", _("Placed")),
        "terms",
        "purchase_order_number",
        "external_reference",
        "priority",
        "customer_note",
        "gift_note",
        "stock_kept",
        "in_place_of",
    )
    transition_services: ClassVar[Mapping[str, TransitionSpec]] = {**ORDER_STEPS, **TOGETHER_STEPS}
    cancelling = staticmethod(cancelling)
    bulk_services = STEPS_FOR_MANY

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Order]":
        """Read what a page shows in one go."""
        return (
            super()
            .get_queryset(request)
            .select_related("channel", "customer", "shipping_method", "assignee", "follow_up")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Order]", search_term: str
    ) -> tuple["QuerySet[Order]", bool]:
        """Search as the API does: exact for numbers, by prefix for the rest."""
        if not search_term.strip():
            return queryset, False
        return selectors.search(queryset, search_term), False

    def what_next(self, obj: Order) -> str:
        """Say what comes next, unless that is to wait for what is in the way."""
        if selectors.need(obj) == "hold":
            return gettext("Settle the hold")
        said = selectors.next_step(obj)
        return "" if said == self.alert(obj) else said

    def alert(self, obj: Order) -> str:
        """Say what is in the way; a hold is named with who placed it, and what has left only has to arrive."""
        has_left = obj.status == OrderStatus.FULFILLED
        return "" if obj.active_holds or has_left else retold(selectors.blocked_because(obj))

    def need(self, obj: Order) -> str:
        """Name what the order needs to get on."""
        return selectors.need(obj)

    def is_over(self, obj: Order) -> bool:
        """Whether it was called off."""
        return obj.status in selectors.GONE

    @admin.display(description=_("payment terms"))
    def terms(self, obj: Order) -> str:
        """Name how it is paid."""
        return wording.terms(obj.payment_terms)

    @admin.display(description=_("stock"))
    def stock_kept(self, obj: Order) -> str:
        """Say until when stock is kept without a payment, or that this is over."""
        if obj.stock_held_until is None or obj.status not in selectors.AWAITING:
            return ""
        said = gettext("let go, not paid until %(moment)s") if obj.stock_lapsed else gettext("kept until %(moment)s")
        today = seat.day_of(obj.stock_held_until) == seat.today()
        speak = spoken_time if today else spoken_moment
        return said % {"moment": speak(obj.stock_held_until)}

    @admin.display(description=_("in place of"))
    def in_place_of(self, obj: Order) -> str:
        """Lead to the order whose lost goods this one brings once more; only what costs nothing does."""
        tie = None if obj.total else Replacement.objects.filter(order=obj).select_related("replaced").first()
        if tie is None:
            return ""
        return format_html('<a href="{}">{}</a> {}', page_of(tie.replaced), tie.replaced.number, tie.reference)

    def badges(self, obj: Order) -> list[tuple[str, Any]]:
        """Show the state, and what else is worth a look; the rest is told by the way and the cards."""
        shown: list[tuple[str, Any]] = [(obj.status, selectors.display_status(obj))]
        if selectors.is_late(obj):
            shown.append(("failed", _("Late")))
        for name, worth in WORTH_A_LOOK.items():
            value = getattr(obj, name)
            if value in worth:
                shown.append((value, getattr(obj, f"get_{name}_display")()))
        return shown
