"""What a customer owes on credit, part by part, and what they may owe for a time; each part opens its list."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.admin.links import list_of
from core.money import Money, round_amount
from core.panels import once, panel
from core.reader import spoken_moment
from customers import selectors
from customers.models import CreditOverride, Customer
from orders.credit import Exposure, exposure_of
from orders.guards import ON_CREDIT
from orders.models import Order
from orders.selectors import LIVE

Part = tuple[str, dict[str, Any]]
GONE = "partially_shipped,shipped,partially_delivered,delivered"
BILLED = "partially_invoiced,invoiced"
VIEW, GRANT = "orders.view_order", "customers.grant_credit"


def exposure_on_page(request: HttpRequest, customer: Customer) -> Exposure:
    """Return what counts against the limit of a customer; several parts of the page ask, one statement answers."""
    return once(request, f"orders.exposure:{customer.pk}", lambda: exposure_of(customer))


def beyond_on_page(request: HttpRequest, customer: Customer) -> list[CreditOverride]:
    """Return what they may owe beyond the limit now, asked once."""
    return once(request, f"orders.beyond:{customer.pk}", lambda: list(selectors.overrides(customer.pk)))


def left_on_page(request: HttpRequest, customer: Customer) -> Money | None:
    """Return how much more they may owe; nothing where nothing limits them."""
    if customer.credit_limit is None:
        return None
    extra = sum((one.amount for one in beyond_on_page(request, customer)), start=Decimal(0))
    owed = exposure_on_page(request, customer).total
    return Money(round_amount(customer.credit_limit + extra - owed, customer.currency), customer.currency)


@panel("customers.customer", order=22)
def credit(request: HttpRequest, customer: Customer) -> Part | None:
    """Show the parts of what counts against the limit, and credit beyond it; nothing where nothing limits them."""
    if customer.credit_limit is None or not request.user.has_perm(VIEW):
        return None
    found, running = exposure_on_page(request, customer), beyond_on_page(request, customer)
    currency = customer.currency
    extra = round_amount(sum((one.amount for one in running), start=Decimal(0)), currency)
    of_customer = {"customer__id__exact": customer.pk}
    theirs = {**of_customer, "payment_terms__in": ",".join(sorted(ON_CREDIT)), "status__in": ",".join(LIVE)}
    may_grant = request.user.has_perm(GRANT)
    parts = [
        # Whatever their terms, closed or not: an invoice may be owed again.
        (_("Invoices not paid"), found.unpaid, {**of_customer, "invoice_status__in": BILLED, "balance_due__gt": 0}),
        (_("Left, not invoiced yet"), found.unbilled, {**theirs, "fulfillment_status__in": GONE}),
        (_("Open orders"), found.open, theirs),
    ]
    context = {
        "title": _("Credit"),
        "side": True,
        "parts": [
            (label, Money(amount, currency), list_of(Order, **filters) if amount else "")
            for label, amount, filters in parts
        ],
        "total": Money(found.total, currency),
        "limit": Money(customer.credit_limit, currency),
        "extra": Money(extra, currency) if extra else None,
        "left": left_on_page(request, customer),
        "waiting": Money(found.waiting, currency) if found.waiting else None,
        "waiting_url": list_of(Order, **theirs, active_holds__gt=0),
        "running": [
            {
                "one": one,
                "amount": Money(one.amount, currency),
                "until": spoken_moment(one.until),
                "end": f"{reverse('admin:customers_creditoverride_do', args=[one.pk, 'end'])}?next={request.path}"
                if may_grant
                else "",
            }
            for one in running
        ],
        "grant": f"{reverse('admin:customers_customer_do', args=[customer.pk, 'credit'])}?next={request.path}"
        if may_grant
        else "",
    }
    return "orders/panels/credit.html", context
