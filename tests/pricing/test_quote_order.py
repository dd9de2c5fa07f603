"""One quote for everybody, from the prices and rates of the shop."""

from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from core.actors import SYSTEM
from core.admin.differences import changes_of
from core.errors import Invalid
from core.models import EventRecord
from inventory.services import Place
from pricing import reference
from pricing import services as pricing
from pricing.calculation import Quote
from pricing.models import Channel, Price, Promotion, ShippingMethod, ShippingRate, TaxRate, Transit, Zone
from tests.factories.catalog import make_warehouse
from tests.factories.shop import Shop, make_priced_product

TODAY = date(2026, 11, 23)

pytestmark = pytest.mark.django_db


def ask(shop: Shop, *lines: pricing.QuoteLine, **more: Any) -> Quote:
    given: dict[str, Any] = {
        "channel": shop.channel("api"),
        "country": "DE",
        "on": TODAY,
        "method": pricing.shipping_method("standard"),
    }
    mugs_and_tea = (pricing.QuoteLine(1, shop.mug, 2), pricing.QuoteLine(2, shop.tea, 1))
    return pricing.quote_order(lines=lines or mugs_and_tea, **{**given, **more})


def refused(*args: Any, **kwargs: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        ask(*args, **kwargs)
    return refusal.value.errors[0]


def test_the_example_of_the_contract(shop):
    quote = ask(shop)

    assert (quote.subtotal, quote.shipping_total, quote.tax_total, quote.total) == (
        D("14.20"), D("4.90"), D("2.96"), D("22.06"),
    )  # fmt: skip
    assert quote.lines[0].total == D("11.90")


def test_a_quote_takes_one_statement_and_one_more_for_coupons(shop, django_assert_num_queries):
    Promotion.objects.create(code="TEN", name="Ten", kind="percent", value=10)
    ask(shop)

    with django_assert_num_queries(1):
        ask(shop)
    with django_assert_num_queries(2):
        ask(shop, coupon_codes=["TEN"])
    with django_assert_num_queries(0):
        ask(shop, pricing.QuoteLine(1, shop.mug, 2, unit_price=D("4.00")))


def test_a_larger_quantity_reaches_a_better_price(shop):
    pricing.set_price(shop.mug.pk, amount=D("4.50"), min_quantity=10, actor=SYSTEM)

    assert [ask(shop, pricing.QuoteLine(1, shop.mug, n)).lines[0].unit_price for n in (9, 10, 11)] == [
        D("5.00"), D("4.50"), D("4.50"),
    ]  # fmt: skip


def test_the_price_of_a_period_goes_before_the_everlasting_one(shop):
    pricing.set_price(
        shop.mug.pk, amount=D("3.00"), valid_from=TODAY, valid_to=TODAY + timedelta(days=1), actor=SYSTEM
    )

    days = [TODAY + timedelta(days=n) for n in (-1, 0, 1, 2)]
    assert [ask(shop, on=day).lines[0].unit_price for day in days] == [D("5.00"), D("3.00"), D("3.00"), D("5.00")]


def test_a_price_set_again_is_changed_and_the_history_says_so(shop):
    pricing.set_price(shop.mug.pk, amount=D("5.50"), actor=SYSTEM)

    assert [price.amount for price in Price.objects.filter(product=shop.mug)] == [D("5.50")]
    assert ask(shop).lines[0].unit_price == D("5.50")
    with translation.override("de"):
        said = changes_of(EventRecord.objects.filter(name="pricing.price_set").latest("pk"))
    assert said == [("Preis", "5,00\xa0€", "5,50\xa0€")]


def test_a_product_without_a_price_is_named(shop):
    nothing = make_priced_product("NEW-1", "1.00")
    Price.objects.filter(product=nothing).delete()

    assert refused(shop, pricing.QuoteLine(1, shop.mug, 1), pricing.QuoteLine(2, nothing, 1)) == {
        "pointer": "/lines/1/sku", "code": "price_missing", "detail": "NEW-1 has no price in Standard",
    }  # fmt: skip


def test_a_currency_without_prices_is_refused(shop):
    assert refused(shop, currency="USD")["code"] == "currency_not_sold"


def test_given_figures_need_no_price_list(shop):
    quote = ask(
        shop,
        pricing.QuoteLine(1, shop.mug, 2, unit_price=D("6.00"), tax_amount=D("2.28")),
        currency="USD",
        shipping_price=D("5.00"),
    )

    assert (quote.subtotal, quote.shipping_total, quote.total) == (D("12.00"), D("5.00"), D("20.23"))


@pytest.mark.parametrize(
    ("country", "price"),
    [("DE", "4.90"), ("FR", "9.90"), ("CH", "19.90"), ("US", "19.90"), ("", "19.90")],
)
def test_the_standard_method_serves_every_country(shop, country, price):
    assert ask(shop, country=country).shipping_total == D(price)


def test_goods_of_some_worth_travel_cheaper(shop):
    standard = pricing.shipping_method("standard")
    ShippingRate.objects.create(
        method=standard, zone=Zone.objects.get(code="home"), currency="EUR", min_goods_value=50, amount=0
    )
    pricing.forget()

    assert [ask(shop, pricing.QuoteLine(1, shop.mug, n)).shipping_total for n in (9, 10)] == [D("4.90"), 0]


def test_a_method_that_does_not_go_there_is_refused(shop):
    ShippingRate.objects.filter(zone__code="world").delete()
    pricing.forget()

    assert refused(shop, country="US")["pointer"] == "/shipping_method"


def test_collecting_costs_nothing(shop):
    assert ask(shop, method=pricing.shipping_method("pickup")).shipping_total == 0


# --- promotions -----------------------------------------------------------------------------


def test_a_coupon_takes_its_share_and_may_be_typed_in_small_letters(shop):
    Promotion.objects.create(code="TEN", name="Ten percent", kind="percent", value=10)

    assert ask(shop, coupon_codes=[" ten "]).discount_total == D("1.42")


def test_a_promotion_for_everybody_needs_no_code(shop):
    Promotion.objects.create(
        code="AUTUMN", name="Autumn", kind="amount", value=2, currency="EUR", needs_code=False, min_goods_value=10
    )
    pricing.forget()

    assert ask(shop).discount_total == D("2.00")
    assert ask(shop, pricing.QuoteLine(1, shop.tea, 1)).discount_total == 0


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"active": False}, "unknown or no longer valid"),
        ({"valid_to": TODAY - timedelta(days=1)}, "not valid on this day"),
        ({"valid_from": TODAY + timedelta(days=1)}, "not valid on this day"),
        ({"min_goods_value": 100, "currency": "EUR"}, "only for goods from €100.00"),
        ({"currency": "GBP"}, "only for orders in GBP"),
    ],
)
def test_a_coupon_that_does_not_fit_is_refused_with_the_reason(shop, terms, reason):
    Promotion.objects.create(code="TEN", name="Ten", kind="percent", value=10, **terms)

    assert refused(shop, coupon_codes=["TEN"]) == {
        "pointer": "/coupon_codes/0", "code": "coupon_refused", "detail": f"Coupon TEN: {reason}",
    }  # fmt: skip


