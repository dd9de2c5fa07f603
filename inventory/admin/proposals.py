"""What demand says about when to order again, beside what holds today."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin import history
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.bulk import BulkAdmin, BulkSpec
from core.admin.columns import code_column, figure_column, flag_column, when_column
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from inventory import services
from inventory.models import ReorderProposal

from .catalog import means

history.phrase("inventory.low_stock", _("Fell to its reorder point: %(position)s free or on its way"), icon="alert")

ACCEPT = "inventory.change_reorderproposal"


def what_accepting_does(proposal: ReorderProposal) -> list[str]:
    """Say what becomes of the two figures."""
    item = proposal.stock_item
    words = {"was": item.safety_stock, "becomes": proposal.safety_stock}
    points = {"was": item.reorder_point or 0, "becomes": proposal.reorder_point}
    return [
        gettext("Safety stock: %(was)s → %(becomes)s") % words,
        gettext("Reorder point: %(was)s → %(becomes)s") % points,
    ]


def becomes(now: int, proposed: int) -> str:
    """Show a figure beside the one that is proposed."""
    return str(now) if now == proposed else format_html("{} → <b>{}</b>", now, proposed)


def what_accepting_many_does(n: int) -> list[str]:
    """Say how many shelves change."""
    return [
        ngettext("%(n)s shelf gets the proposed figures.", "%(n)s shelves get the proposed figures.", n) % {"n": n}
    ]


@admin.register(ReorderProposal, site=site)
class ReorderProposalAdmin(TransitionAdmin, BulkAdmin, BackOfficeAdmin):
    """Proposals, each with the demand behind it."""

    list_display = (
        "what",
        code_column("stock_item__warehouse__code", _("warehouse")),
        figure_column("daily_demand"),
        figure_column("lead_days"),
        "safety",
        "point",
    )
    extra_columns = (figure_column("deviation"), flag_column("differs"), when_column("computed_at"))
    list_display_links = ("what",)
    list_select_related = ("stock_item__product", "stock_item__warehouse")
    list_filter = ("differs", "stock_item__warehouse")
    tabs = (Tab(_("Other than today"), {"differs__exact": "1"}),)
    search_fields = ("stock_item__product__sku",)
    search_help_text = _("SKU, name or GTIN")
    empty_text = _("Nothing is reckoned yet: it happens every night, and by the command plan_replenishment.")
    fields = (
        "stock_item",
        "daily_demand",
        "deviation",
        "lead_days",
        "safety_stock",
        "reorder_point",
        "differs",
        "computed_at",
    )
    transition_services = {
        "accept": TransitionSpec(
            label=_("Accept"),
            service=services.accept_proposal,
            permission=ACCEPT,
            when=lambda proposal: proposal.differs,
            consequences=what_accepting_does,
            style="primary",
            icon="check",
            done=_("The proposal holds from now on."),
        ),
    }
    bulk_services: ClassVar[dict[str, BulkSpec]] = {
        "accept_many": BulkSpec(
            _("Accept"),
            services.accept_proposal,
            ACCEPT,
            consequences=lambda n: [
                ngettext("%(n)s shelf gets the proposed figures.", "%(n)s shelves get the proposed figures.", n)
                % {"n": n}
            ],
            already=lambda proposal, said: not proposal.differs,
        ),
    }

    @admin.display(description=_("product"), ordering="stock_item__product__sku")
    def what(self, proposal: ReorderProposal) -> str:
        """Name what it is about."""
        return proposal.stock_item.product.title_in()

    @admin.display(description=_("safety stock"), ordering="safety_stock")
    def safety(self, proposal: ReorderProposal) -> str:
        """Return what holds, and what is proposed instead."""
        return becomes(proposal.stock_item.safety_stock, proposal.safety_stock)

    @admin.display(description=_("reorder point"), ordering="reorder_point")
    def point(self, proposal: ReorderProposal) -> str:
        """Return what holds, and what is proposed instead."""
        return becomes(proposal.stock_item.reorder_point or 0, proposal.reorder_point)

    safety.figure = point.figure = True  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ReorderProposal]":
        """Return proposals with what they are about."""
        return super().get_queryset(request).select_related("stock_item__product", "stock_item__warehouse")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[ReorderProposal]", search_term: str
    ) -> tuple["QuerySet[ReorderProposal]", bool]:
        """Find by product."""
        wanted: Any = search_term.strip()
        return (queryset.filter(means(wanted, "stock_item__product__")) if wanted else queryset), False
