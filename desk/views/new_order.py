"""A new order on one page: what it costs while it is typed, kept by itself, placed once, or offered as a quotation.

What the page sends is understood or it is not (400); a refusal is an ordinary answer that says what is wrong where.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import seat
from core.actors import Actor
from core.admin.actors import actor_for
from core.admin.links import page_of
from core.admin.site import site
from core.countries import country_choices
from core.errors import DomainError, Invalid
from core.reader import locale, spoken_date
from core.sight import seen
from core.spoken_json import read_json, storable
from customers.addresses import PostalAddress
from desk.comparing import differences
from desk.parking import shop_of
from desk.reading import Fault, Read, desk_channels, fault, read, read_day, read_deposit
from desk.resuming import shown_of, written
from desk.telling import GENERAL, choices, country_of, faults_of, told, told_faults
from desk.till import open_till
from desk.views.gate import OPERATE, SEE_CUSTOMERS, SELL, staff_with
from desk.views.looking_up import card_of
from desk.views.parked import throw_away
from inventory import selectors as stock
from inventory.errors import InsufficientStock
from inventory.models import Product
from orders import guards, selectors, services
from orders.errors import NotADraft, StaleOrder
from orders.inputs import OrderInput
from orders.models import Draft, Order, OrderStatus
from pricing import services as pricing

CHANGE_PRICE = "orders.change_price"
ADD_CUSTOMER = "customers.add_customer"
MOST_BYTES = 500_000
USUAL_DAYS = 14


def said_by(request: HttpRequest) -> dict[str, Any]:
    """Return what the page sent. Raises BadRequest for what no page of ours sends."""
    try:
        said = storable(read_json(request.body, longest=MOST_BYTES))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise BadRequest("Not what the page sends")
    return said


def read_by(request: HttpRequest) -> Read:
    """Return what the page says about the order, read for this person."""
    user: Any = request.user
    return read(said_by(request), may_price=user.has_perm(CHANGE_PRICE))


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_GET
def new(request: HttpRequest) -> HttpResponse:
    """Show the empty page, with a name of its own by which it places once."""
    customer = request.GET.get("customer", "").replace("\0", "")[:20]
    typed: dict[str, Any] = {"customer": customer} if customer else {}
    # What a shop has not got is ordered for later from its counter.
    if sku := request.GET.get("sku", "").replace("\0", "")[:40]:
        typed["lines"] = [{"sku": sku, "quantity": request.GET.get("quantity", "1")[:7], "wait": ""}]
    if like := request.GET.get("like", "").replace("\0", "")[:20]:
        found = seen(Order.objects.select_related("channel", "customer", "shipping_method")).filter(
            number=like.upper()
        )
        typed = written(found[0]) if found else typed
    return _page(request, {"token": str(uuid4()), "version": None, "number": "", "typed": typed}, _("New order"))


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_GET
def resume(request: HttpRequest, number: str) -> HttpResponse:
    """Go on with a draft; what is no draft any more is shown as the order it became."""
    order = get_object_or_404(seen(Order.objects.select_related("channel")), number=number.replace("\0", "").upper())
    if order.status != OrderStatus.DRAFT:
        return HttpResponseRedirect(page_of(order))
    here = open_till(request.session) if request.user.has_perm(SELL) else None
    if here is not None and shop_of(Draft.objects.get(order=order)) == here.warehouse.code:
        # It lies on the counter that this device is.
        return HttpResponseRedirect(f"{reverse('desk:walk-in')}?{urlencode({'take': order.number})}")
    return _page(request, shown_of(order), _("Draft %(number)s") % {"number": order.number})


def _page(request: HttpRequest, state: dict[str, Any], title: str) -> HttpResponse:
    user: Any = request.user
    typed = read({**state["typed"], "token": state["token"]}, may_price=True)
    state["card"] = card_of(typed.customer) if typed.customer else None
    usual = seat.today() + timedelta(days=USUAL_DAYS)
    context = {
        **site.each_context(request),
        "title": title,
        "state": state,
        "channels": desk_channels(),
        "countries": country_choices(str(locale())),
        "home": pricing.channel_by_code("staff").seller_country,
        "today": seat.today().isoformat(),
        "valid_until": usual.isoformat(),
        "may_price": user.has_perm(CHANGE_PRICE),
        "may_add_customer": user.has_perm(ADD_CUSTOMER),
        **choices(typed, country_of(typed), products=_products_of(typed)),
    }
    return TemplateResponse(request, "desk/new_order.html", context)


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_POST
def quote(request: HttpRequest) -> HttpResponse:
    """Say what the order would cost, what is there and when it comes; a bad line does not hide the others."""
    found = read_by(request)
    preview, faults = _previewed(found, actor_for(request))
    goods = preview.order.subtotal if preview else Decimal(0)
    products = preview.products.values() if preview else _products_of(found)
    grams = (
        pricing.grams_of((preview.products[one.product_id], one.quantity) for one in preview.lines) if preview else 0
    )
    answer = {
        "faults": told_faults([*found.faults, *faults]),
        **choices(found, country_of(found), goods, products, grams),
        **(told(preview, found) if preview else {"lines": {}, "figures": [], "total": "", "checks": [], "short": 0}),
    }
    return JsonResponse(answer)


def _products_of(found: Read) -> list[Product]:
    """Return what is on an order, as far as it is known."""
    return list(stock.products_by_sku(line.sku for line in found.order.lines).values()) if found.order.lines else []


def _previewed(found: Read, actor: Actor) -> tuple[services.Preview | None, list[Fault]]:
    """Return the order as it would be, without the lines that cannot be priced, and what is wrong with those."""
    faults: list[Fault] = []
    for _try in range(2):
        if not found.order.lines:
            break
        try:
            return services.preview_order(_somewhere(found), actor=actor), faults
        except Invalid as refused:
            faults += found.faults_at_pages(faults_of(refused))
            if any(one["pointer"].startswith("/coupon_codes") for one in faults):
                # What it costs without the voucher is told all the same.
                found.order = replace(found.order, coupon_codes=())
                continue
            bad = {one["pointer"].split("/")[2] for one in faults if one["pointer"].startswith("/lines/")}
            kept = [at for at, row in enumerate(found.rows) if str(row) not in bad]
            found.order = replace(found.order, lines=tuple(found.order.lines[at] for at in kept))
            found.rows = [found.rows[at] for at in kept]
            if len(kept) == len(bad | set(map(str, found.rows))):
                break
    return None, faults


def _somewhere(found: Read) -> OrderInput:
    """Return the order as if it went within our country, as long as nobody said where."""
    if found.order.shipping_address or found.order.billing_address:
        return found.order
    return replace(found.order, shipping_address=PostalAddress(country=country_of(found)))


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep what is typed: aside because somebody wants to, or by itself while they go on typing."""
    said = said_by(request)
    found = read(said, may_price=request.user.has_perm(CHANGE_PRICE))
    if found.token is None:
        raise BadRequest("A page has a name")
    is_aside = said.get("aside") is True
    try:
        draft = services.park_draft(
            found.order,
            token=found.token,
            typed=found.typed,
            expected_version=found.version,
            is_aside=is_aside,
            actor=actor_for(request),
        )
    except (StaleOrder, NotADraft) as refused:
        return _overtaken(found, refused)
    if is_aside:
        messages.success(request, _("%(number)s is parked.") % {"number": draft.number})
    place = reverse("desk:draft", args=[draft.number])
    parked = reverse("desk:parked") if is_aside else ""
    return JsonResponse({"number": draft.number, "version": draft.version, "at": place, "url": parked})


