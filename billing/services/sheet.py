"""What every paper says alike, in the language that is active: who writes to whom, rows, sums, tax by rate."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from billing import typesetting
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.services import wording
from billing.services.common import summed
from billing.services.logo import logo_on_paper
from core import seat
from core.money import plain

Document = Invoice | CreditNote
Row = InvoiceLine | CreditNoteLine


def frame(document: Document, rows: Sequence[Row], *, xml: str = "") -> dict[str, Any]:
    """Return what every kind of paper says; `xml` is the same for machines, and goes into it."""
    seller, buyer, currency = document.seller, document.buyer, document.currency
    place = [line for line in wording.postal(seller.get("address", {})) if line != seller["name"]]
    gross = bool(buyer.get("prices_include_tax"))
    issued_on = document.issued_on or seat.today()
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
        "xml": xml,
        "notice": "",
        "logo": logo_on_paper(seller.get("logo", "")),
        "seller": {"name": seller["name"], "line": " · ".join(place), "initial": seller["name"][:1].upper()},
        "sender": " · ".join([seller["name"], *place[:2]]),
        "receiver": _receiver(buyer),
        "columns": _columns(gross, any(row.discount_total for row in rows)),
        "rows": [
            _row(position, parts, currency, gross, any(one.discount_total for one in rows))
            for position, parts in enumerate(counted(rows), start=1)
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
            *([document.notes] if document.notes else []),
            *wording.legal_notes(document.tax_breakdown, seller=seller),
            *wording.reasons(document.tax_breakdown),
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


def counted(rows: Sequence[Row]) -> list[list[Row]]:
    """Put the parts of a charge together: delivery of goods of two rates is kept as two rows, and read as one."""
    return [
        list(parts)
        for _key, parts in groupby(
            rows,
            key=lambda row: ("line", row.position) if row.charge_position is None else ("charge", row.charge_position),
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
    said = detail(row) if len(parts) == 1 else ", ".join(_share(part, currency) for part in parts)
    return {"position": str(position), "name": row.name, "detail": said, "figures": figures}


def detail(row: Row) -> str:
    """Return what stands below the name of an article: its SKU, and of a kit its parts."""
    if row.order_line is not None and row.order_line.parts:
        return f"{row.sku}: {row.order_line.spoken_parts}"
    return row.sku


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


def facts(document: Document, *first: tuple[str, str | None]) -> list[list[str]]:
    """Return the pairs beside the address, without those that are empty."""
    buyer = document.buyer
    pairs = [
        *first,
        (_("Order number"), buyer.get("order_number")),
        (_("Customer number"), buyer.get("number")),
        (_("Your reference"), buyer.get("purchase_order_number")),
        (_("Your VAT id"), buyer.get("vat_id")),
    ]
    return [[label, value] for label, value in pairs if value]


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


def day(value: Any) -> str:
    """Write a date, where there is one."""
    return wording.day(value) if value else ""


def payment_code(seller: Mapping[str, Any], *, currency: str, amount: Decimal, text: str) -> str:
    """Return the QR code for banking apps; it exists for euros, an IBAN and up to 999,999,999.99 only (EPC069-12)."""
    if currency != "EUR" or not seller.get("iban"):
        return ""
    return typesetting.payment_code(
        name=seller["name"],
        iban=seller["iban"],
        bic=seller.get("bic", ""),
        amount=plain(amount, currency),
        text=text,
    )
