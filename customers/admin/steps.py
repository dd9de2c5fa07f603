"""What is done about a customer from their page, each behind a page that says what will happen."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import seat
from core.actors import Actor
from core.admin.base import BackOfficeAdmin
from core.admin.columns import actor_column, link_column, money_column, when_column
from core.admin.links import page_of
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.uploads import NewFile
from customers import services, vat_ids
from customers.addresses import PostalAddress
from customers.models import Address, Contact, CreditOverride, Customer, TaxCertificate

from .forms import CertificateForm, CreditForm, PersonForm, PlaceForm, SaidForm, VatCheckForm

CHANGE = "customers.change_customer"
VIEW = "customers.view_customer"
GRANT = "customers.grant_credit"


def add_site(customer_id: int, *, actor: Actor, **values: Any) -> Address:
    """Write a site down, as the form says."""
    return services.add_address(
        customer_id,
        PostalAddress.from_dict(values),
        label=values["label"],
        is_bill_to=values["is_bill_to"],
        is_ship_to=values["is_ship_to"],
        actor=actor,
    )


def add_certificate(customer_id: int, *, actor: Actor, files: Sequence[NewFile], **values: Any) -> TaxCertificate:
    """Write a tax certificate down, as the form says."""
    given = services.CertificateInput(**values)
    return services.add_certificate(customer_id, given, file=next(iter(files), None), actor=actor)


def change_site(address_id: int, *, actor: Actor, **values: Any) -> Address:
    """Change a site, as the form says."""
    return services.update_address(address_id, values, actor=actor)


def change_contact(contact_id: int, *, actor: Actor, **values: Any) -> Contact:
    """Change a contact, as the form says."""
    return services.update_contact(contact_id, values, actor=actor)


def _what_noting_does(customer: Customer) -> list[str]:
    return [gettext("It stays in the history of the customer, with your name; nobody is written to.")]


def _what_a_site_does(subject: Customer | Address) -> list[str]:
    return [gettext("Orders from now on may use it; those already placed keep their address.")]


def _what_leaving_does(subject: Address | Contact) -> list[str]:
    return [gettext("It goes off the record of the customer; the history keeps what it said.")]


def _kept(names: tuple[str, ...]) -> Any:
    return lambda row: {name: getattr(row, name) for name in names}


CUSTOMER_STEPS: Mapping[str, TransitionSpec] = {
    "note": TransitionSpec(
        _("Note a call"),
        services.note_contact,
        CHANGE,
        form=SaidForm,
        consequences=_what_noting_does,
        done=_("Noted."),
        icon="phone",
    ),
    "site": TransitionSpec(
        _("Add a site"),
        add_site,
        CHANGE,
        form=PlaceForm,
        initial=lambda customer: {"name": customer.name, "company": customer.company, "is_ship_to": True},
        consequences=_what_a_site_does,
        done=_("The site is kept."),
        icon="building",
    ),
    "contact": TransitionSpec(
        _("Add a contact"),
        services.add_contact,
        CHANGE,
        form=PersonForm,
        done=_("The contact is kept."),
        icon="person",
    ),
    "check-vat": TransitionSpec(
        _("Look up the VAT id"),
        services.ask_vat_check,
        CHANGE,
        consequences=lambda customer: [
            gettext("VIES is asked whether %(number)s is valid; the answer is kept.") % {"number": customer.vat_id},
            gettext("While VIES does not answer, it is asked again every half hour; no order waits for it."),
        ],
        when=lambda customer: services.is_connected() and vat_ids.is_valid(customer.vat_id),
        done=_("VIES is asked."),
        elsewhere=True,
    ),
    "certificate": TransitionSpec(
        _("Add a tax certificate"),
        add_certificate,
        CHANGE,
        form=CertificateForm,
        initial=lambda customer: {"valid_from": seat.today()},
        consequences=lambda customer: [
            gettext(
                "Their orders from now on bear no tax there while it is valid; the reason stands on their invoices."
            )
        ],
        done=_("The certificate is kept."),
        elsewhere=True,
    ),
    "note-vat": TransitionSpec(
        _("Write down a check"),
        services.note_vat_check,
        CHANGE,
        form=VatCheckForm,
        consequences=lambda customer: [
            gettext("It is kept as evidence about %(number)s, with your name.") % {"number": customer.vat_id},
            gettext(
                "An id that is not valid makes their next orders bear tax, and puts the open ones before finance."
            ),
        ],
        when=lambda customer: vat_ids.is_of_eu(customer.vat_id),
        done=_("The check is kept."),
        elsewhere=True,
    ),
    "credit": TransitionSpec(
        _("Grant more for a time"),
        services.grant_credit,
        GRANT,
        form=CreditForm,
        consequences=lambda customer: [
            gettext("Their orders that wait for credit go on as far as it reaches, the oldest first."),
            gettext("When its time is over, what has not left by then waits again."),
        ],
        when=lambda customer: customer.credit_limit is not None,
        done=_("They may owe more for a time."),
        elsewhere=True,
    ),
}


class PartAdmin(TransitionAdmin, BackOfficeAdmin):
    """A part of a customer's record: seen and changed by whoever sees and changes the customer."""

    list_display_links = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees customers."""
        return bool(request.user.has_perm(VIEW) or request.user.has_perm(CHANGE))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever sees customers."""
        return self.has_view_permission(request)

    def _way_back(self, request: HttpRequest, obj: Any) -> str:
        wanted = super()._way_back(request, obj)
        return page_of(obj.customer) if wanted == page_of(obj) else wanted


