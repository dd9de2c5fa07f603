"""The walk-in: scan, take the money, hand over; one page, one action, one receipt."""

import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing import services as billing
from billing.services import wording
from core.admin.actors import actor_for
from core.admin.forms import show_refusal
from core.admin.site import site
from core.errors import DomainError
from core.money import Money, plain, quantum
from core.reader import locale
from core.spoken_json import read_json, storable
from customers import selectors as customers
from desk import selling
from desk.basket import Basket, Row, handy_cash, price_basket
from desk.forms import LONGEST_BODY, MailForm, SaleForm, TillForm, discount_of, units_of
from desk.parking import ParkedSale, parked_sale, parked_sales
from desk.receipts import Receipt, receipt_of
from desk.selling import Buyer, Sale
from desk.till import Till, keep_till, open_till, prices_offered, shops
from desk.views.gate import OPERATE, SEE_CUSTOMERS, SELL, staff_with
from inventory.errors import InsufficientStock
from orders.errors import DuplicateReference, NotADraft
from orders.inputs import LineInput
from orders.models import Order

DISCOUNT = "orders.change_price"
MOST_SCANS = 50


@staff_with(SELL)
def till(request: HttpRequest) -> HttpResponse:
    """Ask once per device which shop it stands in."""
    return _ask_for_the_shop(request)


def _ask_for_the_shop(request: HttpRequest) -> HttpResponse:
    known = open_till(request.session)
    places, channels = shops(), prices_offered()
    chosen = {"warehouse": known.warehouse.code, "channel": known.channel.code} if known else {}
    asked = request.POST if request.path == reverse("desk:till") and request.method == "POST" else None
    form = TillForm(asked, initial=chosen, shops=places, channels=channels)
    if form.is_bound and form.is_valid():
        if keep_till(request.session, **form.cleaned_data) is not None:
            return HttpResponseRedirect(reverse("desk:walk-in"))
        form.add_error(None, _("A walk-in needs a way of delivery that is collected; there is none."))
    context = {**site.each_context(request), "title": _("Which shop is this?"), "form": form}
    context |= {"shops": places, "channels": channels}
    return TemplateResponse(request, "desk/till.html", context)


