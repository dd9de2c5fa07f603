"""Consumers in other member states: at home below the threshold, where they live in the one-stop shop."""

from decimal import Decimal as D

import pytest

from pricing.calculation import AS_ENTERED, AT_HOME, GOODS, ONE_STOP_SHOP, GoodsLine, QuoteRequest, TaxSituation, quote
from pricing.calculation.treatment import TaxRateMissing, key_for, treat

RATES = {
    ("DE", "standard"): D("0.19"),
    ("DE", "reduced"): D("0.07"),
    ("AT", "standard"): D("0.20"),
}


def to_austria(way: str, **more) -> TaxSituation:
    return TaxSituation(seller_country="DE", country="AT", rates=RATES, distance_sales=way, **more)


def ask(way: str, *lines: GoodsLine, **more):
    tax = to_austria(way, **more)
    return quote(QuoteRequest(currency="EUR", prices_include_tax=False, lines=lines, tax=tax))


def line(tax_class: str = "standard", *, key: int = 1, **more) -> GoodsLine:
    return GoodsLine(key=key, quantity=1, unit_price=D("100"), tax_class=tax_class, **more)


@pytest.mark.parametrize(
    ("way", "code", "country", "rate"),
    [
        (AS_ENTERED, "destination", "AT", "0.20"),
        (AT_HOME, "below_threshold", "DE", "0.19"),
        (ONE_STOP_SHOP, "destination", "AT", "0.20"),
    ],
)
def test_how_a_consumer_in_another_member_state_is_taxed(way, code, country, rate):
    tax = to_austria(way)
    treated = treat(tax)
    assert (treated.code, treated.category, treated.country) == (code, "S", country)
    assert key_for(treated, tax, "standard").rate == D(rate)
    # Nobody else is touched: neither a business, nor who lives at home or outside of the EU.
    firm = to_austria(way, is_business=True, vat_id="ATU13585627")
    assert treat(firm, GOODS).code == "intra_community"
    for there, same in (("DE", "domestic"), ("CH", "export")):
        other = TaxSituation(seller_country="DE", country=there, rates=RATES, distance_sales=way)
        assert treat(other).code == same
    # Goods to Northern Ireland are sold within the EU.
    north = TaxSituation(seller_country="DE", country="GB", region="GB-NIR", rates=RATES, distance_sales=way)
    assert treat(north).code == code


def test_without_a_rate_of_there_the_one_stop_shop_refuses_and_home_is_never_asked():
    tax = to_austria(ONE_STOP_SHOP)
    with pytest.raises(TaxRateMissing, match="'reduced' in AT .*one-stop shop"):
        key_for(treat(tax), tax, "reduced")
    home = to_austria(AT_HOME)
    assert key_for(treat(home), home, "reduced").rate == D("0.07")


def test_the_rate_of_home_stands_in_while_nobody_has_said_how_and_is_owed_at_home():
    found = ask(AS_ENTERED, line(), line("reduced", key=2), line("reduced", key=3))
    assert [(one["category"], one["rate"], one["tax"]) for one in found.tax_breakdown] == [
        ("S", "0.20", "20.00"),
        ("S", "0.07", "14.00"),
    ]
    said = [one for one in found.explanation if one["code"] == "rate_of_home"]
    assert said == [
        {
            "about": "tax",
            "code": "rate_of_home",
            "text": "No rate of AT is entered for 'reduced': taxed at the rate of DE, and owed there",
            "country": "DE",
            "tax_class": "reduced",
            "missing_in": "AT",
        }
    ]
    groups = {one["about"]: one for one in found.explanation if one["about"].startswith("tax:")}
    assert "country" not in groups["tax:S:0.20"]
    assert (groups["tax:S:0.07"]["country"], groups["tax:S:0.07"]["distance"]) == ("DE", True)


@pytest.mark.parametrize(
    ("way", "tax", "rate", "country"),
    [
        (AS_ENTERED, "19.00", "0.1900", "DE"),
        (ONE_STOP_SHOP, "19.00", "0.1900", "DE"),
        (ONE_STOP_SHOP, "20.00", "0.2000", None),
        (AT_HOME, "19.00", "0.1900", None),
        (AT_HOME, "20.00", "0.2000", "AT"),
    ],
)
def test_a_tax_agreed_elsewhere_is_owed_to_whose_rate_it_is(way, tax, rate, country):
    found = ask(way, line(tax_amount=D(tax)))
    assert [one.tax_rate for one in found.lines] == [D(rate)]
    [group] = [one for one in found.explanation if one["about"].startswith("tax:")]
    assert group.get("country") == country
    assert not any(one["code"] == "rate_of_home" for one in found.explanation)


def test_the_reasons_say_how_it_was_taxed_and_only_then():
    for way in (AT_HOME, ONE_STOP_SHOP):
        assert next(one for one in ask(way, line()).explanation if one["about"] == "tax")["distance_sales"] == way
    assert all("distance_sales" not in one for one in ask(AS_ENTERED, line()).explanation)
