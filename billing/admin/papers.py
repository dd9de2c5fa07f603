"""Documents on paper, from their pages."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from core.admin.files import download
from core.models import Attachment


class PaperAdmin(admin.ModelAdmin):
    """Adds `<pk>/pdf/`: the document as it was printed; it is drawn on first request and stays as it is."""

    render: Callable[[int], Attachment]

    def get_urls(self) -> list[Any]:
        """Add the address of the PDF."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_pdf"
        return [path("<int:pk>/pdf/", self.admin_site.admin_view(self.pdf_view), name=name), *super().get_urls()]

    def pdf_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the PDF."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not self.get_queryset(request).filter(pk=pk, number__isnull=False).exists():
            raise Http404
        return download(self.render(pk), inline=True)
