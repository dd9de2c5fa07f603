"""The rules of EN 16931 that can be checked in a few lines: sums, what each category asks for, what must be there.

Checked: BR-1 to 5, 6 to 11, 16, 21 to 27, 42, 45 to 48, 55, 57, 61; BR-CO-3, 4, 9, 10, 13 to 18, 25, 26; BR-DEC;
of S, Z, E, AE, K (IC), G and O the rules 1 to 10, as far as rows and sums (no charges of the head: we write none);
and the order of elements. Not covered: the code lists, periods, payees, tax representatives, and the XSD itself.
"""

from decimal import Decimal
from xml.etree import ElementTree

UN = "urn:un:unece:uncefact:data:standard"
NS = {
    "rsm": f"{UN}:CrossIndustryInvoice:100",
    "ram": f"{UN}:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{UN}:UnqualifiedDataType:100",
    "qdt": f"{UN}:QualifiedDataType:100",
}
REASON = {"E", "AE", "K", "G", "O"}
BOTH_PARTIES = {"AE", "K"}
# The order in which the schema wants the children, of the elements that we write.
ORDER = {
    "CrossIndustryInvoice": "ExchangedDocumentContext ExchangedDocument SupplyChainTradeTransaction",
    "ExchangedDocument": "ID TypeCode IssueDateTime IncludedNote",
    "SupplyChainTradeTransaction": "IncludedSupplyChainTradeLineItem ApplicableHeaderTradeAgreement "
    "ApplicableHeaderTradeDelivery ApplicableHeaderTradeSettlement",
    "IncludedSupplyChainTradeLineItem": "AssociatedDocumentLineDocument SpecifiedTradeProduct "
    "SpecifiedLineTradeAgreement SpecifiedLineTradeDelivery SpecifiedLineTradeSettlement",
    "SpecifiedTradeProduct": "SellerAssignedID Name",
    "SpecifiedLineTradeSettlement": "ApplicableTradeTax SpecifiedTradeAllowanceCharge "
    "SpecifiedTradeSettlementLineMonetarySummation",
    "SpecifiedTradeAllowanceCharge": "ChargeIndicator ActualAmount Reason",
    "ApplicableTradeTax": "CalculatedAmount TypeCode ExemptionReason BasisAmount CategoryCode ExemptionReasonCode "
    "RateApplicablePercent",
    "ApplicableHeaderTradeAgreement": "SellerTradeParty BuyerTradeParty SellerOrderReferencedDocument "
    "BuyerOrderReferencedDocument",
    "SellerTradeParty": "ID Name DefinedTradeContact PostalTradeAddress URIUniversalCommunication "
    "SpecifiedTaxRegistration",
    "BuyerTradeParty": "ID Name PostalTradeAddress URIUniversalCommunication SpecifiedTaxRegistration",
    "ShipToTradeParty": "Name PostalTradeAddress",
    "DefinedTradeContact": "PersonName TelephoneUniversalCommunication EmailURIUniversalCommunication",
    "PostalTradeAddress": "PostcodeCode LineOne LineTwo CityName CountryID CountrySubDivisionName",
    "ApplicableHeaderTradeDelivery": "ShipToTradeParty ActualDeliverySupplyChainEvent",
    "ApplicableHeaderTradeSettlement": "PaymentReference InvoiceCurrencyCode SpecifiedTradeSettlementPaymentMeans "
    "ApplicableTradeTax BillingSpecifiedPeriod SpecifiedTradePaymentTerms "
    "SpecifiedTradeSettlementHeaderMonetarySummation "
    "InvoiceReferencedDocument",
    "SpecifiedTradeSettlementPaymentMeans": "TypeCode PayeePartyCreditorFinancialAccount "
    "PayeeSpecifiedCreditorFinancialInstitution",
    "PayeePartyCreditorFinancialAccount": "IBANID AccountName",
    "SpecifiedTradePaymentTerms": "Description DueDateDateTime",
    "SpecifiedTradeSettlementHeaderMonetarySummation": "LineTotalAmount TaxBasisTotalAmount TaxTotalAmount "
    "RoundingAmount GrandTotalAmount TotalPrepaidAmount DuePayableAmount",
    "InvoiceReferencedDocument": "IssuerAssignedID FormattedIssueDateTime",
}


