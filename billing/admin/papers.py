"""Documents on paper, from their pages."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from billing.errors import NoElectronicForm
from core.admin.files import download, save_as
from core.models import Attachment


class PaperAdmin(admin.ModelAdmin):
    """Adds `<pk>/pdf/`: the document as it was printed; it is drawn on first request and stays as it is.

    `<pk>/xml/` is the same for machines.
    """

    render: Callable[[int], Attachment]
    write: Callable[[int], tuple[str, bytes]]

    def get_urls(self) -> list[Any]:
        """Add the addresses of the PDF and the XML."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<int:pk>/pdf/", self.admin_site.admin_view(self.pdf_view), name=f"{name}_pdf"),
            path("<int:pk>/xml/", self.admin_site.admin_view(self.xml_view), name=f"{name}_xml"),
            *super().get_urls(),
        ]

    def pdf_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the PDF."""
        self._refuse_unseen(request, pk)
        return download(self.render(pk), inline=True)

    def xml_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out the XML."""
        self._refuse_unseen(request, pk)
        try:
            name, content = self.write(pk)
        except NoElectronicForm as missing:
            raise Http404 from missing
        return save_as(content, name, "application/xml")

    def _refuse_unseen(self, request: HttpRequest, pk: int) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not self.get_queryset(request).filter(pk=pk, number__isnull=False).exists():
            raise Http404
