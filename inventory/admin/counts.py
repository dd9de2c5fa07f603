"""Counting the shelf: sheets, what they found, and what becomes of it."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.admin import history
from core.admin.actors import actor_for
from core.admin.base import Tab
from core.admin.columns import badge_column, figure_column, link_column, retold_column, when_column
from core.admin.forms import KEY, ReasonForm
from core.admin.panels import PanelAdmin
from core.admin.site import BackOffice, site
from core.admin.transitions import Step, TransitionAdmin, TransitionSpec
from core.sight import seen
from core.templatetags.back_office import money
from inventory import selectors, services
from inventory.models import StockCount, StockItem, Warehouse

from .forms import PlainPlaces
from .lines_field import GoodsField
from .scanning import staff_with

history.phrase("inventory.count_booked", _("Booked: %(shelves)s shelves differed, %(units)s units"), icon="check")

COUNT, APPROVE = "inventory.change_stockcount", "inventory.approve_stockcount"
Status = StockCount.Status
MOST_DAYS = 3650


class CountForm(forms.ModelForm):
    """Which shelves shall be counted: by bin, by product, or by how long nobody counted them."""

    first_bin = forms.CharField(label=_("first bin"), max_length=20, required=False)
    last_bin = forms.CharField(label=_("last bin"), max_length=20, required=False)
    goods = GoodsField(label=_("or these products"), required=False, help_text=_("One SKU or GTIN per line."))
    days = forms.IntegerField(
        label=_("or not counted for (days)"),
        min_value=0,
        max_value=MOST_DAYS,
        required=False,
        help_text=_("What waits longest comes first; a sheet has at most 500 shelves."),
    )
    token = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    class Meta:
        model = StockCount
        fields = "__all__"  # noqa: DJ007 - the admin page names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "warehouse" in self.fields:
            self.fields["warehouse"].queryset = seen(Warehouse.objects.filter(active=True))  # type: ignore[attr-defined]
        if "token" in self.fields:
            self.fields["token"].initial = uuid.uuid4().hex

    def clean(self) -> Any:
        """One way to choose, and one only."""
        said = super().clean() or self.cleaned_data
        ways = [bool(said.get("first_bin")), bool(said.get("goods")), said.get("days") is not None]
        if not self.errors and sum(ways) != 1:
            raise forms.ValidationError(_("Say in one way which shelves: by bin, by product, or by how long ago."))
        return said


def start(values: dict[str, Any], *, actor: Actor) -> StockCount:
    """Make a sheet, as the form says."""
    shelves = services.Shelves(
        first_bin=values["first_bin"],
        last_bin=values["last_bin"],
        product_ids=frozenset(values["goods"]),
        days=values["days"],
    )
    place = values["warehouse"].pk
    return services.start_count(
        warehouse_id=place, shelves=shelves, note=values["note"], token=values["token"], actor=actor
    )


def what_finishing_does(count: StockCount) -> list[str]:
    """Say what will be booked, and what will not."""
    lines = [line for line in selectors.lines_of_count(count) if line.counted is not None]
    off = [line.difference for line in lines if line.difference]
    left = count.lines.count() - len(lines)
    told = [
        ngettext("%(n)s shelf is as the books say.", "%(n)s shelves are as the books say.", len(lines) - len(off))
        % {"n": len(lines) - len(off)},
        ngettext("%(n)s shelf differs; its difference is booked.",
                 "%(n)s shelves differ; the differences are booked.", len(off)) % {"n": len(off)},
    ]  # fmt: skip
    if left:
        told.append(
            ngettext("%(n)s shelf is not counted and stays as it is.",
                     "%(n)s shelves are not counted and stay as they are.", left) % {"n": left}
        )  # fmt: skip
    if any(units < 0 for units in off):
        told.append(gettext("Where more is missing than is free, the orders that come last in rank wait again."))
    told.append(gettext("Differences of more value than the house allows wait for an approval."))
    return told


@admin.register(StockCount, site=site)
class StockCountAdmin(PlainPlaces, TransitionAdmin, PanelAdmin):
    """Sheets of shelves, the youngest first."""

    page = "inventory.stockcount"
    form = CountForm
    list_display = (
        "number",
        badge_column("status"),
        link_column("warehouse"),
        retold_column("note"),
        figure_column("shelves", _("shelves")),
        figure_column("done", _("counted")),
        "worth",
        when_column("created_at"),
    )
    list_filter = ("status", "warehouse")
    tabs = (
        Tab(_("To count"), {"status__exact": Status.OPEN.value}),
        Tab(_("To approve"), {"status__exact": Status.TO_APPROVE.value}),
    )
    search_fields = ("=number",)
    search_help_text = _("Number of the count")
    empty_text = _("Nothing was counted yet. Add a sheet to begin.")
    facts = (
        link_column("warehouse"),
        retold_column("note"),
        figure_column("shelves", _("shelves")),
        figure_column("done", _("counted")),
        "worth",
        when_column("created_at"),
        when_column("booked_at"),
    )
    create_fields = ("warehouse", "first_bin", "last_bin", "goods", "days", "note", "token")
    create_service = staticmethod(start)
    transition_services = {
        "finish": TransitionSpec(
            label=_("Finish"),
            service=services.finish_count,
            permission=COUNT,
            when=lambda count: count.status == Status.OPEN and bool(count.done),
            consequences=what_finishing_does,
            style="primary",
            icon="check",
            done=_("The counting is finished."),
        ),
        "approve": TransitionSpec(
            label=_("Approve"),
            service=services.approve_count,
            permission=APPROVE,
            when=lambda count: count.status == Status.TO_APPROVE,
            consequences=what_finishing_does,
            style="primary",
            icon="check",
            done=_("The differences are booked."),
        ),
        "again": TransitionSpec(
            label=_("Count again"),
            service=services.count_again,
            permission=APPROVE,
            form=ReasonForm,
            when=lambda count: count.status == Status.TO_APPROVE,
            icon="refresh",
            done=_("All of it is counted anew."),
        ),
        "cancel": TransitionSpec(
            label=_("Cancel"),
            service=services.cancel_count,
            permission=COUNT,
            form=ReasonForm,
            when=lambda count: count.status in (Status.OPEN, Status.TO_APPROVE),
            style="danger",
            done=_("The count is cancelled; nothing is booked."),
        ),
    }

    def get_queryset(self, request: HttpRequest) -> "QuerySet[StockCount]":
        """Return counts with how far they are."""
        return seen(selectors.counts())

    @admin.display(description=_("value of the differences"), ordering="value")
    def worth(self, count: StockCount) -> str:
        """Return what the differences are worth, in the currency of the house."""
        return money(count.value, settings.CURRENCY)

    def steps(self, request: HttpRequest, obj: StockCount) -> list[Step]:
        """Offer first to count, and the sheet on paper."""
        found = super().steps(request, obj)
        if obj.status != Status.OPEN or not request.user.has_perm(COUNT):
            return found
        style = "" if obj.done else "primary"  # type: ignore[attr-defined]
        return [
            Step("enter", gettext("Count by scan"), reverse("admin:count_enter", args=[obj.number]), style, "list"),
            Step("sheet", gettext("Print the sheet"), reverse("admin:count_sheet", args=[obj.number]), "", "print"),
            *found,
        ]

    def page_title(self, obj: StockCount) -> str:
        """Return the number."""
        return obj.number

    def headline(self, obj: StockCount) -> str:
        """Say how far it is."""
        words = {"done": obj.done, "all": obj.shelves}  # type: ignore[attr-defined]
        if obj.status == Status.OPEN:
            return gettext("%(done)s of %(all)s shelves are counted.") % words
        if obj.status == Status.TO_APPROVE:
            return gettext("The differences are large: somebody who may has to approve them.")
        return ""


@staff_with(COUNT)
def bin_is_empty(request: HttpRequest) -> HttpResponse:
    """Have a shelf counted that somebody found empty: one click, from the stock page or from picking."""
    keys = [request.POST.get(name, "") for name in ("product", "warehouse")]
    if request.method != "POST" or not all(KEY.fullmatch(key) for key in keys):
        raise Http404
    rows = seen(StockItem.objects.select_related("product"))
    item = get_object_or_404(rows, product=int(keys[0]), warehouse=int(keys[1]))
    count = services.count_empty_bin(item.pk, actor=actor_for(request))
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        said = gettext("%(number)s: %(bin)s will be counted.")
        messages.success(request, said % {"number": count.number, "bin": item.bin or item.product.sku})
        return HttpResponseRedirect(wanted)
    return HttpResponseRedirect(reverse("admin:count_enter", args=[count.number]))


def urls(admin_site: Any) -> list[Any]:
    """Return the address of the button."""
    return [path("counts/empty/", bin_is_empty, name="bin_is_empty")]


BackOffice.more_urls.append(urls)
