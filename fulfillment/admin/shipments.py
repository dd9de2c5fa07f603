"""Parcels: where they are, and what is said about them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from core.admin.base import Tab
from core.admin.columns import badge_column, code_column, link_column, when_column
from core.admin.links import page_of
from core.admin.panels import PanelAdmin
from core.admin.searching import LIMIT, Hit, finder
from core.admin.site import site
from core.admin.transitions import TransitionAdmin
from core.reader import country_name
from core.sight import seen
from fulfillment import capacity, selectors
from fulfillment.carriers import CARRIERS
from fulfillment.models import FulfillmentOrder, Shipment
from fulfillment.wording import weight

from .printing import PARCEL_PAPERS, PrintingAdmin
from .steps import PARCEL_STEPS

Status = Shipment.Status
STAGES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "here": (gettext_lazy("Still here"), (Status.LABEL_PENDING, Status.READY)),
    "travelling": (gettext_lazy("On the way"), (Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY)),
    "trouble": (gettext_lazy("In trouble"), selectors.TROUBLE),
    "delivered": (gettext_lazy("Delivered"), (Status.DELIVERED,)),
}


TODAY = "today"


class WhereFilter(admin.SimpleListFilter):
    """By where the parcel is."""

    title = gettext_lazy("where")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the places."""
        return [*((name, label) for name, (label, _statuses) in STAGES.items()), (TODAY, _("Shipped today"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return the parcels that are there."""
        if self.value() == TODAY:
            return queryset.filter(shipped_at__gte=capacity.day_began()).exclude(status=Status.CANCELLED)
        stage = STAGES.get(self.value() or "")
        return queryset.filter(status__in=stage[1]) if stage else queryset


@admin.display(description=gettext_lazy("Carrier"))
def carrier_name(shipment: Shipment) -> str:
    """Return who carries it, by name."""
    carrier = CARRIERS.get(shipment.carrier)
    return str(carrier.name) if carrier else shipment.carrier


@admin.display(description=gettext_lazy("Weight"))
def weight_of(shipment: Shipment) -> str:
    """Return what it weighs, as people write it."""
    return weight(shipment.weight_grams, get_language() or "en")


class CarrierFilter(admin.SimpleListFilter):
    """By who carries it."""

    title = gettext_lazy("carrier")
    parameter_name = "carrier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the carriers we know."""
        return [(carrier.code, carrier.name) for carrier in CARRIERS.values()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return the parcels of one carrier."""
        return queryset.filter(carrier=self.value()) if self.value() else queryset


@admin.register(Shipment, site=site)
class ShipmentAdmin(PrintingAdmin, TransitionAdmin, PanelAdmin):
    """Parcels, the youngest first."""

    page = "fulfillment.shipment"
    list_display = (
        "number",
        badge_column("status"),
        link_column("order", gettext_lazy("Order")),
        link_column("fulfillment_order__warehouse", gettext_lazy("From")),
        carrier_name,
        code_column("tracking_number", gettext_lazy("Tracking number")),
        when_column("shipped_at", gettext_lazy("Shipped")),
        when_column("estimated_delivery_on", gettext_lazy("Expected")),
        when_column("delivered_at", gettext_lazy("Delivered")),
    )
    list_filter = (WhereFilter, CarrierFilter, "shipped_at")
    tabs = tuple(Tab(label, {"stage": name}) for name, (label, _statuses) in STAGES.items())
    search_fields = ("=number", "=tracking_number", "=order__number")
    search_help_text = gettext_lazy("Number of the parcel, of the order, or tracking number")
    empty_text = gettext_lazy("No parcels here.")
    facts = (
        link_column("order", gettext_lazy("Order")),
        link_column("fulfillment_order", gettext_lazy("Work")),
        carrier_name,
        code_column("tracking_number", gettext_lazy("Tracking number")),
        weight_of,
        when_column("created_at", gettext_lazy("Packed")),
        when_column("shipped_at", gettext_lazy("Shipped")),
        when_column("estimated_delivery_on", gettext_lazy("Expected")),
        when_column("delivered_at", gettext_lazy("Delivered")),
    )
    transition_services = PARCEL_STEPS
    papers = PARCEL_PAPERS

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Shipment]":
        """Read what the page says along with the rows."""
        return super().get_queryset(request).select_related("order", "fulfillment_order__warehouse")

    def headline(self, obj: Shipment) -> str:
        """Say where it goes."""
        place = obj.order.ship_to
        where = ", ".join(part for part in (place.city, country_name(place.country)) if part)
        return _("To %(name)s, %(where)s") % {"name": place.company or place.name, "where": where}


@finder(permission="fulfillment.view_shipment", order=40)
def find_parcels(term: str) -> list[Hit]:
    """Find parcels by number or tracking number."""
    rows = seen(Shipment.objects.select_related("order"))
    found = rows.filter(number=term.upper()) | rows.filter(tracking_number=term)
    return [
        Hit(
            str(one.number),
            page_of(one),
            detail=f"{one.order.number} · {one.tracking_number}",
            kind=_("Parcel"),
            status=one.status,
            status_label=one.get_status_display(),  # type: ignore[attr-defined]
        )
        for one in found.order_by("-pk")[:LIMIT]
    ]


@finder(permission="fulfillment.view_fulfillmentorder", order=45)
def find_work(term: str) -> list[Hit]:
    """Find work by its number."""
    found = seen(FulfillmentOrder.objects.select_related("order", "warehouse")).filter(number=term.upper())[:LIMIT]
    return [
        Hit(
            str(one.number),
            page_of(one),
            detail=f"{one.order.number} · {one.warehouse or one.get_kind_display()}",  # type: ignore[attr-defined]
            kind=_("Work"),
            status=one.status,
            status_label=one.get_status_display(),  # type: ignore[attr-defined]
        )
        for one in found
    ]
