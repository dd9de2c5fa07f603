"""What billing adds to pages: the money of an order and of a customer; rows and papers of its own."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import accounts, selectors
from billing.method_names import method_name
from billing.models import CreditNote, Invoice, Payment, Refund, WriteOff
from billing.services import wording
from core import sight
from core.admin.links import may_see, page_of
from core.admin.strands import Told, events_of, log_of, strand
from core.models import OutgoingMail
from core.money import Money
from core.panels import once, panel
from core.reader import retold, spoken_actor
from customers.models import Customer, VatCheck
from customers.selectors import vat_evidence
from orders.models import Order, OrderStatus
from orders.panels import figures_of, newest_orders, places_of
from orders.panels.credit import left_on_page
from pricing.calculation import TO_BUSINESS

OPERATE = "billing.operate_payment"
VIEW = "billing.view_invoice"
NOW = "customers.customer.now"
PAPERS_IN_SIGHT = 2
MAILS_IN_SIGHT = 5
Part = tuple[str, dict[str, Any]]


def money_on_page(request: HttpRequest, order: Order) -> selectors.MoneyOfOrder:
    """Return the money of an order; every part of its page asks, four statements answer."""
    return once(request, f"billing.money:{order.pk}", lambda: selectors.money_of(order))


@panel("orders.order.now", order=10)
def money_now(request: HttpRequest, order: Order) -> Part:
    """Show what it comes to, what of it is paid, and the invoices."""
    sees_papers = request.user.has_perm(VIEW) and order.status != OrderStatus.DRAFT
    papers = money_on_page(request, order).invoices if sees_papers else []
    is_over = order.status in (OrderStatus.DRAFT, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
    context = {
        "title": _("Money"),
        "badge": None if is_over else (order.payment_status, order.get_payment_status_display()),
        "is_over": is_over,
        "agreed": order.total - order.cancelled_total - order.credited_total,
        "documents": [_document_row(one) for one in papers[:PAPERS_IN_SIGHT]],
        "more_papers": max(0, len(papers) - PAPERS_IN_SIGHT),
        "is_overdue": any(one.is_overdue for one in papers),
        "days": max((selectors.days_overdue(one) for one in papers), default=0),
    }
    return "billing/panels/money_now.html", context


@panel("orders.order", order=40)
def money_of_order(request: HttpRequest, order: Order) -> Part | None:
    """Show documents, payments, refunds and the balance of an order, with what can be done next."""
    if not request.user.has_perm("billing.view_invoice") or order.status == OrderStatus.DRAFT:
        return None
    money = money_on_page(request, order)
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
        "xml": reverse(f"admin:billing_{kind}_xml", args=[document.pk])
        if document.number and document.has_xml
        else "",
    }


def _payment_row(request: HttpRequest, payment: Payment) -> dict[str, Any]:
    route = "admin:billing_payment_do"
    may_take = request.user.has_perm(OPERATE) and payment.held > 0 and not payment.capturing
    return {
        "payment": payment,
        "method": method_name(payment.method),
        "url": reverse("admin:billing_payment_change", args=[payment.pk]),
        "take": f"{reverse(route, args=[payment.pk, 'take'])}?next={request.path}%23money" if may_take else "",
    }


@panel(NOW, order=30)
def money_of_customer(request: HttpRequest, customer: Customer) -> Part | None:
    """Show what they owe, what of it is late, and how much more they may buy on credit."""
    if not request.user.has_perm(VIEW):
        return None
    figures = figures_of(request, customer)
    unpaid = accounts.unpaid(customer)
    waiting = Invoice.objects.filter(pk__in=[one.oldest_id for one in unpaid[:1]]).first()
    several = any(one.count > 1 and one.amount.currency == customer.currency for one in unpaid)
    limit = customer.credit_limit
    context = {
        "title": _("Money"),
        "unpaid": unpaid,
        "owing": [Money(one.account, one.currency) for one in figures if one.account > 0],
        "ours": [Money(-one.account, one.currency) for one in figures if one.account < 0],
        "limit": None if limit is None else Money(limit, customer.currency),
        "left": left_on_page(request, customer),
        "waiting": waiting,
        "days": selectors.days_overdue(waiting) if waiting else 0,
        "waiting_url": page_of(waiting),
        "record": _record(request, customer, waiting, several=several) if waiting else "",
    }
    return "billing/panels/money_of_customer.html", context


def _record(request: HttpRequest, customer: Customer, invoice: Invoice, *, several: bool) -> str:
    """Return where the money for an invoice, or for several, is recorded, for who may take it."""
    if not request.user.has_perm(OPERATE):
        return ""
    if several:
        return f"{reverse('admin:billing_customer_do', args=[customer.pk, 'payment'])}?next={request.path}"
    return f"{reverse('admin:billing_order_do', args=[invoice.order_id, 'payment'])}?next={request.path}"


@panel(NOW, order=70)
def worth_of_customer(request: HttpRequest, customer: Customer) -> Part | None:
    """Show what they bought so far, less what was cancelled and credited; no two currencies are added."""
    if not request.user.has_perm(VIEW):
        return None
    worth = [
        {"value": Money(one.value, one.currency), "average": one.average, "orders": one.orders}
        for one in figures_of(request, customer)
        if one.orders
    ]
    return "billing/panels/worth_of_customer.html", {"title": _("Lifetime value"), "worth": worth}


@panel("customers.customer", order=20)
def account_of_customer(request: HttpRequest, customer: Customer) -> Part | None:
    """Show the latest invoices, credit notes, payments and refunds, with the balance each left behind."""
    if not request.user.has_perm(VIEW):
        return None
    latest = newest_orders(request, customer)
    balances = {one.currency: one.account for one in figures_of(request, customer)}
    given_up = any(one.written_off for one in figures_of(request, customer))
    postings = accounts.statement(latest.numbers, balances=balances, with_write_offs=given_up)
    context = {
        "title": _("Account"),
        "flush": True,
        "anchor": "account",
        "sees_orders": request.user.has_perm("orders.view_order"),
        "rows": [_posting_row(request, one, latest.numbers) for one in postings],
        "more": _statement_of(request, customer),
        "note": "" if latest.is_all else _("Of their newest %(n)s orders.") % {"n": len(latest.numbers)},
    }
    return "billing/panels/account.html", context


def _statement_of(request: HttpRequest, customer: Customer) -> tuple[str, str] | None:
    """Return where the whole account is read, for who sees the books of the whole house."""
    if not request.user.has_perm("billing.view_ledgertransaction") or sight.limited_to("channel") is not None:
        return None
    return reverse("admin:billing_statement", args=[customer.pk]), _("Statement of account")


def _posting_row(request: HttpRequest, posting: accounts.Posting, numbers: Mapping[int, str]) -> dict[str, Any]:
    entry = posting.entry
    if isinstance(entry, Payment):
        words, kind = capfirst(method_name(entry.method)), _("Payment")
    elif isinstance(entry, Refund):
        words, kind = entry.reference, _("Refund")
    elif isinstance(entry, WriteOff):
        words, kind = str(entry.invoice), _("Write-off") if entry.amount > 0 else _("Write-off taken back")
    else:
        words, kind = str(entry), _("Invoice") if isinstance(entry, Invoice) else _("Credit note")
    page = entry.invoice if isinstance(entry, WriteOff) else entry
    is_readable = may_see(request.user, page)
    return {
        "posting": posting,
        "entry": entry,
        "kind": kind,
        "words": words,
        "url": page_of(page) if is_readable else "",
        "pdf": _document_row(entry)["pdf"] if is_readable and isinstance(entry, Invoice | CreditNote) else "",
        "is_overdue": isinstance(entry, Invoice) and entry.is_overdue,
        "due_on": entry.due_on if isinstance(entry, Invoice) else None,
        "order": numbers[entry.order_id],
    }


@strand("customers.customer", "money", gettext_lazy("Money"), order=20, permission=VIEW)
def events_of_money(request: HttpRequest, customer: Customer, until: datetime | None) -> list[Told]:
    """Tell what became of their invoices and payments."""
    return events_of(places_of(request, customer), until, app="billing")


@strand("orders.order", "money", gettext_lazy("Money"), order=30, permission=VIEW, is_among_all=False)
def money_in_log(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell what became of the invoices and payments of an order."""
    return log_of(request, order, until, Q(subject_type__startswith="billing."))


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
    matches = list(invoice.payments.exclude(amount=0).select_related("payment").order_by("pk"))
    notes = list(invoice.credit_notes.order_by("pk"))
    rows = WriteOff.objects.filter(invoice=invoice).order_by("pk")
    write_offs = list(rows) if invoice.written_off_total else []
    if not matches and not notes and not write_offs:
        return None
    paid = [{"match": match, **_payment_row(request, match.payment)} for match in matches]
    context = {
        "title": _("Settled by"),
        "flush": True,
        "document": invoice,
        "matches": paid,
        "notes": [_document_row(note) for note in notes],
        "write_offs": [
            {
                "words": _("Written off") if one.amount > 0 else _("Write-off taken back"),
                "reason": retold(one.reason),
                "who": spoken_actor(one.done_by),
                "at": one.at,
                "amount": one.amount,
            }
            for one in write_offs
        ],
    }
    return "billing/panels/settled.html", context