class Reading:
    """An invoice, by the paths of its terms."""

    def __init__(self, content: bytes) -> None:
        """Read it."""
        self.root = ElementTree.fromstring(content)  # noqa: S314 - ours

    def all(self, path, node=None):
        """Return the elements at a path of names without their prefixes."""
        return (self.root if node is None else node).findall(
            "./" + "/".join(f"{{*}}{part}" for part in path.split("/"))
        )

    def text(self, path, node=None):
        """Return the text at a path, or none."""
        found = self.all(path, node)
        return found[0].text if found else None

    def amount(self, path, node=None):
        """Return the amount at a path; nothing where there is none."""
        return Decimal(self.text(path, node) or 0)


TRADE = "SupplyChainTradeTransaction"
SELLER = f"{TRADE}/ApplicableHeaderTradeAgreement/SellerTradeParty"
BUYER = f"{TRADE}/ApplicableHeaderTradeAgreement/BuyerTradeParty"
SETTLED = f"{TRADE}/ApplicableHeaderTradeSettlement"
SUMS = f"{SETTLED}/SpecifiedTradeSettlementHeaderMonetarySummation"
DELIVERY = f"{TRADE}/ApplicableHeaderTradeDelivery"


def breaches(content: bytes) -> list[str]:
    """Return the rules that a document breaks, by their names."""
    one = Reading(content)
    return [name for name, holds in [*_there(one), *_sums(one), *_taxes(one), *_in_order(one)] if not holds]


def _there(one):
    text = one.text
    due = one.amount(f"{SUMS}/DuePayableAmount")
    guideline = "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID"
    yield "BR-1", text(guideline) == "urn:cen.eu:en16931:2017"
    yield "BR-2", text("ExchangedDocument/ID")
    yield "BR-3", len(text("ExchangedDocument/IssueDateTime/DateTimeString") or "") == 8
    yield "BR-4", text("ExchangedDocument/TypeCode") in ("380", "381")
    yield "BR-5", len(text(f"{SETTLED}/InvoiceCurrencyCode") or "") == 3
    yield "BR-6", text(f"{SELLER}/Name")
    yield "BR-7", text(f"{BUYER}/Name")
    yield "BR-9", text(f"{SELLER}/PostalTradeAddress/CountryID")
    yield "BR-11", text(f"{BUYER}/PostalTradeAddress/CountryID")
    yield "BR-16", one.all(f"{TRADE}/IncludedSupplyChainTradeLineItem")
    for party in one.all(f"{DELIVERY}/ShipToTradeParty"):
        yield "BR-57", text("PostalTradeAddress/CountryID", party)
    for means in one.all(f"{SETTLED}/SpecifiedTradeSettlementPaymentMeans"):
        account = text("PayeePartyCreditorFinancialAccount/IBANID", means)
        yield "BR-61", account if (kind := text("TypeCode", means)) in ("30", "58") else kind
    for earlier in one.all(f"{SETTLED}/InvoiceReferencedDocument"):
        yield "BR-55", text("IssuerAssignedID", earlier)
    terms = f"{SETTLED}/SpecifiedTradePaymentTerms"
    yield "BR-CO-25", due <= 0 or text(f"{terms}/DueDateDateTime/DateTimeString") or text(f"{terms}/Description")
    yield "BR-CO-26", text(f"{SELLER}/ID") or text(f"{SELLER}/SpecifiedTaxRegistration/ID")
    for registration in one.all(f"{SELLER}/SpecifiedTaxRegistration/ID"):
        yield "BR-CO-9", registration.text[:2].isalpha()


