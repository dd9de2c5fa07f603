"""Orders are changed of which something has left, or somebody has it in his hands."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.actors import SYSTEM
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from orders import services as orders
from orders.models import Order, OrderLine
from orders.wishes import NewLine, Wish
from tests.factories.shop import Shop, make_priced_product
from tests.orders.test_edits import broken, edit, quantities
from tests.scenarios import anew, confirmed_order, run_debts

pytestmark = pytest.mark.django_db


def partly_shipped(units: dict[int, int]) -> Order:
    """Return an order of five mugs and three teas of which some, by position, have left."""
    order = confirmed_order({"MUG-RED": 5, "TEA-1": 3})
    run_debts()
    fulfillment.release_order(order.pk, actor=SYSTEM)
    work = FulfillmentOrder.objects.get(order=order)
    picked = {line.pk: units.get(line.position, 0) for line in order.lines.all()}
    fulfillment.pick(work.pk, picked=picked, actor=SYSTEM)
    fulfillment.pack(work.pk, actor=SYSTEM)
    fulfillment.ship_fulfillment_order(work.pk, actor=SYSTEM)
    run_debts()
    return anew(order)


def days(order: Order) -> list[date | None]:
    """Return the day that is promised for each line."""
    return list(OrderLine.objects.filter(order=order).order_by("position").values_list("promised_on", flat=True))


def test_what_has_left_keeps_its_parcel_and_its_day(shop: Shop) -> None:
    order = partly_shipped({1: 5})
    before = days(order)
    edit(order, quantities(line2=2))
    now = anew(order)
    [parcel] = now.sourcing["parcels"]
    assert parcel["lines"] == {"1": 5, "2": 2}
    assert (days(now), now.estimated_delivery_on) == (before, order.estimated_delivery_on)
    assert before[0] is not None
    assert broken() == []


def test_who_walks_for_units_is_left_alone_while_others_can_give_them(shop: Shop) -> None:
    order = confirmed_order({"MUG-RED": 2})
    run_debts()
    fulfillment.release_order(order.pk, actor=SYSTEM)
    first = FulfillmentOrder.objects.get(order=order)
    edit(order, quantities(line1=5))
    second = FulfillmentOrder.objects.exclude(pk=first.pk).get(order=order)
    fulfillment.release_fulfillment(second.pk, actor=SYSTEM)
    fulfillment.start_picking(second.pk, actor=SYSTEM)
    edit(order, quantities(line1=4))
    works = FulfillmentOrder.objects.filter(order=order).order_by("pk")
    assert list(works.values_list("status", "lines__quantity")) == [("planned", 1), ("picking", 3)]
    assert broken() == []


def test_an_edit_costs_no_more_for_more_lines(shop: Shop) -> None:
    skus = [f"POT-{number}" for number in range(41)]
    for sku in skus:
        make_priced_product(sku, "5.00", stock={"HAM": 50})
    counted = []
    for some in (skus[:2], skus[:40]):
        order = confirmed_order(dict.fromkeys(some, 2))
        run_debts()
        more = {f"line{place}": 3 for place in range(1, len(some) + 1)}
        fewer = {**dict.fromkeys(more, 1), "line2": 0}
        costs = []
        for wish in (
            Wish(lines=quantities(**more).lines, add=(NewLine(sku=skus[40], quantity=1),)),
            quantities(**fewer),
        ):
            change = orders.request_change(order.pk, wish, expected_version=anew(order).version, actor=SYSTEM)
            with CaptureQueriesContext(connection) as seen:
                orders.apply_change(change.pk, actor=SYSTEM)
            costs.append(len([one for one in seen.captured_queries if "SAVEPOINT" not in one["sql"]]))
        counted.append(costs)
    assert counted[0] == counted[1]
    assert max(counted[1]) <= 48
