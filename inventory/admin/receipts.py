"""What is on its way to us."""

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core import seat
from core.actors import Actor
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import code_column, figure_column, link_column
from core.admin.forms import ReasonForm
from core.admin.site import site
from core.admin.transitions import Step, TransitionAdmin, TransitionSpec
from inventory import services
from inventory.models import ExpectedReceipt

from .catalog import means
from .forms import ArrivalForm, RescheduleForm
from .goods_in import RECEIVE, scanned_at


class LateFilter(admin.SimpleListFilter):
    """Receipts that should be here."""

    title = _("lateness")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the one question."""
        return [("1", _("late"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[ExpectedReceipt]") -> "QuerySet[ExpectedReceipt]":
        """Narrow the list."""
        late = queryset.filter(closed=False, expected_on__lt=seat.today())
        return late if self.value() == "1" else queryset


def expect(values: dict[str, Any], *, actor: Actor) -> ExpectedReceipt:
    """Write down what is on its way, as its form says."""
    return services.expect_receipt(
        product_id=values["product"].pk,
        warehouse_id=values["warehouse"].pk,
        quantity=values["quantity"],
        expected_on=values["expected_on"],
        reference=values["reference"],
        actor=actor,
    )


def what_arriving_does(receipt: ExpectedReceipt) -> list[str]:
    """Say what the arrival will do."""
    missing = max(0, receipt.quantity - receipt.received)
    return [
        ngettext("%(n)s unit is still expected.", "%(n)s units are still expected.", missing) % {"n": missing},
        gettext("They go on the shelf of %(place)s; orders that wait get theirs first.")
        % {"place": receipt.warehouse},
    ]


def what_changing_does(receipt: ExpectedReceipt) -> list[str]:
    """Say what another day or number will do."""
    return [
        gettext("Orders that wait for these units are promised another day, with the cause in their history."),
        gettext("Customers whose order comes later are told by mail."),
    ]


@admin.register(ExpectedReceipt, site=site)
class ExpectedReceiptAdmin(TransitionAdmin, BackOfficeAdmin):
    """What is on its way, the earliest day first."""

    list_display = (
        "expected_on",
        link_column("product"),
        code_column("warehouse__code", _("warehouse")),
        figure_column("quantity", _("ordered")),
        figure_column("received", _("received")),
        code_column("reference", _("purchase order")),
        "closed",
    )
    list_display_links = ("expected_on",)
    list_select_related = ("product", "warehouse")
    list_filter = ("warehouse", "closed", LateFilter)
    tabs = (Tab(_("Open"), {"closed__exact": "0"}), Tab(_("Late"), {"late": "1"}))
    ordering = ("closed", "expected_on", "pk")
    search_fields = ("reference", "product__sku")
    search_help_text = _("Purchase order, SKU, name or GTIN")
    empty_text = _("Nothing is on its way.")
    create_fields = ("product", "warehouse", "quantity", "expected_on", "reference")
    fields = (*create_fields, "received", "closed")
    create_service = staticmethod(expect)
    transition_services = {
        "receive": TransitionSpec(
            label=_("Receive"),
            service=services.receive_expected,
            permission="inventory.change_expectedreceipt",
            form=ArrivalForm,
            when=lambda receipt: not receipt.closed,
            initial=lambda receipt: {"quantity": max(1, receipt.quantity - receipt.received)},
            consequences=what_arriving_does,
            style="primary",
            icon="download",
            done=_("The units are on the shelf."),
        ),
        "change": TransitionSpec(
            label=_("Change"),
            service=services.change_expected,
            permission="inventory.change_expectedreceipt",
            form=RescheduleForm,
            when=lambda receipt: not receipt.closed,
            initial=lambda receipt: {"expected_on": receipt.expected_on, "quantity": receipt.quantity},
            consequences=what_changing_does,
            icon="clock",
            done=_("It is written down; who waits for it is promised another day."),
        ),
        "cancel": TransitionSpec(
            label=_("Expect no more"),
            service=services.cancel_expected,
            permission="inventory.change_expectedreceipt",
            form=ReasonForm,
            when=lambda receipt: not receipt.closed,
            style="danger",
            done=_("Nothing more is expected."),
        ),
    }

    def steps(self, request: HttpRequest, obj: ExpectedReceipt) -> list[Step]:
        """Offer first to receive all of its paper by scan."""
        found = super().steps(request, obj)
        if obj.closed or not request.user.has_perm(RECEIVE):
            return found
        scan = Step("scan", gettext("Receive by scan"), scanned_at(obj), "primary", "download")
        return [scan, *(replace(step, style="") if step.name == "receive" else step for step in found)]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ExpectedReceipt]":
        """Return receipts with product and warehouse."""
        return super().get_queryset(request).select_related("product", "warehouse")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[ExpectedReceipt]", search_term: str
    ) -> tuple["QuerySet[ExpectedReceipt]", bool]:
        """Find by purchase order or by product."""
        wanted = search_term.strip()
        if not wanted:
            return queryset, False
        return queryset.filter(Q(reference__iexact=wanted) | means(wanted, "product__")), False