def _sums(one):
    lines = one.all(f"{TRADE}/IncludedSupplyChainTradeLineItem")
    settled = "SpecifiedLineTradeSettlement"
    for line in lines:
        yield "BR-21", one.text("AssociatedDocumentLineDocument/LineID", line)
        quantity = one.all("SpecifiedLineTradeDelivery/BilledQuantity", line)
        yield "BR-22", quantity
        yield "BR-23", quantity[0].get("unitCode")
        yield "BR-25", one.text("SpecifiedTradeProduct/Name", line)
        price = one.text("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount", line)
        yield "BR-26", price is not None
        yield "BR-27", Decimal(price) >= 0
        yield "BR-CO-4", one.text(f"{settled}/ApplicableTradeTax/CategoryCode", line)
        allowances = one.all(f"{settled}/SpecifiedTradeAllowanceCharge", line)
        for allowance in allowances:
            yield "BR-42", one.text("Reason", allowance)
        net = one.amount(f"{settled}/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount", line)
        less = sum((one.amount("ActualAmount", allowance) for allowance in allowances), Decimal(0))
        # Not a rule of the standard itself (PEPPOL-EN16931-R120): a row is what its price says, to the cent each.
        off = abs(Decimal(price) * Decimal(quantity[0].text) - less - net)
        yield "row", off <= Decimal("0.02") * max(1, abs(Decimal(quantity[0].text)))
    total = "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"
    net, tax = one.amount(f"{SUMS}/LineTotalAmount"), one.amount(f"{SUMS}/TaxTotalAmount")
    yield "BR-CO-10", net == sum((one.amount(total, line) for line in lines), Decimal(0))
    yield "BR-CO-13", one.amount(f"{SUMS}/TaxBasisTotalAmount") == net
    grand = one.amount(f"{SUMS}/GrandTotalAmount")
    yield "BR-CO-15", grand == net + tax
    prepaid, rounding = one.amount(f"{SUMS}/TotalPrepaidAmount"), one.amount(f"{SUMS}/RoundingAmount")
    yield "BR-CO-16", one.amount(f"{SUMS}/DuePayableAmount") == grand - prepaid + rounding
    for amount in one.root.iter():
        if amount.tag.endswith("Amount") and not amount.tag.endswith("}ChargeAmount"):
            yield "BR-DEC", len(amount.text.partition(".")[2]) <= 2


def _taxes(one):
    parts = one.all(f"{SETTLED}/ApplicableTradeTax")
    yield "BR-CO-18", parts
    yield (
        "BR-CO-14",
        one.amount(f"{SUMS}/TaxTotalAmount")
        == sum((one.amount("CalculatedAmount", part) for part in parts), Decimal(0)),
    )
    rows: dict = {}
    for line in one.all(f"{TRADE}/IncludedSupplyChainTradeLineItem"):
        tax = one.all("SpecifiedLineTradeSettlement/ApplicableTradeTax", line)[0]
        key = (one.text("CategoryCode", tax), one.text("RateApplicablePercent", tax))
        net = "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"
        rows[key] = rows.get(key, Decimal(0)) + one.amount(net, line)
    stated = {
        (one.text("CategoryCode", part), one.text("RateApplicablePercent", part)): one.amount("BasisAmount", part)
        for part in parts
    }
    yield "BR-S/Z/E/AE/IC/G/O-8", stated == rows
    seller, buyer = (one.text(f"{party}/SpecifiedTaxRegistration/ID") for party in (SELLER, BUYER))
    for part in parts:
        category, rate = one.text("CategoryCode", part), one.text("RateApplicablePercent", part)
        tax, base = one.amount("CalculatedAmount", part), one.amount("BasisAmount", part)
        yield "BR-48", (rate is None) == (category == "O")
        yield "BR-CO-17", tax == (base * Decimal(rate or 0) / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        yield f"BR-{category}-5", Decimal(rate or 0) > 0 if category == "S" else Decimal(rate or 0) == 0
        reason = one.text("ExemptionReason", part) or one.text("ExemptionReasonCode", part)
        yield f"BR-{category}-10", bool(reason) == (category in REASON)
        yield f"BR-{category}-2", bool(seller) == (category != "O")
        if category in BOTH_PARTIES:
            yield f"BR-{category}-2", buyer
        if category == "K":
            day = one.text(f"{DELIVERY}/ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString")
            period = f"{SETTLED}/BillingSpecifiedPeriod"
            first, last = (one.text(f"{period}/{end}DateTime/DateTimeString") for end in ("Start", "End"))
            yield "BR-IC-11", day or (first and last)
            yield "BR-29", not first or first <= last
            yield "BR-IC-12", one.text(f"{DELIVERY}/ShipToTradeParty/PostalTradeAddress/CountryID")
        if category == "O":
            yield "BR-O-11", len(parts) == 1


def _in_order(one):
    for node in one.root.iter():
        name = node.tag.rpartition("}")[2]
        yield f"{name} is not empty", len(node) or node.text
        if name in ORDER:
            wanted = ORDER[name].split()
            places = [wanted.index(child.tag.rpartition("}")[2]) for child in node]
            yield f"the order in {name}", places == sorted(places)