def _overtaken(found: Read, refused: DomainError) -> HttpResponse:
    """Say that somebody else was faster, and show both."""
    draft = Draft.objects.select_related("order__channel").get(token=str(found.token))
    if isinstance(refused, NotADraft):
        done = {"text": _("%(number)s is no draft any more.") % {"number": draft.order}, "url": page_of(draft.order)}
        return JsonResponse({"done": done})
    theirs = shown_of(draft.order)
    answer = {
        "version": draft.order.version,
        "by": draft.changed_by,
        "rows": differences(found.typed, theirs["typed"]),
        "url": reverse("desk:draft", args=[draft.order.number]),
    }
    return JsonResponse({"overtaken": answer})


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Place the order, once; `pay_link` asks the customer at once to pay in advance."""
    said = said_by(request)
    found = read(said, may_price=request.user.has_perm(CHANGE_PRICE))
    ask_to_pay = said.get("pay_link") is True
    faults = [*found.faults, *_missing(found, needs_mail=ask_to_pay)]
    if faults or found.token is None:
        return _refused(faults)
    order = replace(found.order, payment_terms=guards.PREPAID) if ask_to_pay else found.order
    try:
        placed = services.place_typed(
            order,
            token=found.token,
            typed=found.typed,
            expected_version=found.version,
            ask_to_pay=ask_to_pay,
            actor=actor_for(request),
        )
    except (StaleOrder, NotADraft) as refused:
        return _overtaken(found, refused)
    except InsufficientStock as refused:
        return _refused(_short(found, actor_for(request)) or faults_of(refused))
    except DomainError as refused:
        return _refused(found.faults_at_pages(faults_of(refused)))
    status = selectors.display_status(placed)
    text = _("%(number)s is placed: %(status)s.") % {"number": placed.number, "status": status}
    if ask_to_pay:
        text += " " + _("%(email)s gets a mail that says how to pay.") % {"email": placed.email}
    messages.success(request, text)
    return JsonResponse({"url": page_of(placed)})


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_POST
def offer(request: HttpRequest) -> HttpResponse:
    """Send the quotation: the customer reads it, and may accept it until its last day."""
    said = said_by(request)
    found = read(said, may_price=request.user.has_perm(CHANGE_PRICE))
    faults = [*found.faults, *_missing(found, needs_mail=True)]
    until = read_day(said, "valid_until", faults)
    if until is None and not faults:
        faults.append(fault("/valid_until", "required", _("Until when is it valid?")))
    deposit = read_deposit(said, faults)
    _preview, more = _previewed(found, actor_for(request))
    faults += more
    if faults or found.token is None or until is None:
        return _refused(faults)
    try:
        draft = services.offer_typed(
            found.order,
            token=found.token,
            typed=found.typed,
            expected_version=found.version,
            valid_until=until,
            deposit=deposit,
            actor=actor_for(request),
        )
    except (StaleOrder, NotADraft) as refused:
        return _overtaken(found, refused)
    except DomainError as refused:
        return _refused(found.faults_at_pages(faults_of(refused)))
    text = _("Quotation %(number)s goes to %(email)s; it is valid until %(day)s.")
    messages.success(request, text % {"number": draft.number, "email": draft.email, "day": spoken_date(until)})
    return JsonResponse({"url": reverse("desk:parked")})


@staff_with(OPERATE)
@require_POST
def discard(request: HttpRequest, number: str) -> HttpResponse:
    """Throw a draft away."""
    draft = get_object_or_404(seen(Order.objects.all()), number=number.replace("\0", "").upper())
    throw_away(request, draft.pk, str(draft.number))
    return HttpResponseRedirect(reverse("desk:parked"))


def _missing(found: Read, *, needs_mail: bool) -> list[Fault]:
    """Return what an order needs that was not said."""
    faults = []
    known = {one["pointer"].split("/")[1] for one in found.faults}
    if found.customer is None and "customer" not in known:
        faults.append(fault("/customer", "required", _("Who buys? Choose a customer, or make a new one.")))
    elif found.customer is not None and needs_mail and not found.customer.email:
        faults.append(fault("/customer", "required", _("This goes out by mail; the customer has no address.")))
    if not found.order.lines and "lines" not in known:
        faults.append(fault("/lines", "required", _("What is ordered? Add a product.")))
    pickup = pricing.shipping_method(found.order.shipping_method or "standard").pickup
    if found.customer and not pickup and found.order.shipping_address is None and "ship_to" not in known:
        faults.append(fault("/ship_to", "required", _("Where does it go?")))
    return faults


def _short(found: Read, actor: Actor) -> list[Fault]:
    """Return the lines of which not enough is there, as faults beside them."""
    preview, _faults = _previewed(found, actor)
    short = preview.refused if preview else []
    text = _("Not enough of it is there. Decide what to do.")
    return [fault(f"/lines/{found.rows[line.position - 1]}/quantity", "insufficient_stock", text) for line in short]


def _refused(faults: list[Fault]) -> HttpResponse:
    return JsonResponse({"faults": told_faults(faults or [fault(GENERAL, "invalid", _("Reload this page."))])})
