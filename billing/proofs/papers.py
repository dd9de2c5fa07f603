"""Random invoices and credit notes, each held against the rules of EN 16931, the law, and itself.

Of each document: the XML keeps the published schema and rules; the PDF, read back, says all that art. 226 of
Directive 2006/112/EC asks for; the total is the same on paper, in the XML and in our rows.
"""

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from django.utils import translation
from django.utils.translation import gettext as _

from billing.models import CreditNote, Invoice
from billing.proofs import official
from billing.proofs.trial import Document, open_shop
from billing.services import (
    credit_note_xml,
    einvoice,
    invoice_xml,
    render_credit_note_pdf,
    render_invoice_pdf,
    wording,
)
from core.files import read_file
from core.money import quantum

MOST_TOLD = 20
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def prove(count: int, *, seed: int, papers: int = 1) -> dict[str, Any]:
    """Make that many documents and return what was found. Of `papers` documents one is read on paper too."""
    kinds: Counter[str] = Counter()
    fatal: list[str] = []
    missing: list[str] = []
    differ: list[str] = []
    read = 0
    with open_shop(seed=seed) as shop:
        while kinds.total() < count:
            for document, kind in shop.documents():
                kinds[kind] += 1
                about = f"{document.number} ({kind}, {document.currency})"
                rows: list[Any] = list(document.lines.order_by("position"))
                with translation.override(document.language):
                    content = _xml(document) if papers == 1 else einvoice.write(document, rows)
                    fatal += [f"{about}: {said}" for said in official.faults(content)]
                    differ += [f"{about}: {said}" for said in _differences(document, content)]
                    if kinds.total() % papers == 0:
                        read += 1
                        paper = _read(document)
                        missing += [f"{about}: {said}" for said in _missing(document, paper)]
                        differ += [f"{about}: {said}" for said in _differs_on_paper(document, paper)]
    return {
        "documents": kinds.total(),
        "papers_read": read,
        "seed": seed,
        "kinds": dict(sorted(kinds.items())),
        "fatal": len(fatal),
        "fields_missing": len(missing),
        "totals_differ": len(differ),
        "met": not (fatal or missing or differ),
        "told": [*fatal, *missing, *differ][:MOST_TOLD],
    }


def _read(document: Document) -> str:
    """Return the words of the paper, without the spaces that depend on how it is set."""
    draw = render_invoice_pdf if isinstance(document, Invoice) else render_credit_note_pdf
    pages = official.tool("pypdf").PdfReader(BytesIO(read_file(draw(document.pk)))).pages
    return _tight("\n".join(page.extract_text() for page in pages))


def _tight(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _xml(document: Document) -> bytes:
    return (invoice_xml if isinstance(document, Invoice) else credit_note_xml)(document.pk)[1]


def _missing(document: Document, paper: str) -> list[str]:
    """Return what art. 226 asks for and the paper does not say, each with its point."""
    return [f"art. 226 ({point}): {said}" for point, said in _asked(document) if _tight(said) not in paper]


def _asked(document: Document) -> list[tuple[str, str]]:
    seller, buyer, currency = document.seller, document.buyer, document.currency
    categories = {part["category"] for part in document.tax_breakdown}
    asked = [("1", _day(document.issued_on)), ("2", str(document.number)), ("3", seller["vat_id"])]
    if categories & {"AE", "K"}:
        asked.append(("4", buyer["vat_id"] or "a VAT id"))
    asked += [("5", said) for said in (seller["name"], *seller["address"].values()) if said != "DE"]
    asked += [("5", said) for said in (buyer["name"], *wording.postal(buyer["address"]))]
    for row in document.lines.all():
        asked += [("6", row.name), ("6", str(row.quantity))]
        if row.order_line_id:
            asked.append(("8", wording.price(row.unit_price, currency)))
        if row.discount_total:
            asked.append(("8", wording.figure(-row.discount_total, currency)))
    billed = document if isinstance(document, Invoice) else document.invoice
    if billed.supplied_on:
        asked.append(("7", _day(billed.supplied_on)))
    if period := einvoice.supply_period(document):
        asked += [("7", _day(end)) for end in period]
    for part in document.tax_breakdown:
        asked += [
            ("8", wording.figure(Decimal(part["net"]), currency)),
            ("9", wording.tax_name(part["category"], Decimal(part["rate"]))),
            ("10", wording.figure(Decimal(part["tax"]), currency)),
        ]
    legal = wording.legal_notes(document.tax_breakdown, seller=seller)
    asked += [("11", said) for said in (*legal, *wording.reasons(document.tax_breakdown))]
    if isinstance(document, CreditNote):
        # Art. 219: it names its invoice.
        asked += [("219", str(billed.number)), ("219", _day(billed.issued_on))]
    return asked


def _day(value: date | None) -> str:
    return wording.day(value) if value else "a day"


def _differences(document: Document, content: bytes) -> list[str]:
    """Return where the XML and the sums say something else than our rows."""
    found = []
    rows = list(document.lines.all())
    if sum((row.total for row in rows), Decimal(0)) != document.total:
        found.append("the rows do not add up to the total")
    if sum((row.net_total for row in rows), Decimal(0)) != document.net_total:
        found.append("the rows do not add up to the net")
    sums = ElementTree.fromstring(content).find(f".//{RAM}SpecifiedTradeSettlementHeaderMonetarySummation")  # noqa: S314
    said = {node.tag.removeprefix(RAM): Decimal(node.text or 0) for node in (sums if sums is not None else ())}
    if said.get("GrandTotalAmount", Decimal(0)) + said.get("RoundingAmount", Decimal(0)) != document.total:
        found.append(f"XML says {said}, our rows {document.total}")
    return found


def _differs_on_paper(document: Document, paper: str) -> list[str]:
    printed = _printed_total(paper, document)
    return [] if printed == document.total else [f"the paper says {printed}, our rows {document.total}"]


def _printed_total(paper: str, document: Document) -> Decimal | None:
    """Read the total that stands in the sums, whatever separators and signs its language has."""
    after = re.escape(_tight(_("Net total"))) + r".*?" + re.escape(_tight(_("Total"))) + r"(-?[^\d-]*-?[\d.,’']*\d)"
    if (read := re.search(after, paper)) is None:
        return None
    digits = Decimal(re.sub(r"\D", "", read[1])) * quantum(document.currency)
    return -digits if "-" in read[1] else digits
