"""What the desk adds to the page of an order: the way to go on with a draft, and to ship in one go."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import history
from core.money import round_amount
from core.panels import Lead, lead, panel
from core.sight import limited_to
from customers.models import Customer
from desk.forms import ShipForm
from desk.shipping import ReadyToShip, ready_to_ship
from orders.models import Draft, Order, OrderStatus
from orders.selectors import WAITING

TAKES = "orders.take_dossier"
NEEDED = ("orders.operate_order", "customers.view_customer")
SHIPS = "fulfillment.operate_fulfillmentorder"
TAKES_MONEY = "billing.operate_payment"


@panel("orders.order", order=1)
def draft(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Lead on, and say until when it is offered."""
    user: Any = request.user
    if not user.has_perms(NEEDED):
        return None
    if order.status == OrderStatus.EXPIRED and order.placed_at is None:
        anew = f"{reverse('desk:new-order')}?{urlencode({'like': order.number})}"
        return "desk/panels/lapsed.html", {"title": _("Quotation"), "anew": anew}
    if order.status != OrderStatus.DRAFT:
        return None
    context = {
        "title": _("Draft"),
        "resume": reverse("desk:draft", args=[order.number]),
        "draft": Draft.objects.filter(order=order).defer("typed").first(),
    }
    return "desk/panels/draft.html", context


@lead("customers.customer")
def new_order(request: HttpRequest, customer: Customer) -> Lead | None:
    """Begin an order of theirs."""
    user: Any = request.user
    if not user.has_perms(NEEDED):
        return None
    return Lead(f"{reverse('desk:new-order')}?customer={customer.number}", _("New order"), "plus")


@lead("orders.order")
def edit_order(request: HttpRequest, order: Order) -> Lead | None:
    """Lead to the page on which an order is edited."""
    user: Any = request.user
    if order.status not in WAITING or not user.has_perm("orders.change_order"):
        return None
    return Lead(reverse("desk:edit-order", args=[order.number]), _("Edit order"), "pen")


def may_take_money(request: HttpRequest) -> bool:
    """Whether this person may write down money."""
    return bool(request.user.has_perm(TAKES_MONEY))


def ship_form(request: HttpRequest, ready: ReadyToShip, data: Any = None) -> ShipForm:
    """Return the form with the amount that is due filled in; that it came in is for a person to say."""
    start = {"seen": ready.seen, "amount": round_amount(ready.due, ready.order.currency)}
    return ShipForm(data, ready=ready, may_take_money=may_take_money(request), initial=start)


@panel("orders.order", order=15)
def ship_now(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Offer to ship what is here, with its tracking number, and to write down the money in the same go."""
    if not request.user.has_perm(SHIPS):
        return None
    ready = ready_to_ship(order, places=limited_to("warehouse"))
    if ready is None or (ready.first_pay and not may_take_money(request)):
        return None
    return "desk/panels/ship.html", {
        "title": _("Ship"),
        "anchor": "ship",
        "form": ship_form(request, ready) if ready.parcels else None,
        "elsewhere": ready.left_alone(),
        "order": order,
    }


@panel("orders.order", order=95)
def dossier(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Hand everything about the order to who may take it out of the house."""
    if order.status == OrderStatus.DRAFT or not request.user.has_perm(TAKES):
        return None
    return "desk/panels/dossier.html", {"title": _("Dossier"), "order": order}


history.phrase("orders.dossier_taken", gettext_lazy("Dossier taken"), icon="download")
