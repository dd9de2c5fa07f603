"""Stock, and what moved it."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.admin import history
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import actor_column, code_column, figure_column, link_column, retold_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.sight import seen
from inventory import selectors, services
from inventory.models import StockItem, StockMovement

from .catalog import means
from .forms import AdjustForm, QuarantineForm, SetApartForm, UnitsForm

history.phrase("inventory.stock_adjusted", _("Adjusted by %(change)s: %(reason)s"), icon="pen")
history.phrase("inventory.stock_shortfall", _("Promised units are gone: %(reason)s"), icon="alert")


class LowFilter(admin.SimpleListFilter):
    """Rows with nothing left to promise."""

    title = _("what is free")
    parameter_name = "low"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the one question."""
        return [("1", _("nothing free"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[StockItem]") -> "QuerySet[StockItem]":
        """Narrow the list."""
        return queryset.filter(selectors.is_low()) if self.value() == "1" else queryset


class ReorderFilter(admin.SimpleListFilter):
    """Rows that fell to their reorder point."""

    title = _("reorder point")
    parameter_name = "reorder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the one question."""
        return [("1", _("to order again"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[StockItem]") -> "QuerySet[StockItem]":
        """Narrow the list."""
        return queryset.filter(low_since__isnull=False) if self.value() == "1" else queryset


def quarantine(stock_item_id: int, *, units: int, reason: str, actor: Actor) -> None:
    """Set units of this shelf apart."""
    services.quarantine_stock(stock_item_id, units=units, reason=reason, actor=actor)


def what_quarantine_does(item: StockItem) -> list[str]:
    """Say what is set apart, and who loses by it."""
    free = item.on_hand - item.quarantined - item.reserved
    told = [gettext("The units stay in the house and are not sold until quarantine is settled.")]
    if item.reserved:
        told.append(
            gettext("If it is more than %(n)s, the orders that come last in rank lose theirs and wait again.")
            % {"n": max(0, free)}
        )
    return told


def receive(stock_item_id: int, *, quantity: int, reference: str, actor: Actor) -> None:
    """Put units on this shelf."""
    item = StockItem.objects.get(pk=stock_item_id)
    services.receive_stock(
        warehouse_id=item.warehouse_id, units={item.product_id: quantity}, reference=reference, actor=actor
    )


def adjust(stock_item_id: int, *, change: int, reason: str, actor: Actor) -> None:
    """Correct this shelf by a difference."""
    services.adjust_stock(stock_item_id=stock_item_id, change=change, reason=reason, actor=actor)


def settle(stock_item_id: int, *, units: int, scrap: bool, reason: str, actor: Actor) -> None:
    """Let units of this shelf out of quarantine."""
    services.settle_quarantine(stock_item_id=stock_item_id, units=units, scrap=scrap, reason=reason, actor=actor)


def what_adjusting_does(item: StockItem) -> list[str]:
    """Say what a difference will do, above all to what is promised."""
    spare = item.on_hand - item.quarantined - item.reserved
    told = [gettext("The books say %(n)s units lie here.") % {"n": item.on_hand}]
    if item.reserved:
        told.append(
            ngettext(
                "%(n)s unit is promised to orders.", "%(n)s units are promised to orders.", item.reserved
            ) % {"n": item.reserved}
        )  # fmt: skip
        told.append(
            gettext("If more than %(n)s are missing, the orders that come last in rank lose theirs and wait again.")
            % {"n": spare}
        )
    return told


# Counted by the database, so that the list can be sorted by it.
FREE = figure_column("free_units", _("available"))


REORDER_COLUMNS = (
    "what",
    code_column("warehouse__code", _("warehouse")),
    FREE,
    figure_column("incoming", _("incoming")),
    figure_column("reorder_point"),
    figure_column("safety_stock"),
    "suggested",
    when_column("low_since"),
)


@admin.register(StockItem, site=site)
class StockItemAdmin(TransitionAdmin, PanelAdmin):
    """What lies where."""

    page = "inventory.stockitem"
    list_display = (
        "what",
        code_column("warehouse__code", _("warehouse")),
        figure_column("on_hand"),
        figure_column("reserved"),
        figure_column("quarantined"),
        FREE,
        figure_column("safety_stock"),
        code_column("bin"),
    )
    list_display_links = ("what",)
    ordering = ("product__sku", "warehouse__priority", "pk")
    list_select_related = ("product", "warehouse")
    list_filter = ("warehouse", LowFilter, ReorderFilter)
    tabs = (Tab(_("Nothing free"), {"low": "1"}), Tab(_("Reorder"), {"reorder": "1"}))
    extra_columns = (figure_column("reorder_point"), when_column("counted_at"))
    search_fields = ("product__sku", "product__name")
    search_help_text = _("SKU, name, GTIN or bin")
    empty_text = _("No stock yet. Receive a product to put it on a shelf.")
    facts = (
        link_column("product"),
        link_column("warehouse"),
        code_column("bin"),
        "on_hand",
        "reserved",
        "quarantined",
        "safety_stock",
        "reorder_point",
        FREE,
    )
    editable = ("bin", "safety_stock", "reorder_point")
    fields = ("product", "warehouse", "bin", "safety_stock", "reorder_point")
    change_service = staticmethod(services.update_shelf)
    transition_services = {
        "receive": TransitionSpec(
            label=_("Receive"),
            service=receive,
            permission="inventory.change_stockitem",
            form=UnitsForm,
            style="primary",
            icon="download",
            consequences=lambda item: [
                gettext("The books say %(n)s units lie here; the new ones come on top.") % {"n": item.on_hand},
                gettext("Orders that wait for this product get theirs first."),
            ],
            done=_("The units are on the shelf."),
        ),
        "adjust": TransitionSpec(
            label=_("Adjust"),
            service=adjust,
            permission="inventory.change_stockitem",
            form=AdjustForm,
            consequences=what_adjusting_does,
            icon="pen",
            done=_("The books are corrected."),
        ),
        "quarantine": TransitionSpec(
            label=_("Put into quarantine"),
            service=quarantine,
            permission="inventory.change_stockitem",
            form=SetApartForm,
            when=lambda item: item.on_hand > item.quarantined,
            consequences=what_quarantine_does,
            icon="alert",
            done=_("The units are set apart."),
        ),
        "settle": TransitionSpec(
            label=_("Settle quarantine"),
            service=settle,
            permission="inventory.change_stockitem",
            form=QuarantineForm,
            when=lambda item: item.quarantined > 0,
            initial=lambda item: {"units": item.quarantined},
            consequences=lambda item: [
                ngettext("%(n)s unit is in quarantine.", "%(n)s units are in quarantine.", item.quarantined)
                % {"n": item.quarantined}
            ],
            done=_("Quarantine is settled."),
        ),
    }

    @admin.display(description=_("product"), ordering="product__sku")
    def what(self, item: StockItem) -> str:
        """Name what lies there."""
        return item.product.title_in()

    def page_title(self, obj: StockItem) -> str:
        """Return the product and the place."""
        return f"{obj.product.name_in()} · {obj.warehouse.code}"

    @admin.display(description=_("suggested quantity"))
    def suggested(self, item: StockItem) -> int:
        """Return how many to order now."""
        return services.suggestion_for(item, item.position)  # type: ignore[attr-defined]

    suggested.figure = True  # type: ignore[attr-defined]

    def usual_columns(self, request: HttpRequest) -> list[Any]:
        """Show of what is to be ordered again how much there is, when to order, and how many."""
        if request.GET.get("reorder") != "1":
            return super().usual_columns(request)
        return [self.dressed(request, column) for column in REORDER_COLUMNS]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[StockItem]":
        """Return stock with what it is of and where it lies."""
        rows = super().get_queryset(request).select_related("product", "warehouse")
        if request.GET.get("reorder") == "1":
            rows = seen(selectors.positions()).select_related("product", "warehouse", "proposal")
        return rows.annotate(free_units=selectors.free_units())

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[StockItem]", search_term: str
    ) -> tuple["QuerySet[StockItem]", bool]:
        """Find by product or by bin."""
        wanted = search_term.strip()
        if not wanted:
            return queryset, False
        return queryset.filter(Q(bin__iexact=wanted) | means(wanted, "product__")), False


@admin.register(StockMovement, site=site)
class StockMovementAdmin(BackOfficeAdmin):
    """The ledger of the shelf: written once, never changed."""

    list_display = (
        when_column("at"),
        link_column("stock_item__product", _("product")),
        code_column("stock_item__warehouse__code", _("warehouse")),
        "kind",
        figure_column("quantity", _("on hand")),
        figure_column("quarantine_quantity", _("quarantine")),
        retold_column("reason"),
        code_column("reference"),
        actor_column("actor"),
    )
    list_display_links = None
    list_select_related = ("stock_item__product", "stock_item__warehouse")
    list_filter = ("kind", "stock_item__warehouse")
    search_fields = ("reference", "stock_item__product__sku")
    search_help_text = _("Reference, SKU, name or GTIN")
    empty_text = _("Nothing has moved yet.")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[StockMovement]", search_term: str
    ) -> tuple["QuerySet[StockMovement]", bool]:
        """Find by reference or by product."""
        wanted = search_term.strip()
        if not wanted:
            return queryset, False
        return queryset.filter(Q(reference=wanted) | means(wanted, "stock_item__product__")), False
