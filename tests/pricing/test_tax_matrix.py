"""Who is taxed how: from where, to where, who buys, and what; and what the parts of countries change."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from pricing.calculation import DIGITAL, GOODS, SERVICE, TaxSituation, region_of, taxed_as
from pricing.calculation.treatment import key_for, treat

IDS = {"DE": "DE136695976", "AT": "ATU13585627", "FR": "FR40303265045"}
RATES = {
    ("DE", "standard"): D("0.19"),
    ("AT", "standard"): D("0.20"),
    ("FR", "standard"): D("0.20"),
    ("ES", "standard"): D("0.21"),
    ("GB", "standard"): D("0.20"),
    ("US-CA", "standard"): D("0.0725"),
    ("US", "standard"): D("0"),
}
# Sold from, sent to: consumer; company with a valid id of that country; company without; for goods, and for services.
MATRIX = {
    ("DE", "DE"): (("domestic S DE",) * 3, ("domestic S DE",) * 3),
    ("DE", "FR"): (
        ("destination S FR", "intra_community K", "destination S FR"),
        ("service_at_home S DE", "reverse_charge AE", "service_at_home S DE"),
    ),
    ("AT", "DE"): (
        ("destination S DE", "intra_community K", "destination S DE"),
        ("service_at_home S AT", "reverse_charge AE", "service_at_home S AT"),
    ),
    ("AT", "AT"): (("domestic S AT",) * 3, ("domestic S AT",) * 3),
    ("DE", "CH"): (("export G",) * 3, ("service_at_home S DE", "outside_scope O", "outside_scope O")),
    ("GB", "FR"): (("export G",) * 3, ("export G",) * 3),
    ("GB", "GB"): (("domestic S GB",) * 3, ("domestic S GB",) * 3),
}


def said(tax: TaxSituation, supply: str) -> str:
    found = treat(tax, supply)
    return " ".join(part for part in (found.code, found.category, found.country) if part)


@pytest.mark.parametrize(("seller", "buyer"), MATRIX)
def test_the_whole_table(seller, buyer):
    statuses = ({}, {"is_business": True, "vat_id": IDS.get(buyer, "")}, {"is_business": True})
    found = tuple(
        tuple(said(TaxSituation(seller_country=seller, country=buyer, **status), supply) for status in statuses)
        for supply in (GOODS, SERVICE)
    )
    assert found == MATRIX[seller, buyer]


@pytest.mark.parametrize(
    ("country", "region", "postal_code", "code"),
    [
        ("ES", "", "35001", "ES-CN"),
        ("ES", "Tenerife", "38670", "ES-CN"),
        ("ES", "ES-TF", "", "ES-CN"),
        ("ES", "CN", "", "ES-CN"),
        ("ES", "", "28001", ""),
        ("ES", "", "51001", "ES-CE"),
        ("FR", "", "97200", "FR-OM"),
        ("FR", "", "98000", ""),
        ("FI", "", "FI-22100", "FI-01"),
        ("DE", "", "78266", "DE-BUS"),
        ("DE", "", "27498", "DE-HEL"),
        ("DE", "Bayern", "80331", ""),
        ("IT", "", "23041", "IT-LIV"),
        ("GR", "", "630 86", "GR-69"),
        # Postcodes that a part outside once shared with its neighbours inside.
        ("IT", "", "22060", ""),
        ("IT", "", "23030", ""),
        # What is written against the postcode is no region.
        ("ES", "CN", "28001", ""),
        ("IT", "LIV", "57121", ""),
        ("FR", "FR-RE", "75001", ""),
        ("GB", "GB-NI", "SW1A 1AA", ""),
        ("GB", "", "BT1 5GS", "GB-NIR"),
        ("GB", "", "B1 1BT", ""),
        ("PT", "", "9000-123", "PT-30"),
        ("PT", "", "9400", "PT-30"),
        ("PT", "Açores", "9500-321", "PT-20"),
        ("PT", "", "PT-9980", "PT-20"),
        ("PT", "PT-30", "", "PT-30"),
        ("PT", "PT-30", "1000-001", ""),
        ("PT", "", "8900-001", ""),
        ("US", "CA", "94103", "US-CA"),
        ("US", "US-NY", "", "US-NY"),
        ("US", "California", "", ""),
    ],
)
def test_the_region_of_an_address(country, region, postal_code, code):
    assert region_of(country, region, postal_code) == code


@pytest.mark.parametrize("region", ["ES-CN", "ES-CE", "ES-ML"])
@pytest.mark.parametrize("seller", ["DE", "ES"])
def test_what_the_vat_of_the_eu_does_not_reach_is_export_for_everybody(seller, region):
    for status in ({}, {"is_business": True, "vat_id": "ES54362315K"}):
        tax = TaxSituation(seller_country=seller, country="ES", region=region, rates=RATES, **status)
        assert said(tax, GOODS) == "export G"
        # Where the tax of the EU ends a service is taxed as outside of it, but at home where that is the seller's.
        apart = "outside_scope O" if status else f"service_at_home S {seller}"
        assert said(tax, SERVICE) == apart
        assert said(replace(tax, with_goods=True), SERVICE) == "export G"
        assert region in treat(tax).reason


def test_goods_in_northern_ireland_follow_the_eu_and_services_do_not():
    there = {"seller_country": "DE", "country": "GB", "region": "GB-NIR", "rates": RATES}
    firm = TaxSituation(**there, is_business=True, vat_id="XI123456782")
    assert (said(firm, GOODS), said(firm, SERVICE)) == ("intra_community K", "outside_scope O")
    consumer = TaxSituation(**there)
    assert (said(consumer, GOODS), said(consumer, SERVICE)) == ("destination S GB", "service_at_home S DE")
    # An id of Great Britain is none of the EU's.
    assert said(TaxSituation(**there, is_business=True, vat_id="GB123456782"), GOODS) == "destination S GB"


def test_a_service_goes_with_goods_and_a_download_to_who_buys_it():
    def told(country: str, supply: str, **more) -> str:
        return said(TaxSituation(seller_country="DE", country=country, rates=RATES, **more), supply)

    assert (told("FR", SERVICE), told("FR", SERVICE, with_goods=True)) == ("service_at_home S DE", "destination S FR")
    assert told("FR", SERVICE, with_goods=True, distance_sales="at_home") == "below_threshold S DE"
    assert (told("CH", SERVICE), told("CH", SERVICE, with_goods=True)) == ("service_at_home S DE", "export G")
    assert [told("FR", DIGITAL), told("CH", DIGITAL)] == ["destination S FR", "outside_scope O"]
    assert told("FR", DIGITAL, distance_sales="at_home") == "below_threshold S DE"
    firm = {"is_business": True, "vat_id": IDS["FR"]}
    assert [told("FR", one, **firm, with_goods=True) for one in (SERVICE, DIGITAL)] == ["reverse_charge AE"] * 2
    articles = [treat(TaxSituation(seller_country="DE", country="CH", **more), DIGITAL).article for more in ({}, firm)]
    assert articles == ["58", "44"]
    # What another country than a member state asks of its sellers we do not know.
    assert said(TaxSituation(seller_country="GB", country="FR", rates=RATES), SERVICE) == "export G"


def test_a_business_with_an_id_of_the_seller_is_at_home_wherever_its_goods_go():
    firm = TaxSituation(seller_country="DE", country="AT", rates=RATES, is_business=True, vat_id="DE136695976")
    assert [said(firm, supply) for supply in (GOODS, SERVICE)] == ["domestic S DE"] * 2
    assert "at home in DE" in treat(firm).reason


def test_monaco_counts_as_france():
    assert (taxed_as("MC"), taxed_as("IM"), taxed_as("FR")) == ("FR", "GB", "FR")


def test_a_rate_of_a_region_goes_before_that_of_its_country():
    def rate(**where) -> D:
        tax = TaxSituation(seller_country="US", country="US", rates=RATES, **where)
        return key_for(treat(tax), tax, "standard").rate

    assert (rate(region="US-CA"), rate(region="US-OR"), rate()) == (D("0.0725"), 0, 0)
    # A region says nothing about the rate of another country.
    tax = TaxSituation(seller_country="DE", country="ES", region="ES-MD", rates=RATES)
    assert key_for(treat(tax), tax, "standard").rate == D("0.21")
