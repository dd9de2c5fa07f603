"""Who and what somebody means who has begun to type: customers and products, told as JSON to `typeahead.js`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from core import seat
from core.admin.links import page_of
from core.reader import locale, spoken_amount
from core.sight import limited_to
from customers import selectors as people
from customers.errors import UnknownCustomer
from customers.models import Customer
from desk.views.gate import OPERATE, SEE_CUSTOMERS, staff_with
from inventory import selectors as stock
from inventory.models import Product
from orders import buying, wording
from pricing import services as pricing
from pricing.models import Channel

STAFF_CHANNEL = "staff"
LONGEST = 100


def typed_in(request: HttpRequest) -> str:
    """Return what was typed so far. PostgreSQL takes no NUL, not even to look for it."""
    return request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]


def channel_in(request: HttpRequest) -> Channel:
    """Return the channel that is asked for; the desk's own where it names none that there is, for this reader."""
    wanted, mine = request.GET.get("channel") or STAFF_CHANNEL, limited_to("channel")
    if mine and wanted not in mine:
        wanted = min(mine)
    try:
        return pricing.channel_by_code(wanted)
    except pricing.UnknownChannel:
        return pricing.channel_by_code(STAFF_CHANNEL)


def group_in(request: HttpRequest) -> int | None:
    """Return the group of the customer an order is for: who is in one sees its prices."""
    if not (number := request.GET.get("customer", "").replace("\0", "")):
        return None
    try:
        return people.by_number(number).group_id
    except UnknownCustomer:
        return None


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """Tell who begins so, with terms, credit left and open orders: at most four statements."""
    term = typed_in(request)
    found = people.begun(term)
    glances = buying.at_a_glance(found)
    places = people.first_towns(found)
    hits = [told_customer(one, glances[one.pk], places.get(one.pk, "")) for one in found]
    return JsonResponse({"term": term, "hits": hits})


def told_customer(customer: Customer, glance: buying.Glance, place: str = "") -> dict[str, Any]:
    """Return what one wants to know of a customer before one chooses them."""
    contact = [customer.name if customer.company else "", customer.email, customer.phone, place]
    return {
        "number": customer.number,
        "label": str(customer),
        "detail": " · ".join(filter(None, [customer.number, *contact])),
        "notes": standing_of(customer, glance),
    }


def card_of(customer: Customer) -> dict[str, Any]:
    """Return what a page shows of the customer it is about: in three statements."""
    glance = buying.at_a_glance([customer])[customer.pk]
    sites = list(people.sites(customer))
    language = str(locale())
    return {
        **told_customer(customer, glance, sites[0].city if sites else ""),
        "email": customer.email,
        "terms": customer.payment_terms,
        "remark": customer.notes,
        "url": page_of(customer),
        "sites": [
            {
                "id": str(site.pk),
                "label": ", ".join([*filter(None, [site.label]), *site.postal().spoken(language)]),
                "ship": site.is_ship_to,
                "bill": site.is_bill_to,
            }
            for site in sites
        ],
    }


@staff_with(OPERATE, SEE_CUSTOMERS)
@require_GET
def customer(request: HttpRequest, number: str) -> HttpResponse:
    """Tell what one wants to know of a customer who was chosen."""
    try:
        found = people.by_number(number.replace("\0", ""))
    except UnknownCustomer:
        raise Http404 from None
    return JsonResponse(card_of(found))


@staff_with(OPERATE)
@require_GET
def substitutes(request: HttpRequest) -> HttpResponse:
    """Tell what could be sold instead of a product of which too little is there."""
    wanted = request.GET.get("quantity", "")
    units = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else 1
    sku = request.GET.get("sku", "").replace("\0", "").strip().upper()
    product = stock.products_by_sku([sku]).get(sku)
    found = [one for one, _free in stock.substitutes(product, units=units)] if product else []
    return JsonResponse({"hits": told_products(found, channel_in(request), group_id=group_in(request))})


def standing_of(customer: Customer, glance: buying.Glance) -> list[str]:
    """Say how a customer pays, what credit is left and how many orders are open."""
    said = [wording.terms(customer.payment_terms)]
    if customer.credit_limit is not None:
        left = spoken_amount(customer.credit_limit - glance.on_credit, customer.currency)
        said.append(_("%(amount)s credit left") % {"amount": left})
    if glance.open:
        said.append(ngettext("%(n)s open order", "%(n)s open orders", glance.open) % {"n": glance.open})
    return said


@staff_with(OPERATE)
@require_GET
def products(request: HttpRequest) -> HttpResponse:
    """Tell what begins so, with its price on a channel and what is free: at most four statements."""
    term, channel = typed_in(request), channel_in(request)
    found = stock.begun(term)
    hits = told_products(found, channel, exact=term, group_id=group_in(request))
    return JsonResponse({"term": term, "hits": hits})


def told_products(
    found: Sequence[Product], channel: Channel, *, exact: str = "", group_id: int | None = None
) -> list[dict[str, Any]]:
    """Return products as a list to choose from shows them: two statements, however many."""
    pks = [one.pk for one in found]
    prices = pricing.prices_for(channel, pks, seat.today(), group_id=group_id) if pks else {}
    free = stock.availability(pks) if pks else {}
    wanted = exact.upper()
    return [
        {**told_product(one, channel, prices, free), "exact": wanted in (one.sku, one.barcode or None)}
        for one in found
    ]


def told_product(
    product: Product, channel: Channel, prices: Mapping[int, Decimal], free: Mapping[int, int]
) -> dict[str, Any]:
    """Return one product: its price says whether tax is in it by the channel."""
    price = prices.get(product.pk)
    units = free.get(product.pk, 0) if product.needs_stock else None
    return {
        "sku": product.sku,
        "label": product.name_in(),
        "detail": product.sku,
        "image": static(product.image) if product.image else "",
        "price": spoken_amount(price, channel.currency) if price is not None else "",
        "free": units,
        "stock": _stock_words(product, units),
        "tone": "good" if units is None or units > 0 else "warn" if product.backorder else "bad",
    }


def _stock_words(product: Product, units: int | None) -> str:
    if units is None:
        return _("always there")
    if units:
        return _("%(n)s free") % {"n": units}
    return _("comes later") if product.backorder else _("none left")
