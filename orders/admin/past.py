"""The page of an order as it was: to be read, with what became of it in the version that followed."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from core.admin import history
from core.models import EventRecord
from orders import past, services, versions

ROUTE = "orders_order_version"
# So many are offered to be chosen from; who looks further back goes from one to the one before.
MOST = 50


class PastAdmin(admin.ModelAdmin):
    """Adds `<pk>/as-it-was/<version>/`: an order as it stood in any version since it was placed."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page."""
        view = self.admin_site.admin_view(self.version_view)
        return [path("<int:pk>/as-it-was/<int:version>/", view, name=ROUTE), *super().get_urls()]

    def version_view(self, request: HttpRequest, pk: int, version: int) -> HttpResponse:
        """Show one version beside the next, or beside what the order is now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        order = self.get_queryset(request).filter(pk=pk).first()
        # With the people on it went what it was.
        if order is None or services.ERASED in order.metadata or version == order.version:
            raise Http404
        ends = versions.ends_of(order)
        was, became = (versions.opened(order, number, ends) for number in (version, version + 1))
        if was is None or became is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("%(number)s as it was") % {"number": order},
            "order": order,
            "was": was,
            "became": became,
            "ends": ends[: -MOST - 1 : -1],
            "facts": past.facts(was, became),
            "goods": past.goods(was, became),
            "sums": past.sums(was, became),
        }
        return TemplateResponse(request, "admin/orders/order/version.html", context)


def address_of(row: EventRecord) -> str:
    """Return the page of the version that a change ended, where it was kept."""
    version = row.payload.get("version")
    return reverse(f"admin:{ROUTE}", args=[row.subject_id, version]) if version is not None else ""


for changed in (*versions.CHANGES, "orders.order.cancel", "orders.order.lapse"):
    history.earlier(changed, address_of)
