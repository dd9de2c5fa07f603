"""A quote adds up to the cent, and says why."""

import json
from decimal import Decimal as D
from typing import Any

import pytest

from core.errors import Invalid
from pricing.calculation import (
    ChargeInput,
    DiscountTooLarge,
    GoodsLine,
    PromotionRule,
    Quote,
    QuoteRequest,
    TaxRateMissing,
    TaxSituation,
    quote,
    vat_country,
)

RATES = {
    ("DE", "standard"): D("0.19"),
    ("DE", "reduced"): D("0.07"),
    ("FR", "standard"): D("0.20"),
    ("FR", "reduced"): D("0.055"),
}
SHIPPING = ChargeInput(kind="shipping", code="standard", name="Standard delivery", amount=D("4.90"))
MUGS = GoodsLine(key=1, quantity=2, unit_price=D("5.00"), sku="MUG-RED")
TEA = GoodsLine(key=2, quantity=1, unit_price=D("4.20"), sku="TEA-1", tax_class="reduced")


def sold_to(country: str = "DE", **more: Any) -> TaxSituation:
    return TaxSituation(seller_country="DE", country=country, rates=RATES, **more)


def ask(*lines: GoodsLine, **more: Any) -> Quote:
    given: dict[str, Any] = {"currency": "EUR", "prices_include_tax": False, "tax": sold_to()}
    return quote(QuoteRequest(lines=lines, **{**given, **more}))


def check_sums(found: Quote) -> None:
    """What is true of every quote."""
    rows = [*found.lines, *found.charges]
    assert found.total == sum(row.total for row in rows)
    assert all(row.total == row.net_total + row.tax_total for row in rows)
    header = found.subtotal - found.discount_total + found.shipping_total + found.charges_total + found.tax_total
    assert header == found.total
    assert found.tax_total == sum(row.tax_total for row in rows) == sum(D(one["tax"]) for one in found.tax_breakdown)
    assert sum(row.net_total for row in rows) == sum(D(one["net"]) for one in found.tax_breakdown)
    for charge in found.charges:
        assert charge.net_total == sum(D(one["net"]) for one in charge.taxes)
        assert charge.tax_total == sum(D(one["tax"]) for one in charge.taxes)
    json.dumps([found.explanation, found.tax_breakdown, [charge.taxes for charge in found.charges]])


def test_the_example_of_the_contract_comes_out_to_the_cent():
    found = ask(MUGS, TEA, charges=[SHIPPING])

    check_sums(found)
    assert found.tax_breakdown == [
        {"category": "S", "rate": "0.19", "net": "13.45", "tax": "2.56"},
        {"category": "S", "rate": "0.07", "net": "5.65", "tax": "0.40"},
    ]
    assert [line.total for line in found.lines] == [D("11.90"), D("4.50")]
    assert (found.subtotal, found.shipping_total, found.tax_total) == (D("14.20"), D("4.90"), D("2.96"))
    assert found.total == D("22.06")


def test_shipping_takes_the_rates_of_the_goods_in_proportion():
    (shipping,) = ask(MUGS, TEA, charges=[SHIPPING]).charges

    assert shipping.taxes == [
        {"category": "S", "rate": "0.19", "net": "3.45", "tax": "0.66"},
        {"category": "S", "rate": "0.07", "net": "1.45", "tax": "0.10"},
    ]
    assert (shipping.net_total, shipping.tax_total, shipping.total) == (D("4.90"), D("0.76"), D("5.66"))


def test_gross_prices_stay_and_the_net_follows():
    found = ask(MUGS, TEA, charges=[SHIPPING], prices_include_tax=True)

    check_sums(found)
    assert found.total == D("19.10")
    assert [line.total for line in found.lines] == [D("10.00"), D("4.20")]
    assert found.charges[0].total == D("4.90")
    assert found.tax_breakdown == [
        {"category": "S", "rate": "0.19", "net": "11.30", "tax": "2.15"},
        {"category": "S", "rate": "0.07", "net": "5.28", "tax": "0.37"},
    ]


def test_tax_is_rounded_once_per_rate_and_not_per_line():
    cents = [GoodsLine(key=key, quantity=1, unit_price=D("0.03")) for key in range(100)]

    found = ask(*cents)

    check_sums(found)
    assert found.tax_total == D("0.57")
    assert {line.tax_total for line in found.lines} == {D("0.00"), D("0.01")}


