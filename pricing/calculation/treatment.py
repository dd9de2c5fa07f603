"""Which tax applies: by where goods come from, where they go, and who buys.

Categories are those of EN 16931 (UNTDID 5305): S a rate, Z zero rate, E exempt, AE reverse charge,
K intra-Community supply, G export, O outside the scope of tax.
"""

import re
from dataclasses import dataclass, field
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
# Goods, services in general, and what is supplied electronically.
GOODS, SERVICE, DIGITAL = "goods", "service", "digital"
# How sales to consumers in other member states are taxed (art. 33, 58 and 59c): at home as long as they are below the
# threshold; where they go, declared in the one-stop shop; or, while nobody has said so, where they go as far as rates
# of there are entered.
AS_ENTERED, AT_HOME, ONE_STOP_SHOP = "", "at_home", "one_stop_shop"
DISTANCE_SALES = frozenset({"destination", "below_threshold"})
# Sales to consumers that another country than the one named may have taxed, when they were agreed elsewhere.
TO_CONSUMERS = DISTANCE_SALES | {"service_at_home"}
# Without tax because of who buys: their VAT id belongs on the invoice (art. 226, point 4).
TO_BUSINESS = frozenset({"AE", "K"})
# Goods without tax because they leave a country: papers name the seller's VAT id of that country.
UNTAXED_GOODS = frozenset({"K", "G"})
VAT_ID = re.compile(r"^([A-Z]{2})[0-9A-Z+*]{2,13}$")


class TaxRateMissing(Invalid):
    """No rate is known for a class of goods on that day."""

    code = "tax_rate_missing"


@dataclass(frozen=True)
class Treatment:
    """How a sale is taxed: with the rates of `country`, or, where there is no country, by its category at 0 %.

    `certificate` is what makes the buyer exempt, `article` the one of Directive 2006/112/EC by which another country
    taxes it.
    """

    code: str
    category: str
    country: str
    reason: str
    certificate: Exemption | None = None
    article: str = ""


