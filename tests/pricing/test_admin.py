"""Settings of pricing at the desk: wrong entries are said beside their fields, right ones hold at once."""

from decimal import Decimal as D

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from core.models import EventRecord
from pricing import services as pricing
from pricing.models import Channel, Price, PriceList, Promotion, ShippingMethod, ShippingRate, TaxRate, Transit, Zone

MODELS = [Channel, PriceList, Price, Promotion, TaxRate, Zone, ShippingMethod, ShippingRate, Transit]
pytestmark = pytest.mark.django_db


def address(model: type, *rest: object) -> str:
    return "/".join(["/admin/pricing", model._meta.model_name, *map(str, rest), ""])


def faults(response) -> dict[str, list[str]]:
    assert response.status_code == 200
    return {name: list(messages) for name, messages in response.context["adminform"].form.errors.items()}


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_has_its_list_its_form_and_its_page(shop, staff, model):
    one = model.objects.first() or Promotion.objects.create(code="A", name="A", kind="percent", value=5)

    assert staff.get(address(model)).status_code == 200
    assert staff.get(address(model, "add")).status_code == 200
    assert staff.get(address(model, one.pk, "change")).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_those_who_may_only_look_see_it_and_change_nothing(shop, client, django_user_model, model):
    one = model.objects.first() or Promotion.objects.create(code="A", name="A", kind="percent", value=5)
    user = django_user_model.objects.create_user("ines", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename=f"view_{model._meta.model_name}"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(address(model)).status_code == 200
    assert client.get(address(model, one.pk, "change")).status_code == 200
    assert client.post(address(model, one.pk, "change"), {}).status_code == 403
    assert client.get(address(model, "add")).status_code == 403


@pytest.mark.parametrize("model", [Price, TaxRate, ShippingRate, Transit])
def test_lists_take_the_same_statements_however_long(shop, staff, model, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        staff.get(address(model))


def test_a_price_takes_effect_with_the_next_quote(shop, staff):
    price = Price.objects.get(product=shop.mug)

    response = staff.post(address(Price, price.pk, "change"), {"amount": "6.00", "min_quantity": "1"})

    assert response.status_code == 302
    assert pricing.prices_for(shop.channel("api"), [shop.mug.pk], timezone.localdate()) == {shop.mug.pk: D("6.00")}
    told = EventRecord.objects.get(name="pricing.price.changed")
    assert (told.payload["before"], told.payload["after"], told.actor) == (
        {"amount": "5.000000"}, {"amount": "6.00"}, "staff:maya",
    )  # fmt: skip


def test_a_channel_changed_here_is_read_anew_at_once(shop, staff):
    channel = shop.channel("api")
    form = staff.get(address(Channel, channel.pk, "change")).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value not in (None, False) and name != "checks"}
    checks = {
        "duplicate": "warn",
        "duplicate-hours": "48",
        "stock": "off",
        "price-lowest": "50",
        "total-tolerance": "0,5",
    }
    data |= {"price_list": channel.price_list_id, "name": "Shop"}
    data |= {f"checks-{name}": said for name, said in checks.items()}

    response = staff.post(address(Channel, channel.pk, "change"), data)

    assert response.status_code == 302, faults(response)
    kept = shop.channel("api")
    assert (kept.name, kept.checks, kept.code) == ("Shop", {"duplicate": "warn", "stock": "off"}, "api")
    assert kept.check_limits == {"duplicate": {"hours": "48"}, "total": {"tolerance": "0.5"}}
    told = EventRecord.objects.get(name="pricing.channel.changed").payload
    assert told["before"]["stock"] == "only warn"
    assert told["after"] == {
        "name": "Shop",
        "duplicate": "only warn, same lines, from 80 %, within 48 hours, "
        "no: also hold what somebody else ordered to the same address",
        "total": "hold the order, differs at most by (in the channel's currency) 0.5",
        "stock": "do not look",
    }


def test_who_may_set_checks_changes_nothing_else_of_a_channel(shop, client, django_user_model):
    ines = django_user_model.objects.create_user("ines", password="secret", is_staff=True)
    ines.user_permissions.add(*Permission.objects.filter(codename__in=["view_channel", "set_checks"]))
    client.force_login(ines, backend="django.contrib.auth.backends.ModelBackend")
    page = address(Channel, shop.channel("api").pk, "change")

    client.post(page, {"name": "Mine", "checks-price": "off"})
    assert (shop.channel("api").name, shop.channel("api").checks) == ("API", {"price": "off"})

    ines.user_permissions.remove(Permission.objects.get(codename="set_checks"))
    assert "<b>Price</b>: do not look, at least, of our price 50 %" in client.get(page).content.decode()
    assert client.post(page, {"checks-price": "hold"}).status_code == 403


@pytest.mark.parametrize(
    ("model", "data", "field", "message"),
    [
        (Price, {"amount": "-1", "min_quantity": "1"}, "amount", "Zero or more."),
        (Price, {"amount": "1", "min_quantity": "0"}, "min_quantity", "At least one."),
        (
            Price,
            {"amount": "1", "min_quantity": "1", "valid_from": "2026-02-01", "valid_to": "2026-01-01"},
            "valid_to",
            "This day is before the first one.",
        ),
        (TaxRate, {"rate": "19", "valid_from": "2026-01-01"}, "rate", "From 0 to below 1: write 0.19 for 19 %."),
        (Zone, {"name": "X", "countries": "DE, XX"}, "countries", "XX is no country."),
        (Zone, {"name": "X", "countries": "FR"}, "countries", "FR: already in European Union."),
        (Zone, {"name": "X", "countries": ""}, "countries", "Rest of the world is the rest of the world already."),
        (ShippingRate, {"amount": "-1", "min_goods_value": "0", "min_weight_grams": "0"}, "amount", "Zero or more."),
        (Channel, {"currency": "XYZ"}, "currency", "XYZ is no currency."),
        (Channel, {"checks-duplicate": "perhaps"}, "checks", "Duplicate: choose what happens."),
        (Channel, {"checks-duplicate-share": "101"}, "checks", "Duplicate, same lines, from: from 1 to 100"),
        (
            Channel,
            {"checks-discount-share": "a lot"},
            "checks",
            "Discount, at most, of the goods: a number is missing",
        ),
        (
            Channel,
            {"checks-quantity-units": "1,000"},
            "checks",
            "Quantity, at most on a line: This can be read in two ways: write 1000, or 1.00",
        ),
        (Channel, {"checks-discount-share": "1.5"}, "checks", "Discount, at most, of the goods: a whole number"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(shop, staff, model, data, field, message):
    one = Zone.objects.get(code="home") if model is Zone else model.objects.first()

    found = faults(staff.post(address(model, one.pk, "change"), data))

    assert found[field][0].startswith(message)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": "percent", "value": "101"}, "value"),
        ({"kind": "amount", "value": "5"}, "currency"),
        ({"kind": "percent", "value": "-1"}, "value"),
        ({"kind": "percent", "value": "5", "max_discount": "20"}, "currency"),
        ({"kind": "percent", "value": "5", "min_goods_value": "50"}, "currency"),
        ({"kind": "free_shipping", "value": "0", "min_goods_value": "50"}, "currency"),
        ({"kind": "percent", "value": "5", "min_goods_value": "-1"}, "min_goods_value"),
        ({"kind": "percent", "value": "5", "currency": "EUR", "max_discount": "0"}, "max_discount"),
        ({"kind": "amount", "value": "5", "currency": "EUR", "max_discount": "20"}, "max_discount"),
    ],
)
def test_promotions_are_looked_at_before_they_cost_money(shop, staff, data, field):
    form = {"code": "x", "name": "X", "min_goods_value": "0", "active": "on", "needs_code": "on", **data}

    assert field in faults(staff.post(address(Promotion, "add"), form))
    assert not Promotion.objects.exists()


def test_a_promotion_is_kept_in_capitals(shop, staff):
    staff.post(
        address(Promotion, "add"),
        {"code": " ten ", "name": "Ten", "kind": "percent", "value": "10", "min_goods_value": "0", "priority": "0"},
    )

    assert Promotion.objects.get().code == "TEN"


def test_a_second_price_for_the_same_start_is_refused_in_words(shop, staff):
    price = Price.objects.get(product=shop.mug)
    data = {"price_list": price.price_list_id, "product": shop.mug.pk, "amount": "1", "min_quantity": "1"}

    assert "__all__" in faults(staff.post(address(Price, "add"), data))
    assert Price.objects.filter(product=shop.mug).count() == 1


def test_the_german_name_of_a_method_is_kept_with_the_others(shop, staff):
    method = ShippingMethod.objects.get(code="standard")
    data = {"name": "Standard", "german": "Mit der Post", "carrier": "house", "active": "on"}

    staff.post(address(ShippingMethod, method.pk, "change"), data)

    assert pricing.shipping_method("standard").name_in("de") == "Mit der Post"
