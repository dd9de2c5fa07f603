"""When the shelf is empty: the rest is planned anew, and somebody is told."""

import pytest

from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.errors import UnknownLine, WrongQuantity
from fulfillment.models import FulfillmentOrder
from orders.models import OrderException

from .helpers import TOM, anew, line_of, passages, planned, read, stock

pytestmark = pytest.mark.django_db


def started(units):
    (work,) = planned(units)
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.start_picking(work.pk, actor=TOM)
    return work


def contents(work):
    return list(work.lines.order_by("order_line__position").values_list("order_line__sku", "quantity", "picked"))


def test_what_is_missing_becomes_new_work_and_an_exception(shop):
    work = started({"MUG-RED": 5, "TEA-1": 1})
    mug = line_of(work.order, "MUG-RED")

    fulfillment.pick(work.pk, picked={mug: 3}, actor=TOM)

    rest = FulfillmentOrder.objects.exclude(pk=work.pk).get()
    assert (anew(work).status, rest.status, rest.warehouse_id) == ("picked", "planned", work.warehouse_id)
    assert contents(work) == [("MUG-RED", 3, 3), ("TEA-1", 1, 1)]
    assert contents(rest) == [("MUG-RED", 2, 0)]
    exception = OrderException.objects.get()
    assert (exception.category, exception.title) == ("short_pick", "2 × MUG-RED not found in HAM")
    assert exception.payload["rest"] == rest.number
    assert read(work.order).open_exceptions == 1
    told = EventRecord.objects.get(name="fulfillment.short_pick")
    assert (told.payload["missing"], told.actor) == ({"MUG-RED": 2}, "staff:tom")
    # The units stay promised until somebody counts the shelf.
    assert stock("MUG-RED") == (100, 5)


def test_the_rest_is_found_later_and_the_order_is_fulfilled_in_two_parcels(shop):
    work = started({"MUG-RED": 5})
    fulfillment.pick(work.pk, picked={line_of(work.order, "MUG-RED"): 3}, actor=TOM)
    rest = FulfillmentOrder.objects.exclude(pk=work.pk).get()
    fulfillment.pack(work.pk, actor=TOM)
    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)
    assert read(work.order).fulfillment_status == "partially_shipped"

    fulfillment.release_fulfillment(rest.pk, actor=TOM)
    fulfillment.pick(rest.pk, actor=TOM)
    fulfillment.pack(rest.pk, actor=TOM)
    fulfillment.ship_fulfillment_order(rest.pk, actor=TOM)

    assert (read(work.order).status, stock("MUG-RED")) == ("fulfilled", (95, 0))


def test_a_short_line_is_reported_while_the_walk_goes_on(shop):
    work = started({"MUG-RED": 5, "TEA-1": 1})
    mug = line_of(work.order, "MUG-RED")

    fulfillment.short_pick(work.pk, found={mug: 0}, reason="Bin empty", actor=TOM)

    assert anew(work).status == "picking"
    assert contents(work) == [("TEA-1", 1, 0)]
    assert contents(FulfillmentOrder.objects.exclude(pk=work.pk).get()) == [("MUG-RED", 5, 0)]
    assert OrderException.objects.get().payload["reason"] == "Bin empty"


def test_nothing_found_at_all_puts_the_work_itself_back(shop):
    work = started({"MUG-RED": 2})

    fulfillment.pick(work.pk, picked={line_of(work.order, "MUG-RED"): 0}, actor=TOM)

    assert (FulfillmentOrder.objects.count(), anew(work).status) == (1, "planned")
    assert contents(work) == [("MUG-RED", 2, 0)]
    assert passages(work)[-1] == ("pull_back", "picking", "planned")
    assert OrderException.objects.count() == 1


@pytest.mark.parametrize(("units", "error"), [({0: 1}, UnknownLine), ({"MUG-RED": 6}, WrongQuantity)])
def test_nobody_finds_more_than_was_planned(shop, units, error):
    work = started({"MUG-RED": 5})
    found = {line_of(work.order, key) if isinstance(key, str) else key: count for key, count in units.items()}

    with pytest.raises(error):
        fulfillment.pick(work.pk, picked=found, actor=TOM)

    assert (anew(work).status, contents(work)) == ("picking", [("MUG-RED", 5, 0)])


def test_a_report_without_anything_missing_is_refused(shop):
    work = started({"MUG-RED": 5})

    with pytest.raises(WrongQuantity):
        fulfillment.short_pick(work.pk, found={line_of(work.order, "MUG-RED"): 5}, actor=TOM)

    assert OrderException.objects.count() == 0