@dataclass(frozen=True)
class TaxKey:
    """What tax is rounded by: a category and a rate. `country` is whose tax it is, if not the treatment's."""

    category: str
    rate: Decimal
    country: str = field(default="", compare=False)

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
    """Decide how a sale is taxed: of goods that are sent, of a service, or of what is supplied electronically.

    To a business in another member state goods are an exempt supply (Directive 2006/112/EC art. 138), a service is
    taxed there and owed by who receives it (art. 44 and 196). A service to a consumer is taxed where the seller is
    (art. 45), unless it goes with goods: then it is treated as they are. A download is taxed where who buys it is
    (art. 58), in the EU like goods. Outside of the EU a service is outside the scope of its tax. Who holds a
    certificate of the country whose rates would apply is exempt there.
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
    if tax.region in CODES_OUTSIDE and seller in EU_COUNTRIES and (apart := _service_outside(tax, supply, tax.region)):
        return apart
    if tax.region in CODES_OUTSIDE and seller in EU_COUNTRIES:
        text = f"Export from {seller} to {tax.region}, where the VAT of the EU does not apply"
        return Treatment("export", "G", "", text)
    if buyer == seller:
        return Treatment("domestic", "S", seller, f"Sold within {seller}")
    # Goods in Northern Ireland follow the rules of the EU, services there do not.
    is_inside = buyer in EU_COUNTRIES or (tax.region == NORTHERN_IRELAND and supply == GOODS)
    if seller in EU_COUNTRIES and not is_inside and (apart := _service_outside(tax, supply, buyer)):
        return apart
    if seller not in EU_COUNTRIES or not is_inside:
        return Treatment("export", "G", "", f"Export from {seller} to {buyer}")
    issuer = vat_country(tax.vat_id) if tax.is_business and _is_good(tax) else ""
    if (issuer in EU_COUNTRIES or (issuer == "XI" and supply == GOODS)) and issuer != seller:
        if supply != GOODS:
            return Treatment("reverse_charge", "AE", "", f"Reverse charge: business with VAT id {tax.vat_id}")
        text = f"Intra-Community supply: goods to a business with VAT id {tax.vat_id}"
        return Treatment("intra_community", "K", "", text)
    if issuer == seller:
        # Art. 33 and 44: distance sales are made to consumers, and its services are taxed where it is at home.
        return Treatment("domestic", "S", seller, f"Sold to a business at home in {seller}, taxed there")
    if supply == SERVICE and not tax.with_goods:
        return _at_sellers(seller, buyer)
    if tax.distance_sales == AT_HOME:
        text = f"Sold from {seller} to a consumer in {buyer}: below the threshold, taxed in {seller}"
        return Treatment("below_threshold", "S", seller, text)
    how = " through the one-stop shop" if tax.distance_sales == ONE_STOP_SHOP else ""
    return Treatment("destination", "S", buyer, f"Sold from {seller} to a consumer in {buyer}, taxed there{how}")


def _service_outside(tax: TaxSituation, supply: str, place: str) -> Treatment | None:
    """Return how a service to somebody outside the VAT of the EU is taxed; nothing of what goes out with goods."""
    if supply == GOODS or tax.with_goods:
        return None
    if tax.is_business:
        text = f"Service to a business in {place}, taxed there (art. 44)"
        return Treatment("outside_scope", "O", "", text, article="44")
    if supply == DIGITAL:
        text = f"Supplied electronically to a consumer in {place}, taxed there (art. 58)"
        return Treatment("outside_scope", "O", "", text, article="58")
    return _at_sellers(tax.seller_country, place)


def _at_sellers(seller: str, place: str) -> Treatment:
    text = f"Service to a consumer in {place}, taxed in {seller} (art. 45)"
    return Treatment("service_at_home", "S", seller, text)


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
    region = tax.region if treatment.country == tax.country else ""
    own = [(place, "") for place in (region, treatment.country) if place]
    # While nobody has said how, the seller's own rate is the safe answer: it is right below the threshold.
    is_open = treatment.code in DISTANCE_SALES and tax.distance_sales == AS_ENTERED
    places = [*own, (tax.seller_country, tax.seller_country)] if is_open else own
    found = next((key for place, whose in places if (key := _key(tax, place, tax_class, whose))), None)
    if found is None:
        why = " (it is taxed there through the one-stop shop)" if treatment.code in DISTANCE_SALES else ""
        raise TaxRateMissing(
            f"No tax rate is known for {tax_class!r} in {treatment.country}{why}",
            country=treatment.country,
            tax_class=tax_class,
        )
    return found


def _key(tax: TaxSituation, place: str, tax_class: str, whose: str) -> TaxKey | None:
    """Return category and rate of a class in a place, as far as one is entered there."""
    rate = tax.rates.get((place, tax_class))
    return None if rate is None else TaxKey("S" if rate else "Z", rate or ZERO, whose)


def key_of_given(
    tax_amount: Decimal, net: Decimal, expected: TaxKey, *, treatment: Treatment, tax: TaxSituation, tolerance: Decimal
) -> TaxKey:
    """Return the rate that a tax agreed elsewhere amounts to: a known one where it fits, else the effective one.

    Of the two countries that a sale to a consumer may be taxed in, it is owed to the one whose tax was reckoned with.
    """
    if abs(net * expected.rate - tax_amount) <= tolerance:
        return expected
    if not tax_amount:
        return TaxKey("Z", ZERO)
    is_open = treatment.code in TO_CONSUMERS
    places = [(tax.region, tax.country), (tax.country, tax.country)]
    places += [(tax.seller_country, tax.seller_country)] if is_open else []
    for place, whose in places:
        known = sorted({rate for (country, _), rate in tax.rates.items() if country == place and rate})
        for rate in sorted(known, key=lambda rate: abs(net * rate - tax_amount)):
            if abs(net * rate - tax_amount) <= tolerance:
                return TaxKey("S", rate, whose if is_open and whose != treatment.country else "")
    return TaxKey("S", (tax_amount / net).quantize(Decimal("0.0001")))
