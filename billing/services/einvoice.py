"""A document as machines read it: EN 16931 in the syntax of UN/CEFACT (Factur-X and ZUGFeRD, profile EN 16931).

Built from what the document says, in the order the schema asks for. The numbers of the terms (BT-…) are the
standard's. Credit notes are of type 381 with positive amounts, and name their invoice; an invoice that replaces one
which was credited in full is of type 380 and names it. Type 384 would correct it without any credit note.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.services import wording
from billing.services.asking import asked_for, held_on_paper
from billing.services.common import summed
from core.money import plain
from core.reader import retold

NAME = "factur-x.xml"
PROFILE = "urn:cen.eu:en16931:2017"
UN = "urn:un:unece:uncefact:data:standard"
SPACES = {
    "rsm": f"{UN}:CrossIndustryInvoice:100",
    "ram": f"{UN}:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{UN}:UnqualifiedDataType:100",
    "qdt": f"{UN}:QualifiedDataType:100",
}
INVOICE, CREDIT_NOTE = "380", "381"
SEPA_TRANSFER, TRANSFER, ONLINE = "58", "30", "68"
PIECES = "C62"
REASONS = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
UNTAXED, EXEMPT, INTRA_COMMUNITY, EXPORT = "O", "E", "K", "G"
EXACT = Decimal("0.0000000001")
# What XML 1.0 cannot hold, whatever somebody typed.
UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Document = Invoice | CreditNote
Row = InvoiceLine | CreditNoteLine
Node = ElementTree.Element
Stated = tuple[str, Decimal]

for _prefix, _space in SPACES.items():
    ElementTree.register_namespace(_prefix, _space)


def write(document: Document, rows: Sequence[Row]) -> bytes:
    """Return a document as XML, its words in the language that is active."""
    root = ElementTree.Element(_name("rsm:CrossIndustryInvoice"))
    _say(root, "rsm:ExchangedDocumentContext", "GuidelineSpecifiedDocumentContextParameter", "ID", text=PROFILE)
    head = _put(root, "rsm:ExchangedDocument")
    _say(head, "ID", text=document.number)  # BT-1
    _say(head, "TypeCode", text=INVOICE if isinstance(document, Invoice) else CREDIT_NOTE)  # BT-3
    _day(head, "IssueDateTime", document.issued_on)  # BT-2
    for note in _notes(document):
        _say(head, "IncludedNote", "Content", text=note)  # BT-22
    trade = _put(root, "rsm:SupplyChainTradeTransaction")
    stated = _stated(document)
    for position, row in enumerate(rows, start=1):
        own = (row.tax_category, row.tax_rate)
        _line(trade, position, row, document.currency, stated.get(own, own))
    _agreement(trade, document)
    _delivery(trade, document)
    _settlement(trade, document)
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


def supply_period(document: Document) -> tuple[date, date] | None:
    """Return the first and last day of the supplies of a document that names no day of supply, where it needs one.

    An intra-Community supply that is billed in advance lies between the invoice and the day that was promised then.
    """
    billed = _billed(document)
    if billed.supplied_on or billed.issued_on is None or INTRA_COMMUNITY not in _categories(document):
        return None
    until = billed.buyer.get("supply_until")
    return billed.issued_on, max(billed.issued_on, date.fromisoformat(until)) if until else billed.issued_on


def _notes(document: Document) -> list[str]:
    reason = [retold(document.reason)] if isinstance(document, CreditNote) else []
    legal = wording.legal_notes(document.tax_breakdown, seller=document.seller)
    exempt = wording.reasons(document.tax_breakdown)
    return [said for said in (*legal, *exempt, *reason, document.notes) if said]


def _categories(document: Document) -> set[str]:
    return {part["category"] for part in document.tax_breakdown}


def _stated(document: Document) -> dict[Stated, Stated]:
    """Return the category and the rate under which each of the document's own is stated.

    What is outside of tax stands alone (BR-O-11), beside other rates it is exempt. A tax that was agreed elsewhere
    may be more than one whole unit off its rate (BR-CO-17): then the rate is what that tax comes to.
    """
    mixed = len(_categories(document)) > 1
    found = {}
    for part in document.tax_breakdown:
        category, rate = part["category"], Decimal(part["rate"])
        net, tax = Decimal(part["net"]), Decimal(part["tax"])
        off = bool(net) and abs(tax - net * rate) >= 1
        found[category, rate] = (
            EXEMPT if category == UNTAXED and mixed else category,
            (tax / net).quantize(EXACT) if off else rate,
        )
    return found


def _line(trade: Node, position: int, row: Row, currency: str, stated: Stated) -> None:
    """Write a row; no price is negative (BR-27), so what is taken off is so many pieces less."""
    line = _put(trade, "IncludedSupplyChainTradeLineItem")
    _say(line, "AssociatedDocumentLineDocument", "LineID", text=str(position))  # BT-126
    product = _put(line, "SpecifiedTradeProduct")
    _say(product, "SellerAssignedID", text=row.sku)  # BT-155
    _say(product, "Name", text=row.name)  # BT-153
    price = _put(line, "SpecifiedLineTradeAgreement", "NetPriceProductTradePrice")
    _say(price, "ChargeAmount", text=_price(abs(row.unit_price), currency))  # BT-146
    # A share of a discount is no unit of it: it is said as one piece at its amount.
    pieces = row.quantity or 1
    quantity = -pieces if row.unit_price < 0 else pieces
    _say(line, "SpecifiedLineTradeDelivery", "BilledQuantity", text=str(quantity), unitCode=PIECES)  # BT-129, 130
    settled = _put(line, "SpecifiedLineTradeSettlement")
    _tax(settled, *stated)  # BT-151, 152
    if row.discount_total:
        allowance = _put(settled, "SpecifiedTradeAllowanceCharge")
        _say(allowance, "ChargeIndicator", "udt:Indicator", text="false")
        _say(allowance, "ActualAmount", text=plain(row.discount_total, currency))  # BT-136
        _say(allowance, "Reason", text=_("Discount"))  # BT-139
    amount = plain(row.net_total, currency)
    _say(settled, "SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount", text=amount)  # BT-131


def _agreement(trade: Node, document: Document) -> None:
    agreement = _put(trade, "ApplicableHeaderTradeAgreement")
    seller, buyer = document.seller, document.buyer
    taxed = _categories(document) != {UNTAXED}
    party = _put(agreement, "SellerTradeParty")
    _say(party, "ID", text=document.legal_entity.code)  # BT-29
    _say(party, "Name", text=seller["name"])  # BT-27
    if seller.get("phone") or seller.get("email"):
        contact = _put(party, "DefinedTradeContact")
        _say(contact, "PersonName", text=seller["name"])  # BT-41
        if seller.get("phone"):
            _say(contact, "TelephoneUniversalCommunication", "CompleteNumber", text=seller["phone"])  # BT-42
        if seller.get("email"):
            _say(contact, "EmailURIUniversalCommunication", "URIID", text=seller["email"])  # BT-43
    _address(party, seller.get("address", {}))  # BG-5
    _reach(party, seller.get("email"), seller.get("vat_id") if taxed else "")  # BT-34, 31
    party = _put(agreement, "BuyerTradeParty")
    _say(party, "ID", text=buyer.get("number"))  # BT-46
    _say(party, "Name", text=_named(buyer))  # BT-44
    _address(party, buyer["address"])  # BG-8
    _reach(party, buyer.get("email"), buyer.get("vat_id") if taxed else "")  # BT-49, 48
    _say(agreement, "SellerOrderReferencedDocument", "IssuerAssignedID", text=buyer["order_number"])  # BT-14
    if buyer.get("purchase_order_number"):
        reference = buyer["purchase_order_number"]
        _say(agreement, "BuyerOrderReferencedDocument", "IssuerAssignedID", text=reference)  # BT-13


def _delivery(trade: Node, document: Document) -> None:
    delivery = _put(trade, "ApplicableHeaderTradeDelivery")
    place = document.ship_to
    if not place.get("country") and INTRA_COMMUNITY in _categories(document):
        place = document.buyer["address"]  # BR-IC-12
    if place.get("country"):
        party = _put(delivery, "ShipToTradeParty")
        _say(party, "Name", text=place.get("company") or place.get("name"))  # BT-70
        _address(party, place)  # BG-15
    supplied_on = _billed(document).supplied_on
    if supplied_on:
        _day(_put(delivery, "ActualDeliverySupplyChainEvent"), "OccurrenceDateTime", supplied_on)  # BT-72


def _settlement(trade: Node, document: Document) -> None:
    settlement, currency = _put(trade, "ApplicableHeaderTradeSettlement"), document.currency
    due = document.total
    if isinstance(document, Invoice):
        due = asked_for(document)
        _say(settlement, "PaymentReference", text=document.number)  # BT-83
    _say(settlement, "InvoiceCurrencyCode", text=currency)  # BT-5
    if isinstance(document, Invoice) and due > 0:
        if summed(one.held_on_paper for one in held_on_paper(document)) >= due:
            _say(_put(settlement, "SpecifiedTradeSettlementPaymentMeans"), "TypeCode", text=ONLINE)  # BT-81
        else:
            _means(settlement, document.seller, currency)
    for one in _taxes(document):
        _tax(settlement, one.category, one.rate, said=one, currency=currency)
    if period := supply_period(document):
        node = _put(settlement, "BillingSpecifiedPeriod")
        _day(node, "StartDateTime", period[0])  # BT-73
        _day(node, "EndDateTime", period[1])  # BT-74
    if due > 0:
        terms = _put(settlement, "SpecifiedTradePaymentTerms")
        if isinstance(document, Invoice):
            _day(terms, "DueDateDateTime", document.due_on)  # BT-9
        else:
            _say(terms, "Description", text=wording.what_credit_does(document))  # BT-20
    sums = _put(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")
    _say(sums, "LineTotalAmount", text=plain(document.net_total, currency))  # BT-106
    _say(sums, "TaxBasisTotalAmount", text=plain(document.net_total, currency))  # BT-109
    _say(sums, "TaxTotalAmount", text=plain(document.tax_total, currency), currencyID=currency)  # BT-110
    if document.rounding:
        _say(sums, "RoundingAmount", text=plain(document.rounding, currency))  # BT-114
    _say(sums, "GrandTotalAmount", text=plain(document.net_total + document.tax_total, currency))  # BT-112
    if due != document.total:
        _say(sums, "TotalPrepaidAmount", text=plain(document.total - due, currency))  # BT-113
    _say(sums, "DuePayableAmount", text=plain(due, currency))  # BT-115
    # BG-3: what a credit note takes back, and what an invoice corrects; the standard has both for any type.
    if before := document.invoice if isinstance(document, CreditNote) else document.replaces:
        earlier = _put(settlement, "InvoiceReferencedDocument")
        _say(earlier, "IssuerAssignedID", text=before.number)  # BT-25
        _day(earlier, "FormattedIssueDateTime", before.issued_on, kind="qdt")  # BT-26


def _means(settlement: Node, seller: Mapping[str, Any], currency: str) -> None:
    """Say where to pay (BG-16, BG-17), where there is an account."""
    if not seller.get("iban"):
        return
    means = _put(settlement, "SpecifiedTradeSettlementPaymentMeans")
    _say(means, "TypeCode", text=SEPA_TRANSFER if currency == "EUR" else TRANSFER)  # BT-81
    account = _put(means, "PayeePartyCreditorFinancialAccount")
    _say(account, "IBANID", text=seller["iban"].replace(" ", ""))  # BT-84
    _say(account, "AccountName", text=seller["name"])  # BT-85
    if seller.get("bic"):
        _say(means, "PayeeSpecifiedCreditorFinancialInstitution", "BICID", text=seller["bic"])  # BT-86


def _taxes(document: Document) -> list["_Tax"]:
    """Return the sums of a document by category and rate (BG-23), with why no tax is stated."""
    mixed, stated = len(_categories(document)) > 1, _stated(document)
    found: dict[Stated, _Tax] = {}
    for part in document.tax_breakdown:
        key = stated[part["category"], Decimal(part["rate"])]
        one = found.setdefault(key, _Tax(*key))
        one.net += Decimal(part["net"])
        one.tax += Decimal(part["tax"])
        one.reasons += [*wording.legal_notes([part], seller=document.seller, mixed=mixed), *wording.reasons([part])]
        one.of_eu = wording.is_of_eu(document.seller)
    return list(found.values())


@dataclass
class _Tax:
    """What is stated at one rate."""

    category: str
    rate: Decimal
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    reasons: list[str] = field(default_factory=list)
    of_eu: bool = True


def _tax(parent: Node, category: str, rate: Decimal, *, said: _Tax | None = None, currency: str = "") -> None:
    """Write the tax of a row, or the sums of a document at one rate."""
    tax = _put(parent, "ApplicableTradeTax")
    if said is not None:
        _say(tax, "CalculatedAmount", text=plain(said.tax, currency))  # BT-117
    _say(tax, "TypeCode", text="VAT")
    if said is not None:
        _say(tax, "ExemptionReason", text=" ".join(said.reasons))  # BT-120
        _say(tax, "BasisAmount", text=plain(said.net, currency))  # BT-116
    _say(tax, "CategoryCode", text=category)  # BT-118
    if said is not None:
        # Of an export from elsewhere, the code would name a law that is not its own.
        by_eu = said.of_eu or category != EXPORT
        _say(tax, "ExemptionReasonCode", text=REASONS.get(category) if by_eu else "")  # BT-121
    if category != UNTAXED:
        _say(tax, "RateApplicablePercent", text=_percent(rate))  # BT-119


def _percent(rate: Decimal) -> str:
    """Write a rate in per cent, with two decimals or as many as it has."""
    whole, _point, decimals = f"{rate * 100:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _address(party: Node, address: Mapping[str, Any]) -> None:
    place = _put(party, "PostalTradeAddress")
    _say(place, "PostcodeCode", text=address.get("postal_code"))
    _say(place, "LineOne", text=address.get("line1"))
    _say(place, "LineTwo", text=address.get("line2"))
    _say(place, "CityName", text=address.get("city"))
    _say(place, "CountryID", text=address.get("country"))
    _say(place, "CountrySubDivisionName", text=address.get("region"))


def _reach(party: Node, email: str | None, vat_id: str | None) -> None:
    if email:
        _say(party, "URIUniversalCommunication", "URIID", text=email, schemeID="EM")
    if vat_id:
        _say(party, "SpecifiedTaxRegistration", "ID", text=vat_id.replace(" ", ""), schemeID="VA")


def _named(buyer: Mapping[str, Any]) -> str:
    address = buyer["address"]
    return str(address.get("company") or buyer.get("name") or address.get("name") or "")


def _billed(document: Document) -> Invoice:
    return document if isinstance(document, Invoice) else document.invoice


def _price(amount: Decimal, currency: str) -> str:
    """Write a unit price with as many decimals as it has, at least the currency's."""
    short = plain(amount, currency)
    return short if Decimal(short) == amount else f"{amount:.6f}".rstrip("0")


def _day(parent: Node, name: str, day: date | None, *, kind: str = "udt") -> None:
    if day:
        _say(parent, name, f"{kind}:DateTimeString", text=f"{day:%Y%m%d}", format="102")


def _put(parent: Node, *names: str) -> Node:
    """Add an element that holds others, below those that lead to it."""
    for name in names:
        parent = ElementTree.SubElement(parent, _name(name))
    return parent


def _say(parent: Node, *names: str, text: str | None, **attributes: str) -> None:
    """Add an element with a text; what has nothing to say is not written."""
    if said := UNSPEAKABLE.sub("", text or "").strip():
        node = _put(parent, *names)
        node.text = said
        node.attrib.update(attributes)


def _name(name: str) -> str:
    prefix, _colon, local = name.rpartition(":")
    return f"{{{SPACES[prefix or 'ram']}}}{local}"
