"""Incidents: one cause on many orders, from found to over, and what became of each order."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import sight
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import actor_column, badge_column, flag_column, link_column, retold_column, when_column
from core.admin.forms import SubjectForm
from core.admin.links import page_of
from core.admin.paging import capped_count
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import spoken_date
from orders import services
from orders.models import Incident, IncidentOrder
from orders.ports import parcel_book
from pricing.models import ShippingMethod

ACTS = "orders.change_incident"
Status = Incident.Status


class IncidentForm(forms.ModelForm):
    """What is wrong, and whom it affects: all of what is said has to be true of an order."""

    class Meta:
        model = Incident
        fields = (
            "cause", "carrier", "shipping_method", "sku", "warehouse", "placed_from", "placed_until", "with_delivered",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        used = ShippingMethod.objects.order_by("carrier").values_list("carrier", flat=True).distinct()
        carriers = sorted({*used, *parcel_book.carriers()} - {""})
        choices = [("", "–"), *((one, one) for one in carriers)]
        self.fields["carrier"] = forms.ChoiceField(label=gettext_lazy("Carrier"), choices=choices, required=False)


class TellForm(SubjectForm):
    """What the customers read, and by when they get it."""

    new_day = forms.DateField(
        label=gettext_lazy("Promise anew for"),
        help_text=gettext_lazy("Only orders that are promised earlier move. Leave it empty to move none."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def prepare(self) -> None:
        """Ask for a text in each language of those it concerns, and begin with what usually is said."""
        languages = services.languages_of(sight.seen(services.affected(self.subject)))
        own = translation.get_language() or settings.LANGUAGE_CODE
        plain = languages == [own.partition("-")[0]]
        texts = {f"text_{code}": self._text_in(code, plain=plain) for code in languages}
        self.fields = {**texts, **self.fields}

    def _text_in(self, code: str, *, plain: bool) -> forms.CharField:
        name = capfirst(str(dict(settings.LANGUAGES)[code]))
        label = _("To the customers") if plain else _("To customers who read %(language)s") % {"language": name}
        with translation.override(code):
            usual = _("your order is affected by this: %(cause)s. We are sorry, and work on it.")
            said = usual % {"cause": self.subject.cause}
        field = forms.CharField(label=label, max_length=4000, widget=forms.Textarea(attrs={"rows": 6}))
        field.initial = said
        return field


class EndForm(forms.Form):
    """How it ended."""

    resolution = forms.CharField(label=gettext_lazy("How it ended"), max_length=300)


def _telling(incident: Incident) -> list[str]:
    count = capped_count(sight.seen(services.affected(incident)), services.MOST_AFFECTED)
    said = ngettext("%(n)s order gets an exception.", "%(n)s orders get an exception.", count) % {"n": count}
    return [
        said,
        _("Each customer gets one mail, whatever the number of his orders."),
        _("The day that was promised first stays in the log and in the figures."),
    ]


def _is_seen_whole(incident: Incident) -> bool:
    """Whether the reader may see all its orders: nobody closes what is hidden from him."""
    rows = IncidentOrder.objects.filter(incident=incident)
    return sight.limited_to("channel") is None or not rows.exclude(pk__in=sight.seen(rows).values("pk")).exists()


def _ending(incident: Incident) -> list[str]:
    count = IncidentOrder.objects.filter(incident=incident, status=IncidentOrder.Status.TOLD).count()
    return [ngettext("%(n)s exception is closed.", "%(n)s exceptions are closed together.", count) % {"n": count}]


def _whom(incident: Incident, said: dict[str, Any]) -> dict[str, Any]:
    """Return what is told to whom: of those that are affected, the ones that this person sees."""
    most = services.MOST_AFFECTED + 1
    texts = {name.removeprefix("text_"): text for name, text in said.items() if name.startswith("text_")}
    return {
        "texts": texts,
        "new_day": said["new_day"],
        "order_ids": list(sight.seen(services.affected(incident)).values_list("pk", flat=True)[:most]),
    }


@admin.register(Incident, site=site)
class IncidentAdmin(TransitionAdmin, PanelAdmin):
    """Incidents, the newest first."""

    page = "orders.incident"
    list_display = (
        "cause",
        badge_column("status"),
        "whom",
        when_column("new_day", gettext_lazy("Promised anew for")),
        when_column("created_at", gettext_lazy("Since")),
        actor_column("created_by"),
    )
    list_select_related = ("shipping_method", "warehouse")
    list_filter = ("status",)
    ordering = ("-id",)
    empty_text = gettext_lazy("When one cause hits many orders, begin here: all of them are told at once.")
    facts = (
        "whom",
        when_column("new_day", gettext_lazy("Promised anew for")),
        when_column("created_at", gettext_lazy("Since")),
        actor_column("created_by"),
        when_column("closed_at", gettext_lazy("Closed")),
        "resolution",
    )
    form = IncidentForm
    create_fields = IncidentForm.Meta.fields
    create_service = staticmethod(services.find_incident)
    transition_services = {  # noqa: RUF012 - as every list of steps
        "tell": TransitionSpec(
            gettext_lazy("Tell and promise anew"),
            services.tell_incident,
            ACTS,
            form=TellForm,
            when=lambda one: one.status == Status.FOUND,
            consequences=_telling,
            arguments=_whom,
            style="primary",
        ),
        "end": TransitionSpec(
            gettext_lazy("Close together"),
            services.end_incident,
            ACTS,
            form=EndForm,
            when=lambda one: one.status == Status.OPEN and _is_seen_whole(one),
            consequences=_ending,
            style="primary",
        ),
    }

    @admin.display(description=gettext_lazy("whom it affects"))
    def whom(self, obj: Incident) -> str:
        """Say whom it affects."""
        parts = [obj.carrier, obj.shipping_method and obj.shipping_method.name_in(), obj.sku, obj.warehouse]
        said = [str(part) for part in parts if part]
        if obj.placed_from:
            said.append(_("placed from %(day)s") % {"day": spoken_date(obj.placed_from)})
        if obj.placed_until:
            said.append(_("placed until %(day)s") % {"day": spoken_date(obj.placed_until)})
        if obj.with_delivered:
            said.append(_("also what was delivered"))
        return ", ".join(said)

    def response_post_save_add(self, request: HttpRequest, obj: Incident) -> HttpResponse:
        """Lead to the page that shows whom it affects."""
        return HttpResponseRedirect(page_of(obj))


@admin.register(IncidentOrder, site=site)
class IncidentOrderAdmin(BackOfficeAdmin):
    """What became of each order of an incident."""

    list_display = (
        link_column("order", gettext_lazy("Order")),
        link_column("incident", gettext_lazy("Incident")),
        badge_column("status"),
        flag_column("mailed"),
        when_column("promised_before"),
        when_column("promised_after"),
        retold_column("note"),
    )
    list_display_links = None
    list_select_related = ("order", "incident")
    list_filter = ("status",)
    tabs = (Tab(gettext_lazy("Left out"), {"status__exact": "left_out"}),)
    search_fields = ("=order__number",)
    search_help_text = gettext_lazy("Number of the order")
    ordering = ("-id",)