def test_every_figure_is_explained():
    found = ask(
        MUGS, charges=[SHIPPING], promotions=[PromotionRule(code="X", name="Ten", kind="percent", value=D(10))]
    )

    told = {entry["about"]: entry for entry in found.explanation}
    assert told["line:1"]["text"] == "2 × 5.00 = 10.00 (price given with the order)"
    assert told["discount:X"] == {
        "about": "discount:X", "code": "promotion_percent", "text": "Ten: 10 % of 10.00", "amount": "-1.00",
        "rule": {"code": "X", "name": "Ten", "kind": "percent", "value": "10", "from": "0"},
        "shares": {"1": "1.00"},
    }  # fmt: skip
    assert told["shipping:standard"]["amount"] == "4.90"
    assert told["tax"]["text"] == "Sold within DE"
    assert told["tax:S:0.19"]["text"] == "19 % on 13.90 (category S)"
    assert told["total"]["amount"] == "16.54"


# --- discounts ------------------------------------------------------------------------------


def test_a_discount_on_a_line_lowers_its_base():
    found = ask(GoodsLine(key=1, quantity=2, unit_price=D("5.00"), discount=D("1.00")))

    check_sums(found)
    assert (found.subtotal, found.discount_total, found.tax_total) == (D("10.00"), D("1.00"), D("1.71"))
    assert found.lines[0].discount_total == D("1.00")


def test_an_amount_off_is_shared_out_by_worth():
    rule = PromotionRule(code="FIVE", name="Five off", kind="amount", value=D("5.00"))

    found = ask(MUGS, TEA, promotions=[rule])

    check_sums(found)
    assert [line.discount_total for line in found.lines] == [D("3.52"), D("1.48")]
    assert found.discount_total == D("5.00")


def test_an_amount_off_never_takes_more_than_the_goods_cost():
    rule = PromotionRule(code="BIG", name="Big", kind="amount", value=D("500"))

    found = ask(MUGS, TEA, promotions=[rule])

    check_sums(found)
    assert found.total == 0


def test_shares_come_before_amounts():
    rules = [
        PromotionRule(code="A", name="Two off", kind="amount", value=D("2")),
        PromotionRule(code="B", name="Half", kind="percent", value=D("50")),
    ]

    assert ask(MUGS, promotions=rules).discount_total == D("7.00")


def test_free_shipping_says_what_it_would_have_cost():
    rule = PromotionRule(code="FREE", name="Free delivery", kind="free_shipping")

    found = ask(MUGS, charges=[SHIPPING], promotions=[rule])

    assert (found.charges, found.shipping_total, found.total) == ([], 0, D("11.90"))
    assert "Free delivery: no charge instead of 4.90" in [entry["text"] for entry in found.explanation]


def test_gross_discounts_leave_the_header_adding_up():
    rule = PromotionRule(code="T", name="Third", kind="percent", value=D("33.333"))

    found = ask(MUGS, TEA, charges=[SHIPPING], promotions=[rule], prices_include_tax=True)

    check_sums(found)
    assert found.subtotal == D("12.33")
    assert found.discount_total == D("4.11")


def test_a_discount_as_a_charge_counts_as_discount():
    found = ask(MUGS, charges=[ChargeInput(kind="discount", code="D", name="Discount", amount=D("-2.50"))])

    check_sums(found)
    assert (found.subtotal, found.discount_total, found.charges_total) == (D("10.00"), D("2.50"), 0)
    assert found.total == D("8.93")


# --- who is taxed where ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("situation", "category", "rate", "total"),
    [
        (sold_to("DE"), "S", "0.19", "11.90"),
        (sold_to("FR"), "S", "0.20", "12.00"),
        (sold_to("FR", is_business=True, vat_id="FR40303265045"), "K", "0.00", "10.00"),
        (sold_to("FR", is_business=True), "S", "0.20", "12.00"),
        (sold_to("FR", is_business=True, vat_id="not one"), "S", "0.20", "12.00"),
        (sold_to("FR", is_business=True, vat_id="FR12345678901"), "S", "0.20", "12.00"),
        (sold_to("FR", is_business=True, vat_id="FR40303265045", vat_refused=True), "S", "0.20", "12.00"),
        # Distance sales are made to consumers (art. 33): a business is taxed where the goods leave.
        (sold_to("FR", is_business=True, vat_id="DE123456788"), "S", "0.19", "11.90"),
        (sold_to("DE", is_business=True, vat_id="FR40303265045"), "S", "0.19", "11.90"),
        (sold_to("CH"), "G", "0.00", "10.00"),
        (sold_to(""), "O", "0.00", "10.00"),
    ],
)
def test_tax_follows_where_goods_go_and_who_buys(situation, category, rate, total):
    found = ask(MUGS, tax=situation)

    assert found.tax_breakdown[0]["category"] == category
    assert found.tax_breakdown[0]["rate"] == rate
    assert found.total == D(total)


