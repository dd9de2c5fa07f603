"""Who may see which order in the portal: the one place that decides it.

A signed-in customer sees his orders. Anybody who knew an order's number and e-mail address (or held a
link from a mail) sees that order for the rest of the session. A foreign order answers like a missing one.
"""

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from core.actors import Actor
from customers.models import Customer
from orders.models import Order

OPENED = "opened_orders"
MAX_OPENED = 20


def customer_of(request: HttpRequest) -> Customer | None:
    """Return the customer who is signed in, if any."""
    if not request.user.is_authenticated:
        return None
    return Customer.objects.filter(user=request.user, active=True).first()


def group_of(request: HttpRequest) -> int | None:
    """Return the customer group whose prices this visitor gets: that of who is signed in."""
    if not request.user.is_authenticated:
        return None
    return Customer.objects.filter(user=request.user, active=True).values_list("group", flat=True).first()


def visible_orders(request: HttpRequest) -> "QuerySet[Order]":
    """Return the orders this visitor may see; never drafts."""
    return orders_shown_to(request, customer_of(request))


def orders_shown_to(request: HttpRequest, customer: Customer | None) -> "QuerySet[Order]":
    """Return the orders that the customer in hand, or this session, may see; never drafts."""
    mine = Q(pk__in=request.session.get(OPENED, []))
    if customer is not None:
        mine |= Q(customer=customer)
    return Order.objects.filter(mine).exclude(status="draft")


def get_order(request: HttpRequest, number: str) -> Order:
    """Return one visible order.

    Raises Http404 for everything else.
    """
    found = visible_orders(request).filter(number=without_nul(number).upper())
    if order := found.select_related("channel", "shipping_method", "customer", "draft").first():
        return order
    raise Http404


def open_order(request: HttpRequest, order: Order) -> None:
    """Let this session see an order, because the visitor proved to know it."""
    opened = [pk for pk in request.session.get(OPENED, []) if pk != order.pk]
    request.session[OPENED] = [order.pk, *opened][:MAX_OPENED]


def look_up(number: str, email: str) -> Order | None:
    """Return the order with this number and e-mail address."""
    found = Order.objects.filter(number=number.strip().upper(), email__iexact=email.strip()).exclude(email="")
    return found.exclude(status="draft").first()


def user_name_for(text: str) -> str:
    """Return the user name somebody signs in with, who may have typed an e-mail address instead."""
    if "@" not in text or get_user_model().objects.filter(username=text).exists():
        return text
    found = Customer.objects.filter(email=text.strip().lower(), active=True, user__isnull=False)
    name = found.order_by("pk").values_list("user__username", flat=True).first()
    return str(name) if name else text


def without_nul(text: str) -> str:
    """Take out the one character that no database keeps."""
    return text.replace("\0", "")


def actor_of(request: HttpRequest, order: Order | None = None) -> Actor:
    """Return who acts: the customer, or the guest of an order."""
    if customer := customer_of(request):
        return Actor("customer", str(customer.number))
    return Actor("guest", str(order.number) if order else "")
