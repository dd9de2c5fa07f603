"""The page of an order says in one sentence where its goods come from and why; the rest is one click away."""

import pytest

from core.actors import SYSTEM
from inventory import services as inventory
from orders import decision_words, services
from tests.factories.shop import make_priced_product
from tests.orders.rulesets import COSTS, active, rule
from tests.scenarios import anew, placed_order

pytestmark = pytest.mark.django_db


def told(order):
    """Return the sentences that are told of an order."""
    return [one.sentence for one in decision_words.decisions(anew(order))]


def test_the_nearest_of_those_that_have_all_of_it(shop):
    assert told(placed_order()) == [
        "From Warehouse HAM, because one parcel holds it and no warehouse that has all of it is nearer."
    ]


def test_the_only_one_that_has_any(shop):
    make_priced_product("POT", "20.00", stock={"MUC": 3}, backorder=True)

    assert told(placed_order({"POT": 4})) == [
        "From Warehouse MUC, because no other warehouse that may serve has any of it. 1 unit is missing."
    ]


def test_two_parcels(shop):
    assert told(placed_order({"MUG-RED": 120})) == [
        "From Warehouse HAM and Warehouse MUC, because no warehouse has all of it alone."
    ]


def test_the_cheapest_against_the_next(shop):
    active(costs=COSTS)

    order = placed_order()
    (decision,) = decision_words.decisions(order)

    assert decision.sentence == (
        "From Warehouse MUC, because that is the cheapest: €4.00 instead of €6.35 from Warehouse HAM."
    )
    assert [(one.name, one.gives, one.cost, one.verdict) for one in decision.candidates] == [
        ("Warehouse MUC", "3 of 3", "€4.00", "serves"),
        ("Warehouse HAM", "3 of 3", "€6.35", "€2.35 dearer"),
    ]
    assert decision.costs == [("Parcel from Warehouse MUC", "€4.00")]
    assert (decision.total, decision.rules) == ("€4.00", "Rules (v1)")


def test_a_rule_and_who_it_keeps_out(shop):
    active(rule("prefer", "HAM", name="Home first"), rule("exclude", "MUC", name="Strike"), costs=COSTS)

    (decision,) = decision_words.decisions(placed_order())

    assert decision.sentence == "From Warehouse HAM, because the rule “Home first” lets it serve first."
    assert [(one.name, one.verdict) for one in decision.candidates] == [
        ("Warehouse HAM", "serves"),
        ("Warehouse MUC", "the rule “Strike” keeps it out"),
    ]


def test_nobody_has_any(shop):
    pot = make_priced_product("POT", "20.00", backorder=True)
    order = placed_order({"POT": 1})
    assert told(order) == ["No warehouse that may serve has any of it."]

    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={pot.pk: 5}, reference="PO-1", actor=SYSTEM)
    services.fill_order(order.pk, actor=SYSTEM)

    assert told(order)[1:] == ["From Warehouse HAM, because no other warehouse that may serve has any of it."]


@pytest.mark.parametrize(
    "sourcing", [{}, {"parcels": []}, {"reasons": []}, {"reasons": [{"rule": "short", "units": 1}]}]
)
def test_what_an_old_order_remembers_never_breaks_its_page(shop, sourcing):
    order = placed_order()
    order.sourcing = sourcing

    assert len(decision_words.decisions(order)) == (1 if sourcing.get("reasons") else 0)


def test_the_page_shows_it(shop, staff):
    active(costs=COSTS)

    text = staff.get(f"/admin/orders/order/{placed_order().pk}/change/").content.decode()

    assert "because that is the cheapest: €4.00 instead of €6.35 from Warehouse HAM." in text
    assert "By the rules Rules (v1)." in text
