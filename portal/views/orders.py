"""A customer's orders: what is happening to them, and what can still be changed."""

from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing import selectors as billing_facts
from billing import services as billing
from billing.errors import NoElectronicForm
from billing.models import CreditNote, Invoice
from core import files, links
from core.admin.files import download, save_as
from core.countries import country_names
from core.errors import DomainError
from core.models import Attachment
from fulfillment.models import Shipment
from orders import guards
from orders import selectors as order_facts
from orders import services as orders
from orders.models import Comment, Order, OrderFile, OrderStatus
from orders.sentences import CANCELLED_BY_CUSTOMER
from portal import access
from portal.forms import CancelForm, ReturnForm
from portal.steps import steps_of
from portal.views.credit import usable_credit
from portal.views.papers import papers_of
from portal.views.paying import allow_leading_out, ways_to_pay
from returns import selectors as return_facts
from returns import services as returns
from returns.models import ReturnRequest

PER_PAGE = 20
LARGEST = 2**63 - 1
# Nothing more is expected of these.
OVER = ("completed", "cancelled", "expired")


@login_required
@require_GET
def my_orders(request: HttpRequest) -> HttpResponse:
    """List the orders of the customer who is signed in, newest first."""
    customer = access.customer_of(request)
    found = access.orders_shown_to(request, customer).select_related("channel", "customer")
    page = Paginator(found.order_by("-placed_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"order": order, "status": order_facts.display_status(order)} for order in page.object_list]
    context = {"rows": rows, "page": page, "over": OVER, "has_account": customer is not None}
    return render(request, "portal/orders.html", context)


@require_GET
def order_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one order: where it is, when it comes, what is in it, what it costs."""
    return _show(request, access.get_order(request, number))


@require_GET
def placed(request: HttpRequest, number: str) -> HttpResponse:
    """Say thank you, and how to pay."""
    return _show(request, access.get_order(request, number), fresh=True)


@require_GET
def track(request: HttpRequest, token: str) -> HttpResponse:
    """Open an order by the link in a mail. Nothing of the order changes."""
    thread = links.read_link(token, "order")
    order = Order.objects.filter(pk=int(thread.rpartition(":")[2])).first() if thread else None
    if order is None:
        messages.info(request, _("This link is too old. Please look your order up."))
        return redirect("portal:look-up")
    access.open_order(request, order)
    return redirect("portal:order", number=order.number)


@require_GET
def track_by_number(request: HttpRequest) -> HttpResponse:
    """Open an order that this visitor may see; ask everybody else for the e-mail address, too."""
    number = access.without_nul(request.GET.get("number", ""))[:20]
    if number and access.visible_orders(request).filter(number=number.upper()).exists():
        return redirect("portal:order", number=number.upper())
    return redirect(f"{reverse('portal:look-up')}?{urlencode({'number': number})}")


def _show(request: HttpRequest, order: Order, *, fresh: bool = False) -> HttpResponse:
    lines = list(order.lines.select_related("product"))
    shipments = list(
        Shipment.objects.filter(order=order)
        .exclude(status=Shipment.Status.CANCELLED)
        .prefetch_related("tracking_events", "lines__order_line")
        .order_by("pk")
    )
    allowed = order_facts.allowed_actions(order)
    issued = Invoice.objects.filter(order=order, number__isnull=False)
    invoices = list(issued.select_related("replaces", "replaced_by").order_by("pk"))
    notes = CreditNote.objects.filter(order=order, number__isnull=False).select_related("invoice").order_by("pk")
    seller = billing.seller_of_order(order.pk)
    context = {
        "order": order,
        "fresh": fresh,
        "status": order_facts.display_status(order),
        "steps": steps_of(order),
        "lines": lines,
        "address": _address_lines(order),
        "charges": list(order.charges.all()),
        "shipments": shipments,
        "invoices": invoices,
        "credit_notes": list(notes),
        "returns": list(ReturnRequest.objects.filter(order=order).order_by("pk")),
        "remarks": list(Comment.objects.filter(order=order, public=True).prefetch_related("files__attachment")),
        "may_cancel": "cancel" in allowed,
        "may_return": bool(return_facts.returnable_lines(order)) if order.shipped_at else False,
        "awaits_payment": order.status in order_facts.WAITING and guards.payment_missing(order) > 0,
        "missing": guards.payment_missing(order),
        "may_change": not orders.why_not_by_customer(order, at=timezone.now()),
        "change_until": orders.changeable_until(order),
        "seller": seller,
        **papers_of(order),
        "credit": usable_credit(request, order),
        **_paid_with(order),
        **ways_to_pay(order, invoices=invoices, seller=seller),
    }
    return allow_leading_out(render(request, "portal/order.html", context))


def _paid_with(order: Order) -> dict[str, Decimal]:
    """Return what of an order its store credit pays, what else came in, and what nobody has paid or holds yet."""
    used, taken = billing_facts.credit_used(order)
    left = order.balance_due - order.authorized_total
    is_over = order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
    return {
        "from_credit": used,
        "otherwise_paid": order.paid_total - taken,
        "left_to_pay": max(Decimal(0), left) if (used or order.paid_total) and not is_over else Decimal(0),
    }


def _address_lines(order: Order) -> list[str]:
    """Return where the goods go, the country by its name."""
    address = order.ship_to
    names = country_names(get_language() or "en")
    return [names.get(line, line) if line == address.country else line for line in address.lines()]


@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel an order that has not been shipped; say before the click what will happen."""
    order = access.get_order(request, number)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"] or CANCELLED_BY_CUSTOMER()
        try:
            orders.cancel_order(order.pk, reason=reason, actor=access.actor_of(request, order))
        except DomainError as error:
            form.add_error(None, error.message)
            order = access.get_order(request, number)
        else:
            messages.success(request, _("Order %(number)s is cancelled.") % {"number": order.number})
            return redirect("portal:order", number=order.number)
    context = {"order": order, "form": form, "may_cancel": "cancel" in order_facts.allowed_actions(order)}
    refused = 409 if form.non_field_errors() else 400
    return render(request, "portal/cancel.html", context, status=refused if form.errors else 200)


@require_http_methods(["GET", "POST"])
def request_return(request: HttpRequest, number: str) -> HttpResponse:
    """Ask to give something back: how many of what, and why."""
    order = access.get_order(request, number)
    lines = return_facts.returnable_lines(order)
    if not lines:
        messages.info(request, _("Nothing of this order can be returned at the moment."))
        return redirect("portal:order", number=order.number)
    form = ReturnForm(
        request.POST or None,
        returnable={one.line.pk: one.quantity for one in lines},
        offers_credit=return_facts.offers_credit(order),
    )
    if request.method == "POST" and form.is_valid():
        try:
            wanted = returns.request_return(
                order.pk,
                quantities=form.quantities(),
                reason=form.cleaned_data["reason"],
                note=form.cleaned_data["note"],
                refund_as=form.cleaned_data.get("refund_as", ""),
                actor=access.actor_of(request, order),
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            text = _("Your return %(number)s is registered. We sent you what to do next.")
            messages.success(request, text % {"number": wanted.number})
            return redirect(reverse("portal:order", args=[order.number]) + "#returns")
    rows = [{"line": one.line, "most": one.quantity, "field": form[f"line_{one.line.pk}"]} for one in lines]
    context = {"order": order, "form": form, "rows": rows, "is_guest": access.customer_of(request) is None}
    return render(request, "portal/return.html", context, status=400 if form.errors else 200)


@require_GET
def invoice_pdf(request: HttpRequest, number: str, document: str) -> HttpResponse:
    """Hand out the PDF of an invoice or credit note of a visible order."""
    order = access.get_order(request, number)
    document = access.without_nul(document)
    if invoice := Invoice.objects.filter(order=order, number=document).first():
        return _download(billing.render_invoice_pdf(invoice.pk))
    if note := CreditNote.objects.filter(order=order, number=document).first():
        return _download(billing.render_credit_note_pdf(note.pk))
    raise Http404


@require_GET
def invoice_xml(request: HttpRequest, number: str, document: str) -> HttpResponse:
    """Hand out an invoice or credit note of a visible order as XML."""
    order = access.get_order(request, number)
    document = access.without_nul(document)
    try:
        if invoice := Invoice.objects.filter(order=order, number=document).first():
            name, content = billing.invoice_xml(invoice.pk)
        elif note := CreditNote.objects.filter(order=order, number=document).first():
            name, content = billing.credit_note_xml(note.pk)
        else:
            raise Http404
    except NoElectronicForm as missing:
        raise Http404 from missing
    return save_as(content, name, "application/xml")


@require_GET
def file(request: HttpRequest, number: str, file: int) -> HttpResponse:
    """Hand out a file that came with a message to the customer, only ever to be saved."""
    order = access.get_order(request, number)
    if (
        kept := OrderFile.objects.select_related("attachment")
        .filter(order=order, comment__public=True, pk=min(file, LARGEST))
        .first()
    ):
        return download(kept.attachment)
    raise Http404


def _download(attachment: Attachment) -> HttpResponse:
    response = HttpResponse(files.read_file(attachment), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{attachment.name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
