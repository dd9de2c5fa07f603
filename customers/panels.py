"""What we know about a customer ourselves; other apps add what they know.

The page has two parts: `customers.customer.now` is what one wants to know when the phone rings, as cards
in one look; `customers.customer` are the panels below it.
"""

import re
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import seat
from core.admin.strands import Told, history_of, mails_of, strand, timeline
from core.panels import once, panel
from core.reader import country_name, locale
from core.service import thread_of
from customers import selectors, services, vat_ids
from customers.models import Address, Contact, Customer
from customers.ways import WAYS, noted

Part = tuple[str, dict[str, Any]]
PAGE = "customers.customer"
NOW = "customers.customer.now"
CHANGE = "customers.change_customer"
NOTES = frozenset(noted(way) for way, _label in WAYS)
# What of the timeline is a contact with the customer.
CONTACT = ("mails", "comments")
PEOPLE_IN_SIGHT = 2
NOT_DIALLED = re.compile(r"[^\d+*#]")


def dialled(phone: str) -> str:
    """Return a phone number as a telephone takes it."""
    return NOT_DIALLED.sub("", phone.replace("(0)", ""))


def _sites(request: HttpRequest, customer: Customer) -> list[Address]:
    return once(request, f"customers.sites:{customer.pk}", lambda: list(selectors.sites(customer)))


def _contacts(request: HttpRequest, customer: Customer) -> list[Contact]:
    return once(request, f"customers.contacts:{customer.pk}", lambda: list(customer.contacts.order_by("pk")))


def _step(request: HttpRequest, customer: Customer, name: str) -> str:
    """Return the address of a step about a customer, for who may take it."""
    if not request.user.has_perm(CHANGE):
        return ""
    return reverse("admin:customers_customer_do", args=[customer.pk, name])


@panel(NOW, order=10)
def reach(request: HttpRequest, customer: Customer) -> Part:
    """Show how to reach them."""
    people = _contacts(request, customer)
    context = {
        "title": _("Reach them"),
        "dialled": dialled(customer.phone),
        "people": [{"contact": one, "dialled": dialled(one.phone)} for one in people[:PEOPLE_IN_SIGHT]],
        "more_people": max(0, len(people) - PEOPLE_IN_SIGHT),
        "edit": reverse("admin:customers_customer_edit", args=[customer.pk]) if request.user.has_perm(CHANGE) else "",
    }
    return "customers/panels/reach.html", context


@panel(NOW, order=40)
def last_contact(request: HttpRequest, customer: Customer) -> Part:
    """Show what was said last, by us or by them."""
    found = timeline(PAGE, request, customer, keys=CONTACT, limit=1)
    last = found[0] if found else None
    context = {"title": _("Last contact"), "last": last, "note": _step(request, customer, "note")}
    return "customers/panels/last_contact.html", context


@panel(PAGE, order=80)
def sites_of(request: HttpRequest, customer: Customer) -> Part:
    """Show where invoices and goods go."""
    sites = _sites(request, customer)
    may_change = request.user.has_perm(CHANGE)
    rows = [
        {
            "site": site,
            "address": ", ".join(site.postal().spoken(str(locale()))),
            "dialled": dialled(site.phone),
            "change": _row_step(request, "address", site.pk, "change") if may_change else "",
            "remove": _row_step(request, "address", site.pk, "remove") if may_change else "",
        }
        for site in sites
    ]
    add = _step(request, customer, "site")
    context = {
        "title": _("Sites"),
        "count": len(rows),
        "flush": True,
        "rows": rows,
        "more": (add, _("Add a site")) if add else None,
    }
    return "customers/panels/sites.html", context


@panel(PAGE, order=82)
def contacts_of(request: HttpRequest, customer: Customer) -> Part:
    """Show who to talk to."""
    may_change = request.user.has_perm(CHANGE)
    rows = [
        {
            "contact": one,
            "dialled": dialled(one.phone),
            "change": _row_step(request, "contact", one.pk, "change") if may_change else "",
            "remove": _row_step(request, "contact", one.pk, "remove") if may_change else "",
        }
        for one in _contacts(request, customer)
    ]
    add = _step(request, customer, "contact")
    context = {
        "title": _("Contacts"),
        "count": len(rows),
        "flush": True,
        "rows": rows,
        "more": (add, _("Add a contact")) if add else None,
    }
    return "customers/panels/contacts.html", context


def _row_step(request: HttpRequest, model: str, pk: int, name: str) -> str:
    return f"{reverse(f'admin:customers_{model}_do', args=[pk, name])}?next={request.path}"


@panel(PAGE, order=23)
def tax_of(request: HttpRequest, customer: Customer) -> Part | None:
    """Show what tax knows of them: the VAT id and the answers about it, and what makes them exempt."""
    add = _step(request, customer, "certificate")
    if not (customer.vat_id or customer.exemptions or add):
        return None
    today = seat.today()
    held = selectors.certificates(customer.pk) if customer.exemptions else []
    context = {
        "title": _("Tax"),
        "side": True,
        "number": customer.vat_id,
        "state": customer.vat_state,
        "is_of_eu": vat_ids.is_of_eu(customer.vat_id),
        "can_be": vat_ids.can_be(customer.vat_id),
        "asked_at": customer.vat_asked_at if customer.vat_checked_at is None else None,
        "checks": once(
            request,
            f"customers.vat:{customer.pk}",
            lambda: selectors.vat_checks(customer.pk) if customer.vat_id else [],
        ),
        "certificates": [
            {
                "one": one,
                "place": one.region or country_name(one.country),
                "is_over": bool(one.valid_until and one.valid_until < today),
                "is_ending": bool(one.valid_until and today <= one.valid_until <= today + services.WARN_BEFORE),
                "is_early": one.valid_from > today,
                "end": _row_step(request, "taxcertificate", one.pk, "end") if request.user.has_perm(CHANGE) else "",
            }
            for one in held
        ],
        "add": add,
        "look_up": _step(request, customer, "check-vat") if services.is_connected() else "",
        "note": _step(request, customer, "note-vat"),
    }
    return "customers/panels/tax.html", context


@panel(PAGE, order=5)
def notes_on(request: HttpRequest, customer: Customer) -> Part | None:
    """Show what somebody should know before they call."""
    return ("customers/panels/notes.html", {"title": _("Notes"), "side": True}) if customer.notes else None


@panel(PAGE, order=6)
def doubles_of(request: HttpRequest, customer: Customer) -> Part | None:
    """Say who else this may be."""
    words = {"email": _("same e-mail"), "phone": _("same phone"), "address": _("same address")}
    found = selectors.doubles_of(customer, at=_sites(request, customer))
    if not found:
        return None
    rows = [{"customer": one.customer, "alike": ", ".join(words[name] for name in one.alike)} for one in found]
    return "customers/panels/doubles.html", {"title": _("Perhaps the same"), "side": True, "rows": rows}


@strand(PAGE, order=90)
def changes_of(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what became of the record."""
    return [one for one in _own(request, customer, until) if one.name not in NOTES]


@strand(PAGE, "comments", gettext_lazy("Comments"), order=40)
def notes_of(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what was said with them."""
    return [one for one in _own(request, customer, until) if one.name in NOTES]


@strand(PAGE, "mails", gettext_lazy("Mails"), order=30, permission="core.view_outgoingmail")
def mails_to(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what was written to them about no order."""
    return mails_of({thread_of(customer): None}, until)


def _own(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    key = f"customers.history:{customer.pk}:{until}"
    return once(request, key, lambda: history_of(thread_of(customer), until))
