"""Rules say which warehouses may serve, and why the others may not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from inventory.costing import Tariff
from inventory.routing import Facts, Faulty, PlaceFacts, costs_for, leads_to, named_codes, parse, route

HAM, MUC, WIE = PlaceFacts("HAM", "DE"), PlaceFacts("MUC", "DE"), PlaceFacts("WIE", "AT")
VIENNA = Facts(country="AT", postal_code="1010", zone="dach", channel="api", seller_country="DE")


def rules(*given, costs=None):
    content = {"rules": [{"name": f"Rule {n}", "when": {}, **rule} for n, rule in enumerate(given, start=1)]}
    return parse(content | ({"costs": costs} if costs else {}), currency="EUR", version=3, name="Test")


def exclude(code, **when):
    return {"do": "exclude", "warehouses": [code], "when": when}


def test_without_rules_every_warehouse_at_home_may_serve():
    allowed = route(rules(), VIENNA, [HAM, MUC])

    assert (allowed.excluded, allowed.favored, allowed.spoke) == ({}, frozenset(), ())


def test_a_warehouse_abroad_needs_its_own_vat_registration():
    there = replace(VIENNA, registered_in=frozenset({"AT"}))

    assert route(rules(), VIENNA, [HAM, WIE]).excluded == {"WIE": {"why": "not_registered", "country": "AT"}}
    assert route(rules(), there, [HAM, WIE]).excluded == {}


def test_an_excluded_warehouse_is_told_by_which_rule():
    allowed = route(rules(exclude("HAM", destinations=["AT"])), VIENNA, [HAM, MUC])

    assert allowed.excluded == {"HAM": {"why": "exclude", "rule": "Rule 1"}}
    assert allowed.spoke == ("Rule 1",)


def test_of_those_that_choose_the_first_that_fits_decides():
    chosen = rules(
        {"do": "choose", "warehouses": ["HAM"], "when": {"channels": ["portal"]}},
        {"do": "choose", "warehouses": ["MUC"]},
        {"do": "choose", "warehouses": ["HAM"]},
    )

    allowed = route(chosen, VIENNA, [HAM, MUC])

    assert allowed.excluded == {"HAM": {"why": "choose", "rule": "Rule 2"}}
    assert allowed.spoke == ("Rule 2",)


def test_who_is_excluded_is_not_favored():
    allowed = route(rules({"do": "prefer", "warehouses": ["HAM", "MUC"]}, exclude("HAM")), VIENNA, [HAM, MUC])

    assert allowed.favored == {"MUC"}
    assert list(allowed.excluded) == ["HAM"]


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({}, True),
        ({"zones": ["dach", "eu"]}, True),
        ({"zones": ["eu"]}, False),
        ({"channels": ["api"]}, True),
        ({"channels": ["staff"]}, False),
        ({"destinations": ["CH", "AT 1"]}, True),
        ({"destinations": ["AT 2-9"]}, False),
        ({"categories": ["tea"]}, True),
        ({"categories": ["mugs"]}, False),
        ({"tags": ["cold"]}, True),
        ({"tags": ["gift"]}, False),
        ({"value_from": "100"}, True),
        ({"value_from": "100.01"}, False),
        ({"value_to": "99.99"}, False),
        ({"weight_from": 2000, "weight_to": 2000}, True),
        ({"weight_from": 2001}, False),
        ({"zones": ["dach"], "channels": ["staff"]}, False),
    ],
)
def test_a_rule_fits_where_all_it_asks_is_true(when, fits):
    facts = replace(VIENNA, categories=frozenset({"tea"}), tags=frozenset({"cold"}), value=Decimal(100), grams=2000)

    assert bool(route(rules(exclude("HAM", **when)), facts, [HAM, MUC]).excluded) is fits


def test_a_value_in_other_money_fits_no_limit():
    assert route(rules(exclude("HAM", value_to="50")), VIENNA, [HAM]).excluded == {}


def test_a_full_day_and_a_missed_pick_up_are_asked_of_each_warehouse():
    full = [replace(HAM, used=95, after_cut_off=True), replace(MUC, used=40)]
    both = {"do": "exclude", "warehouses": ["HAM", "MUC"]}

    assert list(route(rules({**both, "when": {"capacity_from": 90}}), VIENNA, full).excluded) == ["HAM"]
    assert list(route(rules({**both, "when": {"after_cut_off": True}}), VIENNA, full).excluded) == ["HAM"]
    assert route(rules({**both, "when": {"capacity_from": 96}}), VIENNA, [*full, WIE]).spoke == ()
    assert rules({**both, "when": {"capacity_from": 90}}).asks_for_capacity


@pytest.mark.parametrize(
    ("destination", "country", "code", "leads"),
    [
        ("DE", "DE", "", True),
        ("DE", "AT", "1010", False),
        ("DE 7-9", "DE", "80331", True),
        ("DE 7-9", "DE", "99999", True),
        ("DE 7-9", "DE", "69115", False),
        ("DE 7-9", "DE", "", False),
        ("DE 10115", "DE", "10115", True),
        ("DE 1", "DE", "D-10115", False),
        ("de 80000 – 89999", "DE", "84028", True),
        ("GB SW1-SW9", "GB", "sw5 9aa", True),
    ],
)
def test_a_destination_is_a_country_and_how_its_postcodes_begin(destination, country, code, leads):
    assert leads_to(destination, Facts(country=country, postal_code=code)) is leads


def test_costs_go_by_warehouse_and_zone_and_what_nobody_entered_is_dear():
    costs = {
        "late": "1.5",
        "split": "2",
        "parcels": [
            {"warehouse": "HAM", "zone": "", "base": "5", "per_kg": "0.5"},
            {"warehouse": "HAM", "zone": "dach", "base": "4.2"},
        ],
        "handling": [{"warehouse": "HAM", "parcel": "0.8", "line": "0.2", "unit": "0.05"}],
    }
    found = costs_for(rules(costs=costs), VIENNA, codes={1: "HAM", 2: "MUC"}, days={1: 1}, weights={7: 300})

    assert found.tariffs == {1: Tariff(4200, 0, 800, 200, 50), 2: Tariff(5000, 500)}
    assert (found.late, found.split, found.currency) == (1500, 2000, "EUR")
    assert costs_for(rules(), VIENNA, codes={}, days={}, weights={}) is None


def test_every_fault_is_named_with_its_place():
    content = {
        "rules": [
            {"name": "", "do": "send", "warehouses": [], "when": {"destinations": ["Bavaria"], "moon": "full"}},
            {"name": "B", "do": "choose", "warehouses": ["HAM"], "when": {"value_from": "9", "value_to": "1"}},
        ],
        "costs": {
            "late": "-1",
            "parcels": [{"warehouse": "HAM", "base": "x"}, {"warehouse": "HAM", "base": "NaN"}],
            "handling": [{"warehouse": ""}],
        },
    }

    with pytest.raises(Faulty) as caught:
        parse(content)

    assert sorted((pointer, code) for pointer, code, _value in caught.value.faults) == [
        ("/costs/handling/0/warehouse", "required"),
        ("/costs/late", "invalid_amount"),
        ("/costs/parcels/0/base", "invalid_amount"),
        ("/costs/parcels/1/base", "invalid_amount"),
        ("/costs/parcels/1/zone", "twice"),
        ("/rules/0/do", "invalid_choice"),
        ("/rules/0/name", "required"),
        ("/rules/0/warehouses", "required"),
        ("/rules/0/when", "unknown_condition"),
        ("/rules/0/when/destinations", "invalid_destination"),
        ("/rules/1/when/value_to", "below_the_first"),
    ]


def test_the_codes_that_rules_name_are_known():
    content = {
        "rules": [
            {"name": "A", "do": "choose", "warehouses": ["MUC"], "when": {"zones": ["eu"], "channels": ["api"]}}
        ],
        "costs": {"parcels": [{"warehouse": "HAM", "zone": "dach", "base": "1"}]},
    }

    assert named_codes(content) == {"warehouses": {"HAM", "MUC"}, "zones": {"eu", "dach"}, "channels": {"api"}}


@pytest.mark.parametrize(
    "content",
    [
        {"rules": "all"},
        {"rules": ["one"]},
        {"rules": [{"when": "always"}]},
        {"rules": [{"name": 1, "do": None, "warehouses": "HAM"}]},
        {"rules": [{"name": "A", "do": "choose", "warehouses": ["HAM"], "when": {"weight_from": True}}]},
        {"rules": [{"name": "A", "do": "choose", "warehouses": ["HAM"], "when": {"value_from": 1.5}}]},
        {"rules": [{"name": "A", "do": "choose", "warehouses": [""]}] * 60},
        {"costs": [1]},
        {"costs": {"parcels": {"HAM": 1}}},
        {"costs": {"parcels": [{"warehouse": None, "base": []}]}},
        {"costs": {"handling": [None]}},
        {"costs": {"late": "Infinity"}},
        {"costs": {"late": "0.0001"}},
    ],
)
def test_what_cannot_be_read_is_refused_and_never_breaks(content):
    with pytest.raises(Faulty) as caught:
        parse(content)

    assert caught.value.faults
