"""Who used a promotion: its uses with their orders, those that count and those that were given back."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import link_column, when_column
from core.admin.site import site
from orders.models import Order
from pricing.models import Redemption


class CountsFilter(admin.SimpleListFilter):
    """By whether a use counts, or was given back."""

    title = _("uses")
    parameter_name = "counts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name what can be looked for."""
        return [("yes", _("still counts")), ("no", _("given back"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Redemption]") -> "QuerySet[Redemption]":
        """Return those that count, or do not any more."""
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(given_back_at__isnull=self.value() == "yes")


@admin.register(Redemption, site=site)
class RedemptionAdmin(BackOfficeAdmin):
    """Uses of promotions, the latest first; what everybody gets without end is not written down."""

    list_display = (
        "used_by",
        link_column("promotion", _("Promotion")),
        link_column("customer", _("Customer")),
        when_column("taken_at", _("Used at")),
        when_column("given_back_at", _("Given back")),
    )
    list_display_links = None
    list_select_related = ("promotion", "customer")
    list_filter = (CountsFilter, "taken_at", ("promotion", admin.RelatedOnlyFieldListFilter))
    tabs = (Tab(_("Still counts"), {"counts": "yes"}), Tab(_("Given back"), {"counts": "no"}))
    search_fields = ("=reference", "=promotion__code", "=customer__number")
    search_help_text = _("Number of the order or the customer, or code of the promotion")
    empty_text = _("No uses. Those of promotions with a code or a limit are written down with their orders.")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees what orders there are may see which used a promotion."""
        return super().has_view_permission(request, obj) and request.user.has_perm("orders.view_order")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Redemption]":
        """Find the order of each use along with it."""
        mine = Order.objects.filter(number=OuterRef("reference")).values("pk")[:1]
        return super().get_queryset(request).annotate(order_key=Subquery(mine))

    @admin.display(description=_("Order"))
    def used_by(self, obj: Redemption) -> str:
        """Lead to the order; what was a draft then has no number."""
        key = getattr(obj, "order_key", None)
        if key is None:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[key]), obj.reference)
