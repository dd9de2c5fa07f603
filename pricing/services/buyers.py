"""What tax asks about goods and who buys them, and what an agreement says of both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from core import seat
from customers.addresses import PostalAddress
from customers.models import Customer
from inventory.models import Product
from pricing.calculation import DIGITAL, GOODS, SERVICE, Exemption, TaxBuyer, TaxSituation, territories
from pricing.providers import tax_provider
from pricing.reference import reference

# The categories of what is taxed in a country: at a rate, at none, or exempt there.
TAXED = frozenset({"S", "Z", "E"})
# Under which an agreement keeps a VAT id that only its invoices name: what is taxed does not rest on it.
ON_PAPERS = "vat_id_on_papers"


def supply_of(product: Product) -> str:
    """Return what selling a product is for tax: goods that move, a service, or a download."""
    return {Product.Kind.SERVICE: SERVICE, Product.Kind.DIGITAL: DIGITAL}.get(Product.Kind(product.kind), GOODS)


def region_of(address: PostalAddress) -> str:
    """Return the region of an address as tax knows it (ISO 3166-2), where anybody can tell."""
    return territories.region_of(address.country, address.region, address.postal_code)


def is_taxed_apart(region: str) -> bool:
    """Whether a region has rates of its own, or lies where other rules hold than in its country."""
    if not region or region in territories.CODES_OUTSIDE or region == territories.NORTHERN_IRELAND:
        return bool(region)
    return any(tax.region == region for tax in reference().taxes.get(region[:2], ()))


def tax_buyer(customer: Customer | None, *, is_company: bool = False, vat_id: str | None = None) -> TaxBuyer:
    """Return a customer in hand as tax knows them; nothing is read. `is_company`: the order says so itself.

    `vat_id` is the one they give now: of another than is written down nobody knows anything yet.
    """
    if customer is not None and vat_id not in (None, customer.vat_id):
        known = tax_buyer(customer, is_company=is_company)
        return replace(known, vat_id=str(vat_id), vat_refused=False, vat_checked_on="", vat_reference="")
    if customer is None:
        return TaxBuyer(is_business=is_company)
    confirmed = customer.vat_state == Customer.VatState.VALID and customer.vat_checked_at is not None
    return TaxBuyer(
        is_business=is_company or customer.kind == Customer.Kind.COMPANY,
        vat_id=customer.vat_id,
        vat_refused=customer.vat_state == Customer.VatState.INVALID,
        vat_checked_on=seat.day_of(customer.vat_checked_at).isoformat() if confirmed else "",
        vat_reference=customer.vat_reference if confirmed else "",
        exemptions=tuple(Exemption(**one) for one in customer.exemptions),
        customer_class=customer.tax_class,
    )


def tax_buyer_agreed(explanation: Sequence[Mapping[str, Any]], customer: Customer | None) -> TaxBuyer:
    """Return who bought as tax knew them when it was agreed.

    Agreements of earlier times kept nothing of that: then it is what `customer` says today, with nothing found out
    since.
    """
    told = tax_buyer_told(explanation)
    return replace(tax_buyer(customer), vat_refused=False, exemptions=()) if told is None else told


def tax_buyer_told(explanation: Sequence[Mapping[str, Any]]) -> TaxBuyer | None:
    """Return who bought as an agreement keeps it; nothing where it kept nothing of that."""
    told = next((one for one in explanation if one["about"] == "tax" and "buyer" in one), None)
    return TaxBuyer.from_dict(told["buyer"]) if told else None


def exemption_told(explanation: Sequence[Mapping[str, Any]]) -> str:
    """Return why no tax is asked for, as a certificate says it; nothing where none was used."""
    return next((str(one["why"]) for one in explanation if one["about"] == "tax" and one.get("certificate")), "")


def vat_id_told(explanation: Sequence[Mapping[str, Any]]) -> str:
    """Return the VAT id that the tax of an agreement rests on; nothing where it rests on none."""
    return next((str(one["vat_id"]) for one in explanation if one["about"] == "tax" and one.get("vat_id")), "")


def vat_id_on_papers(explanation: Sequence[Mapping[str, Any]], customer: Customer | None) -> str:
    """Return the VAT id that invoices name: the one the tax rests on, else a corrected one, else the customer's."""
    if rests_on := vat_id_told(explanation):
        return rests_on
    corrected = next((one[ON_PAPERS] for one in explanation if one["about"] == "tax" and ON_PAPERS in one), None)
    return (customer.vat_id if customer is not None else "") if corrected is None else str(corrected)


