"""The files of a month: how far they are, what they add up to, and where they are taken."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import BookExport
from billing.panels.exports import progress_of
from core.admin.columns import badge_column, flag_column, link_column, when_column
from core.admin.files import download_large
from core.admin.panels import PanelAdmin
from core.admin.site import site


@admin.register(BookExport, site=site)
class BookExportAdmin(PanelAdmin):
    """Files that were made, the youngest first."""

    page = "billing.bookexport"
    list_display = (
        "__str__",
        link_column("entity", _("Seller")),
        badge_column("status", _("State")),
        flag_column("is_final", _("Of a closed month")),
        when_column("created_at", _("Asked for")),
        "owner",
    )
    list_select_related = ("entity", "owner")
    ordering = ("-id",)
    empty_text = _("Nothing was exported yet. The page of a month of the books has the button.")
    facts = (
        "entity",
        "owner",
        when_column("created_at", _("Asked for")),
        when_column("finished_at", _("Ended")),
        flag_column("is_final", _("Of a closed month")),
    )

    def page_title(self, obj: BookExport) -> str:
        """Name the month."""
        return gettext("Books of %(month)s") % {"month": date_format(obj.first_day, "YEAR_MONTH_FORMAT")}

    def get_urls(self) -> list[Any]:
        """Add what tells how far it is, and the file."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/progress/", view(self.progress_view), name="billing_bookexport_progress"),
            path("<int:pk>/file/", view(self.file_view), name="billing_bookexport_file"),
            *super().get_urls(),
        ]

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Tell the page how far it is."""
        export = self._seen(request, pk)
        shown = render_to_string("billing/parts/export_progress.html", progress_of(export), request)
        answer = JsonResponse({"over": export.is_over, "shown": shown})
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out the files, piece by piece."""
        export = self._seen(request, pk)
        if export.file is None:
            raise Http404
        return download_large(export.file)  # type: ignore[return-value]

    def _seen(self, request: HttpRequest, pk: int) -> BookExport:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: BookExport | None = self.get_queryset(request).filter(pk=pk).select_related("file").first()
        if found is None:
            raise Http404
        return found
