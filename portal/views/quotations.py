"""A quotation as its customer reads it, by the link in the mail, and accepts it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing import services as billing
from core import links, seat
from core.api.pdf import paper as shown
from core.errors import DomainError
from customers.models import Customer
from orders import services as orders
from orders import wording
from orders.letters import quotation_url
from orders.models import Draft, Order, OrderStatus
from portal import access

PURPOSE = "quotation"
GONE = 410
MOST_OFFERS = 20


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
    return render(request, "portal/quotation.html", _context(draft, order) | {"token": token})


@require_GET
def paper(request: HttpRequest, token: str) -> HttpResponse:
    """Hand out the offer that a link names as PDF, also when it has lapsed; never what was changed since."""
    order_id, version = _named(token)
    draft = Draft.objects.select_related("order").filter(order=order_id, offered_at__isnull=False).first()
    if draft is None or draft.valid_until is None or draft.order.placed_at is not None:
        raise Http404
    if _last_version(draft.order) != version:
        raise Http404
    name, content = billing.quotation_pdf(draft.order_id, accept=True)
    return shown(content, name)


@login_required
@require_GET
def my_offers(request: HttpRequest) -> HttpResponse:
    """List what is offered to the customer who is signed in."""
    customer = access.customer_of(request)
    return render(request, "portal/offers.html", {"offers": _open_offers(customer) if customer else []})


def _open_offers(customer: Customer) -> list[dict[str, object]]:
    """Return what may still be accepted, what lapses first on top, with where it is read."""
    rows = Draft.objects.filter(open=True, valid_until__gte=seat.today(), order__customer=customer)
    found = rows.select_related("order").defer("typed").order_by("valid_until", "pk")[:MOST_OFFERS]
    return [
        {
            "order": draft.order,
            "until": draft.valid_until,
            "url": quotation_url(draft.order, version=draft.order.version, valid_until=draft.valid_until),
        }
        for draft in found
        if draft.valid_until is not None
    ]


def _over(request: HttpRequest, draft: Draft, token: str, version: int) -> HttpResponse:
    """Say that an offer is over; who has it in hand may ask for a new one."""
    order = draft.order
    may_ask = _last_version(order) == version and orders.has_lapsed(order, draft)
    if request.method == "POST" and "anew" in request.POST and may_ask:
        orders.ask_for_new_quotation(order.pk, actor=access.actor_of(request, order))
        messages.success(request, _("We have been told, and send you a new offer."))
        return redirect("portal:quotation", token=token)
    context = {"order": order, "may_ask": may_ask, "until": draft.valid_until, "token": token}
    return render(request, "portal/quotation_over.html", context, status=GONE)


def _last_version(order: Order) -> int:
    """Return the version that was offered last: that it lapsed is a version of its own."""
    return order.version - 1 if order.status == OrderStatus.EXPIRED else order.version


def _named(token: str) -> tuple[int, int]:
    """Return the order and its version that a link was made for; of nothing where it is no link of ours."""
    thread = links.read_link(token, PURPOSE) or ""
    pk, _at, version = thread.rpartition(":")[2].partition("@")
    return (int(pk), int(version)) if pk.isdigit() and version.isdigit() else (0, 0)


def _is_open(draft: Draft, version: int) -> bool:
    valid_until = draft.valid_until
    return draft.open and valid_until is not None and valid_until >= seat.today() and draft.order.version == version


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
