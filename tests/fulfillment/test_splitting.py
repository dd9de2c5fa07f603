"""Planned work is split and put together; picked goods go back while their order lives on."""

import pytest

from core import invariants
from core.actors import SYSTEM
from fulfillment import services
from fulfillment.errors import NothingToMerge, NothingToPutBack, NotPlanned, WrongQuantity
from fulfillment.models import FulfillmentOrder, Shipment
from orders import services as orders
from orders.errors import ChangeRefused
from orders.models import OrderLine
from orders.wishes import LineWish, Wish
from tests.factories.catalog import stock_of
from tests.scenarios import anew, confirmed_order, run_debts

pytestmark = pytest.mark.django_db


def planned(lines=None):
    order = confirmed_order(lines)
    run_debts()
    return order, FulfillmentOrder.objects.get(order=order)


def works_of(order):
    rows = FulfillmentOrder.objects.filter(order=order).order_by("pk")
    return [(one.status, {line.order_line.sku: line.quantity for line in one.lines.all()}) for one in rows]


def breaches():
    return [name for _code, name, check in invariants.questions() if check().breaches]


def test_planned_work_is_split_and_put_together_again(shop):
    order, work = planned()
    mug = OrderLine.objects.get(order=order, sku="MUG-RED")

    services.split_fulfillment(work.pk, units={mug.pk: 1}, reason="Heavy", actor=SYSTEM)
    assert works_of(order) == [("planned", {"MUG-RED": 1, "TEA-1": 1}), ("planned", {"MUG-RED": 1})]
    assert services.plan_fulfillment(order.pk, actor=SYSTEM) == []

    services.merge_fulfillment(work.pk, actor=SYSTEM)
    assert works_of(order) == [("planned", {"MUG-RED": 2, "TEA-1": 1}), ("cancelled", {})]
    with pytest.raises(NothingToMerge):
        services.merge_fulfillment(work.pk, actor=SYSTEM)
    assert breaches() == []


def test_what_is_not_planned_or_leaves_nothing_is_not_split(shop):
    order, work = planned()
    lines = {line.pk: line.quantity for line in OrderLine.objects.filter(order=order)}
    for units in ({}, lines, {next(iter(lines)): 9}):
        with pytest.raises(WrongQuantity):
            services.split_fulfillment(work.pk, units=units, actor=SYSTEM)
    with pytest.raises(NothingToPutBack):
        services.put_back(work.pk, actor=SYSTEM)
    services.release_order(order.pk, actor=SYSTEM)
    with pytest.raises(NotPlanned):
        services.split_fulfillment(work.pk, units={next(iter(lines)): 1}, actor=SYSTEM)
    assert works_of(order) == [("released", {"MUG-RED": 2, "TEA-1": 1})]


def test_packed_goods_go_back_and_are_free_to_be_edited_when_they_lie_there(shop):
    order, work = planned()
    services.release_order(order.pk, actor=SYSTEM)
    services.pick(work.pk, actor=SYSTEM)
    services.pack(work.pk, actor=SYSTEM)
    wish = Wish(lines=(LineWish(position=1, quantity=1),))

    services.put_back(work.pk, reason="She wants one only", actor=SYSTEM)

    assert (Shipment.objects.get(order=order).status, anew(order).status) == ("cancelled", "fulfilling")
    assert services.plan_fulfillment(order.pk, actor=SYSTEM) == [], "nobody fetches what is still carried back"
    with pytest.raises(ChangeRefused):
        orders.amend_order(order.pk, wish, expected_version=anew(order).version, actor=SYSTEM)
    assert stock_of(shop.mug).reserved == 2

    services.complete_put_back(work.pk, actor=SYSTEM)

    assert works_of(order)[1:] == [("planned", {"MUG-RED": 2, "TEA-1": 1})]
    orders.amend_order(order.pk, wish, expected_version=anew(order).version, actor=SYSTEM)
    assert works_of(order)[1:] == [("planned", {"MUG-RED": 1, "TEA-1": 1})]
    assert (stock_of(shop.mug).reserved, breaches()) == (1, [])


def test_an_integrator_splits_merges_and_puts_back(shop, api):
    order, work = planned()
    at = f"/api/v1/fulfillment-orders/{work.number}"

    def post(path, body=None):
        return api.post(path, body or {}, content_type="application/json")

    def allowed():
        return api.get(f"{at}/").json()["allowed_actions"]

    assert allowed() == ["release", "reroute", "split", "merge"]
    rest = post(f"{at}/split/", {"lines": [{"sku": "MUG-RED", "quantity": 1}]})
    assert (rest.status_code, rest.json()["status"]) == (200, "planned")
    assert rest.json()["number"] != work.number
    assert post(f"{at}/merge/").status_code == 200
    assert (post(f"{at}/merge/").status_code, post(f"{at}/put-back/").status_code) == (409, 409)
    services.release_order(order.pk, actor=SYSTEM)
    assert post(f"{at}/pull-back/").json()["status"] == "planned"
    services.release_order(order.pk, actor=SYSTEM)
    services.pick(work.pk, actor=SYSTEM)
    assert allowed() == ["pack", "put_back"]
    assert post(f"{at}/put-back/").json()["needs_put_back"] is True
    assert post(f"{at}/put-back/").json()["needs_put_back"] is False
    assert works_of(order)[-1] == ("planned", {"MUG-RED": 2, "TEA-1": 1})


def test_the_page_of_work_says_what_becomes_of_goods_that_are_carried_back(shop, staff):
    order, work = planned()
    services.release_order(order.pk, actor=SYSTEM)
    services.pick(work.pk, actor=SYSTEM)
    services.put_back(work.pk, actor=SYSTEM)
    page, step = (f"/admin/fulfillment/fulfillmentorder/{work.pk}/{name}/" for name in ("change", "do/put_back"))

    for address in (page, step):
        shown = staff.get(address).content.decode()
        assert "planned anew" in shown
        assert "The order was cancelled" not in shown
        assert "free for others" not in shown
