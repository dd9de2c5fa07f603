"""Rules that hold decide where an order comes from, and the order remembers why."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import services as billing
from core.actors import SYSTEM
from core.models import EventRecord
from core.service import unit_of_work
from customers import services as customers
from customers.addresses import PostalAddress
from inventory import services as inventory
from inventory.errors import InsufficientStock, InvalidRules, RuleSetFixed
from inventory.models import RoutingRuleSet
from inventory.services import RuleSetInput
from orders import services
from orders.errors import InvalidOrder
from pricing import services as pricing
from pricing.models import TaxRegistration
from tests.factories.catalog import make_product, make_warehouse
from tests.factories.shop import make_priced_product
from tests.orders.rulesets import COSTS, active, draft, rule
from tests.scenarios import anew, confirmed_order, order_input, placed_order

pytestmark = pytest.mark.django_db
VIENNA = PostalAddress(name="Ada", line1="Ring 1", city="Wien", postal_code="1010", country="AT")


def serving(order):
    """Return the warehouses whose units are tied to an order."""
    return sorted({parcel["warehouse"] for parcel in order.sourcing["parcels"] if parcel["kind"] == "goods"})


def test_without_rules_the_nearest_serves_and_nothing_speaks_of_rules(shop):
    order = placed_order()

    assert serving(order) == ["HAM"]
    assert not {"rule_set", "rules", "excluded", "cost", "handling", "later"} & order.sourcing.keys()
    assert order.sourcing["candidates"] == [{"at": "HAM", "gives": 3}, {"at": "MUC", "gives": 3}]


def test_the_cheapest_serves_and_the_order_remembers_why(shop):
    rules = active(costs=COSTS)

    order = anew(placed_order())

    assert serving(order) == ["MUC"]
    assert order.sourcing["rule_set"] == {"version": rules.version, "name": "Rules"}
    assert order.sourcing["cost"] == {
        "currency": "EUR",
        "total": "4.000",
        "split": "0.000",
        "parcels": {"MUC": {"shipping": "4.000", "handling": "0.000", "late": "0.000"}},
    }
    assert order.sourcing["reasons"] == [
        {"rule": "cheapest", "warehouses": ["MUC"], "instead_of": "HAM", "for": "6.350"}
    ]


def test_a_rule_that_prefers_beats_the_costs_where_it_fits(shop):
    active(rule("prefer", "HAM", name="Berlin from Hamburg", destinations=["DE 1"]), costs=COSTS)

    near, far = placed_order(), placed_order(shipping_address=VIENNA)

    assert (serving(near), near.sourcing["rules"]) == (["HAM"], ["Berlin from Hamburg"])
    assert (serving(far), "rules" in far.sourcing) == (["MUC"], False)


def test_rules_without_costs_leave_the_rest_to_parcels_and_days(shop):
    active(rule("exclude", "HAM", channels=["api"]))

    order = placed_order()

    assert serving(order) == ["MUC"]
    assert order.sourcing["excluded"] == {"HAM": {"why": "exclude", "rule": "exclude HAM"}}
    assert "cost" not in order.sourcing


def test_who_is_not_allowed_to_serve_is_no_help_in_a_shortage(shop):
    active(rule("choose", "MUC"))

    with pytest.raises(InsufficientStock) as caught:
        placed_order({"MUG-RED": 101})

    assert caught.value.details["shortages"] == [{"sku": "MUG-RED", "requested": 101, "available": 100}]


def test_refills_ask_the_rules_anew_and_are_remembered_beside_the_first_decision(shop):
    pot = make_priced_product("POT", "20.00", backorder=True)
    order = placed_order({"POT": 2})
    rules = active(rule("exclude", "HAM"), costs=COSTS)
    for place in (shop.hamburg, shop.munich):
        inventory.receive_stock(warehouse_id=place.pk, units={pot.pk: 5}, reference="PO-1", actor=SYSTEM)

    services.fill_order(order.pk, actor=SYSTEM)

    filled = anew(order)
    (later,) = filled.sourcing["later"]
    assert serving(filled) == ["MUC"]
    assert filled.sourcing["short"] == {"1": 2}
    assert later["picks"] == [[1, shop.munich.pk, 2]]
    assert later["rule_set"]["version"] == rules.version
    assert later["excluded"] == {"HAM": {"why": "exclude", "rule": "exclude HAM"}}
    assert later["cost"]["total"] == "4.000"


def test_what_can_be_promised_asks_the_same_rules(shop):
    active(rule("choose", "MUC"))

    found = services.availability(sku="MUG-RED", quantity=3, country="DE", method="standard", channel="api")
    preview = services.preview_order(order_input({"MUG-RED": 3}))

    assert [parcel["warehouse"] for parcel in found.parcels] == ["MUC"]
    assert serving(preview.order) == ["MUC"]


def test_a_full_day_is_asked_of_who_plans_the_work(shop):
    inventory.update_warehouse(shop.hamburg.pk, {"daily_capacity": 1}, actor=SYSTEM)
    pricing.forget()
    active(rule("exclude", "HAM", capacity_from=100))

    first = confirmed_order()
    from fulfillment import services as fulfillment

    fulfillment.release_order(first.pk, actor=SYSTEM)
    second = placed_order({"TEA-1": 1})

    assert (serving(first), serving(second)) == (["HAM"], ["MUC"])


def test_a_warehouse_abroad_serves_once_the_seller_is_registered_there(shop):
    vienna = make_warehouse("WIE", country="AT", priority=1)
    inventory.receive_stock(warehouse_id=vienna.pk, units={shop.mug.pk: 50}, reference="x", actor=SYSTEM)
    seller = billing.ensure_default_entity()
    active(rule("choose", "WIE", destinations=["AT"]))

    before = placed_order({"MUG-RED": 1}, shipping_address=VIENNA, shipping_method="standard", allow_shortage=True)
    billing.change_entity(seller.pk, {"vat_registrations": {"AT": "ATU12345675"}}, actor=SYSTEM)
    after = placed_order({"MUG-RED": 2}, shipping_address=VIENNA, shipping_method="standard")

    assert before.sourcing["excluded"]["WIE"] == {"why": "not_registered", "country": "AT"}
    assert serving(after) == ["WIE"]
    assert dict(TaxRegistration.objects.values_list("country", "vat_id")) == {"AT": "ATU12345675"}


@pytest.mark.parametrize("with_rules", [False, True])
def test_goods_sold_without_tax_to_a_business_come_from_no_warehouse_in_its_country(shop, with_rules):
    vienna = make_warehouse("WIE", country="AT", priority=1)
    inventory.receive_stock(warehouse_id=vienna.pk, units={shop.mug.pk: 50}, reference="x", actor=SYSTEM)
    billing.change_entity(
        billing.ensure_default_entity().pk, {"vat_registrations": {"AT": "ATU12345675"}}, actor=SYSTEM
    )
    pricing.forget()
    if with_rules:
        active(rule("prefer", "WIE", destinations=["AT"]))
    firm = customers.CustomerInput(name="Eva", company="Laden", email="e@example.com", vat_id="ATU13585627")
    known = customers.create_customer(firm, actor=SYSTEM)
    there = {"shipping_address": VIENNA, "shipping_method": "standard"}

    sold = placed_order({"MUG-RED": 1}, customer_id=known.pk, **there)

    assert [line.tax_category for line in sold.lines.all()] == ["K"]
    assert (serving(sold), sold.sourcing["excluded"]["WIE"]) == (["HAM"], {"why": "tax"})
    assert serving(placed_order({"MUG-RED": 1}, **there)) == ["WIE"], (
        "a consumer pays the tax of Austria from anywhere"
    )


# --- versions -------------------------------------------------------------------------------


def test_one_set_of_rules_holds_and_an_older_one_is_back_in_one_step(shop):
    first, second = active(rule("exclude", "HAM")), active(rule("exclude", "MUC"))

    assert serving(placed_order()) == ["HAM"]
    services.activate_rules(first.pk, note="The courier strikes", actor=SYSTEM)

    assert serving(placed_order({"TEA-1": 1})) == ["MUC"]
    states = dict(RoutingRuleSet.objects.values_list("version", "status"))
    assert states == {first.version: "active", second.version: "retired"}
    told = EventRecord.objects.filter(subject_type="inventory.routingruleset", subject_id=first.pk).order_by("pk")
    assert [(one.name.rpartition(".")[2], one.note) for one in told] == [
        ("created", ""),
        ("activated", ""),
        ("retired", ""),
        ("activated", "The courier strikes"),
    ]


def test_no_rules_hold_any_more_when_they_are_retired(shop):
    rules = active(rule("exclude", "HAM"))

    services.retire_rules(rules.pk, actor=SYSTEM)

    assert serving(placed_order()) == ["HAM"]
    assert services.retire_rules(rules.pk, actor=SYSTEM).status == "retired"


def test_the_database_lets_only_one_hold(shop):
    active()
    other = draft()

    with pytest.raises(IntegrityError), transaction.atomic():
        RoutingRuleSet.objects.filter(pk=other.pk).update(status="active")


def test_rules_that_have_held_stay_as_they_were(shop):
    rules = active()

    with pytest.raises(RuleSetFixed):
        services.change_rules(rules.pk, RuleSetInput(name="New", currency="EUR", content={}), actor=SYSTEM)

    assert RoutingRuleSet.objects.get().name == "Rules"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"rules": [rule("choose", "NOWHERE")]}, "unknown_warehouse"),
        ({"rules": [rule("choose", "HAM", zones=["moon"])]}, "unknown_zone"),
        ({"rules": [rule("choose", "HAM", channels=["fax"])]}, "unknown_channel"),
        ({"rules": [rule("send", "HAM")]}, "invalid_choice"),
        ({"rules": "all"}, "invalid"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_the_place_at_fault(shop, content, code):
    with pytest.raises(InvalidRules) as caught:
        services.write_rules(RuleSetInput(name="X", currency="EUR", content=content), actor=SYSTEM)

    assert caught.value.errors[0]["code"] == code
    assert not RoutingRuleSet.objects.exists()


# --- handling -------------------------------------------------------------------------------


def test_goods_come_only_from_where_they_can_be_handled(shop):
    fish = make_priced_product("FISH", "9.00", stock={"HAM": 5, "MUC": 5}, handling=["cold"], backorder=True)
    inventory.update_warehouse(shop.munich.pk, {"handles": ["cold", "gift"]}, actor=SYSTEM)
    pricing.set_handling("standard", ["cold"], actor=SYSTEM)
    pricing.forget()

    both = placed_order({"FISH": 2, "TEA-1": 1})
    inventory.update_warehouse(shop.munich.pk, {"handles": ["gift"]}, actor=SYSTEM)
    pricing.forget()
    nobody = placed_order({"FISH": 1})

    assert serving(both) == ["MUC"]
    assert both.sourcing["handling"] == {str(fish.pk): ["cold"]}
    assert nobody.sourcing["short"] == {"1": 1}
    assert nobody.sourcing["excluded"] == {
        "HAM": {"why": "handling", "tags": ["cold"]},
        "MUC": {"why": "handling", "tags": ["cold"]},
    }


def test_a_refill_remembers_how_goods_are_handled_without_reading_them(shop):
    fish = make_priced_product("FISH", "9.00", handling=["cold"], backorder=True)
    pricing.set_handling("standard", ["cold"], actor=SYSTEM)
    order = placed_order({"FISH": 1})
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={fish.pk: 5}, reference="PO-1", actor=SYSTEM)

    services.fill_order(order.pk, actor=SYSTEM)

    assert serving(anew(order)) == []


def test_a_gift_is_packed_where_somebody_wraps(shop):
    inventory.update_warehouse(shop.hamburg.pk, {"handles": ["fragile"]}, actor=SYSTEM)
    pricing.forget()

    assert serving(placed_order(gift_note="Happy birthday")) == ["MUC"]
    assert serving(placed_order({"TEA-1": 1}, tags=("gift",))) == ["MUC"]
    assert serving(placed_order({"TEA-1": 2})) == ["HAM"]


def test_a_way_of_delivery_that_cannot_carry_the_goods_is_refused(shop):
    make_priced_product("ACID", "9.00", stock={"HAM": 5}, handling=["hazardous"])

    with pytest.raises(InvalidOrder) as caught:
        placed_order({"ACID": 1})

    assert caught.value.errors[0]["pointer"] == "/shipping_method"
    assert caught.value.errors[0]["code"] == "not_carried"
    assert placed_order({"ACID": 1}, shipping_method="pickup", allow_shortage=True).number


def test_only_ways_of_delivery_that_can_carry_the_goods_are_offered(shop):
    acid = make_priced_product("ACID", "9.00", stock={"HAM": 5}, handling=["hazardous"])

    fitting, unfit = services.fitting_methods([acid, shop.mug])

    assert [method.code for method in fitting] == ["pickup"]
    assert "Standard delivery does not carry goods that are: hazardous" in unfit
    everything, nothing = services.fitting_methods([shop.mug])
    assert ("standard" in [method.code for method in everything], nothing) == (True, [])


def test_only_known_ways_of_handling_are_kept(shop):
    from core.errors import Invalid

    with pytest.raises(Invalid):
        make_product("X", handling=["explosive"])
    with pytest.raises(Invalid):
        make_product("Y", handling=["gift"])
    with pytest.raises(Invalid):
        inventory.update_warehouse(shop.hamburg.pk, {"handles": ["explosive"]}, actor=SYSTEM)


def test_two_who_activate_at_once_come_one_after_the_other(shop):
    first, second = draft(), draft()

    with unit_of_work():
        services.activate_rules(first.pk, actor=SYSTEM)
        services.activate_rules(second.pk, actor=SYSTEM)

    assert RoutingRuleSet.objects.get(status="active").pk == second.pk
    assert RoutingRuleSet.objects.get(pk=first.pk).retired_at <= timezone.now()


def test_rules_that_nobody_can_read_any_more_stop_no_order(shop, caplog):
    rules = active(rule("exclude", "HAM"))
    RoutingRuleSet.objects.filter(pk=rules.pk).update(content={"rules": "lost"})
    pricing.forget()

    assert serving(placed_order()) == ["HAM"]
    assert "cannot be read" in caplog.text
