"""The PDFs of invoices and credit notes: drawn once, on first request, and kept as they were drawn.

Inside is the same as XML (EN 16931), which can be had alone: byte for byte what the PDF holds.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.utils import translation
from django.utils.translation import gettext as _

from billing import gateways, typesetting
from billing.errors import NoElectronicForm, NotIssued
from billing.method_names import method_name
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.services import einvoice, sheet, wording
from billing.services.asking import asked_for, held_on_paper, paid_on_paper
from billing.services.common import summed, take_credit_note, take_invoice
from billing.services.sheet import Document, Row
from core.files import keep_file, read_file
from core.links import absolute
from core.models import Attachment
from core.reader import retold
from core.seat import day_of
from core.service import service

D = TypeVar("D", Invoice, CreditNote)


def render_invoice_pdf(invoice_id: int) -> Attachment:
    """Return the PDF of an issued invoice, drawn on first request. Whoever asks at the same time gets the same.

    Raises NotIssued for a draft.
    """
    invoice = Invoice.objects.select_related("pdf", "legal_entity").get(pk=invoice_id)
    if invoice.pdf:
        return invoice.pdf
    return _keep(invoice, Invoice, _draw_invoice)


def render_credit_note_pdf(credit_note_id: int) -> Attachment:
    """Return the PDF of an issued credit note, drawn on first request. Raises NotIssued for a draft."""
    note = CreditNote.objects.select_related("pdf", "invoice", "legal_entity").get(pk=credit_note_id)
    if note.pdf:
        return note.pdf
    return _keep(note, CreditNote, _draw_credit_note)


def invoice_xml(invoice_id: int) -> tuple[str, bytes]:
    """Return the name and the bytes of an issued invoice as XML, as its PDF holds it.

    Raises NotIssued, and NoElectronicForm where the standard cannot say it.
    """
    kept = render_invoice_pdf(invoice_id)
    return _as_xml(kept, Invoice.objects.select_related("legal_entity").get(pk=invoice_id))


def credit_note_xml(credit_note_id: int) -> tuple[str, bytes]:
    """Return the name and the bytes of an issued credit note as XML, as its PDF holds it.

    Raises NotIssued, and NoElectronicForm where the standard cannot say it.
    """
    kept = render_credit_note_pdf(credit_note_id)
    return _as_xml(kept, CreditNote.objects.select_related("legal_entity", "invoice").get(pk=credit_note_id))


def _as_xml(kept: Attachment, document: Document) -> tuple[str, bytes]:
    """Return what a kept PDF holds; those that were drawn before there was any XML hold none."""
    if not document.has_xml:
        text = f"EN 16931 has no amounts in {document.currency}: {document.number} is there on paper only"
        raise NoElectronicForm(text, document=document.number, currency=document.currency)
    content = typesetting.attached(read_file(kept))
    return f"{kept.name.removesuffix('.pdf')}.xml", content or _write(document)


def _write(document: Document) -> bytes:
    rows: Sequence[Row] = list(document.lines.order_by("position"))
    with translation.override(document.language):
        return einvoice.write(document, rows)


def _xml(document: Document, rows: Sequence[Row]) -> str:
    return einvoice.write(document, rows).decode() if document.has_xml else ""


def _keep(document: D, model: type[D], draw: Callable[[D], bytes]) -> Attachment:
    """Draw without holding a lock, then let the first one who is done keep it."""
    if document.number is None:
        raise NotIssued("A draft has no number yet and is not printed", document=document.pk)
    with translation.override(document.language):
        content = draw(document)
    return _keep_once(model, document.pk, content)


@service
def _keep_once(model: type[Invoice] | type[CreditNote], pk: int, content: bytes) -> Attachment:
    document: Document = (take_invoice if model is Invoice else take_credit_note)(pk)[1]
    if document.pdf:
        return document.pdf
    kept = keep_file(
        name=f"{document.number}.pdf",
        content=content,
        content_type="application/pdf",
        thread=f"orders.order:{document.order_id}",
    )
    model._default_manager.filter(pk=pk).update(pdf=kept)
    return kept


def _draw_invoice(invoice: Invoice) -> bytes:
    rows = list(InvoiceLine.objects.filter(invoice=invoice).select_related("order_line").order_by("position"))
    due = asked_for(invoice)
    content = sheet.frame(invoice, rows, xml=_xml(invoice, rows))
    content |= {
        "title": _("Invoice %(number)s") % {"number": invoice.number},
        "about": _about_order(invoice),
        "facts": sheet.facts(
            invoice,
            (_("Invoice number"), invoice.number),
            (_("Invoice date"), sheet.day(invoice.issued_on)),
            (_("Date of supply"), sheet.day(invoice.supplied_on)),
            (_("Period of supply"), _period(invoice)),
            (_("Pay by"), sheet.day(invoice.due_on) if due > 0 else ""),
        ),
        "settled": _settled(invoice, due),
        "state": _invoice_state(invoice, due),
    }
    return typesetting.draw_document(content)


def _draw_credit_note(note: CreditNote) -> bytes:
    rows = list(CreditNoteLine.objects.filter(credit_note=note).select_related("order_line").order_by("position"))
    content = sheet.frame(note, rows, xml=_xml(note, rows))
    words = {"number": note.invoice.number, "date": sheet.day(note.invoice.issued_on)}
    content |= {
        "title": _("Credit note %(number)s") % {"number": note.number},
        "about": _("for invoice %(number)s of %(date)s") % words,
        "facts": sheet.facts(
            note,
            (_("Credit note number"), note.number),
            (_("Date"), sheet.day(note.issued_on)),
            (_("Invoice number"), note.invoice.number),
            (_("Invoice date"), words["date"]),
            (_("Date of supply"), sheet.day(note.invoice.supplied_on)),
            (_("Period of supply"), _period(note)),
            (_("Reference"), note.reference),
        ),
        "settled": [],
        "state": {
            "done": True,
            "title": _("We credit you %(amount)s") % {"amount": wording.money(note.total, note.currency)},
            "lines": [wording.what_credit_does(note)],
            "bank": [],
            "code": "",
        },
    }
    if note.reason and (note.notes or not any(row.quantity for row in rows)):
        # Nothing came back: what it is for is said in words.
        content["notes"] = [_("Reason: %(reason)s") % {"reason": retold(note.reason)}, *content["notes"]]
    return typesetting.draw_document(content)


def _about_order(document: Document) -> str:
    return _("for order %(number)s") % {"number": document.buyer["order_number"]}


def _settled(invoice: Invoice, due: Decimal) -> list[list[str]]:
    """Return what was here when the invoice was issued, and what was still to be paid then."""
    rows = [
        [
            _("Paid by %(method)s on %(date)s")
            % {
                "method": method_name(match.payment.method),
                "date": sheet.day(day_of(match.payment.captured_at or match.at)),
            },
            wording.money(-match.on_paper, invoice.currency),
        ]
        for match in paid_on_paper(invoice)
    ]
    if rows:
        rows.append([_("Still to pay"), wording.money(due, invoice.currency)])
    return rows


def _invoice_state(invoice: Invoice, due: Decimal) -> dict[str, Any]:
    """Say whether it is paid, whether a provider is asked for it, or how to pay what it asks for."""
    if due <= 0:
        said = _("There is nothing to pay.") if invoice.total <= 0 else _("Paid in full. Thank you!")
        return {"done": True, "title": said, "lines": [], "bank": [], "code": ""}
    matches = held_on_paper(invoice)
    held = [
        _("%(amount)s is taken by %(method)s: it has been held since you ordered.")
        % {"amount": wording.money(one.held_on_paper, invoice.currency), "method": method_name(one.payment.method)}
        for one in matches
    ]
    due -= summed(one.held_on_paper for one in matches)
    if due <= 0:
        return {"done": True, "title": _("There is nothing you have to do."), "lines": held, "bank": [], "code": ""}
    seller = invoice.seller
    words = {
        "amount": wording.money(due, invoice.currency),
        "date": sheet.day(invoice.due_on),
        "number": invoice.number,
    }
    bank = wording.account(
        holder=seller["name"],
        iban=seller.get("iban", ""),
        bic=seller.get("bic", ""),
        bank=seller.get("bank_name", ""),
    )
    return {
        "done": False,
        "title": _("Please pay %(amount)s by %(date)s") % words,
        "lines": [*held, _("Quote %(number)s with the transfer.") % words, *_page_to_pay_on(invoice)],
        "bank": bank,
        "code": sheet.payment_code(seller, currency=invoice.currency, amount=due, text=str(invoice.number)),
    }


def _page_to_pay_on(invoice: Invoice) -> list[str]:
    """Say where it can be paid online. The page asks who calls; so a paper in wrong hands opens nothing."""
    if gateways.offered() is None:
        return []
    page = absolute(f"/track/?number={invoice.order.number}")
    return [_("Or pay online: %(page)s") % {"page": page}]


def _period(document: Document) -> str:
    """Write the days between which is supplied what is billed in advance, where that must be said."""
    days = einvoice.supply_period(document)
    return f"{wording.day(days[0])} – {wording.day(days[1])}" if days else ""