@staff_with(SELL)
def walk_in(request: HttpRequest) -> HttpResponse:
    """Show the counter (GET), or sell what lies on it (POST)."""
    here = open_till(request.session)
    if here is None:
        return _ask_for_the_shop(request)
    taken, start = None, {"token": uuid.uuid4().hex, "page": uuid.uuid4().hex}
    if number := request.GET.get("take", "")[:20].replace("\0", ""):
        taken = parked_sale(here, number)
        start |= _as_parked(request, taken) if taken else {}
        if taken is None:
            messages.warning(request, _("%(number)s is not parked here any more.") % {"number": number})
    may_discount = request.user.has_perm(DISCOUNT)
    form = SaleForm(request.POST or None, till=here, may_discount=may_discount, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            order = _sell(request, here, form)
        except DuplicateReference as repeat:
            return _repeated(request, here, form, number=str(repeat.details["number"]))
        except InsufficientStock:
            form.add_error(None, _("Not all of it is on the shelf of this shop; look at the lines."))
        except NotADraft as gone:
            # Thrown away meanwhile, or placed by the office: what lies here is a sale of its own.
            form.data = {**form.data.dict(), "token": uuid.uuid4().hex, "version": ""}  # type: ignore[attr-defined]
            show_refusal(form, gone)
        except DomainError as error:
            show_refusal(form, error)
        else:
            return HttpResponseRedirect(reverse("desk:receipt", args=[order.number]))
    return show_counter(request, here, form, lines=taken.lines if taken else None)


def _as_parked(request: HttpRequest, taken: ParkedSale) -> dict[str, Any]:
    """Return what the counter showed when the sale was set aside; a customer only to who may see customers."""
    said = {name: text for name, text in taken.typed.items() if text}
    if not request.user.has_perm(SEE_CUSTOMERS):
        said.pop("customer", None)
        said.pop("customer_label", None)
    return {**said, "token": taken.token, "version": taken.version}


def _sell(request: HttpRequest, here: Till, form: SaleForm) -> Order:
    said = form.cleaned_data
    basket = price_basket(here, said["lines"], discount=said.get("discount"))
    sale = Sale(
        token=said["token"],
        till=here,
        lines=tuple(LineInput(sku=sku, quantity=quantity) for sku, quantity in said["lines"].items()),
        total=basket.total if said["total"] is None else said["total"],
        method=said["method"],
        given=said["given"] if said["method"] == selling.CASH else None,
        reference=said["reference"] if said["method"] == selling.CARD else "",
        discount=basket.off,
        buyer=_buyer(request, form),
        page=said["page"],
        version=said["version"],
    )
    return selling.sell(sale, actor=actor_for(request))


def _buyer(request: HttpRequest, form: SaleForm) -> Buyer:
    said = form.cleaned_data
    if said["customer"]:
        # The receipt tells their mail address: who may not see customers names none.
        if not request.user.has_perm(SEE_CUSTOMERS):
            raise PermissionDenied
        return Buyer(customer_id=customers.by_number(said["customer"]).pk)
    return Buyer(name=said["name"], company=said["company"], email=said["email"], address=form.address())


def _repeated(request: HttpRequest, here: Till, form: SaleForm, *, number: str) -> HttpResponse:
    """Answer a sale that was sent twice with its receipt; what was changed since would be another sale."""
    known = Order.objects.prefetch_related("lines").get(number=number)
    sold = {line.sku: line.quantity for line in known.lines.all()}
    if sold == form.cleaned_data["lines"] and form.cleaned_data["total"] in (None, known.total):
        return HttpResponseRedirect(reverse("desk:receipt", args=[number]))
    form.data = {**form.data.dict(), "token": uuid.uuid4().hex, "version": ""}  # type: ignore[attr-defined]
    form.add_error(None, _("The sale before was done as %(number)s. This would be another one.") % {"number": number})
    return show_counter(request, here, form)


def show_counter(
    request: HttpRequest, here: Till, form: SaleForm, *, lines: list[dict[str, Any]] | None = None
) -> HttpResponse:
    """Show the counter with what lies on it, and the sales that wait beside it."""
    currency = here.channel.currency
    parked = parked_sales(here)
    context = {
        **site.each_context(request),
        "title": _("Walk-in"),
        "till": here,
        "form": form,
        "parked": [one for one in parked if one.token != form["token"].value()],
        "taken": next((one for one in parked if one.token == form["token"].value()), None),
        "may_see_buyers": request.user.has_perm(SEE_CUSTOMERS),
        "can_change_till": len(shops()) > 1,
        "look_up_products": reverse("desk:look-up-products") if request.user.has_perm(OPERATE) else "",
        "look_up_customers": reverse("desk:look-up-customers")
        if request.user.has_perms([OPERATE, SEE_CUSTOMERS])
        else "",
        "state": {
            "lines": _as_sent(form) if lines is None else lines,
            "locale": str(locale()).replace("_", "-"),
            "currency": currency,
            "channel": here.channel.code,
            "digits": -int(quantum(currency).as_tuple().exponent),
        },
    }
    return TemplateResponse(request, "desk/walk_in.html", context, status=409 if form.is_bound else 200)


def _as_sent(form: SaleForm) -> list[dict[str, Any]]:
    """Return the lines of a form that is shown again; nothing that was scanned is lost."""
    try:
        said = read_json(form.data.get("lines", "[]"), longest=LONGEST_BODY)
        return [{"sku": sku, "quantity": quantity} for sku, quantity in units_of(said).items()]
    except (ValueError, ValidationError):
        return []


@staff_with(SELL)
@require_POST
def basket(request: HttpRequest) -> HttpResponse:
    """Price what lies on the counter, with what was just scanned: the answer to every scan."""
    here = open_till(request.session)
    if here is None:
        return JsonResponse({"error": _("Choose the shop first.")}, status=409)
    try:
        said = read_json(request.body, longest=LONGEST_BODY)
        wanted, scanned = units_of(said["lines"]), _codes(said.get("codes", []))
        discount = discount_of(str(said.get("discount") or "")[:20], here.channel.currency)
    except ValidationError as error:
        return JsonResponse({"error": error.messages[0]}, status=400)
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"error": _("This cannot be read.")}, status=400)
    if not request.user.has_perm(DISCOUNT):
        discount = None
    shown = _as_shown(price_basket(here, wanted, scanned=scanned, discount=discount))
    if request.user.has_perms([OPERATE, SEE_CUSTOMERS]):
        for row in shown["lines"]:
            row["later"] = _for_later(row, storable(str(said.get("customer") or ""))) if row["short"] else ""
    return JsonResponse(shown)