@admin.register(Address, site=site)
class SiteAdmin(PartAdmin):
    """Sites of all customers."""

    list_display = ("label", link_column("customer"), "line1", "postal_code", "city", "country")
    list_select_related = ("customer",)
    search_fields = ("=postal_code", "=customer__number")
    search_help_text = _("By postcode or number of the customer")
    empty_text = _("No sites yet. They are added on the page of a customer.")
    transition_services = {
        "change": TransitionSpec(
            _("Change the site"),
            change_site,
            CHANGE,
            form=PlaceForm,
            initial=_kept(PlaceForm.Meta.fields),
            consequences=_what_a_site_does,
            done=_("The site is kept."),
        ),
        "remove": TransitionSpec(
            _("Remove the site"),
            services.remove_address,
            CHANGE,
            consequences=_what_leaving_does,
            done=_("The site is off the record."),
            style="danger",
        ),
    }


@admin.register(Contact, site=site)
class ContactAdmin(PartAdmin):
    """Contacts of all customers."""

    list_display = ("name", "role", link_column("customer"), "email", "phone")
    list_select_related = ("customer",)
    search_fields = ("=email", "=customer__number")
    search_help_text = _("By e-mail or number of the customer")
    empty_text = _("No contacts yet. They are added on the page of a customer.")
    transition_services = {
        "change": TransitionSpec(
            _("Change the contact"),
            change_contact,
            CHANGE,
            form=PersonForm,
            initial=_kept(PersonForm.Meta.fields),
            done=_("The contact is kept."),
        ),
        "remove": TransitionSpec(
            _("Remove the contact"),
            services.remove_contact,
            CHANGE,
            consequences=_what_leaving_does,
            done=_("The contact is off the record."),
            style="danger",
        ),
    }


@admin.register(CreditOverride, site=site)
class CreditOverrideAdmin(PartAdmin):
    """What customers may owe beyond their limits for a time, and might; the youngest first."""

    list_display = (
        link_column("customer"),
        money_column("amount", _("Beyond the limit"), currency="customer__currency"),
        when_column("until", _("Until")),
        "reason",
        actor_column("granted_by"),
        when_column("granted_at", _("Since")),
        when_column("ended_at", _("Ended")),
    )
    list_select_related = ("customer",)
    ordering = ("-id",)
    search_fields = ("=customer__number",)
    search_help_text = _("By number of the customer")
    empty_text = _("Nobody may owe more than their limit. It is granted on the page of a customer.")
    transition_services = {
        "end": TransitionSpec(
            _("End it now"),
            services.end_credit,
            GRANT,
            consequences=lambda granted: [gettext("What has not left by then waits where the limit does not reach.")],
            when=lambda granted: granted.ended_at is None,
            done=_("It is over."),
            style="danger",
        ),
    }
