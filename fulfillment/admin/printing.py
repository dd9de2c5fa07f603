"""Paper at the desk: one sheet from a page, many from a list."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.api.pdf import paper
from fulfillment import documents, selectors
from fulfillment.models import FulfillmentOrder, Shipment, Wave

MOST_SHEETS = 200
Draw = Callable[[Sequence[Any]], bytes]


def _whole_works(rows: "QuerySet[FulfillmentOrder]") -> list[FulfillmentOrder]:
    found = selectors.with_lines(selectors.work_queue().select_related("order__shipping_method"))
    return list(found.filter(pk__in=rows.values("pk"), kind=FulfillmentOrder.Kind.GOODS).order_by("rank", "pk"))


def _whole_parcels(rows: "QuerySet[Shipment]") -> list[Shipment]:
    found = selectors.with_contents(selectors.parcels().select_related("order__shipping_method"))
    return list(found.filter(pk__in=rows.values("pk")).exclude(status=Shipment.Status.CANCELLED).order_by("pk"))


def _parcels_of(rows: "QuerySet[FulfillmentOrder]") -> list[Shipment]:
    """Return the parcels of work, in the order in which its pick lists come."""
    found = _whole_parcels(Shipment.objects.filter(fulfillment_order__in=rows.values("pk")))
    return sorted(found, key=lambda parcel: (parcel.fulfillment_order.rank, parcel.fulfillment_order_id, parcel.pk))


def _whole_waves(rows: "QuerySet[Wave]") -> list[Wave]:
    return list(rows.select_related("warehouse").order_by("pk"))


def _labels(shipments: Sequence[Shipment]) -> bytes:
    if len(shipments) == 1:
        return documents.label_pdf(shipments[0])
    return documents.labels_pdf(shipments)


class PrintingAdmin(admin.ModelAdmin):
    """Adds `<pk>/print/<paper>/` to pages, and the same papers for many rows to lists."""

    papers: dict[str, tuple[Any, Callable[..., list[Any]], Draw]] = {}

    def get_urls(self) -> list[Any]:
        """Add the address of the papers."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_print"
        view = self.admin_site.admin_view(self.print_view)
        return [path("<int:pk>/print/<slug:kind>/", view, name=name), *super().get_urls()]

    def print_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """Show one paper."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None or kind not in self.papers:
            raise Http404
        _label, read, draw = self.papers[kind]
        sheets = read(type(row).objects.filter(pk=pk))
        if not sheets:
            raise Http404
        return paper(draw(sheets), f"{row}-{kind}.pdf")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the papers for the rows of the list."""
        actions = super().get_actions(request)
        for kind, (label, _read, _draw) in self.papers.items():
            actions[f"print_{kind.replace('-', '_')}"] = (
                _printer(kind),
                f"print_{kind.replace('-', '_')}",
                str(label),
            )
        return actions

    def print_many(self, request: HttpRequest, rows: "QuerySet[Any]", kind: str) -> HttpResponse | None:
        """Show the papers of many rows in one file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        _label, read, draw = self.papers[kind]
        sheets = read(rows)
        if len(sheets) > MOST_SHEETS:
            said = _("That is more than %(n)s sheets at once; narrow the list first.") % {"n": MOST_SHEETS}
            self.message_user(request, said, messages.WARNING)
            return None
        if not sheets:
            self.message_user(request, _("There is nothing to print for these rows."), messages.WARNING)
            return None
        return paper(draw(sheets), f"{kind}.pdf")


def _printer(kind: str) -> Callable[..., HttpResponse | None]:
    def act(model_admin: PrintingAdmin, request: HttpRequest, rows: "QuerySet[Any]") -> HttpResponse | None:
        return model_admin.print_many(request, rows, kind)

    return act


WORK_PAPERS = {
    "pick-list": (gettext_lazy("Print pick list"), _whole_works, documents.pick_list_pdf),
    "packing-slips": (gettext_lazy("Print packing slips"), _parcels_of, documents.packing_slips_pdf),
    "labels": (gettext_lazy("Print labels"), _parcels_of, _labels),
}
WAVE_PAPERS = {"batch": (gettext_lazy("Print pick list"), _whole_waves, documents.batch_lists_pdf)}
PARCEL_PAPERS = {
    "packing-slip": (gettext_lazy("Print packing slip"), _whole_parcels, documents.packing_slips_pdf),
    "label": (gettext_lazy("Print label"), _whole_parcels, _labels),
}
