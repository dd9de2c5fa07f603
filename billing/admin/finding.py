"""How documents and payments are found from the one search box."""

from django.utils.translation import gettext_lazy as _

from billing.models import CreditNote, Invoice, Payment
from core.admin.links import page_of
from core.admin.searching import LIMIT, Hit, finder
from core.sight import seen


@finder(permission="billing.view_invoice", order=50)
def find_invoices(term: str) -> list[Hit]:
    """Find invoices by number."""
    rows = seen(Invoice.objects.filter(number=term.upper())).select_related("order")[:LIMIT]
    return [_document(invoice, _("Invoice")) for invoice in rows]


@finder(permission="billing.view_creditnote", order=52)
def find_credit_notes(term: str) -> list[Hit]:
    """Find credit notes by number."""
    rows = seen(CreditNote.objects.filter(number=term.upper())).select_related("order")[:LIMIT]
    return [_document(note, _("Credit note")) for note in rows]


@finder(permission="billing.view_payment", order=54)
def find_payments(term: str) -> list[Hit]:
    """Find payments by their id."""
    rows = seen(Payment.objects.filter(code=term)).select_related("order")[:LIMIT]
    return [
        Hit(
            payment.code,
            page_of(payment),
            detail=f"{payment.order} · {payment.title_in()}",
            kind=_("Payment"),
            status=payment.status,
            status_label=payment.get_status_display(),  # type: ignore[attr-defined]
        )
        for payment in rows
    ]


def _document(document: Invoice | CreditNote, kind: object) -> Hit:
    return Hit(
        str(document.number),
        page_of(document),
        detail=f"{document.order} · {document.buyer.get('name', '')} · {document.money('total')}",
        kind=kind,
        status=document.status,
        status_label=document.get_status_display(),  # type: ignore[union-attr]
    )
