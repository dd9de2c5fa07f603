"""Paying an order on the provider's page. What the browser brings home proves nothing: the provider is asked."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from billing import gateways, selectors
from billing import services as billing
from billing.models import Invoice, LegalEntity
from core import links
from core.errors import DomainError
from orders.models import Order
from portal import access, tries


def ways_to_pay(order: Order, *, invoices: list[Invoice], seller: LegalEntity | None) -> dict[str, Any]:
    """Return what the page of an order says about paying: by transfer, or online, and how the last try went."""
    transfers = billing.transfers_of(order, invoices=invoices, seller=seller)
    if not billing.is_payable_online(order):
        return {"pay_amount": None, "transfers": transfers}
    due = selectors.payable(order)
    return {"pay_amount": due, "last_payment": selectors.last_checkout(order), "transfers": transfers}


def allow_leading_out(response: HttpResponse) -> HttpResponse:
    """Let the browser follow the form of a page to the provider's, which its policy would forbid."""
    if (provider := gateways.offered()) is not None:
        response._csp_update = {"form-action": [provider.origin]}  # type: ignore[attr-defined]
    return response


@require_POST
@never_cache
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Begin to pay what is due, and lead to the provider's page."""
    order = access.get_order(request, number)
    home = redirect("portal:order", number=order.number)
    if tries.too_many_about("pay", str(order.number)):
        messages.error(request, _("Too many tries. Please wait a minute."))
        return home
    back = links.absolute(reverse("portal:paid", args=[order.number]))
    try:
        payment = billing.start_paying(order.pk, return_url=back, actor=access.actor_of(request, order))
    except DomainError as error:
        messages.info(request, error.message)
        return home
    if payment.is_undecided and payment.page_url:
        return redirect(payment.page_url)
    if payment.is_undecided:
        text = _(
            "The payment provider does not answer at the moment. Nothing was taken; please try again in a minute."
        )
        messages.error(request, text)
    return home


@require_GET
@never_cache
def paid(request: HttpRequest, number: str) -> HttpResponse:
    """Take a customer back in from the provider's page, ask the provider, and show how the order stands."""
    order = access.get_order(request, number)
    if not tries.too_many_about("paid", str(order.number)):
        billing.look_after_return(order.pk, actor=access.actor_of(request, order))
    last = selectors.last_checkout(order)
    if last is not None and last.captured:
        messages.success(request, _("Thank you. Your payment is here."))
    return redirect(reverse("portal:order", args=[order.number]) + "#pay")
