"""Goods on their way between two warehouses."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.admin import history
from core.admin.base import Tab
from core.admin.columns import badge_column, code_column, figure_column, link_column, when_column
from core.admin.forms import ReasonForm
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import Step, TransitionAdmin, TransitionSpec
from core.sight import limited_to, seen
from inventory import selectors, services
from inventory.models import Transfer, Warehouse

from .forms import PlainPlaces
from .goods_in import RECEIVE, transfer_at
from .lines_field import GoodsField

history.phrase("inventory.transfer_sent", _("The goods are on their way"), icon="truck")
history.phrase("inventory.transfer_received", _("%(units)s units arrived, %(lost)s are lost"), icon="download")

Status = Transfer.Status


class TransferForm(forms.ModelForm):
    """A transfer: from where, to where, by when, and the goods line by line."""

    goods = GoodsField(
        label=_("goods"), help_text=_("One product per line: SKU or GTIN, then how many, as in “MUG-RED 12”.")
    )
    token = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    class Meta:
        model = Transfer
        fields = "__all__"  # noqa: DJ007 - the admin page names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = Warehouse.objects.filter(active=True)
        for name, rows in (("source", seen(places)), ("destination", places)):
            if name in self.fields:
                self.fields[name].queryset = rows  # type: ignore[attr-defined]
        if "token" in self.fields:
            self.fields["token"].initial = uuid.uuid4().hex
        if "goods" in self.fields and self.instance.pk:
            lines = self.instance.lines.order_by("pk").values_list("product__sku", "quantity")
            self.fields["goods"].initial = dict(lines)
            self.fields["goods"].disabled = self.instance.status != Status.DRAFT

    def clean(self) -> Any:
        """A transfer goes somewhere else."""
        said = super().clean() or self.cleaned_data
        if said.get("source") and said.get("source") == said.get("destination"):
            self.add_error("destination", gettext("That is where the goods are."))
        return said


def create(values: dict[str, Any], *, actor: Actor) -> Transfer:
    """Write a transfer down, as its form says."""
    wanted = services.TransferInput(
        source_id=values["source"].pk,
        destination_id=values["destination"].pk,
        units=values["goods"],
        expected_on=values["expected_on"],
        note=values["note"],
    )
    return services.create_transfer(wanted, token=values["token"], actor=actor)


def change(transfer_id: int, changes: dict[str, Any], *, actor: Actor) -> Transfer:
    """Change a transfer, as its form says."""
    said: dict[str, Any] = {name: changes[name] for name in ("expected_on", "note") if name in changes}
    if "goods" in changes:
        said["units"] = changes["goods"]
    return services.change_transfer(transfer_id, said, actor=actor)


def is_mine(place: Warehouse) -> bool:
    """Whether the reader works for this warehouse."""
    mine = limited_to("warehouse")
    return mine is None or place.code in mine


def what_sending_does(transfer: Transfer) -> list[str]:
    """Say what will leave, and what it leaves behind."""
    units = sum(transfer.lines.values_list("quantity", flat=True))
    return [
        ngettext("%(n)s unit leaves the shelf of %(place)s.", "%(n)s units leave the shelf of %(place)s.", units)
        % {"n": units, "place": transfer.source.name},
        gettext("%(place)s sees them as incoming until they are received.") % {"place": transfer.destination.name},
        gettext("What is promised to orders or in quarantine never leaves."),
    ]


def what_cancelling_does(transfer: Transfer) -> list[str]:
    """Say where the goods are afterwards."""
    if transfer.status == Status.SENT:
        return [gettext("The goods lie on the shelf of %(place)s again.") % {"place": transfer.source.name}]
    return [gettext("Nothing has moved yet, and nothing will.")]


@admin.register(Transfer, site=site)
class TransferAdmin(PlainPlaces, TransitionAdmin, PanelAdmin):
    """What goes from one of our warehouses to another, the youngest first."""

    page = "inventory.transfer"
    form = TransferForm
    list_display = (
        "number",
        badge_column("status"),
        link_column("source", _("from")),
        link_column("destination", _("to")),
        when_column("expected_on"),
        figure_column("units", _("units")),
        figure_column("in_transit", _("on its way")),
    )
    list_filter = ("status", "source", "destination")
    tabs = (
        Tab(_("On its way"), {"status__exact": Status.SENT.value}),
        Tab(_("Drafts"), {"status__exact": Status.DRAFT.value}),
    )
    search_fields = ("=number",)
    search_help_text = _("Number of the transfer")
    empty_text = _("No goods go from one warehouse to another.")
    facts = (
        link_column("source", _("from")),
        link_column("destination", _("to")),
        when_column("expected_on"),
        figure_column("units", _("units")),
        figure_column("in_transit", _("on its way")),
        when_column("sent_at"),
        when_column("received_at"),
        code_column("note"),
    )
    create_fields = ("source", "destination", "expected_on", "goods", "note", "token")
    fields = ("source", "destination", "expected_on", "goods", "note")
    editable = ("expected_on", "goods", "note")
    create_service = staticmethod(create)
    change_service = staticmethod(change)
    transition_services = {
        "send": TransitionSpec(
            label=_("Send"),
            service=services.send_transfer,
            permission="inventory.change_transfer",
            when=lambda transfer: transfer.status == Status.DRAFT and is_mine(transfer.source),
            consequences=what_sending_does,
            style="primary",
            icon="truck",
            done=_("The goods are on their way."),
        ),
        "cancel": TransitionSpec(
            label=_("Cancel"),
            service=services.cancel_transfer,
            permission="inventory.change_transfer",
            form=ReasonForm,
            when=lambda transfer: transfer.status in (Status.DRAFT, Status.SENT) and is_mine(transfer.source),
            consequences=what_cancelling_does,
            style="danger",
            done=_("The transfer is cancelled."),
        ),
    }

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Transfer]":
        """Return transfers with where they go and how much of them is on its way."""
        return seen(selectors.transfers())

    def has_change_permission(self, request: HttpRequest, obj: Transfer | None = None) -> bool:
        """What is over stays as it is."""
        is_open = obj is None or (obj.status in (Status.DRAFT, Status.SENT) and is_mine(obj.source))
        return is_open and super().has_change_permission(request, obj)

    def steps(self, request: HttpRequest, obj: Transfer) -> list[Step]:
        """Offer to receive what is on its way here."""
        found = super().steps(request, obj)
        arrives = obj.status == Status.SENT and is_mine(obj.destination)
        if not arrives or not request.user.has_perm(RECEIVE):
            return found
        return [Step("receive", gettext("Receive by scan"), transfer_at(obj.number), "primary", "download"), *found]

    def page_title(self, obj: Transfer) -> str:
        """Return the number."""
        return obj.number

    def headline(self, obj: Transfer) -> str:
        """Say where the goods are."""
        words = {"source": obj.source.name, "destination": obj.destination.name, "n": obj.in_transit}  # type: ignore[attr-defined]
        if obj.status == Status.DRAFT:
            return gettext("Not sent yet: everything lies in %(source)s.") % words
        if obj.status == Status.SENT:
            return gettext("%(n)s units are between %(source)s and %(destination)s.") % words
        return ""
