"""Price lists, prices and promotions."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.base import Tab
from core.admin.columns import code_column, figure_column, link_column, money_column, when_column
from core.admin.site import site
from core.service import unit_of_work
from pricing.models import Price, PriceList, Promotion, Redemption
from pricing.services import recount

from .base import SettingsAdmin
from .forms import PriceForm, PriceListForm, PromotionForm

# The column that leads to the row; the others lead to what they name.
AMOUNT = money_column("amount", _("price"), currency="price_list__currency")


@admin.register(PriceList, site=site)
class PriceListAdmin(SettingsAdmin):
    """Prices in one currency, and for whom and when they hold."""

    form = PriceListForm
    list_display = (
        "name",
        code_column("code"),
        "currency",
        link_column("group"),
        link_column("channel"),
        when_column("valid_from"),
        when_column("valid_to"),
        figure_column("priority"),
    )
    list_display_links = ("name",)
    list_select_related = ("group", "channel")
    ordering = ("name",)
    search_fields = ("=code", "name")
    all_fields = ("code", "name", "currency", "group", "channel", "valid_from", "valid_to", "priority", "taxed")
    fixed = ("code", "currency")
    empty_text = _("No price lists yet.")


@admin.register(Price, site=site)
class PriceAdmin(SettingsAdmin):
    """What products cost. A price that is changed holds for orders from then on; placed orders keep theirs."""

    is_small = False
    form = PriceForm
    list_display = (
        link_column("product"),
        AMOUNT,
        figure_column("min_quantity", _("from quantity")),
        when_column("valid_from"),
        when_column("valid_to"),
        link_column("price_list"),
    )
    list_display_links = (AMOUNT,)
    list_select_related = ("product", "price_list")
    list_filter = ("price_list",)
    search_fields = ("product__sku__istartswith", "product__name")
    all_fields = ("price_list", "product", "amount", "min_quantity", "valid_from", "valid_to")
    fixed = ("price_list", "product")
    empty_text = _("No prices yet. Set one to be able to sell.")


@admin.register(Promotion, site=site)
class PromotionAdmin(SettingsAdmin):
    """Discounts, by code or for everybody: for whom, for what, and how often."""

    is_small = False
    form = PromotionForm
    list_display = (
        "name",
        code_column("code"),
        "kind",
        figure_column("value"),
        "needs_code",
        "uses",
        when_column("valid_from"),
        when_column("valid_to"),
        "active",
    )
    list_display_links = ("name",)
    tabs = (Tab(_("Active"), {"active__exact": "1"}),)
    list_filter = ("active", "kind")
    search_fields = ("code__istartswith", "name")
    all_fields = (
        "code",
        "name",
        "kind",
        "value",
        "currency",
        "max_discount",
        "needs_code",
        "min_goods_value",
        "group",
        "channel",
        "first_order",
        "categories",
        "skus",
        "priority",
        "exclusive",
        "max_uses",
        "max_uses_per_customer",
        "valid_from",
        "valid_to",
        "active",
    )
    fixed = ("code",)
    empty_text = _("No promotions yet.")

    readonly_fields = ("uses",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say on its page how often a promotion was used."""
        return (*self.all_fields, "uses") if obj is not None else self.all_fields

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Promotion]":
        """Count the uses that count, and note whether the reader may see by whom."""
        taken = Redemption.objects.filter(promotion=OuterRef("pk"), given_back_at=None).order_by()
        counted = taken.values("promotion").annotate(n=Count("pk")).values("n")
        may_look = request.user.has_perms(("pricing.view_redemption", "orders.view_order"))
        found = super().get_queryset(request)
        return found.annotate(taken=Coalesce(Subquery(counted), 0), may_look=Value(may_look))

    @admin.display(description=_("uses"))
    def uses(self, promotion: Promotion) -> str:
        """Say how many uses are taken, of how many, and lead to who has them."""
        if not promotion.is_counted:
            return "–"
        taken = getattr(promotion, "taken", 0)
        said = str(taken)
        if promotion.max_uses is not None:
            said = gettext("%(n)s of %(most)s") % {"n": promotion.used, "most": promotion.max_uses}
        if not getattr(promotion, "may_look", False):
            return said
        url = f"{reverse('admin:pricing_redemption_changelist')}?promotion__id__exact={promotion.pk}"
        return format_html('<a href="{}">{}</a>', url, said)

    def save_simply(self, obj: Any, form: Any, change: bool, actor: Any) -> None:
        """Save, and count what was used so far: a limit that is set today counts what was used before."""
        with unit_of_work():
            super().save_simply(obj, form, change, actor)
            recount(obj.pk)
