"""The one page about a customer, and the form behind it."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.admin import history
from core.admin.actors import actor_for
from core.admin.base import Tab
from core.admin.columns import code_column, money_column, when_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin
from customers import selectors, services
from customers.addresses import PostalAddress
from customers.models import Address, Contact, Customer
from customers.terms import TERMS
from customers.ways import WAYS, noted

from .forms import ContactForm, CustomerForm, SiteForm
from .steps import CUSTOMER_STEPS

history.phrase("customers.customer_created", _("Became a customer"), icon="person")
for _way, _label in WAYS:
    history.phrase(noted(_way), _label, icon="phone" if _way == "call" else "note")
KEPT = (
    "kind",
    "name",
    "company",
    "email",
    "phone",
    "language",
    "group",
    "vat_id",
    "tax_class",
    "currency",
    "payment_terms",
    "credit_limit",
    "tags",
    "notes",
)
NUMBER = code_column("number", _("number"))


def create_customer(values: dict[str, Any], *, actor: Actor) -> Customer:
    """Write a customer down, as the form says."""
    given = {name: value for name, value in values.items() if name in KEPT}
    group = given.pop("group", None)
    tags = tuple(given.pop("tags", ()))
    return services.create_customer(
        services.CustomerInput(**given, group=group.code if group else "", tags=tags), actor=actor
    )


class SiteInline(admin.StackedInline):
    """Where invoices and goods go."""

    model = Address
    form = SiteForm
    extra = 0
    fields = (
        ("label", "is_bill_to", "is_ship_to"),
        ("company", "name"),
        ("line1", "line2"),
        ("postal_code", "city", "region"),
        ("country", "phone"),
    )
    verbose_name = _("site")
    verbose_name_plural = _("sites")


class ContactInline(admin.TabularInline):
    """People at the customer."""

    model = Contact
    form = ContactForm
    extra = 0
    fields = ("name", "role", "email", "phone")
    verbose_name = _("contact")
    verbose_name_plural = _("contacts")


@admin.register(Customer, site=site)
class CustomerAdmin(TransitionAdmin, PanelAdmin):
    """Everything about a customer on one page; other apps add what they know."""

    page = "customers.customer"
    form = CustomerForm
    list_display = (
        NUMBER,
        "__str__",
        "email",
        "kind",
        "group",
        "terms",
        money_column("credit_limit"),
        when_column("created_at", _("since")),
        "active",
    )
    list_display_links = ("__str__",)
    list_select_related = ("group",)
    list_filter = ("kind", "group", "active")
    tabs = (
        Tab(_("Companies"), {"kind__exact": "company"}),
        Tab(_("People"), {"kind__exact": "person"}),
        Tab(_("Inactive"), {"active__exact": "0"}),
    )
    search_fields = ("number", "email", "name", "company")
    search_help_text = _("Number, e-mail, name or company")
    empty_text = _("No customers yet. They come with their first order, or you write one down.")
    facts = (
        NUMBER,
        when_column("created_at", _("since")),
        "group",
        "labels",
        "reads",
        "currency",
        "terms",
        money_column("credit_limit"),
        "vat_id",
        "external_reference",
    )
    transition_services = CUSTOMER_STEPS
    create_fields = KEPT
    editable = (*KEPT, "active")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": (("kind", "company"), ("name", "email"), ("phone", "language"))}),
        (
            _("Agreement"),
            {"fields": (("group", "vat_id", "tax_class"), ("currency", "payment_terms"), "credit_limit", "active")},
        ),
        (_("For us"), {"fields": ("tags", "notes")}),
    )
    inlines = (SiteInline, ContactInline)
    create_service = staticmethod(create_customer)
    change_service = staticmethod(services.update_customer)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Customer]":
        """Return customers with their group."""
        return super().get_queryset(request).select_related("group")

    @admin.display(description=_("tags"))
    def labels(self, obj: Customer) -> str:
        """Name the tags."""
        return ", ".join(obj.tags)

    @admin.display(description=_("payment terms"), ordering="payment_terms")
    def terms(self, obj: Customer) -> str:
        """Say how they pay."""
        return capfirst(str(dict(TERMS).get(obj.payment_terms, obj.payment_terms)))

    @admin.display(description=_("language"))
    def reads(self, obj: Customer) -> str:
        """Name the language they read."""
        return str(dict(settings.LANGUAGES).get(obj.language, obj.language))

    def badges(self, obj: Customer) -> list[tuple[str, Any]]:
        """Say who has left, and whose VAT id is none."""
        found = [] if obj.active else [("inactive", gettext("inactive"))]
        if obj.vat_state == Customer.VatState.INVALID:
            found.append(("vat_refused", gettext("VAT id not valid")))
        return found

    def headline(self, obj: Customer) -> str:
        """Return who it is, where the title names the company."""
        return obj.name if obj.company and obj.name != obj.company else ""

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Customer]", search_term: str
    ) -> tuple["QuerySet[Customer]", bool]:
        """Find as every other place does."""
        return (queryset.filter(selectors.mentions(search_term)) if search_term.strip() else queryset), False

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """Sites and contacts stand in the order they were made."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        return {**kwargs, "queryset": kwargs["queryset"].order_by("pk")}

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Keep sites and contacts through the services."""
        keep = keep_site if formset.model is Address else keep_contact
        remove = services.remove_address if formset.model is Address else services.remove_contact
        formset.save(commit=False)
        actor = actor_for(request)
        for row in formset.deleted_objects:
            remove(row.pk, actor=actor)
        for row, changed in formset.changed_objects:
            keep(row, {name: getattr(row, name) for name in changed}, actor=actor)
        for row in formset.new_objects:
            row.customer_id = form.instance.pk
            keep(row, None, actor=actor)
        formset.save_m2m()


def keep_site(site_row: Address, changes: dict[str, Any] | None, *, actor: Actor) -> None:
    """Write a site down, or change it."""
    if changes is not None:
        services.update_address(site_row.pk, changes, actor=actor)
        return
    services.add_address(
        site_row.customer_id,
        PostalAddress.from_dict(vars(site_row)),
        label=site_row.label,
        is_bill_to=site_row.is_bill_to,
        is_ship_to=site_row.is_ship_to,
        actor=actor,
    )


def keep_contact(contact: Contact, changes: dict[str, Any] | None, *, actor: Actor) -> None:
    """Write a contact down, or change it."""
    if changes is not None:
        services.update_contact(contact.pk, changes, actor=actor)
        return
    services.add_contact(
        contact.customer_id,
        name=contact.name,
        role=contact.role,
        email=contact.email,
        phone=contact.phone,
        actor=actor,
    )
