"""Each check alone: what it lets pass, what it stops, and in which words."""

from dataclasses import replace
from decimal import Decimal

import pytest

from customers.addresses import PostalAddress
from orders import verification
from orders.verification import Facts, LineFacts

BERLIN = PostalAddress(name="Ada", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")
FINE = Facts(
    currency="EUR",
    name="Ada Byron",
    email="ada@example.com",
    phone="",
    ship_to=BERLIN,
    travels=True,
    lines=(LineFacts(sku="MUG", quantity=2, unit_price=Decimal("5.00")),),
    subtotal=Decimal("10.00"),
    discount_total=Decimal(0),
    total=Decimal("11.90"),
)


def found(facts: Facts, name: str, policy: dict[str, str] | None = None) -> tuple[str, str]:
    results = {check["name"]: check for check in verification.verify(facts, policy or {})}
    return results[name]["result"], results[name]["reason"]


def test_a_clean_order_passes_every_check():
    assert {check["result"] for check in verification.verify(FINE, {})} == {"pass"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": ""}, "Missing: a name"),
        ({"email": "", "phone": ""}, "Missing: an e-mail address or a phone number"),
        ({"ship_to": PostalAddress()}, "Missing: a street, a town, a country"),
    ],
)
def test_incomplete_data_is_named(changes, reason):
    assert found(replace(FINE, **changes), verification.COMPLETE) == ("fail", reason)


def test_what_does_not_travel_needs_no_address():
    assert found(replace(FINE, ship_to=PostalAddress(), travels=False), verification.COMPLETE) == ("pass", "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"postal_code": "1011"}, "Postcode 1011 does not fit Germany"),
        ({"postal_code": ""}, "An address in Germany needs a postcode"),
        ({"country": "US", "postal_code": "10001"}, "An address in United States needs a state or region"),
        ({"country": "GB", "postal_code": "10115"}, "Postcode 10115 does not fit United Kingdom"),
    ],
)
def test_an_address_nobody_can_deliver_to_is_named(changes, reason):
    address = PostalAddress(**{**BERLIN.as_dict(), **changes})
    assert found(replace(FINE, ship_to=address), verification.ADDRESS) == ("fail", reason)


@pytest.mark.parametrize("address", [
    {"country": "IE", "postal_code": ""},
    {"country": "GB", "postal_code": "sw1a 1aa"},
    {"country": "HK", "region": "Kowloon", "postal_code": ""},
])  # fmt: skip
def test_countries_have_their_own_rules(address):
    assert found(replace(FINE, ship_to=PostalAddress(**{**BERLIN.as_dict(), **address})), "address") == ("pass", "")


def test_the_same_goods_a_moment_ago_stop_the_order():
    reason = "Same goods for the same customer as SO-000007, placed a moment ago"
    assert found(replace(FINE, twin="SO-000007"), verification.DUPLICATE) == ("fail", reason)


def test_a_reference_of_its_own_makes_a_twin_a_warning_only():
    assert found(replace(FINE, twin="SO-000007", told_apart=True), verification.DUPLICATE)[0] == "warn"


@pytest.mark.parametrize(
    ("price", "result"), [("2.50", "pass"), ("2.49", "fail"), ("15.00", "pass"), ("15.01", "fail"), ("0", "fail")]
)
def test_prices_far_from_ours_stop_the_order(price, result):
    line = LineFacts(sku="MUG", quantity=1, unit_price=Decimal(price), list_price=Decimal("5.00"))
    assert found(replace(FINE, lines=(line,)), verification.PRICE)[0] == result


def test_an_unusual_price_names_both():
    line = LineFacts(sku="MUG", quantity=1, unit_price=Decimal("1.00"), list_price=Decimal("5.00"))
    reason = "Unusual price: MUG at 1.00 EUR instead of 5.00 EUR"
    assert found(replace(FINE, lines=(line,)), verification.PRICE)[1] == reason


@pytest.mark.parametrize(("discount", "result"), [("5.00", "pass"), ("5.01", "fail")])
def test_more_than_half_off_stops_the_order(discount, result):
    assert found(replace(FINE, discount_total=Decimal(discount)), verification.DISCOUNT)[0] == result


@pytest.mark.parametrize(("quantity", "result"), [(1_000, "pass"), (1_001, "fail")])
def test_unusual_quantities_stop_the_order(quantity, result):
    line = LineFacts(sku="MUG", quantity=quantity, unit_price=Decimal("5.00"))
    assert found(replace(FINE, lines=(line,)), verification.QUANTITY)[0] == result


@pytest.mark.parametrize(("exposure", "result"), [("88.10", "pass"), ("88.11", "fail")])
def test_the_credit_limit_counts_this_order_too(exposure, result):
    facts = replace(
        FINE,
        on_credit=True,
        exposure=Decimal(exposure),
        credit_limit=Decimal(100),
        credit_currency="EUR",
    )
    assert found(facts, verification.CREDIT)[0] == result


def test_the_credit_reason_names_both_figures():
    facts = replace(FINE, on_credit=True, exposure=Decimal(95), credit_limit=Decimal(100), credit_currency="EUR")
    assert found(facts, verification.CREDIT)[1] == "106.90 EUR on account would exceed the limit of 100.00 EUR"


def test_a_guest_buys_nothing_on_account():
    assert found(replace(FINE, on_credit=True, known_customer=False), verification.CREDIT)[0] == "fail"


def test_no_limit_is_no_reason_to_stop():
    assert found(replace(FINE, on_credit=True, exposure=Decimal(10**9)), verification.CREDIT) == ("pass", "")


def test_a_limit_in_another_currency_is_put_before_a_person():
    facts = replace(FINE, on_credit=True, credit_limit=Decimal(100), credit_currency="GBP")
    assert found(facts, verification.CREDIT)[1] == "The credit limit is in GBP, the order in EUR"


def test_a_cent_of_difference_names_both_figures():
    facts = replace(FINE, expected_total=Decimal("11.91"))
    assert found(facts, verification.TOTAL) == ("fail", "The sender expects 11.91 EUR, we make it 11.90 EUR")
    assert found(replace(FINE, expected_total=Decimal("11.9")), verification.TOTAL)[0] == "pass"


def test_a_channel_decides_whether_a_failure_stops_warns_or_is_not_looked_at():
    facts = replace(FINE, twin="SO-000007")
    assert found(facts, verification.DUPLICATE, {"duplicate": "warn"})[0] == "warn"
    assert "duplicate" not in {check["name"] for check in verification.verify(facts, {"duplicate": "off"})}


def test_missing_stock_is_worth_a_warning():
    assert verification.stock_result({"MUG": 3}, {}) == [
        {"name": "stock", "result": "warn", "reason": "Not in stock yet: 3 × MUG", "data": {"short": {"MUG": 3}}}
    ]
    assert verification.stock_result({}, {})[0]["result"] == "pass"
    assert verification.stock_result({"MUG": 3}, {"stock": "off"}) == []
