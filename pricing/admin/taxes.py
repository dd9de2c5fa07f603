"""Tax rates by country, class and day."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin.columns import when_column
from core.admin.site import site
from pricing.models import TaxRate

from .base import SettingsAdmin
from .forms import TaxRateForm


@admin.register(TaxRate, site=site)
class TaxRateAdmin(SettingsAdmin):
    """Rates: the one that started last holds. A new rate is a new row; the old one stays true of its time."""

    is_small = False
    form = TaxRateForm
    list_display = (
        "country",
        "region",
        "tax_class",
        "customer_class",
        "percent",
        when_column("valid_from"),
        when_column("valid_to"),
    )
    list_display_links = ("country",)
    list_filter = ("tax_class",)
    search_fields = ("=country", "=region")
    ordering = ("country", "region", "tax_class", "customer_class", "-valid_from")
    all_fields = ("country", "region", "tax_class", "customer_class", "rate", "valid_from", "valid_to")
    fixed = ("country", "region", "tax_class", "customer_class")
    empty_text = _("No tax rates yet. Without one nothing can be sold.")

    @admin.display(description=_("rate"), ordering="rate")
    def percent(self, tax: TaxRate) -> str:
        """Write the rate as people do."""
        return f"{(tax.rate * 100).normalize():f} %"
