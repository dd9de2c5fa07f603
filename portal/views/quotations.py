"""A quotation as its customer reads it, by the link in the mail, and accepts it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import links
from core.errors import DomainError
from orders import services as orders
from orders import wording
from orders.models import Draft, Order, OrderStatus
from portal import access

PURPOSE = "quotation"
GONE = 410


@require_http_methods(["GET", "POST"])
def quotation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the offer that a link names; only the button accepts it, and only what was read."""
    order_id, version = _named(token)
    draft = Draft.objects.select_related("order__channel", "order__shipping_method").filter(order=order_id).first()
    if draft is None:
        messages.info(request, _("This link is too old. Please look your order up."))
        return redirect("portal:look-up")
    order = draft.order
    if order.placed_at is not None:
        # The draft may have become somebody else's order since this link was sent: it opens nothing any more.
        if access.visible_orders(request).filter(pk=order.pk).exists():
            return redirect("portal:order", number=order.number)
        messages.info(request, _("This link is too old. Please look your order up."))
        return redirect("portal:look-up")
    if not _is_open(draft, version):
        return _over(request, draft, token, version)
    if request.method == "POST":
        try:
            orders.accept_quotation(order.pk, version=version, actor=access.actor_of(request, order))
        except DomainError:
            # Accepted in another tab, changed or over a moment ago: then the page says which.
            messages.warning(request, _("It could not be accepted just now. Please look again."))
            return redirect("portal:quotation", token=token)
        access.open_order(request, order)
        return redirect("portal:placed", number=order.number)
    return render(request, "portal/quotation.html", _context(draft, order))


def _over(request: HttpRequest, draft: Draft, token: str, version: int) -> HttpResponse:
    """Say that an offer is over; who has it in hand may ask for a new one."""
    order = draft.order
    # That it lapsed is a version of its own.
    last = order.version - 1 if order.status == OrderStatus.EXPIRED else order.version
    may_ask = last == version and orders.has_lapsed(order, draft)
    if request.method == "POST" and "anew" in request.POST and may_ask:
        orders.ask_for_new_quotation(order.pk, actor=access.actor_of(request, order))
        messages.success(request, _("We have been told, and send you a new offer."))
        return redirect("portal:quotation", token=token)
    context = {"order": order, "may_ask": may_ask, "until": draft.valid_until}
    return render(request, "portal/quotation_over.html", context, status=GONE)


def _named(token: str) -> tuple[int, int]:
    """Return the order and its version that a link was made for; of nothing where it is no link of ours."""
    thread = links.read_link(token, PURPOSE) or ""
    pk, _at, version = thread.rpartition(":")[2].partition("@")
    return (int(pk), int(version)) if pk.isdigit() and version.isdigit() else (0, 0)


def _is_open(draft: Draft, version: int) -> bool:
    valid_until = draft.valid_until
    return (
        draft.open
        and valid_until is not None
        and valid_until >= timezone.localdate()
        and draft.order.version == version
    )


def _context(draft: Draft, order: Order) -> dict[str, object]:
    language = get_language() or order.language
    return {
        "order": order,
        "draft": draft,
        "lines": list(order.lines.select_related("product")),
        "charges": list(order.charges.all()),
        "ship_to": wording.address(order.shipping_address, language) if order.shipping_address else [],
        "bill_to": wording.address(order.billing_address, language) if order.billing_address else [],
        "terms": wording.terms(order.payment_terms),
    }
