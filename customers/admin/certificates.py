"""Tax certificates of all customers, the youngest first, and their files."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.columns import actor_column, link_column, when_column
from core.admin.files import download
from core.admin.site import site
from core.admin.transitions import TransitionSpec
from customers import services
from customers.models import TaxCertificate

from .steps import CHANGE, PartAdmin


@admin.register(TaxCertificate, site=site)
class TaxCertificateAdmin(PartAdmin):
    """What makes customers exempt from tax, and until when."""

    list_display = (
        link_column("customer"),
        "number",
        "country",
        "region",
        "reason",
        when_column("valid_from", _("Valid from")),
        when_column("valid_until", _("Valid until")),
        when_column("ended_at", _("Ended")),
        actor_column("added_by"),
    )
    list_select_related = ("customer",)
    ordering = ("-id",)
    search_fields = ("=number", "=customer__number")
    search_help_text = _("By number, or by number of the customer")
    empty_text = _("Nobody is exempt by a certificate. It is added on the page of a customer.")
    transition_services = {
        "end": TransitionSpec(
            _("End the certificate"),
            services.end_certificate,
            CHANGE,
            consequences=lambda one: [
                gettext("Their next orders bear tax again. What was sold under it stays as it is.")
            ],
            when=lambda one: one.ended_at is None,
            done=_("The certificate counts no more."),
            style="danger",
        ),
    }

    def get_urls(self) -> list[Any]:
        """Add the address of the file."""
        framed = self.admin_site.admin_view
        return [
            path("<int:pk>/file/", framed(self.file_view), name="customers_taxcertificate_file"),
            *super().get_urls(),
        ]

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand the file out, only ever to be saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = TaxCertificate.objects.select_related("file").filter(pk=pk).first()
        if found is None or found.file is None:
            raise Http404
        return download(found.file)
