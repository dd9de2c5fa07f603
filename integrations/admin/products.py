"""Products by CSV in three steps: the file, a look at it with the reason beside every cell, and what became of it."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from core.admin import navigation
from core.admin.actors import actor_for
from core.admin.base import BackOfficeAdmin
from core.admin.columns import badge_column, when_column
from core.admin.site import site
from core.csvfile import csv_response
from core.errors import DomainError
from core.reader import retold
from core.sight import seen
from integrations import services
from integrations.imports.products import COLUMNS
from integrations.imports.tables import MOST_BYTES
from integrations.models import ImportBatch, ImportRow
from inventory.models import Warehouse

NEEDED = services.NEEDED_FOR_PRODUCTS
MOST_SHOWN = 100
SEPARATORS = {";": gettext_lazy("semicolon"), ",": gettext_lazy("comma"), "\t": gettext_lazy("tab"), "|": "|"}
Outcome = ImportRow.Outcome


class ProductFileForm(forms.Form):
    """Asks for the file."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text=gettext_lazy("Up to 10 MB and 50,000 rows; separated by comma, semicolon or tab."),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB; cut it into several."))
        return file


@admin.register(ImportBatch, site=site)
class ImportBatchAdmin(BackOfficeAdmin):
    """Files that came in."""

    list_display = (
        "file_name",
        "format",
        badge_column("status"),
        "rows_done",
        "rows_total",
        when_column("started_at"),
    )
    list_display_links = ("file_name",)
    list_filter = ("format", "status")
    search_fields = ("^file_name",)
    empty_text = gettext_lazy("No file came in yet.")

    def get_urls(self) -> list[Any]:
        """Add the three steps."""
        wrap = self.admin_site.admin_view
        return [
            path("products/", wrap(self.upload_view), name="import_products"),
            path("products/template.csv", wrap(self.template_view), name="import_products_template"),
            path("<int:pk>/products/", wrap(self.preview_view), name="import_products_preview"),
            path("<int:pk>/rows.csv", wrap(self.rows_view), name="import_rows"),
            path("<int:pk>/progress/", wrap(self.progress_view), name="import_progress"),
            *super().get_urls(),
        ]

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Step 1: take the file; nothing is changed by it."""
        _require(request)
        form = ProductFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                batch = services.keep_product_file(name=file.name, content=file.read(), actor=actor_for(request))
            except DomainError as error:
                form.add_error("file", retold(error.message))
            else:
                return HttpResponseRedirect(reverse("admin:import_products_preview", args=[batch.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import products"),
            "form": form,
            "step": 1,
            "columns": _columns(),
            "latest": ImportBatch.objects.filter(format=services.PRODUCTS).order_by("-pk")[:5],
            "opts": self.opts,
        }
        return TemplateResponse(
            request, "integrations/products_upload.html", context, status=400 if form.errors else 200
        )

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Hand out a file to fill in, with two rows that show how."""
        _require(request)
        return csv_response("products", _columns(), _examples())

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Step 2: show what each row becomes; on POST start to take them in."""
        _require(request)
        batch = _batch(pk)
        if request.method == "POST":
            try:
                services.start_product_import(batch.pk, actor=actor_for(request))
            except DomainError as error:
                messages.warning(request, retold(error.message))
            return HttpResponseRedirect(_page(batch))
        if batch.status == ImportBatch.Status.RUNNING:
            return HttpResponseRedirect(_page(batch))
        asked = request.GET
        try:
            # Who pages on sees what the first page saw; who comes anew sees what is true now.
            number, anew = int(asked.get("page", "1")[:9]), not asked.keys() & {"page", "show"}
        except ValueError:
            number, anew = 1, True
        try:
            preview, page = services.preview_products(batch, shown=asked.get("show", ""), number=number, anew=anew)
        except DomainError as error:
            messages.error(request, retold(error.message))
            return HttpResponseRedirect(reverse("admin:import_products"))
        faulty = preview.counts["faulty"]
        rows = faulty if page.shown == "faulty" else preview.total
        context = {
            **self.admin_site.each_context(request),
            "title": _("Look at it"),
            "step": 2,
            "batch": batch,
            "preview": preview,
            "counts": [(count, _becomes(name), name) for name, count in preview.counts.items()],
            "usable": preview.total - faulty,
            "faulty": faulty,
            "shown": page.shown,
            "page": Paginator(range(rows), services.PREVIEWED_PER_PAGE).get_page(page.number),
            "heading": list(preview.meant),
            "rows": [_shown_row(preview, row) for row in page.rows],
            "separator": SEPARATORS.get(preview.separator, preview.separator),
            "opts": self.opts,
        }
        return TemplateResponse(request, "integrations/products_preview.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Step 3: how far it is, and what became of the rows."""
        batch = self.get_object(request, unquote(object_id))
        if batch is None:
            return self.unknown(request, object_id)
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request, batch):
            raise PermissionDenied
        rejected = ImportRow.objects.filter(batch=batch, outcome=Outcome.REJECTED).order_by("line_number")
        counts = batch.summary.get("outcomes") or batch.summary.get("rows_by_outcome") or {}
        context = {
            **self.admin_site.each_context(request),
            "title": batch.file_name,
            "step": 3,
            "batch": batch,
            "running": batch.status == ImportBatch.Status.RUNNING,
            "is_products": batch.format == services.PRODUCTS,
            "counts": [(counts[name], Outcome(name).label, name) for name in Outcome.values if counts.get(name)],
            "rejected": [
                (row.line_number, row.reference, _retold_reason(row.reason)) for row in rejected[:MOST_SHOWN]
            ],
            "more_rejected": max(0, counts.get(Outcome.REJECTED, 0) - MOST_SHOWN),
            "opts": self.opts,
        }
        return TemplateResponse(request, "integrations/import_page.html", context)

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say how far it is, for the page that waits."""
        batch = _batch(pk, format=None)
        if not self.has_view_permission(request, batch):
            raise PermissionDenied
        running = batch.status == ImportBatch.Status.RUNNING
        done = ImportRow.objects.filter(batch=batch).count()
        return JsonResponse({"running": running, "done": done, "total": batch.rows_total})

    def rows_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out what became of every row."""
        batch = _batch(pk, format=None)
        if not self.has_view_permission(request, batch):
            raise PermissionDenied
        heading = [_("line"), _("SKU"), _("outcome"), _("reason")]
        return csv_response(f"import-{batch.pk}", heading, _told_rows(batch))


