"""What billing adds to pages: the money of an order and of a customer; rows and papers of its own."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing import selectors
from billing.models import CreditNote, Invoice, Payment, Refund
from billing.services import wording
from core.panels import panel
from customers.models import Customer
from orders.models import Order, OrderStatus

OPERATE = "billing.operate_payment"
Part = tuple[str, dict[str, Any]]


@panel("orders.order", order=40)
def money_of_order(request: HttpRequest, order: Order) -> Part | None:
    """Show documents, payments, refunds and the balance of an order, with what can be done next."""
    if not request.user.has_perm("billing.view_invoice") or order.status == OrderStatus.DRAFT:
        return None
    money = selectors.money_of(order)
    documents: list[Invoice | CreditNote] = [*money.invoices, *money.credit_notes]
    context = {
        "title": _("Money"),
        "flush": True,
        "anchor": "money",
        "order": order,
        "money": money,
        "documents": [_document_row(document) for document in documents],
        "payments": [_payment_row(request, payment) for payment in money.payments],
        "steps": _steps_of_order(request, order),
    }
    return "billing/panels/money.html", context


def _steps_of_order(request: HttpRequest, order: Order) -> list[tuple[str, str, str]]:
    """Return the steps about an order's money that are open to this person."""
    if not request.user.has_perm(OPERATE):
        return []
    steps = []
    if order.status not in (OrderStatus.CANCELLED, OrderStatus.EXPIRED) or order.balance_due > 0:
        steps.append(("payment", _("Record a payment"), "primary" if order.balance_due > 0 else ""))
    if order.paid_total > order.refunded_total:
        steps.append(("refund", _("Refund"), ""))
    live = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING, OrderStatus.FULFILLED)
    if order.status in live and order.invoice_status != Order.Invoiced.INVOICED:
        steps.append(("invoice", _("Invoice now"), ""))
    return [
        (f"{reverse('admin:billing_order_do', args=[order.pk, name])}?next={request.path}%23money", label, style)
        for name, label, style in steps
    ]


def _document_row(document: Invoice | CreditNote) -> dict[str, Any]:
    kind = "invoice" if isinstance(document, Invoice) else "creditnote"
    return {
        "document": document,
        "is_invoice": kind == "invoice",
        "url": reverse(f"admin:billing_{kind}_change", args=[document.pk]),
        "pdf": reverse(f"admin:billing_{kind}_pdf", args=[document.pk]) if document.number else "",
    }


def _payment_row(request: HttpRequest, payment: Payment) -> dict[str, Any]:
    route = "admin:billing_payment_do"
    may_take = request.user.has_perm(OPERATE) and payment.held > 0
    return {
        "payment": payment,
        "method": wording.method_name(payment.method),
        "url": reverse("admin:billing_payment_change", args=[payment.pk]),
        "take": f"{reverse(route, args=[payment.pk, 'take'])}?next={request.path}%23money" if may_take else "",
    }


@panel("customers.customer", order=20)
def invoices_of_customer(request: HttpRequest, customer: Customer) -> Part | None:
    """Show the latest invoices of a customer."""
    if not request.user.has_perm("billing.view_invoice"):
        return None
    rows = selectors.invoices_of_customer(customer)
    if not rows:
        return None
    context = {"title": _("Invoices"), "flush": True, "rows": [_document_row(row) for row in rows]}
    return "billing/panels/invoices.html", context


@panel("customers.customer", order=14)
def receivable_of_customer(request: HttpRequest, customer: Customer) -> Part | None:
    """Show what a customer owes on invoices."""
    if not request.user.has_perm("billing.view_invoice"):
        return None
    owed = selectors.receivable(customer)
    return ("billing/panels/receivable.html", {"title": _("Receivable"), "side": True, "owed": owed}) if owed else None


@panel("billing.invoice", order=10)
def rows_of_invoice(request: HttpRequest, invoice: Invoice) -> Part:
    """Show what is billed."""
    return _rows(invoice, list(invoice.lines.order_by("position")))


@panel("billing.creditnote", order=10)
def rows_of_credit_note(request: HttpRequest, note: CreditNote) -> Part:
    """Show what is taken back."""
    return _rows(note, list(note.lines.order_by("position")))


def _rows(document: Invoice | CreditNote, rows: list[Any]) -> Part:
    taxes = [
        {**part, "name": wording.tax_name(part["category"], Decimal(part["rate"]))} for part in document.tax_breakdown
    ]
    context = {
        "title": _("Rows"),
        "count": len(rows),
        "flush": True,
        "document": document,
        "rows": rows,
        "taxes": taxes,
    }
    return "billing/panels/rows.html", context


@panel("billing.invoice", order=20)
def money_of_invoice(request: HttpRequest, invoice: Invoice) -> Part | None:
    """Show what settled it, and what took it back."""
    matches = list(invoice.payments.select_related("payment").order_by("pk"))
    notes = list(invoice.credit_notes.order_by("pk"))
    if not matches and not notes:
        return None
    paid = [{"match": match, **_payment_row(request, match.payment)} for match in matches]
    context = {
        "title": _("Settled by"),
        "flush": True,
        "document": invoice,
        "matches": paid,
        "notes": [_document_row(note) for note in notes],
    }
    return "billing/panels/settled.html", context


@panel("billing.invoice", order=60)
def paper_of_invoice(request: HttpRequest, invoice: Invoice) -> Part | None:
    """Offer the PDF."""
    return _paper(invoice)


@panel("billing.creditnote", order=60)
def paper_of_credit_note(request: HttpRequest, note: CreditNote) -> Part | None:
    """Offer the PDF."""
    return _paper(note)


def _paper(document: Invoice | CreditNote) -> Part | None:
    row = _document_row(document)
    if not row["pdf"]:
        return None
    return "billing/panels/paper.html", {"title": _("Paper"), "side": True, **row}


@panel("billing.invoice", order=70)
def parties_of_invoice(request: HttpRequest, invoice: Invoice) -> Part:
    """Show buyer and seller as printed."""
    return _parties(invoice)


@panel("billing.creditnote", order=70)
def parties_of_credit_note(request: HttpRequest, note: CreditNote) -> Part:
    """Show buyer and seller as printed."""
    return _parties(note)


def _parties(document: Invoice | CreditNote) -> Part:
    context = {
        "title": _("As printed"),
        "side": True,
        "buyer": wording.postal(document.buyer.get("address", {})) or [document.buyer.get("name", "")],
        "seller": [document.seller.get("name", ""), *wording.postal(document.seller.get("address", {}))],
        "vat_id": document.buyer.get("vat_id", ""),
    }
    return "billing/panels/parties.html", context


@panel("billing.payment", order=10)
def invoices_of_payment(request: HttpRequest, payment: Payment) -> Part | None:
    """Show what a payment settled, and what went back of it."""
    matches = list(payment.invoices.select_related("invoice").order_by("pk"))
    refunds = list(Refund.objects.filter(payment=payment).order_by("pk"))
    if not matches and not refunds:
        return None
    context = {
        "title": _("Where it went"),
        "flush": True,
        "payment": payment,
        "matches": [{"match": match, **_document_row(match.invoice)} for match in matches],
        "refunds": refunds,
    }
    return "billing/panels/of_payment.html", context
