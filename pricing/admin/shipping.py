"""Zones, methods, charges and days."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin.columns import code_column, figure_column, link_column, money_column
from core.admin.site import site
from pricing.models import ShippingMethod, ShippingRate, Transit, Zone

from .base import SettingsAdmin
from .forms import ShippingMethodForm, ShippingRateForm, ZoneForm

# The columns that lead to the row; the others lead to what they name.
CHARGE = money_column("amount", _("charge"))
DAYS = figure_column("days")


@admin.register(Zone, site=site)
class ZoneAdmin(SettingsAdmin):
    """Countries that are served alike."""

    form = ZoneForm
    list_display = ("name", code_column("code"), "served")
    list_display_links = ("name",)
    ordering = ("name",)
    search_fields = ("=code", "name")
    all_fields = ("code", "name", "countries")
    fixed = ("code",)
    empty_text = _("No zones yet. Add one to be able to ship.")

    @admin.display(description=_("countries"))
    def served(self, zone: Zone) -> str:
        """Name the countries."""
        return ", ".join(zone.countries) or str(_("rest of the world"))


@admin.register(ShippingMethod, site=site)
class ShippingMethodAdmin(SettingsAdmin):
    """Ways of delivery a customer may choose."""

    form = ShippingMethodForm
    list_display = ("name", code_column("code"), "carrier", "pickup", "active")
    list_display_links = ("name",)
    ordering = ("name",)
    search_fields = ("=code", "name")
    all_fields = ("code", "name", "german", "carrier", "handles", "pickup", "active")
    fixed = ("code",)
    empty_text = _("No shipping methods yet.")

    @admin.display(description=_("name in German"))
    def german(self, method: ShippingMethod) -> str:
        """Return the German name, for those who may only look."""
        return str(method.names.get("de", ""))


@admin.register(ShippingRate, site=site)
class ShippingRateAdmin(SettingsAdmin):
    """What a method costs into a zone."""

    is_small = False
    form = ShippingRateForm
    list_display = (
        link_column("method"),
        link_column("zone"),
        CHARGE,
        money_column("min_goods_value", _("from goods value")),
        figure_column("min_weight_grams", _("from weight (g)")),
    )
    list_display_links = (CHARGE,)
    list_select_related = ("method", "zone")
    list_filter = ("method", "zone")
    ordering = ("method__name", "zone__name", "min_weight_grams", "min_goods_value")
    all_fields = ("method", "zone", "currency", "min_weight_grams", "min_goods_value", "amount")
    fixed = ("method", "zone", "currency")
    empty_text = _("No shipping rates yet. Without one a method costs nobody anything, because nobody can choose it.")


@admin.register(Transit, site=site)
class TransitAdmin(SettingsAdmin):
    """How long it takes; fewer days count as nearer."""

    is_small = False
    list_display = (link_column("warehouse"), link_column("zone"), link_column("method"), DAYS)
    list_display_links = (DAYS,)
    list_select_related = ("warehouse", "zone", "method")
    list_filter = ("warehouse", "zone", "method")
    ordering = ("warehouse__code", "zone__name", "method__name")
    all_fields = ("warehouse", "zone", "method", "days")
    fixed = ("warehouse", "zone", "method")
    empty_text = _("No transit times yet. Promises assume ten days until somebody enters them.")
