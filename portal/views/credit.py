"""What a customer has with us: read here, and used for an order."""

from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from billing import credit_account
from billing import services as billing
from core.errors import DomainError
from core.reader import spoken_amount
from orders.models import Order
from portal import access

PER_PAGE = 20


@login_required
@require_GET
def my_credit(request: HttpRequest) -> HttpResponse:
    """Show the balance of who is signed in, and what became of it, the latest first."""
    customer = access.customer_of(request)
    if customer is None:
        return redirect("portal:home")
    page = Paginator(credit_account.entries_of(customer), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "credits": credit_account.credits_of(customer),
        "rows": [credit_account.movement(one) for one in page.object_list],
        "page": page,
    }
    return render(request, "portal/credit.html", context)


@require_POST
@never_cache
def use_credit(request: HttpRequest, number: str) -> HttpResponse:
    """Pay an order, as far as it reaches, with the credit of its customer, who has to be signed in."""
    order = access.get_order(request, number)
    home = redirect("portal:order", number=order.number)
    if not is_mine(request, order):
        messages.info(request, _("Please sign in to use your store credit."))
        return home
    try:
        payment = billing.pay_from_credit(order.pk, actor=access.actor_of(request, order))
    except DomainError as error:
        messages.info(request, error.message)
        return home
    used = spoken_amount(payment.amount, payment.currency)
    messages.success(request, _("%(amount)s of your store credit is used for this order.") % {"amount": used})
    return home


def is_mine(request: HttpRequest, order: Order) -> bool:
    """Whether the customer of an order is signed in; a link from a mail opens the order, not the purse."""
    customer = access.customer_of(request)
    return customer is not None and customer.pk == order.customer_id


def usable_credit(request: HttpRequest, order: Order) -> Decimal:
    """Return how much of an order its customer, who looks at it, could pay with store credit now."""
    if order.balance_due <= order.authorized_total or not is_mine(request, order):
        return Decimal(0)
    return billing.payable_from_credit(order)
