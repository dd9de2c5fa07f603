"""Planned work goes to another warehouse: its units, its day and its papers with it, and nothing is left behind."""

import pytest

from billing import services as billing
from core.actors import SYSTEM
from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.errors import NotPlanned
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from inventory.errors import InsufficientStock, NotReroutable
from inventory.models import Allocation, StockItem
from orders import decision_words
from orders.models import OrderLine
from pricing import services as pricing
from tests.factories.catalog import make_warehouse, stock_of
from tests.orders.rulesets import COSTS, active, rule

from .helpers import TOM, anew, planned, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(shop):
    """Return planned work in Hamburg: two mugs and a tea."""
    (found,) = planned({"MUG-RED": 2, "TEA-1": 1})
    assert found.warehouse_id == shop.hamburg.pk
    return found


def figures(product, code):
    row = stock_of(product, code)
    return row.on_hand, row.reserved


def reroute(work, place, reason="Hamburg is full"):
    return fulfillment.reroute_fulfillment(work.pk, warehouse_id=place.pk, reason=reason, actor=TOM)


def test_units_work_parcel_and_day_move_together(shop, work):
    inventory.update_shelf(stock_of(shop.mug, "MUC").pk, {"bin": "A-7"}, actor=SYSTEM)
    before = read(work.order)

    reroute(work, shop.munich)

    order, moved = read(work.order), anew(work)
    assert moved.warehouse_id == shop.munich.pk
    assert sorted(moved.lines.values_list("quantity", "bin")) == [(1, ""), (2, "A-7")]
    assert [figures(shop.mug, code) for code in ("HAM", "MUC")] == [(100, 0), (100, 2)]
    assert [figures(shop.tea, code) for code in ("HAM", "MUC")] == [(100, 0), (100, 1)]
    open_units = {(one.key, one.stock_item.warehouse.code): one.open for one in Allocation.objects.all() if one.open}
    assert open_units == {(1, "MUC"): 2, (2, "MUC"): 1}
    assert [(one["warehouse"], one["lines"]) for one in order.sourcing["parcels"]] == [("MUC", {"1": 2, "2": 1})]
    assert order.first_promised_on == before.first_promised_on
    assert order.promised_on == order.estimated_delivery_on
    assert moved.ship_by_on == order.ship_by_on
    assert set(OrderLine.objects.filter(order=order).values_list("promised_on", flat=True)) == {order.promised_on}


def test_the_history_says_who_and_why_and_so_does_the_page(shop, work, staff):
    reroute(work, shop.munich)

    said = EventRecord.objects.get(name="orders.rerouted")
    assert (said.actor, said.note) == (str(TOM), "Hamburg is full")
    assert (said.payload["before"]["from"], said.payload["after"]["from"]) == ("HAM", "MUC")
    last = decision_words.decisions(read(work.order))[-1]
    assert (last.sentence, last.note) == (
        "From Warehouse MUC, because somebody sent it there by hand.",
        "Hamburg is full",
    )
    page = staff.get(f"/admin/orders/order/{work.order_id}/change/").content.decode()
    assert "Hamburg is full" in page


def test_it_can_be_picked_and_shipped_from_there(shop, work):
    reroute(work, shop.munich)

    fulfillment.fulfil_through(work.order_id, through="shipped", actor=TOM)

    assert figures(shop.mug, "HAM") == (100, 0)
    assert figures(shop.mug, "MUC") == (98, 0)


def nothing_moved(shop, work):
    assert anew(work).warehouse_id == shop.hamburg.pk
    assert [figures(shop.mug, code)[1] for code in ("HAM", "MUC")] == [2, 0]
    assert "later" not in read(work.order).sourcing


def test_what_is_not_there_stays_here(shop, work):
    inventory.adjust_stock(stock_item_id=stock_of(shop.mug, "MUC").pk, change=-99, reason="broken", actor=SYSTEM)

    with pytest.raises(InsufficientStock) as refused:
        reroute(work, shop.munich)

    assert refused.value.details == {"shortages": [{"sku": "MUG-RED", "requested": 2, "available": 1}]}
    nothing_moved(shop, work)