def _require(request: HttpRequest) -> None:
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied


def _batch(pk: int, *, format: str | None = services.PRODUCTS) -> ImportBatch:
    found = ImportBatch.objects.filter(pk=pk, **({"format": format} if format else {})).first()
    if found is None:
        raise Http404
    return found


def _page(batch: ImportBatch) -> str:
    return reverse("admin:integrations_importbatch_change", args=[batch.pk])


def _columns() -> list[str]:
    codes = (
        seen(Warehouse.objects.filter(active=True)).order_by("priority", "code").values_list("code", flat=True)[:20]
    )
    return [*COLUMNS[:2], "name_de", *COLUMNS[2:], *(f"stock_{code}" for code in codes)]


def _examples() -> list[list[str]]:
    mug = {"sku": "MUG-RED", "name": "Red mug", "name_de": "Roter Becher", "kind": "stocked", "price": "12.50"}
    wrap = {"sku": "WRAP", "name": "Gift wrap", "name_de": "Geschenkverpackung", "kind": "service", "price": "3.00"}
    mug |= {"weight_grams": "350", "category": "Mugs", "barcode": "4006381333931"}
    shared = {"tax_class": "standard", "backorder": "no", "active": "yes"}
    columns = _columns()
    mug |= {name: "100" for name in columns if name.startswith("stock_")}
    return [[{**shared, **row}.get(name, "") for name in columns] for row in (mug, wrap)]


def _becomes(name: str) -> str:
    words = {
        "new": pgettext("rows of a file", "new"),
        "changed": pgettext("rows of a file", "changed"),
        "unchanged": pgettext("rows of a file", "as they are"),
        "faulty": pgettext("rows of a file", "with errors"),
    }
    return words[name]


def _shown_row(preview: services.ProductPreview, row: services.PreviewRow) -> dict[str, Any]:
    """Return the cells of a row as the file has them, each with what is wrong with it."""
    faults = dict(row.faults)
    cells = []
    for text, column in zip(row.cells, preview.meant.values(), strict=True):
        fault = faults.pop(column, "") if column else ""
        cells.append((text, retold(fault) if fault else "", not column))
    return {
        "line": row.line,
        "becomes": row.becomes,
        "word": _becomes(row.becomes),
        "cells": cells,
        "other": [f"{column}: {retold(fault)}" for column, fault in faults.items()],
    }


def _retold_reason(reason: str) -> str:
    """Say a stored reason, which may be several, in the words of its reader."""
    parts = []
    for part in reason.split(" · "):
        column, colon, fault = part.partition(": ")
        parts.append(f"{column}: {retold(fault)}" if colon else retold(part))
    return " · ".join(parts)


def _told_rows(batch: ImportBatch) -> Iterator[list[object]]:
    for row in ImportRow.objects.filter(batch=batch).order_by("line_number").iterator():
        yield [row.line_number, row.reference, row.get_outcome_display(), _retold_reason(row.reason)]


navigation.register(
    gettext_lazy("Catalogue"),
    gettext_lazy("Import products"),
    "admin:import_products",
    permission=NEEDED,
    order=745,
    icon="tag",
)
