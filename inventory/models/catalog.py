"""Products and the places they lie in."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from inventory.handling import usual_handling


class Product(models.Model):
    """Something sold: a stocked good, a kit of them, a service or a digital item. SKUs are kept in upper case."""

    class Kind(models.TextChoices):
        """Only stocked goods lie on a shelf; a kit is picked as its parts, a service rendered."""

        STOCKED = "stocked", _("stocked")
        SERVICE = "service", _("service")
        DIGITAL = "digital", _("digital")
        KIT = "kit", pgettext_lazy("kind of product", "kit")

    sku = models.CharField(_("SKU"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    names = models.JSONField(_("names in other languages"), default=dict, blank=True)
    description = models.TextField(_("description"), blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.STOCKED)
    category = models.CharField(_("category"), max_length=60, blank=True)
    tax_class = models.CharField(_("tax class"), max_length=20, default="standard")
    barcode = models.CharField(_("GTIN"), max_length=20, blank=True)
    weight_grams = models.PositiveIntegerField(_("weight (g)"), default=0)
    auto_reorder = models.BooleanField(
        _("takes reorder proposals by itself"),
        default=False,
        help_text=_("Safety stock and reorder point follow real demand every night."),
    )
    unit_cost = models.DecimalField(
        _("cost per unit"),
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        help_text=_("What a unit costs you, in the currency of the house: differences of a count are valued by it."),
    )
    image = models.CharField(_("picture"), max_length=200, blank=True)
    handling = models.JSONField(_("to be handled as"), default=list, blank=True)
    backorder = models.BooleanField(_("may be backordered"), default=False)
    backorder_limit = models.PositiveIntegerField(
        _("may wait at most"),
        null=True,
        blank=True,
        help_text=_("Units for which orders may wait in all. Empty: any number."),
    )
    release_on = models.DateField(
        _("released on"),
        null=True,
        blank=True,
        help_text=_("Ordered before, it is promised from this day on, and nothing of it leaves earlier."),
    )
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["stocked", "service", "digital", "kit"]), name="product_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="nothing_costs_less_than_nothing"),
        ]
        indexes = [
            models.Index(fields=["name"], name="product_name"),
            models.Index(fields=["barcode"], name="product_barcode", condition=~Q(barcode="")),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    def name_in(self, language: str | None = None) -> str:
        """Return the name in a language (the reader's, unless given), else the default name."""
        return str(self.names.get((language or get_language() or "en")[:2]) or self.name)

    def title_in(self, language: str | None = None) -> str:
        """Return the SKU with the name in a language (the reader's, unless given)."""
        return f"{self.sku} {self.name_in(language)}"

    @property
    def is_kit(self) -> bool:
        """Whether it is sold as one and picked as its parts."""
        return self.kind == self.Kind.KIT

    @property
    def has_shelf(self) -> bool:
        """Whether units of it lie somewhere."""
        return self.kind == self.Kind.STOCKED

    @property
    def needs_stock(self) -> bool:
        """Whether units on a shelf are tied to it: its own, or those of its parts."""
        return self.kind in GOODS


# What leaves a warehouse in parcels.
GOODS = (Product.Kind.STOCKED, Product.Kind.KIT)


class ProductWord(models.Model):
    """A word by which a product is found, folded as `core.words` does it. Written with the product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="words")
    word = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "word"], name="one_row_per_product_and_word")]
        # For beginnings PostgreSQL needs this class where the house sorts by a language; SQLite ignores it.
        indexes = [models.Index(fields=["word"], name="product_word", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.word


def working_week() -> list[str]:
    """Return the days on which a place works unless somebody says otherwise."""
    return ["mon", "tue", "wed", "thu", "fri"]


class Warehouse(models.Model):
    """A place that keeps and ships goods. Lower `priority` serves first; `last_resort` only if no other can.

    `open_days` and `closures` are kept as `inventory.opening` says; `cut_off` is by its own clock.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    address = models.JSONField(_("address"), default=dict, blank=True)
    country = models.CharField(_("country"), max_length=2)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=50)
    last_resort = models.BooleanField(_("last resort for deliveries"), default=False)
    last_pickup_at = models.TimeField(
        _("last pick-up at"),
        null=True,
        blank=True,
        help_text=_("When the carriers have fetched what leaves on a day."),
    )
    open_days = models.JSONField(_("open on"), default=working_week)
    closures = models.JSONField(
        _("closed on"),
        default=list,
        blank=True,
        help_text=_("One per line, as in “2026-12-24 – 2026-12-26 Christmas” or “2027-01-01 New Year”."),
    )
    cut_off = models.TimeField(
        _("orders until"),
        null=True,
        blank=True,
        help_text=_("What is ordered later on a day begins on the next one. Empty: all day."),
    )
    handling_days = models.PositiveSmallIntegerField(
        _("handling days"),
        null=True,
        blank=True,
        help_text=_("Open days from the order until it leaves. Empty: as the channel says."),
    )
    daily_capacity = models.PositiveIntegerField(
        _("lists a day"), null=True, blank=True, help_text=_("How many pick lists are finished here on a usual day.")
    )
    handles = models.JSONField(_("can handle"), default=usual_handling, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