def test_once_released_it_is_pulled_back_first(shop, work):
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    with pytest.raises(NotPlanned):
        reroute(work, shop.munich)
    nothing_moved(shop, work)

    fulfillment.pull_back(work.pk, actor=TOM)
    reroute(work, shop.munich)
    assert anew(work).warehouse_id == shop.munich.pk


def test_once_invoiced_it_stays(shop, work):
    OrderLine.objects.filter(order=work.order_id, position=1).update(invoiced=2)

    with pytest.raises(NotReroutable):
        reroute(work, shop.munich)

    nothing_moved(shop, work)


def test_where_it_cannot_be_handled_it_does_not_go(shop, work):
    inventory.update_product(shop.mug.pk, {"handling": ["cold"]}, actor=SYSTEM)

    with pytest.raises(NotReroutable):
        reroute(work, shop.munich)

    nothing_moved(shop, work)


def test_abroad_only_where_the_seller_is_registered_and_the_tax_stays(shop, work):
    vienna = make_warehouse("WIE", country="AT")
    pricing.forget()
    inventory.receive_stock(
        warehouse_id=vienna.pk, units={shop.mug.pk: 5, shop.tea.pk: 5}, reference="x", actor=SYSTEM
    )
    with pytest.raises(NotReroutable, match="not registered"):
        reroute(work, vienna)

    seller = billing.ensure_default_entity()
    billing.change_entity(seller.pk, {"vat_registrations": {"AT": "ATU12345675"}}, actor=SYSTEM)
    # From Vienna to a consumer in Berlin the German rate applies, as it does from Hamburg.
    reroute(work, vienna)
    assert anew(work).warehouse_id == vienna.pk


def test_a_rule_that_keeps_a_warehouse_out_may_be_overruled_by_a_person(shop, work):
    active(rule("exclude", "MUC"))

    reroute(work, shop.munich)

    assert anew(work).warehouse_id == shop.munich.pk


def test_the_preview_says_cost_and_day_of_every_way_and_why_others_are_none(shop, work):
    make_warehouse("WIE", country="AT")
    make_warehouse("BER")
    active(costs=COSTS)

    ways = fulfillment.ways_elsewhere(anew(work))

    assert [(one.warehouse.code, one.is_possible) for one in ways] == [("MUC", True), ("BER", False), ("WIE", False)]
    text = decision_words.way(ways[0])
    assert text.startswith("Warehouse MUC · €4.00 · €2.35 cheaper · there on ")
    assert decision_words.way(ways[1]) == "Warehouse BER: 3 units are missing there."
    assert decision_words.way(ways[2]) == "Warehouse WIE: the seller is not registered for VAT there."
    assert StockItem.objects.filter(reserved__gt=0).count() == 2


def test_the_step_in_the_back_office_shows_the_preview_before_the_click(shop, work, staff):
    active(costs=COSTS)
    url = f"/admin/fulfillment/fulfillmentorder/{work.pk}/do/reroute/"

    shown = staff.get(url).content.decode()
    wrong = staff.post(url, {"warehouse": shop.hamburg.pk, "reason": "x"})
    silent = staff.post(url, {"warehouse": shop.munich.pk, "reason": ""})

    assert "Warehouse MUC · €4.00 · €2.35 cheaper" in shown
    assert "The tax that was agreed stays: €2.96." in shown
    assert (wrong.status_code, silent.status_code) == (200, 200)
    nothing_moved(shop, work)
    assert staff.post(url, {"warehouse": shop.munich.pk, "reason": "Full"}).status_code == 302
    assert anew(work).warehouse_id == shop.munich.pk


def test_the_api_sends_it_elsewhere(shop, work, api):
    path = f"/api/v1/fulfillment-orders/{work.number}/reroute/"

    unknown = api.post(path, {"warehouse": "MOON"}, format="json")
    moved = api.post(path, {"warehouse": "muc", "reason": "Full"}, format="json")
    again = api.post(path, {"warehouse": "MUC"}, format="json")

    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "/warehouse")
    assert (moved.status_code, moved.json()["warehouse"]) == (200, "MUC")
    assert (again.status_code, again.json()["code"]) == (409, "not_reroutable")
    assert FulfillmentOrder.objects.count() == 1
