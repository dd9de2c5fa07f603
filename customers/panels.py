"""What we know about a customer ourselves; other apps add what they know."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.panels import panel
from core.reader import locale
from customers import selectors
from customers.models import Customer


@panel("customers.customer", order=80)
def sites_of(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show where invoices and goods go."""
    sites = selectors.sites(customer)
    rows = [{"site": site, "address": ", ".join(site.postal().spoken(str(locale())))} for site in sites]
    return "customers/panels/sites.html", {"title": _("Sites"), "count": len(rows), "flush": True, "rows": rows}


@panel("customers.customer", order=82)
def contacts_of(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show who to talk to."""
    rows = list(customer.contacts.order_by("pk"))
    if not rows:
        return None
    context = {"title": _("Contacts"), "count": len(rows), "flush": True, "rows": rows}
    return "customers/panels/contacts.html", context


@panel("customers.customer", order=5)
def notes_on(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show tags and what somebody should know before they call."""
    if not (customer.notes or customer.tags):
        return None
    return "customers/panels/notes.html", {"title": _("Notes"), "side": True}