# --- settings -------------------------------------------------------------------------------


def test_defaults_are_made_once_and_what_people_changed_stays(shop):
    Channel.objects.filter(code="api").update(name="Shop API", auto_confirm=False)
    TaxRate.objects.filter(country="DE").update(rate=D("0.2"))
    counts = [model.objects.count() for model in (Channel, Zone, ShippingMethod, ShippingRate, TaxRate, Transit)]

    call_command("ensure_defaults")

    assert [
        model.objects.count() for model in (Channel, Zone, ShippingMethod, ShippingRate, TaxRate, Transit)
    ] == counts
    assert shop.channel("api").name == "Shop API"
    assert set(TaxRate.objects.filter(country="DE").values_list("rate", flat=True)) == {D("0.2")}


def test_the_channels_of_the_house(shop):
    assert {channel.code: (channel.currency, channel.reserved) for channel in pricing.channels()} == {
        "api": ("EUR", False),
        "portal": ("EUR", True),
        "staff": ("EUR", True),
        "phone": ("EUR", True),
        "walk_in": ("EUR", False),
        "import": ("GBP", True),
    }


@pytest.mark.parametrize(
    ("country", "on", "rate"),
    [
        ("DE", date(2006, 12, 31), "0.16"),
        ("DE", TODAY, "0.19"),
        ("DE", date(2020, 7, 1), "0.16"),
        ("AT", TODAY, "0.20"),
        ("FI", TODAY, "0.255"),
    ],
)
def test_the_rate_is_that_of_the_day_and_the_country(shop, country, on, rate):
    assert ask(shop, country=country, on=on).tax_breakdown[0]["rate"] == rate


def test_places_are_near_by_days(shop):
    vienna = make_warehouse("VIE", "AT", priority=5)
    pricing.ensure_transits(actor=SYSTEM)
    standard = pricing.shipping_method("standard")

    assert pricing.places_for(standard, "DE") == [
        Place(vienna.pk, 4, 5, False, "VIE"),
        Place(shop.hamburg.pk, 2, 10, False, "HAM"),
        Place(shop.munich.pk, 2, 20, False, "MUC"),
    ]
    assert pricing.transit_days(vienna.pk, standard, "US") == 8


def test_a_warehouse_nobody_described_delivers_as_usual(shop):
    lagos, berlin = make_warehouse("LOS", "NG"), make_warehouse("BER", "DE")
    pricing.forget()
    standard = pricing.shipping_method("standard")

    assert {place.code: place.distance for place in pricing.places_for(standard, "DE")} == {
        "HAM": 2, "MUC": 2, "BER": 2, "LOS": 8,
    }  # fmt: skip
    assert (pricing.transit_days(lagos.pk, standard, "DE"), pricing.transit_days(berlin.pk, standard, "DE")) == (8, 2)


def test_a_warehouse_without_a_known_way_is_far(shop):
    lagos = make_warehouse("LOS", "NG")
    pigeon = ShippingMethod.objects.create(code="pigeon", name="Pigeon")
    pricing.forget()

    assert [place.distance for place in pricing.places_for(pigeon, "DE") if place.code == "LOS"] == [1000]
    assert pricing.transit_days(lagos.pk, pigeon, "DE") == 10


def test_unknown_channels_and_methods_are_named(shop):
    with pytest.raises(pricing.UnknownChannel) as channel:
        pricing.channel_by_code("fax")
    with pytest.raises(pricing.UnknownShippingMethod) as method:
        pricing.shipping_method("pigeon")

    assert channel.value.errors[0]["pointer"] == "/channel"
    assert method.value.errors[0]["pointer"] == "/shipping_method"


def test_settings_are_read_once_and_anew_after_a_while(shop, monkeypatch, django_assert_num_queries):
    pricing.channels()
    Channel.objects.filter(code="api").update(name="Changed elsewhere")

    with django_assert_num_queries(0):
        assert shop.channel("api").name == "API"
    monkeypatch.setattr(reference._kept, "max_age", 0)
    assert shop.channel("api").name == "Changed elsewhere"
