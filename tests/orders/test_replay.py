"""The time machine asks two sets of rules about the same past, and leaves no trace."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import SYSTEM
from core.models import EventRecord
from inventory import services as inventory
from inventory.models import StockItem
from orders import services as orders
from orders.models import Order
from orders.services.replay import replay
from tests.factories.shop import make_priced_product
from tests.orders.rulesets import COSTS, active, draft, rule
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db


def run(rules, orders=100):
    out = StringIO()
    call_command("replay_routing", ruleset=rules.pk, orders=orders, json=True, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def test_both_sides_are_counted_and_measured_alike(shop):
    for _ in range(3):
        placed_order()
    placed_order({"MUG-RED": 120})

    found = run(draft(rule("choose", "MUC", name="South", channels=["api"]), costs=COSTS))

    assert (found["orders"], found["today"], found["currency"]) == (4, None, "EUR")
    # Three mugs and teas from Hamburg cost 6.35 each; the large order takes 94 mugs there and 26 in Munich.
    assert found["before"]["parcels_by_warehouse"] == {"HAM": 4, "MUC": 1}
    assert (found["before"]["split_orders"], found["before"]["orders_with_missing_units"]) == (1, 0)
    assert found["after"]["parcels_by_warehouse"] == {"MUC": 4}
    assert (found["after"]["split_orders"], found["after"]["orders_with_missing_units"]) == (0, 1)
    assert found["after"]["cost"] == "16.00"
    assert found["after"]["cost_per_order"] == "4.00"
    assert found["orders_from_elsewhere"] == 4
    assert [(one["from"], one["to"]) for one in found["examples"]][-1] == (["HAM"], ["MUC"])


def test_the_rules_that_hold_are_the_other_side(shop):
    active(rule("choose", "HAM"), costs=COSTS)
    placed_order()

    found = run(draft(rule("choose", "MUC"), costs=COSTS))

    assert found["today"] == {"version": 1, "name": "Rules"}
    assert (found["before"]["cost"], found["after"]["cost"]) == ("6.35", "4.00")
    assert found["examples"] == [
        {
            "order": str(Order.objects.get().number),
            "id": Order.objects.get().pk,
            "from": ["HAM"],
            "to": ["MUC"],
            "more": "-2.35",
            "late_before": False,
            "late_after": False,
        }
    ]


def test_without_costs_nothing_is_said_about_money(shop):
    placed_order()

    found = run(draft(rule("choose", "MUC")))

    assert (found["currency"], found["before"]["cost"], found["after"]["cost_per_order"]) == (None, None, None)


def test_a_warehouse_took_as_long_as_it_really_took_that_week(shop):
    long_ago = timezone.now() - timedelta(days=28)
    slow, quick = [], []
    for kept, rules in ((slow, None), (quick, rule("choose", "MUC"))):
        if rules is not None:
            active(rules)
        kept += [placed_order({"TEA-1": number}, placed_at=long_ago, historic=True) for number in (1, 2, 3)]
    promised = slow[0].estimated_delivery_on
    for some, days in ((slow, 8), (quick, 1)):
        ids = [order.pk for order in some]
        Order.objects.filter(pk__in=ids).update(shipped_at=long_ago + timedelta(days=days), first_promised_on=promised)
    orders.retire_rules(_active(), actor=SYSTEM)

    found = run(draft(rule("prefer", "MUC")))

    assert found["before"]["parcels_by_warehouse"] == {"HAM": 6}
    assert found["before"]["late_orders"] == 6
    assert found["after"]["parcels_by_warehouse"] == {"MUC": 6}
    assert found["after"]["late_orders"] < 6


def _active():
    from inventory.models import RoutingRuleSet

    return RoutingRuleSet.objects.get(status="active").pk


def test_what_an_order_got_counts_though_the_shelf_is_empty_now(shop):
    pot = make_priced_product("POT", "20.00", stock={"HAM": 2})
    placed_order({"POT": 2})
    inventory.receive_stock(warehouse_id=shop.munich.pk, units={pot.pk: 2}, reference="x", actor=SYSTEM)

    same, other = run(draft(rule("choose", "HAM"))), run(draft(rule("choose", "MUC")))

    assert (same["after"]["orders_with_missing_units"], other["after"]["orders_with_missing_units"]) == (0, 0)
    assert other["after"]["parcels_by_warehouse"] == {"MUC": 1}


def test_a_full_day_is_full_by_what_the_replay_itself_planned(shop):
    inventory.update_warehouse(shop.hamburg.pk, {"daily_capacity": 2}, actor=SYSTEM)
    from pricing import services as pricing

    pricing.forget()
    for number in range(1, 5):
        placed_order({"TEA-1": number})

    found = run(draft(rule("exclude", "HAM", capacity_from=100)))

    assert found["before"]["parcels_by_warehouse"] == {"HAM": 4}
    assert found["after"]["parcels_by_warehouse"] == {"HAM": 2, "MUC": 2}


def test_it_writes_nothing_and_asks_little_however_many_orders(shop):
    for number in range(1, 9):
        placed_order({"TEA-1": number, "MUG-RED": 1})
    rules = draft(rule("choose", "MUC"), costs=COSTS)
    before = list(StockItem.objects.order_by("pk").values()), EventRecord.objects.count()

    with CaptureQueriesContext(connection) as few:
        replay(rules, orders=2)
    with CaptureQueriesContext(connection) as many:
        found = replay(rules, orders=8)

    assert found["orders"] == 8
    assert len(many) <= len(few) + 2
    assert [query["sql"] for query in many.captured_queries if not query["sql"].lstrip("(").startswith("SELECT")] == []
    assert (list(StockItem.objects.order_by("pk").values()), EventRecord.objects.count()) == before


def test_an_empty_shop_has_an_empty_past(shop):
    found = run(draft(rule("choose", "MUC"), costs=COSTS))

    assert (found["orders"], found["before"]["cost_per_order"], found["from"]) == (0, None, None)


@pytest.mark.parametrize(("given", "said"), [({"ruleset": 99}, "no routing rules 99"), ({"orders": 0}, "from 1 to")])
def test_what_makes_no_sense_is_refused(shop, given, said):
    rules = draft(rule("choose", "MUC"))

    with pytest.raises(CommandError, match=said):
        call_command("replay_routing", **{"ruleset": rules.pk, "orders": 5, **given}, stdout=StringIO())


def test_people_read_a_table(shop):
    placed_order()
    out = StringIO()

    call_command("replay_routing", ruleset=draft(rule("choose", "MUC"), costs=COSTS).pk, stdout=out, stderr=StringIO())

    assert "1 orders: no rules, then Rules (v1)" in out.getvalue()
    assert "cost per order                       6.35         4.00" in out.getvalue()