def test_goods_go_as_intra_community_supply_and_services_by_reverse_charge():
    work = GoodsLine(key=2, quantity=1, unit_price=D("40.00"), supply="service")
    firm = sold_to("FR", is_business=True, vat_id="FR40303265045")

    found = ask(MUGS, work, charges=[SHIPPING], tax=firm)

    check_sums(found)
    assert [(line.tax_category, line.total) for line in found.lines] == [("K", D("10.00")), ("AE", D("40.00"))]
    # Delivery follows what is delivered.
    assert [(one["category"], one["net"]) for one in found.tax_breakdown] == [("K", "14.90"), ("AE", "40.00")]
    assert [(one["code"], one["vat_id"]) for one in found.explanation if one["about"] == "tax"] == [
        ("intra_community", "FR40303265045"),
        ("reverse_charge", "FR40303265045"),
    ]
    assert [one["code"] for one in ask(MUGS, work, tax=sold_to("FR")).explanation if one["about"] == "tax"] == [
        "destination"
    ]


def test_a_service_carries_nothing_of_the_delivery_however_much_it_costs():
    mug = GoodsLine(key=1, quantity=1, unit_price=D("5.00"))
    work = GoodsLine(key=2, quantity=1, unit_price=D("95.00"), supply="service")
    delivery = ChargeInput(kind="shipping", code="standard", name="Standard", amount=D("10.00"))
    fee = ChargeInput(kind="fee", code="card", name="Card", amount=D("1.00"))

    shipping, card = ask(
        mug, work, charges=[delivery, fee], tax=sold_to("FR", is_business=True, vat_id="FR40303265045")
    ).charges

    assert [(one["category"], one["net"]) for one in shipping.taxes] == [("K", "10.00")]
    assert [(one["category"], one["net"]) for one in card.taxes] == [("K", "0.05"), ("AE", "0.95")]
    (alone,) = ask(work, charges=[delivery], tax=sold_to("FR", is_business=True, vat_id="FR40303265045")).charges
    assert [(one["category"], one["net"]) for one in alone.taxes] == [("AE", "10.00")]


@pytest.mark.parametrize("discounts", [["100.00"], ["50.00", "50.00"], ["99.00", "6.00"], ["105.00"]])
def test_discounts_beyond_the_goods_leave_no_rate_with_less_than_nothing(discounts):
    mug = GoodsLine(key=1, quantity=1, unit_price=D("5.00"))
    work = GoodsLine(key=2, quantity=1, unit_price=D("95.00"), supply="service")
    delivery = ChargeInput(kind="shipping", code="standard", name="Standard", amount=D("10.00"))
    off = [ChargeInput(kind="discount", code="off", name="Off", amount=-D(amount)) for amount in discounts]

    found = ask(mug, work, charges=[*off, delivery], tax=sold_to("FR", is_business=True, vat_id="FR40303265045"))

    check_sums(found)
    assert found.total == D("110.00") - sum(map(D, discounts))
    assert all(D(one["net"]) >= 0 for one in found.tax_breakdown)
    assert [one.kind for one in found.charges] == ["discount"] * len(off) + ["shipping"]


def test_a_class_that_is_not_stated_is_never_taxed():
    line = GoodsLine(key=1, quantity=2, unit_price=D("5.00"), tax_class="not_stated")
    postage = ChargeInput(kind="shipping", code="POST", name="Postage", amount=D("18.00"))

    found = ask(line, charges=[postage], currency="GBP", tax=TaxSituation(seller_country="GB", country="GB"))

    assert found.tax_breakdown == [{"category": "O", "rate": "0.00", "net": "28.00", "tax": "0.00"}]
    assert found.total == D("28.00")


def test_a_charge_may_have_a_class_of_its_own():
    fee = ChargeInput(kind="fee", code="M", name="Manual", amount=D("3.00"), tax_class="not_stated")

    found = ask(MUGS, charges=[fee])

    assert [one["category"] for one in found.tax_breakdown] == ["S", "O"]
    assert found.total == D("14.90")


def test_a_charge_without_goods_takes_the_standard_rate():
    assert ask(charges=[ChargeInput(kind="fee", name="Fee", amount=D("10.00"))]).total == D("11.90")