def _for_later(row: dict[str, Any], customer: str) -> str:
    """Return where what is missing here is ordered for later."""
    said = {"sku": row["sku"], "quantity": row["quantity"] - row["shelf"], "customer": customer[:20]}
    return f"{reverse('desk:new-order')}?{urlencode({name: value for name, value in said.items() if value})}"


def _codes(said: Any) -> list[str]:
    """Return scanned codes; a scanner that stutters sends many at once."""
    if not isinstance(said, list) or len(said) > MOST_SCANS:
        raise ValueError("not a list of codes")
    return [code.strip()[:60] for code in said if isinstance(code, str) and code.strip() and code == storable(code)]


def _as_shown(shown: Basket) -> dict[str, Any]:
    """Return a basket in the words of the reader."""
    currency, where = shown.currency, str(locale())

    def money(amount: Decimal) -> str:
        return Money(amount, currency).format(where)

    sums = [(_("Goods"), money(shown.goods))] if shown.discount or not shown.gross else []
    sums += [(_("Discount"), money(-shown.discount).replace("-", "−"))] if shown.discount else []
    for part in shown.taxes:
        label = _("includes VAT %(rate)s") if shown.gross else _("VAT %(rate)s")
        rate = wording.tax_name(part["category"], Decimal(part["rate"]))
        sums.append((label % {"rate": rate}, money(Decimal(part["tax"]))))
    return {
        "lines": [_row(row, currency, where) for row in shown.rows],
        "unknown": shown.unknown,
        "added": shown.added,
        "units": shown.units,
        "sums": sums,
        "total": plain(shown.total, currency),
        "total_text": money(shown.total),
        "cash": [[plain(amount, currency), money(amount)] for amount in handy_cash(shown.total, currency)],
        "sellable": shown.sellable,
        "fault": shown.fault,
    }


def _row(row: Row, currency: str, where: str) -> dict[str, Any]:
    product = row.product
    price = "" if row.unit_price is None else wording.price(row.unit_price, currency)
    said = {"shelf": row.shelf, "wanted": row.quantity}
    return {
        "sku": product.sku,
        "name": product.name_in(),
        "quantity": row.quantity,
        "shelf": row.shelf,
        "price": price,
        "total": "" if row.total is None else Money(row.total, currency).format(where),
        "fault": row.fault,
        "short": (_("%(shelf)s on the shelf, %(wanted)s wanted") % said if row.shelf else _("None on the shelf here"))
        if row.short
        else "",
        "fewer": (_("Sell %(n)s") % {"n": row.shelf} if row.shelf else _("Leave it out")) if row.short else "",
    }


@staff_with(SELL)
@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Show what was sold, ready to be printed or mailed."""
    return _receipt_page(request, _receipt(number), MailForm())


@staff_with(SELL)
@require_POST
def mail_receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Send the invoice of a sale to an address that the customer gives."""
    shown = _receipt(number)
    form = MailForm(request.POST)
    if not form.is_valid():
        return _receipt_page(request, shown, form)
    email = form.cleaned_data["email"]
    billing.mail_invoice(shown.invoice.pk, to=email, actor=actor_for(request))
    said = _("Invoice %(number)s goes to %(email)s.") % {"number": shown.invoice.number, "email": email}
    messages.success(request, said)
    return HttpResponseRedirect(reverse("desk:receipt", args=[number]))


def _receipt(number: str) -> Receipt:
    if (found := receipt_of(number)) is None:
        raise Http404
    return found


def _receipt_page(request: HttpRequest, shown: Receipt, form: MailForm) -> HttpResponse:
    if not form.is_bound:
        form.initial = {"email": shown.order.email}
    context = {
        **site.each_context(request),
        "title": _("Sold: %(number)s") % {"number": shown.order.number},
        "receipt": shown,
        "order": shown.order,
        "form": form,
        "may_see_order": request.user.has_perm("orders.view_order"),
        "may_see_invoice": request.user.has_perm("billing.view_invoice"),
    }
    return TemplateResponse(request, "desk/receipt.html", context, status=409 if form.is_bound else 200)
