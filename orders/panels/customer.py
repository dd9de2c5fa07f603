"""What orders knows about a customer: the parts of the customer's page."""

from datetime import datetime
from typing import Any

from babel.numbers import format_percent
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.links import list_of, may_see, page_of
from core.admin.strands import FAR, LIMIT, Place, Told, events_of, mails_of, strand
from core.panels import once, panel
from core.reader import locale, retold
from core.today import count
from customers.models import Customer
from inventory import selectors as inventory
from orders import buying, selectors
from orders.models import Comment, Order, OrderStatus

RECENT = 10
CUSTOMER = "customers.customer"
NOW = "customers.customer.now"
VIEW = "orders.view_order"
GOING_IN_SIGHT = 3
GOING_COUNTED = 99
# Of so many orders the timeline of their customer tells.
TOLD_OF = 20


def newest_orders(request: HttpRequest, customer: Customer) -> buying.Newest:
    """Return the latest orders of a customer; every part of the page asks, one statement answers."""
    return once(request, f"orders.newest:{customer.pk}", lambda: buying.newest(customer))


def figures_of(request: HttpRequest, customer: Customer) -> list[buying.Figures]:
    """Return what the orders of a customer come to; every part of the page asks, one statement answers."""
    return once(request, f"orders.figures:{customer.pk}", lambda: buying.figures_of(customer))


def places_of(request: HttpRequest, customer: Customer) -> dict[str, Place]:
    """Return the histories of the latest orders of a customer, with where each is found."""

    def places() -> dict[str, Place]:
        numbers = newest_orders(request, customer).numbers
        orders = [Order(pk=pk, number=number) for pk, number in list(numbers.items())[:TOLD_OF]]
        is_readable = request.user.has_perm(VIEW)
        return {order.history_thread(): Place(str(order), page_of(order) if is_readable else "") for order in orders}

    return once(request, f"orders.places:{customer.pk}", places)


def latest_rows(request: HttpRequest, customer: Customer) -> list[Order]:
    """Return the few latest orders of a customer, for a list."""
    latest = list(newest_orders(request, customer).numbers)[:RECENT]
    return once(request, f"orders.rows:{customer.pk}", lambda: buying.rows_of(latest))


@panel(NOW, order=20)
def going_on(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show what is under way to them, when it comes, and what is in the way."""
    if not request.user.has_perm(VIEW):
        return None
    rows = buying.going_on(customer)
    number = count(rows, GOING_COUNTED)
    context = {
        "title": _("On its way"),
        "wide": True,
        "count": f"{GOING_COUNTED}+" if number > GOING_COUNTED else number,
        "rows": [_going(order) for order in rows[:GOING_IN_SIGHT]],
        "more": (list_of(Order, customer__id__exact=customer.pk), _("All orders"))
        if number > GOING_IN_SIGHT
        else None,
    }
    return "orders/panels/going_on.html", context


def _going(order: Order) -> dict[str, Any]:
    # What has left is not held up by what is still to come before it can be closed.
    has_left = order.status == OrderStatus.FULFILLED
    return {
        "order": order,
        "status": selectors.display_status(order),
        "is_late": selectors.is_late(order),
        "day": order.promised_on or order.estimated_delivery_on,
        "is_promised": order.promised_on is not None,
        "why": "" if has_left else retold(selectors.blocked_because(order)),
        "next": selectors.next_step(order),
    }


@panel(NOW, order=60)
def so_far(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show how often they ordered, since when, and how often something came back."""
    if not request.user.has_perm(VIEW):
        return None
    figures = figures_of(request, customer)
    shipped = sum(one.shipped for one in figures)
    came_back = sum(one.came_back for one in figures)
    context = {
        "title": _("So far"),
        "orders": sum(one.orders for one in figures),
        "first_at": min((one.first_at for one in figures if one.first_at), default=None),
        "last_at": max((one.last_at for one in figures if one.last_at), default=None),
        "came_back": came_back,
        "shipped": shipped,
        "rate": format_percent(came_back / shipped, "#,##0.# %", locale=locale()) if shipped else "",
    }
    return "orders/panels/so_far.html", context


@panel(CUSTOMER, order=10)
def orders_of_customer(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show what a customer ordered, newest first."""
    if not request.user.has_perm(VIEW):
        return None
    rows = [
        {"order": order, "status": selectors.display_status(order), "is_late": selectors.is_late(order)}
        for order in latest_rows(request, customer)
    ]
    all_of_them = (list_of(Order, customer__id__exact=customer.pk), _("All orders of this customer"))
    context: dict[str, Any] = {
        "title": _("Orders"),
        "flush": True,
        "anchor": "orders",
        "rows": rows,
        "more": all_of_them if rows else None,
    }
    return "orders/panels/of_customer.html", context


@panel(CUSTOMER, order=15)
def usually_bought(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show what they usually buy, what they paid for it, and what of it is there."""
    if not request.user.has_perm(VIEW):
        return None
    latest = newest_orders(request, customer)
    found = buying.usual(latest.numbers)
    free = inventory.availability(one.line.product_id for one in found)
    rows = [
        {
            "usual": one,
            "product": one.line.product,
            "free": free[one.line.product_id] if one.line.product.needs_stock else None,
            "is_linked": may_see(request.user, one.line.product),
        }
        for one in found
    ]
    note = _("In the last 24 months.") if latest.is_all else _("In their newest %(n)s orders.") % {"n": buying.NEWEST}
    context: dict[str, Any] = {"title": _("What they usually buy"), "flush": True, "rows": rows, "note": note}
    return "orders/panels/usual.html", context


@strand(CUSTOMER, "orders", gettext_lazy("Orders"), order=10, permission=VIEW)
def events_of_orders(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what became of their orders."""
    return events_of(places_of(request, customer), until, app="orders")


@strand(CUSTOMER, "mails", gettext_lazy("Mails"), order=30, permission="core.view_outgoingmail")
def mails_about_orders(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what was written about their orders."""
    return mails_of(places_of(request, customer), until)


@strand(CUSTOMER, "comments", gettext_lazy("Comments"), order=40, permission=VIEW)
def comments_on_orders(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what people said about their orders."""
    places = places_of(request, customer)
    latest = list(newest_orders(request, customer).numbers)[:TOLD_OF]
    rows = Comment.objects.filter(order__in=latest, at__lt=until or FAR).order_by("-at", "-pk")[:LIMIT]
    return [
        Told(row.at, row.author, _("Comment"), "note", row.text, place=places[f"orders.order:{row.order_id}"])
        for row in rows
    ]