def test_a_rate_that_nobody_entered_for_the_receiver_falls_back_to_the_sellers_own():
    assert ask(MUGS, tax=sold_to("IT")).tax_breakdown[0]["rate"] == "0.19"


def test_a_class_without_any_rate_is_refused():
    with pytest.raises(TaxRateMissing, match="'books' in DE"):
        ask(GoodsLine(key=1, quantity=1, unit_price=D(1), tax_class="books"))


def test_greece_writes_its_vat_ids_with_el():
    assert (vat_country("EL 123456789"), vat_country("de-123.456.789"), vat_country("12345")) == ("GR", "DE", "")


# --- figures agreed elsewhere ---------------------------------------------------------------


def test_a_given_tax_is_kept_as_it_is():
    found = ask(GoodsLine(key=1, quantity=3, unit_price=D("3.33"), tax_amount=D("1.89")))

    check_sums(found)
    assert found.tax_breakdown == [{"category": "S", "rate": "0.19", "net": "9.99", "tax": "1.89"}]
    assert found.total == D("11.88")


def test_a_given_tax_of_another_rate_is_shown_with_that_rate():
    rates = [
        ask(GoodsLine(key=1, quantity=1, unit_price=D("100.00"), tax_amount=D(tax))).tax_breakdown[0]
        for tax in ("7.00", "8.25", "0.00")
    ]

    assert [(one["category"], one["rate"]) for one in rates] == [("S", "0.07"), ("S", "0.0825"), ("Z", "0.00")]


def test_a_given_tax_inside_a_gross_price():
    found = ask(GoodsLine(key=1, quantity=1, unit_price=D("11.90"), tax_amount=D("1.90")), prices_include_tax=True)

    check_sums(found)
    assert (found.lines[0].net_total, found.total) == (D("10.00"), D("11.90"))


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ({"quantity": 0, "unit_price": D(1)}, "/lines/0/quantity"),
        ({"quantity": 1, "unit_price": D("-1")}, "/lines/0/unit_price"),
        ({"quantity": 1, "unit_price": D("NaN")}, "/lines/0/unit_price"),
        ({"quantity": 1, "unit_price": D(1), "discount": D("1.01")}, "/lines/0/discount"),
        ({"quantity": 1, "unit_price": D(1), "discount": D("-1")}, "/lines/0/discount"),
        ({"quantity": 1, "unit_price": D(0), "tax_amount": D("1")}, "/lines/0/tax_amount"),
        ({"quantity": 1, "unit_price": D(1), "tax_amount": D("-1")}, "/lines/0/tax_amount"),
    ],
)
def test_what_cannot_be_names_the_field_at_fault(line, pointer):
    with pytest.raises(Invalid) as refusal:
        ask(GoodsLine(key=1, **line))

    assert refusal.value.errors[0]["pointer"] == pointer


def test_no_amount_outgrows_its_column():
    with pytest.raises(Invalid, match="too large"):
        ask(GoodsLine(key=1, quantity=1_000_000, unit_price=D("999999999999")))


@pytest.mark.parametrize(("currency", "total"), [("JPY", "595"), ("EUR", "594.86"), ("BHD", "594.858")])
def test_currencies_have_their_own_smallest_unit(currency, total):
    found = ask(GoodsLine(key=1, quantity=3, unit_price=D("166.627133")), currency=currency)

    check_sums(found)
    assert found.total == D(total)


def test_discounts_on_the_whole_take_no_more_than_there_is():
    ten, all_of_it = (
        ChargeInput(kind="discount", code="", name="Fair", amount=D(amount)) for amount in ("-10", "-9.10")
    )

    with pytest.raises(DiscountTooLarge) as refused:
        ask(TEA, charges=[SHIPPING, ten])
    assert refused.value.errors == [
        {"pointer": "/discounts", "code": "discount_too_large", "detail": "The discount is more than the order costs"}
    ]
    assert ask(TEA, charges=[SHIPPING, all_of_it]).total == 0

    capped = ask(TEA, charges=[SHIPPING, ten, ten], excess="cap")
    check_sums(capped)
    assert (capped.total, [one.amount for one in capped.charges]) == (0, [D("4.90"), D("-9.10")])


def test_a_delivery_that_is_free_is_nothing_to_take_a_discount_off():
    free = PromotionRule(code="FREE", name="Free delivery", kind="free_shipping", value=D(0))
    five = ChargeInput(kind="discount", code="", name="Fair", amount=D(-5))

    with pytest.raises(DiscountTooLarge):
        ask(TEA, charges=[SHIPPING, five], promotions=[free])
