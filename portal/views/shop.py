"""Choosing products and placing an order."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import services as billing
from core import seat
from core.errors import DomainError, Invalid
from core.reader import spoken_amount
from customers.models import Customer
from inventory.models import Product
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Order
from orders.price_words import promotions_of
from portal import access, cart
from portal.forms import TERMS, CheckoutForm
from portal.quoting import quote_cart, taxes_of
from portal.services import place_order
from pricing.calculation import Quote

PER_PAGE = 24
STANDARD = "standard"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show the way: order something, find an order, sign in."""
    return render(request, "portal/home.html", {"customer": access.customer_of(request)})


@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """List what can be ordered, with today's prices and what is in stock."""
    query = request.GET.get("q", "").strip().replace("\0", "")[:80]
    category = request.GET.get("category", "").replace("\0", "")[:60]
    products = Product.objects.filter(active=True, prices__price_list__in=cart.lists_for(request)).distinct()
    categories = list(products.exclude(category="").order_by("category").values_list("category", flat=True).distinct())
    if query:
        products = products.filter(Q(name__icontains=query) | Q(sku__istartswith=query))
    if category:
        products = products.filter(category=category)
    page = Paginator(products.order_by("category", "name", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    steps = cart.steps_for(request, shown)
    wanted = cart.quantities(request)
    promised = cart.promised((one, wanted.get(one.sku) or 1) for one in shown)
    rows = [_offer(promised[one.pk], steps=steps.get(one.pk, []), wanted=wanted.get(one.sku, 0)) for one in shown]
    context = {
        "rows": rows,
        "page": page,
        "query": query,
        "category": category,
        "categories": categories,
        "net_prices": not cart.channel().prices_include_tax,
    }
    return render(request, "portal/shop.html", context)


def _offer(found: orders.Availability, *, steps: list[cart.Step], wanted: int) -> dict[str, Any]:
    product, free = found.product, found.available
    may_wait = product.backorder and found.room > 0
    return {
        "product": product,
        "price": steps[0].price if steps else None,
        "from": steps[0].quantity if steps else 1,
        "steps": steps[1:],
        "free": free,
        "wanted": wanted,
        "may_wait": may_wait,
        "day": found.arrives_on if product.needs_stock and (free or may_wait) else None,
        "is_new": product.release_on is not None and product.release_on > seat.today(),
        # What is sold out can still be taken out of the cart.
        "orderable": bool(free or wanted or may_wait or not product.needs_stock),
    }


@require_POST
def put_in_cart(request: HttpRequest) -> HttpResponse:
    """Set the quantities that a form names, then go back to where it was, or on to the check-out."""
    before, faults = cart.quantities(request), False
    typed = {
        access.without_nul(key.removeprefix("quantity:")): str(value).strip()
        for key, value in request.POST.items()
        if key.startswith("quantity:")
    }
    sold = Product.objects.filter(sku__in=list(typed)[: cart.MAX_LINES], active=True)
    for sku in sold.values_list("sku", flat=True):
        try:
            cart.put(request, sku, _pieces(typed[sku]))
        except Invalid as error:
            messages.error(request, error.message)
            faults = True
    if cart.quantities(request) != before:
        messages.success(request, _("Your cart is up to date."))
    if "checkout" in request.POST and not faults:
        return redirect("portal:checkout")
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
        target = ""
    return redirect(target or "portal:cart")


def _pieces(text: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise Invalid(_("“%(text)s” is not a number of pieces.") % {"text": text[:20]})
    # More digits than any cart may hold need not be read.
    return int(text[:20] or 0)


@require_GET
def show_cart(request: HttpRequest) -> HttpResponse:
    """Show what is in the cart."""
    lines = cart.lines(request)
    context = {"rows": _with_days(lines), "net_prices": not cart.channel().prices_include_tax}
    return render(request, "portal/cart.html", context)


def _with_days(lines: list[cart.CartLine], **chosen: str) -> list[dict[str, Any]]:
    """Return lines of the cart with the day on which each is there, or how many of it can be had."""
    promised = cart.promised(((line.product, line.quantity) for line in lines), **chosen)
    return [
        {"line": line, "found": one, "most": one.available + (one.room if one.product.backorder else 0)}
        for line in lines
        for one in (promised[line.product.pk],)
    ]


@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask where to, how and how to pay; show the price to the cent; place the order."""
    lines = cart.lines(request)
    if not lines and (order := _sent_before(request)):
        return redirect("portal:placed", number=order.number)
    if not lines and request.method == "POST" and (order := _ordered_lately(request)):
        # Sent from another window, or from an older page.
        messages.info(request, _("Your cart is empty. This is what you ordered a moment ago."))
        return redirect("portal:order", number=order.number)
    if not lines:
        messages.info(request, _("Your cart is empty."))
        return redirect("portal:shop")
    customer = access.customer_of(request)
    products = [line.product for line in lines]
    initial = _initial(customer) | {"shipping_method": _usual_method(products)}
    credit = billing.free_credit(customer.pk, cart.channel().currency) if customer else Decimal(0)
    said = spoken_amount(credit, cart.channel().currency) if credit else ""
    form = CheckoutForm(request.POST or None, customer=customer, products=products, credit=said, initial=initial)
    quote, problem = None, None
    if request.method == "POST" and form.is_valid():
        quote, problem = quote_cart(lines, form.cleaned_data, customer)
        if problem is not None:
            form.explain(problem)
        elif "place" in request.POST and _was_shown(request, quote, form):
            placed = _place(request, form, lines, customer)
            if placed is not None:
                return redirect("portal:placed", number=placed.number)
    if request.method == "GET":
        quote, problem = quote_cart(lines, initial, customer)
    elif quote is None and {"country", "shipping_method"} <= form.cleaned_data.keys():
        # Something else is wrong, which changes no price but that of a voucher.
        quote, _unused = quote_cart(lines, {**form.cleaned_data, "coupon_code": ""}, customer)
    context = {
        "form": form,
        "rows": _with_days(lines, **_way(form, initial)),
        "quote": quote,
        "taxes": taxes_of(quote),
        "promotions": promotions_of(quote) if quote else [],
        "problem": problem,
        "shown": str(quote.total) if quote else "",
        **_from_credit(form, quote, credit),
    }
    return render(request, "portal/checkout.html", context, status=400 if form.errors else 200)


def _from_credit(form: CheckoutForm, quote: Quote | None, credit: Decimal) -> dict[str, Any]:
    """Return what of the total is paid with store credit, and what is left to pay, where that is wished."""
    if quote is None or not credit or not form.data.get("use_credit"):
        return {}
    used = min(credit, quote.total)
    return {"from_credit": used, "left_to_pay": quote.total - used}


def _usual_method(products: Iterable[Product]) -> str:
    """Return the usual way of delivery, or the first one that can carry the goods."""
    codes = [method.code for method in orders.fitting_methods(products)[0]]
    return STANDARD if STANDARD in codes or not codes else codes[0]


def _way(form: CheckoutForm, initial: dict[str, Any]) -> dict[str, str]:
    """Return where to and how, as chosen, or as the form began."""
    said = {**initial, **getattr(form, "cleaned_data", {})}
    return {"country": said["country"], "method": said["shipping_method"]}


def _was_shown(request: HttpRequest, quote: Quote | None, form: CheckoutForm) -> bool:
    """Whether the buyer has seen this total: nobody owes an amount that a choice made anew and no page showed."""
    shown = request.POST.get("shown")
    if quote is None or shown is None or shown == str(quote.total):
        return True
    text = _("Your choices changed the total to %(total)s. Please look at it, and order if it suits you.")
    form.add_error(None, text % {"total": spoken_amount(quote.total, quote.currency)})
    return False


def _sent_before(request: HttpRequest) -> Order | None:
    """Return the order that this visitor placed with the same form a moment ago."""
    token = access.without_nul(request.POST.get("token", ""))[:32]
    if not token:
        return None
    return access.visible_orders(request).filter(channel__code=cart.CHANNEL, external_reference=token).first()


def _ordered_lately(request: HttpRequest) -> Order | None:
    """Return the order this visitor placed last, if that was within the hour."""
    since = timezone.now() - timedelta(hours=1)
    found = access.visible_orders(request).filter(channel__code=cart.CHANNEL, placed_at__gt=since)
    return found.order_by("-placed_at", "-pk").first()


def _initial(customer: Customer | None) -> dict[str, Any]:
    """Fill in what we know, so that nobody types it twice."""
    initial: dict[str, Any] = {
        "shipping_method": STANDARD,
        "payment_terms": customer.payment_terms if customer and customer.payment_terms in TERMS else "prepaid",
        "country": cart.channel().seller_country,
        "token": uuid.uuid4().hex,
    }
    if customer is None:
        return initial
    initial |= {"email": customer.email, "name": customer.name, "company": customer.company, "phone": customer.phone}
    initial["vat_id"] = customer.vat_id
    if address := customer.addresses.filter(is_ship_to=True).order_by("pk").first():
        known = address.postal().as_dict()
        initial |= {key: value for key, value in known.items() if value}
    return initial


def _place(
    request: HttpRequest, form: CheckoutForm, lines: list[cart.CartLine], customer: Customer | None
) -> Order | None:
    """Place the order; a form sent twice gives the order that the first one placed."""
    data = form.cleaned_data
    wanted = OrderInput(
        channel=cart.CHANNEL,
        external_reference=data["token"],
        customer_id=customer.pk if customer else None,
        # Whoever only types an e-mail address gets nothing of its owner, e.g. no VAT number.
        acts_for_customer=customer is not None,
        customer_name=data["name"],
        customer_company=data["company"],
        email=data["email"],
        phone=data["phone"],
        language=get_language() or "en",
        shipping_address=form.address(),
        lines=tuple(LineInput(sku=line.product.sku, quantity=line.quantity) for line in lines),
        shipping_method=data["shipping_method"],
        payment_terms=data["payment_terms"],
        coupon_codes=(data["coupon_code"],) if data["coupon_code"] else (),
        purchase_order_number=data["purchase_order_number"],
        customer_note=data["customer_note"],
    )
    try:
        order = place_order(
            wanted,
            use_credit=bool(data.get("use_credit")),
            vat_id=data.get("vat_id"),
            actor=access.actor_of(request),
        )
    except DomainError as error:
        if error.code != "duplicate_reference":
            form.explain(error)
            return None
        order = Order.objects.get(number=error.details["number"])
        if order.pk in request.session.get(access.OPENED, []):
            # An old page, sent again after the cart was filled anew: that cart is for another order.
            return order
    access.open_order(request, order)
    cart.empty(request)
    return order