@panel("billing.invoice", order=60)
def paper_of_invoice(request: HttpRequest, invoice: Invoice) -> Part | None:
    """Offer the PDF and the XML."""
    return _paper(invoice)


@panel("billing.creditnote", order=60)
def paper_of_credit_note(request: HttpRequest, note: CreditNote) -> Part | None:
    """Offer the PDF and the XML."""
    return _paper(note)


def _paper(document: Invoice | CreditNote) -> Part | None:
    row = _document_row(document)
    if not row["pdf"]:
        return None
    mails = OutgoingMail.objects.filter(attachments=document.pdf) if document.pdf_id else OutgoingMail.objects.none()
    newest = mails.order_by("-pk").only("to", "status", "created_at", "sent_at")[:MAILS_IN_SIGHT]
    return "billing/panels/paper.html", {"title": _("Paper"), "side": True, "mails": list(newest), **row}


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
        "evidence": _evidence(document),
    }
    return "billing/panels/parties.html", context


def _evidence(document: Invoice | CreditNote) -> VatCheck | None:
    """Return what was known of the VAT id when the document was written, where its tax rests on it."""
    number, customer_id = document.buyer.get("vat_id", ""), document.order.customer_id
    if not number or not customer_id or not {part["category"] for part in document.tax_breakdown} & TO_BUSINESS:
        return None
    billed = document if isinstance(document, Invoice) else document.invoice
    return vat_evidence(customer_id, number, billed.issued_at or document.created_at)


@panel("billing.payment", order=10)
def invoices_of_payment(request: HttpRequest, payment: Payment) -> Part | None:
    """Show what a payment settled, and what went back of it."""
    matches = list(payment.invoices.exclude(amount=0, taken_back=0).select_related("invoice").order_by("pk"))
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
