"""A line or a piece of work on hold: it stays in the house, the rest of the order goes on."""

import pytest
from django.urls import reverse

from fulfillment import services as fulfillment
from fulfillment.errors import NothingToMerge, OrderBlocked
from orders import services as orders
from orders.wishes import LineWish, Wish
from pricing.models import Channel
from tests.factories.shop import make_priced_product

from .helpers import TOM, anew, confirmed, planned, read, works_of

pytestmark = pytest.mark.django_db


def units(work):
    return {line.order_line.sku: line.quantity for line in work.lines.select_related("order_line")}


def hold_tea(order):
    return orders.place_hold(order.pk, reason="Recalled", line_id=order.lines.get(sku="TEA-1").pk, actor=TOM)


def test_a_line_on_hold_gets_work_of_its_own_and_the_rest_is_shipped(shop, run_debts):
    (work,) = planned({"MUG-RED": 2, "TEA-1": 1})
    hold = hold_tea(work.order)
    run_debts()
    rest, kept = works_of(work.order)
    assert (units(rest), units(kept)) == ({"MUG-RED": 2}, {"TEA-1": 1})

    with pytest.raises(OrderBlocked, match="Recalled"):
        fulfillment.release_fulfillment(kept.pk, actor=TOM)
    released = fulfillment.release_order(work.order_id, actor=TOM)
    fulfillment.pick(rest.pk, actor=TOM)
    fulfillment.pack(rest.pk, actor=TOM)
    fulfillment.ship_fulfillment_order(rest.pk, actor=TOM)

    assert [one.pk for one in released] == [rest.pk]
    assert (anew(rest).status, anew(kept).status, read(work.order).fulfillment_status) == (
        "shipped",
        "planned",
        "partially_shipped",
    )
    orders.release_hold(hold.pk, actor=TOM)
    assert fulfillment.release_fulfillment(kept.pk, actor=TOM).status == "released"


def test_work_is_planned_apart_where_the_hold_came_first(shop, run_debts):
    order = confirmed({"MUG-RED": 2, "TEA-1": 1})
    hold_tea(order)
    run_debts()

    assert [units(work) for work in works_of(order)] == [{"MUG-RED": 2}, {"TEA-1": 1}]


def test_where_work_is_released_by_itself_only_the_rest_is_and_the_line_follows(shop, run_debts):
    Channel.objects.filter(code="api").update(auto_release=True)
    order = confirmed({"MUG-RED": 2, "TEA-1": 1})
    hold = hold_tea(order)
    run_debts()
    assert [(units(work), work.status) for work in works_of(order)] == [
        ({"MUG-RED": 2}, "released"),
        ({"TEA-1": 1}, "planned"),
    ]

    orders.release_hold(hold.pk, actor=TOM)
    run_debts()

    assert [work.status for work in works_of(order)] == ["released", "released"]


def test_work_that_has_begun_is_stopped_as_a_whole_and_says_why(shop, run_debts, staff):
    (work,) = planned({"MUG-RED": 2, "TEA-1": 1})
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    hold_tea(work.order)
    run_debts()

    with pytest.raises(OrderBlocked, match="Recalled"):
        fulfillment.pick(work.pk, actor=TOM)
    page = staff.get(reverse("admin:fulfillment_fulfillmentorder_change", args=[work.pk])).content.decode()

    assert (anew(work).status, len(works_of(work.order))) == ("released", 1)
    assert "On hold: Recalled" in page


def test_one_piece_of_work_is_kept_and_the_other_is_not(shop, staff, run_debts):
    make_priced_product("POT", "30.00", stock={"MUC": 3})
    order = confirmed({"MUG-RED": 150, "POT": 1})
    run_debts()
    here, there = works_of(order)
    page = reverse("admin:fulfillment_fulfillmentorder_do", args=[here.pk, "hold"])

    staff.post(page, {"reason": "The gate is closed"})

    with pytest.raises(OrderBlocked, match="The gate is closed"):
        fulfillment.release_fulfillment(here.pk, actor=TOM)
    assert fulfillment.release_fulfillment(there.pk, actor=TOM).status == "released"
    assert read(order).hold_reason == f"{here.number}: The gate is closed"


def test_nothing_goes_past_a_hold_in_one_go(shop, run_debts):
    (work,) = planned({"MUG-RED": 2, "TEA-1": 1})
    hold_tea(work.order)

    with pytest.raises(OrderBlocked, match="Recalled"):
        fulfillment.ship_order(work.order_id, actor=TOM)

    assert [one.status for one in works_of(work.order)] == ["planned"]


def test_work_on_hold_is_neither_split_nor_put_together(shop, run_debts, staff):
    (work,) = planned({"MUG-RED": 2, "TEA-1": 1})
    mug, tea = (work.order.lines.get(sku=sku) for sku in ("MUG-RED", "TEA-1"))
    rest = fulfillment.split_fulfillment(work.pk, units={tea.pk: 1}, actor=TOM)
    fulfillment.hold_work(rest.pk, reason="Wet box", actor=TOM)

    with pytest.raises(NothingToMerge):
        fulfillment.merge_fulfillment(work.pk, actor=TOM)
    with pytest.raises(OrderBlocked, match="Wet box"):
        fulfillment.merge_fulfillment(rest.pk, actor=TOM)
    more = fulfillment.split_fulfillment(work.pk, units={mug.pk: 1}, actor=TOM)
    with pytest.raises(OrderBlocked, match="Wet box"):
        fulfillment.split_fulfillment(rest.pk, units={tea.pk: 1}, actor=TOM)
    page = reverse("admin:fulfillment_fulfillmentorder_do", args=[more.pk, "merge"])
    assert f"{work.number}: all of it becomes part of {more.number}" in staff.get(page).content.decode()
    fulfillment.merge_fulfillment(more.pk, actor=TOM)

    live = {one.pk: units(one) for one in works_of(work.order) if one.status == "planned"}
    assert live == {rest.pk: {"TEA-1": 1}, more.pk: {"MUG-RED": 2}}


def test_an_edit_releases_again_only_what_is_not_on_hold(shop, run_debts):
    Channel.objects.filter(code="api").update(auto_release=True)
    order = confirmed({"MUG-RED": 2, "TEA-1": 1})
    run_debts()
    hold_tea(order)
    run_debts()
    assert [(units(work), work.status) for work in works_of(order)] == [({"MUG-RED": 2, "TEA-1": 1}, "released")]

    wish = Wish(lines=(LineWish(position=order.lines.get(sku="MUG-RED").position, quantity=1),))
    orders.amend_order(order.pk, wish, expected_version=read(order).version, actor=TOM)

    assert [(units(work), work.status) for work in works_of(order)] == [
        ({"MUG-RED": 1}, "released"),
        ({"TEA-1": 1}, "planned"),
    ]
