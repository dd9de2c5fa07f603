"""The PDFs of invoices and credit notes: drawn once, on first request, and kept as they were drawn.

Inside is the same as XML (EN 16931), which can be had alone: byte for byte what the PDF holds.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeVar

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing import gateways, typesetting
from billing.errors import NoElectronicForm, NotIssued
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, InvoicePayment
from billing.services import einvoice, wording
from billing.services.common import summed, take_credit_note, take_invoice
from core.files import keep_file, read_file
from core.links import absolute
from core.models import Attachment
from core.money import plain
from core.service import service

Document = Invoice | CreditNote
Row = InvoiceLine | CreditNoteLine
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
    matched = list(InvoicePayment.objects.filter(invoice=invoice).select_related("payment").order_by("pk"))
    content = _frame(invoice, rows)
    content |= {
        "title": _("Invoice %(number)s") % {"number": invoice.number},
        "about": _about_order(invoice),
        "facts": _facts(
            invoice,
            (_("Invoice number"), invoice.number),
            (_("Invoice date"), _day(invoice.issued_on)),
            (_("Date of supply"), _day(invoice.supplied_on)),
            (_("Period of supply"), _period(invoice)),
            (_("Pay by"), _day(invoice.due_on) if invoice.open_amount else ""),
        ),
        "settled": _settled(invoice, matched),
        "state": _invoice_state(invoice),
    }
    return typesetting.draw_document(content)


def _draw_credit_note(note: CreditNote) -> bytes:
    rows = list(CreditNoteLine.objects.filter(credit_note=note).select_related("order_line").order_by("position"))
    content = _frame(note, rows)
    words = {"number": note.invoice.number, "date": _day(note.invoice.issued_on)}
    content |= {
        "title": _("Credit note %(number)s") % {"number": note.number},
        "about": _("for invoice %(number)s of %(date)s") % words,
        "facts": _facts(
            note,
            (_("Credit note number"), note.number),
            (_("Date"), _day(note.issued_on)),
            (_("Invoice number"), note.invoice.number),
            (_("Invoice date"), words["date"]),
            (_("Date of supply"), _day(note.invoice.supplied_on)),
            (_("Period of supply"), _period(note)),
            (_("Reference"), note.reference),
        ),
        "settled": [],
        "state": {
            "done": True,
            "title": _("We credit you %(amount)s") % {"amount": wording.money(note.total, note.currency)},
            "lines": [
                _("It reduces what is still to be paid on the invoice; what you paid already goes back to you.")
            ],
            "bank": [],
            "code": "",
        },
    }
    return typesetting.draw_document(content)


def _frame(document: Document, rows: Sequence[Row]) -> dict[str, Any]:
    """Return what both kinds of documents say."""
    seller, buyer, currency = document.seller, document.buyer, document.currency
    place = [line for line in wording.postal(seller.get("address", {})) if line != seller["name"]]
    gross = bool(buyer.get("prices_include_tax"))
    issued_on = document.issued_on or timezone.localdate()
    return {
        "language": wording.language().split("_")[0],
        "year": issued_on.year,
        "month": issued_on.month,
        "day": issued_on.day,
        "words": {
            "page": _("Page {n} of {of}"),
            "taxes": _("VAT by rate, in %(currency)s") % {"currency": currency},
            "scan": _("Scan to pay"),
        },
        "xml": einvoice.write(document, rows).decode() if document.has_xml else "",
        "seller": {"name": seller["name"], "line": " · ".join(place), "initial": seller["name"][:1].upper()},
        "sender": " · ".join([seller["name"], *place[:2]]),
        "receiver": _receiver(buyer),
        "columns": _columns(gross, any(row.discount_total for row in rows)),
        "rows": [
            _row(position, parts, currency, gross, any(one.discount_total for one in rows))
            for position, parts in enumerate(_as_people_count(rows), start=1)
        ],
        "sums": _sums(document),
        "total": [_("Total"), wording.money(document.total, currency)],
        "tax_columns": [_("Rate"), _("Net"), _("VAT"), _("Gross")],
        "taxes": [
            [
                wording.tax_name(part["category"], Decimal(part["rate"])),
                *(
                    wording.figure(amount, currency)
                    for amount in (
                        Decimal(part["net"]),
                        Decimal(part["tax"]),
                        Decimal(part["net"]) + Decimal(part["tax"]),
                    )
                ),
            ]
            for part in document.tax_breakdown
        ],
        "notes": [
            *wording.legal_notes({part["category"] for part in document.tax_breakdown}),
            *_delivered_to(document),
        ],
        "footer": _footer(document, place),
    }


def _receiver(buyer: Mapping[str, Any]) -> list[str]:
    """Return the lines of the window; an address without a name is named after the buyer."""
    address = buyer["address"]
    named = address.get("name") or address.get("company")
    return [line for line in ("" if named else buyer["name"], *wording.postal(address)) if line]


def _columns(gross: bool, discounts: bool) -> list[str]:
    names = ["", _("Article"), _("Quantity"), _("Unit price")]
    names += [_("Discount")] if discounts else []
    names += [_("VAT"), _("Net")]
    return [*names, _("Gross")] if gross else names


def _as_people_count(rows: Sequence[Row]) -> list[list[Row]]:
    """Put the parts of a charge together: delivery of goods of two rates is kept as two rows, and read as one."""
    return [
        list(parts)
        for _key, parts in groupby(
            rows, key=lambda row: ("line", row.pk) if row.charge_position is None else ("charge", row.charge_position)
        )
    ]


def _row(position: int, parts: Sequence[Row], currency: str, gross: bool, discounts: bool) -> dict[str, Any]:
    row = parts[0]
    discount = summed(part.discount_total for part in parts)
    figures = [str(row.quantity or ""), wording.price(summed(part.unit_price for part in parts), currency)]
    if discounts:
        figures.append(wording.figure(-discount, currency) if discount else "")
    figures.append(" + ".join(wording.rate(part.tax_rate) for part in parts))
    figures.append(wording.figure(summed(part.net_total for part in parts), currency))
    if gross:
        figures.append(wording.figure(summed(part.total for part in parts), currency))
    detail = row.sku if len(parts) == 1 else ", ".join(_share(part, currency) for part in parts)
    if row.order_line is not None and row.order_line.parts:
        detail = f"{detail}: {row.order_line.spoken_parts}"
    return {"position": str(position), "name": row.name, "detail": detail, "figures": figures}


def _share(part: Row, currency: str) -> str:
    words = {"amount": wording.figure(part.net_total, currency), "rate": wording.rate(part.tax_rate)}
    return _("%(amount)s at %(rate)s") % words


def _sums(document: Document) -> list[list[str]]:
    currency = document.currency
    sums = [[_("Net total"), wording.money(document.net_total, currency)]]
    for part in document.tax_breakdown:
        name = _("VAT %(rate)s") % {"rate": wording.rate(Decimal(part["rate"]))}
        sums.append([name, wording.money(Decimal(part["tax"]), currency)])
    if document.rounding:
        sums.append([_("Rounding"), wording.money(document.rounding, currency)])
    return sums


def _about_order(document: Document) -> str:
    return _("for order %(number)s") % {"number": document.buyer["order_number"]}


def _facts(document: Document, *first: tuple[str, str | None]) -> list[list[str]]:
    """Return the pairs beside the address, without those that are empty."""
    buyer = document.buyer
    facts = [
        *first,
        (_("Order number"), buyer.get("order_number")),
        (_("Customer number"), buyer.get("number")),
        (_("Your reference"), buyer.get("purchase_order_number")),
        (_("Your VAT id"), buyer.get("vat_id")),
    ]
    return [[label, value] for label, value in facts if value]


def _settled(invoice: Invoice, matched: Sequence[InvoicePayment]) -> list[list[str]]:
    """Return what came in already, and what is still to be paid."""
    rows = [
        [
            _("Paid by %(method)s on %(date)s")
            % {
                "method": wording.method_name(match.payment.method),
                "date": _day(timezone.localdate(match.payment.captured_at or match.at)),
            },
            wording.money(-match.amount, invoice.currency),
        ]
        for match in matched
    ]
    if rows:
        rows.append([_("Still to pay"), wording.money(invoice.open_amount, invoice.currency)])
    return rows


def _invoice_state(invoice: Invoice) -> dict[str, Any]:
    """Say whether it is paid, or how to pay it."""
    if not invoice.open_amount:
        said = _("There is nothing to pay.") if invoice.total <= 0 else _("Paid in full. Thank you!")
        return {"done": True, "title": said, "lines": [], "bank": [], "code": ""}
    seller = invoice.seller
    words = {
        "amount": wording.money(invoice.open_amount, invoice.currency),
        "date": _day(invoice.due_on),
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
        "lines": [_("Quote %(number)s with the transfer.") % words, *_page_to_pay_on(invoice)],
        "bank": bank,
        "code": _payment_code(invoice),
    }


def _page_to_pay_on(invoice: Invoice) -> list[str]:
    """Say where it can be paid online. The page asks who calls; so a paper in wrong hands opens nothing."""
    if gateways.offered() is None:
        return []
    page = absolute(f"/track/?number={invoice.order.number}")
    return [_("Or pay online: %(page)s") % {"page": page}]


def _payment_code(invoice: Invoice) -> str:
    """Return the QR code for banking apps; it exists for euros and an IBAN only."""
    seller = invoice.seller
    if invoice.currency != "EUR" or not seller.get("iban"):
        return ""
    return typesetting.payment_code(
        name=seller["name"],
        iban=seller["iban"],
        bic=seller.get("bic", ""),
        amount=plain(invoice.open_amount, invoice.currency),
        text=str(invoice.number),
    )


def _delivered_to(document: Document) -> list[str]:
    there = wording.postal(document.ship_to)
    if not there or there == wording.postal(document.buyer["address"]):
        return []
    return [_("Delivered to: %(address)s") % {"address": ", ".join(there)}]


def _footer(document: Document, place: list[str]) -> list[list[str]]:
    seller = document.seller
    bank = [seller.get("bank_name", ""), wording.in_fours(seller.get("iban", "")), seller.get("bic", "")]
    contact = [seller.get("email", ""), seller.get("phone", "")]
    if seller.get("vat_id"):
        contact.append(_("VAT id %(number)s") % {"number": seller["vat_id"]})
    columns = [[seller["name"], *place], contact, bank]
    return [[line for line in column if line] for column in columns]


def _period(document: Document) -> str:
    """Write the days between which is supplied what is billed in advance, where that must be said."""
    days = einvoice.supply_period(document)
    return f"{wording.day(days[0])} – {wording.day(days[1])}" if days else ""


def _day(value: Any) -> str:
    return wording.day(value) if value else ""
