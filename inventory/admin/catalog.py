"""Products and warehouses."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import code_column, country_column, figure_column, flag_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from inventory import services
from inventory.handling import labels
from inventory.models import Product, Warehouse

from .forms import STREET, ExpectForm, ProductForm, ReceiveForm, WarehouseForm

STORED = (
    "name",
    "names",
    "description",
    "kind",
    "category",
    "tax_class",
    "barcode",
    "weight_grams",
    "handling",
    "auto_reorder",
    "unit_cost",
    "image",
    "backorder",
    "backorder_limit",
    "release_on",
    "active",
)


# A kit has its parts in rows of their own.
ASKED = (*STORED[:4], "parts", *STORED[4:])

# When a place works, and how much fits into a day: what promises and Today reckon with.
DAY = ("open_days", "closures", "cut_off", "handling_days", "last_pickup_at", "daily_capacity")


def create_product(values: dict[str, Any], *, actor: Actor) -> Product:
    """Take a product into the catalogue, as its form says."""
    return services.create_product(services.ProductInput(**values), actor=actor)


def create_warehouse(values: dict[str, Any], *, actor: Actor) -> Warehouse:
    """Open a warehouse, as its form says."""
    return services.create_warehouse(services.WarehouseInput(**_with_address(values, {})), actor=actor)


def change_warehouse(warehouse_id: int, changes: dict[str, Any], *, actor: Actor) -> Warehouse:
    """Change a warehouse, as its form says; the address is one thing."""
    known = Warehouse.objects.get(pk=warehouse_id).address if set(changes) & set(STREET) else {}
    return services.update_warehouse(warehouse_id, _with_address(changes, known), actor=actor)


def _with_address(values: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Put the parts of the address together, with what else is known of it."""
    plain = {name: value for name, value in values.items() if name not in STREET}
    if parts := {name: values[name] for name in STREET if name in values}:
        plain["address"] = {name: value for name, value in {**known, **parts}.items() if value}
    return plain


def receive(product_id: int, *, warehouse: Warehouse, quantity: int, reference: str, actor: Actor) -> None:
    """Put units of one product on the shelf."""
    services.receive_stock(warehouse_id=warehouse.pk, units={product_id: quantity}, reference=reference, actor=actor)


def expect(product_id: int, *, warehouse: Warehouse, expected_on: Any, actor: Actor, **given: Any) -> None:
    """Write down that units of one product are on their way."""
    services.expect_receipt(
        product_id=product_id, warehouse_id=warehouse.pk, expected_on=expected_on, **given, actor=actor
    )


def what_receiving_does(product: Product) -> list[str]:
    """Say what a receipt will do."""
    free = services.availability([product.pk])[product.pk]
    return [
        ngettext("%(n)s unit can be promised now; the new ones come on top.",
                 "%(n)s units can be promised now; the new ones come on top.", free) % {"n": free},
        gettext("Orders that wait for this product get theirs first."),
        gettext("A movement says who booked it and by which paper."),
    ]  # fmt: skip


@admin.register(Product, site=site)
class ProductAdmin(TransitionAdmin, PanelAdmin):
    """The catalogue."""

    page = "inventory.product"
    form = ProductForm
    list_display = (
        code_column("sku", _("SKU")),
        "name",
        "kind",
        "category",
        "tax_class",
        "backorder",
        "active",
    )
    list_display_links = ("name",)
    list_filter = ("kind", "active", "backorder")
    tabs = (
        Tab(_("For sale"), {"active__exact": "1"}),
        Tab(pgettext_lazy("tab", "Kits"), {"kind__exact": "kit"}),
        Tab(_("Services"), {"kind__exact": "service"}),
        Tab(_("Retired"), {"active__exact": "0"}),
    )
    ordering = ("sku",)
    search_fields = ("sku", "name")
    search_help_text = _("SKU, name or GTIN")
    empty_text = _("No products yet. Add one to be able to sell.")
    facts = (
        code_column("sku", _("SKU")),
        "kind",
        "category",
        "tax_class",
        code_column("barcode", _("GTIN")),
        "weight",
        "handled_as",
        "release_on",
        flag_column("backorder"),
        "backorder_limit",
    )
    create_fields = ("sku", *ASKED)
    editable = STORED
    fields = ("sku", *ASKED)
    create_service = staticmethod(create_product)
    change_service = staticmethod(services.update_product)
    transition_services = {
        "receive": TransitionSpec(
            label=_("Receive"),
            service=receive,
            permission="inventory.change_stockitem",
            form=ReceiveForm,
            consequences=what_receiving_does,
            when=lambda product: product.has_shelf,
            style="primary",
            icon="download",
            done=_("The units are on the shelf."),
        ),
        "expect": TransitionSpec(
            label=_("Expect"),
            service=expect,
            permission="inventory.add_expectedreceipt",
            form=ExpectForm,
            when=lambda product: product.has_shelf,
            icon="clock",
            done=_("The units are on their way."),
        ),
    }

    @admin.display(description=_("to be handled as"))
    def handled_as(self, product: Product) -> str:
        """Return how it must be handled."""
        return ", ".join(labels(product.handling))

    @admin.display(description=_("weight"))
    def weight(self, product: Product) -> str:
        """Return the weight, where somebody weighed it."""
        return f"{product.weight_grams:,} g".replace(",", "\u202f") if product.weight_grams else ""

    def badges(self, obj: Product) -> list[tuple[str, Any]]:
        """Say what is not sold any more."""
        return [] if obj.active else [("inactive", gettext("inactive"))]

    def page_title(self, obj: Product) -> str:
        """Return the name as the reader knows it."""
        return obj.name_in()

    def headline(self, obj: Product) -> str:
        """Say how many can be promised."""
        if not obj.needs_stock:
            return gettext("Needs no shelf: it is rendered or sent.")
        free = services.availability([obj.pk])[obj.pk]
        if obj.is_kit:
            return ngettext("%(n)s kit can be made now.", "%(n)s kits can be made now.", free) % {"n": free}
        return ngettext("%(n)s unit can be promised now.", "%(n)s units can be promised now.", free) % {"n": free}

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Product]", search_term: str
    ) -> tuple["QuerySet[Product]", bool]:
        """Find by the beginning of the SKU, which an index serves, by GTIN, and by a word of the name."""
        return queryset.filter(means(search_term)) if search_term.strip() else queryset, False


def means(term: str, path: str = "") -> Q:
    """Return the condition under which a product is meant by a word."""
    wanted = term.strip()
    return (
        Q(**{f"{path}sku__startswith": wanted.upper()})
        | Q(**{f"{path}barcode": wanted})
        | Q(**{f"{path}name__icontains": wanted})
    )


@admin.register(Warehouse, site=site)
class WarehouseAdmin(BackOfficeAdmin):
    """Places that keep and ship goods."""

    is_small = True
    form = WarehouseForm
    list_display = (
        code_column("code", _("code")),
        "name",
        country_column("country"),
        figure_column("priority", _("priority")),
        "last_resort",
        "active",
    )
    list_display_links = ("name",)
    ordering = ("priority", "code")
    search_fields = ("code", "name")
    empty_text = _("No warehouses yet. Open one to keep stock.")
    editable = ("name", *STREET, "country", "time_zone", *DAY, "handles", "priority", "last_resort", "active")
    create_fields = ("code", *editable)
    fields = create_fields
    create_service = staticmethod(create_warehouse)
    change_service = staticmethod(change_warehouse)
