"""Orders are changed of which something has left, or somebody has it in his hands."""

from datetime import date

import pytest

from core.actors import SYSTEM
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from orders.models import Order, OrderLine
from tests.factories.shop import Shop
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
