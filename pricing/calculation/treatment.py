"""Which tax applies: by where goods come from, where they go, and who buys.

Categories are those of EN 16931 (UNTDID 5305): S a rate, Z zero rate, E exempt, AE reverse charge,
K intra-Community supply, G export, O outside the scope of tax.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from core.errors import Invalid
from customers import vat_ids

from .territories import CODES_OUTSIDE, NORTHERN_IRELAND
from .values import ZERO, Exemption, TaxSituation

EU_COUNTRIES = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
NOT_STATED = "not_stated"
EXEMPT = "exempt"
GOODS, SERVICE = "goods", "service"
# Without tax because of who buys: their VAT id belongs on the invoice (art. 226, point 4).
TO_BUSINESS = frozenset({"AE", "K"})
VAT_ID = re.compile(r"^([A-Z]{2})[0-9A-Z+*]{2,13}$")


class TaxRateMissing(Invalid):
    """No rate is known for a class of goods on that day."""

    code = "tax_rate_missing"


@dataclass(frozen=True)
class Treatment:
    """How a sale is taxed: with the rates of `country`, or, where there is no country, by its category at 0 %.

    `certificate` is what makes the buyer exempt.
    """

    code: str
    category: str
    country: str
    reason: str
    certificate: Exemption | None = None


@dataclass(frozen=True)
class TaxKey:
    """What tax is rounded by: a category and a rate."""

    category: str
    rate: Decimal

    @property
    def text(self) -> str:
        """Return the stored form of the rate, with at least two decimals."""
        return rate_text(self.rate)


OUTSIDE = TaxKey("O", ZERO)


def rate_text(rate: Decimal) -> str:
    """Write a rate as the API does: 0.19, 0.077, 0.00."""
    whole, _, decimals = f"{rate:.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def vat_country(vat_id: str) -> str:
    """Return the country that gave a VAT id, or nothing where it is no VAT id. Greece writes EL."""
    match = VAT_ID.match(re.sub(r"[\s.\-]", "", vat_id).upper())
    if match is None:
        return ""
    prefix = match.group(1)
    return "GR" if prefix == "EL" else prefix


def treat(tax: TaxSituation, supply: str = GOODS) -> Treatment:
    """Decide how a sale is taxed: of goods that are sent, or of a service (downloads count as such).

    To a business in another member state goods are an exempt supply (Directive 2006/112/EC art. 138), a service is
    taxed there and owed by who receives it (art. 44 and 196). Who holds a certificate of the country whose rates would
    apply is exempt there.
    """
    found = _by_place(tax, supply)
    if not found.country:
        return found
    region = tax.region if found.country == tax.country else ""
    held = next((one for one in tax.exemptions if one.holds(found.country, region, tax.on)), None)
    if held is None:
        return found
    text = f"Exempt in {found.country}: certificate {held.number}, {held.reason}"
    return Treatment("exempt", "E", "", text, held)


def _by_place(tax: TaxSituation, supply: str) -> Treatment:
    seller, buyer = tax.seller_country, tax.country
    if not buyer or not seller:
        return Treatment("unknown", "O", "", "No country is known, so no tax can be stated")
    if tax.region in CODES_OUTSIDE and seller in EU_COUNTRIES:
        text = f"Export from {seller} to {tax.region}, where the VAT of the EU does not apply"
        return Treatment("export", "G", "", text)
    if buyer == seller:
        return Treatment("domestic", "S", seller, f"Sold within {seller}")
    # Goods in Northern Ireland follow the rules of the EU, services there do not.
    is_inside = buyer in EU_COUNTRIES or (tax.region == NORTHERN_IRELAND and supply == GOODS)
    if seller not in EU_COUNTRIES or not is_inside:
        return Treatment("export", "G", "", f"Export from {seller} to {buyer}")
    issuer = vat_country(tax.vat_id) if tax.is_business and _is_good(tax) else ""
    if (issuer in EU_COUNTRIES or (issuer == "XI" and supply == GOODS)) and issuer != seller:
        if supply == SERVICE:
            return Treatment("reverse_charge", "AE", "", f"Reverse charge: business with VAT id {tax.vat_id}")
        text = f"Intra-Community supply: goods to a business with VAT id {tax.vat_id}"
        return Treatment("intra_community", "K", "", text)
    if issuer == seller:
        # Art. 33 and 44: distance sales are made to consumers, and its services are taxed where it is at home.
        return Treatment("domestic", "S", seller, f"Sold to a business at home in {seller}, taxed there")
    return Treatment("destination", "S", buyer, f"Sold from {seller} to a consumer in {buyer}, taxed there")


def _is_good(tax: TaxSituation) -> bool:
    """Whether a sale may rest on the VAT id: one that can exist, as long as nobody who knows has refused it."""
    return not tax.vat_refused and vat_ids.is_valid(tax.vat_id)


def key_for(treatment: Treatment, tax: TaxSituation, tax_class: str) -> TaxKey:
    """Return category and rate of one class of goods. Raises TaxRateMissing where nobody entered a rate."""
    if tax_class == NOT_STATED:
        return OUTSIDE
    if not treatment.country:
        return TaxKey(treatment.category, ZERO)
    if tax_class == EXEMPT:
        return TaxKey("E", ZERO)
    # Below the threshold of the one-stop shop the seller's own rate is right, so it is the safe answer.
    region = tax.region if treatment.country == tax.country else ""
    places = (region, treatment.country, tax.seller_country)
    rate = next((tax.rates[place, tax_class] for place in places if (place, tax_class) in tax.rates), None)
    if rate is None:
        raise TaxRateMissing(
            f"No tax rate is known for {tax_class!r} in {treatment.country}",
            country=treatment.country,
            tax_class=tax_class,
        )
    return TaxKey("S", rate) if rate else TaxKey("Z", ZERO)


def key_of_given(
    tax_amount: Decimal, net: Decimal, expected: TaxKey, *, tax: TaxSituation, tolerance: Decimal
) -> TaxKey:
    """Return the rate that a tax agreed elsewhere amounts to: a known one where it fits, else the effective one."""
    if abs(net * expected.rate - tax_amount) <= tolerance:
        return expected
    if not tax_amount:
        return TaxKey("Z", ZERO)
    known = sorted({rate for (country, _), rate in tax.rates.items() if country in (tax.region, tax.country) and rate})
    for rate in sorted(known, key=lambda rate: abs(net * rate - tax_amount)):
        if abs(net * rate - tax_amount) <= tolerance:
            return TaxKey("S", rate)
    return TaxKey("S", (tax_amount / net).quantize(Decimal("0.0001")))