def with_vat_id(explanation: Sequence[Mapping[str, Any]], vat_id: str) -> list[dict[str, Any]]:
    """Return what an agreement says, with another VAT id on its invoices; how it is taxed stays.

    Where the tax rests on the one before it rests on this one, of which nobody has been asked yet.
    """
    told, before = [dict(one) for one in explanation], vat_id_told(explanation)
    treatments = [one for one in told if _is_treatment(one)]
    if not before:
        if not treatments:
            treatments = [{"about": "tax", "code": "corrected", "text": ""}]
            told += treatments
        treatments[0][ON_PAPERS] = vat_id
        return told
    for one in treatments:
        if one.get("vat_id"):
            one |= {"vat_id": vat_id, "text": str(one["text"]).replace(before, vat_id)}
            one.pop("checked_on", None)
            one.pop("reference", None)
        if "buyer" in one:
            kept = {name: value for name, value in one["buyer"].items() if not name.startswith("vat_")}
            one["buyer"] = {**kept, "vat_id": vat_id}
    return told


def is_taxed_otherwise(
    explanation: Sequence[Mapping[str, Any]],
    customer: Customer | None,
    *,
    supplies: Collection[str],
    seller_country: str,
    on: date,
    before: PostalAddress,
    after: PostalAddress,
    vat_id: str,
) -> bool:
    """Whether what was agreed would be taxed in another way with this VAT id, or where it counts as bought there.

    Who names a VAT id buys as a business.
    """
    agreed = tax_buyer_agreed(explanation, customer)
    named = agreed
    if vat_id != agreed.vat_id:
        named = replace(agreed, vat_id=vat_id, vat_refused=False, is_business=agreed.is_business or bool(vat_id))

    def treated(buyer: TaxBuyer, place: PostalAddress) -> set[tuple[str, str, str]]:
        situation = TaxSituation(
            seller_country=seller_country,
            country=territories.taxed_as(place.country),
            region=region_of(place),
            on=on,
            distance_sales=distance_sales_told(explanation),
            with_goods=GOODS in supplies,
            **vars(buyer),
        )
        found = {supply: tax_provider().treat(situation, supply) for supply in supplies or {GOODS}}
        return {(supply, one.category, one.country) for supply, one in found.items()}

    return treated(agreed, before) != treated(named, after)


def distance_sales_told(explanation: Sequence[Mapping[str, Any]]) -> str:
    """Return how consumers in other member states were taxed when it was agreed; nothing where nobody had said so."""
    found = (one["distance_sales"] for one in explanation if one["about"] == "tax" and one.get("distance_sales"))
    return str(next(found, ""))


@dataclass(frozen=True)
class TaxPlaces:
    """Whose tax an agreement bears. `other` is the country of all of it, where that is not where the goods go.

    `others` are those of single rates, `distant` the rates on what consumers in other member states buy; a rate is a
    category and a share. `article` is the one of Directive 2006/112/EC by which what is outside of tax is taxed
    elsewhere.
    """

    other: str = ""
    others: Mapping[tuple[str, Decimal], str] = field(default_factory=dict)
    distant: frozenset[tuple[str, Decimal]] = frozenset()
    article: str = ""

    def country(self, category: str, rate: Decimal) -> str:
        """Return whose tax one is; nothing where the address says it."""
        return self.others.get((category, rate), self.other) if category in TAXED else ""


def tax_places_told(explanation: Sequence[Mapping[str, Any]], country: str) -> TaxPlaces:
    """Return whose tax an agreement on goods that go to `country` bears, where that country does not say it."""
    told = {_whose(one) for one in explanation if _is_treatment(one) and one.get("country")}
    here = territories.taxed_as(country)
    rates = {_rate(one): one for one in explanation if one["about"].startswith("tax:")}
    distant = [rate for rate, one in rates.items() if one.get("distance")]
    if not distant and any(one["about"] == "tax" and one["code"] == "destination" for one in explanation):
        # It was agreed before single rates were marked.
        distant = [rate for rate in rates if rate[0] in TAXED]
    return TaxPlaces(
        next(iter(told)) if len(told) == 1 and told != {here} else "",
        {rate: str(one["country"]) for rate, one in rates.items() if one.get("country")},
        frozenset(distant),
        next((str(one["article"]) for one in explanation if _is_treatment(one) and one.get("article")), ""),
    )


def _whose(one: Mapping[str, Any]) -> str:
    """Return whose tax a treatment says it is; goods in Northern Ireland are taxed apart from its country: XI."""
    is_north = one.get("region") == territories.NORTHERN_IRELAND and one["code"] == "destination"
    return territories.NORTHERN_IRELAND_VAT if is_north else str(one["country"])


def _is_treatment(one: Mapping[str, Any]) -> bool:
    return one["about"] == "tax" and one["code"] != "rate_of_home"


def _rate(one: Mapping[str, Any]) -> tuple[str, Decimal]:
    _tax, category, share = str(one["about"]).split(":")
    return category, Decimal(share)
