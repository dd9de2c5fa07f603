"""What may still be changed about an order, and what people say about it."""

from datetime import date

import pytest

from core.actors import SYSTEM, Actor
from core.models import EventRecord
from inventory.models import Reservation
from orders import services
from orders.errors import InvalidOrder, StaleOrder, TooLateToChange, UnknownOrder
from orders.models import Comment
from tests.scenarios import anew, confirmed_order, placed_order

pytestmark = pytest.mark.django_db
TOM = Actor("staff", "tom")


def test_a_change_is_kept_with_before_and_after(shop):
    order = placed_order()

    services.update_preferences(order.pk, {"gift_note": "For Ada", "tags": ["vip"]}, actor=TOM)

    order = anew(order)
    assert (order.gift_note, order.tags, order.version) == ("For Ada", ["vip"], 3)
    change = EventRecord.objects.get(name="orders.preferences_changed")
    assert change.actor == "staff:tom"
    assert change.payload == {
        "before": {"gift_note": "", "tags": []},
        "after": {"gift_note": "For Ada", "tags": ["vip"]},
        "version": 2,
    }


def test_no_change_is_no_version(shop):
    order = placed_order()

    services.update_preferences(order.pk, {"gift_note": ""}, actor=TOM)

    assert anew(order).version == 2


def test_a_change_of_something_older_is_refused(shop):
    order = placed_order()
    services.update_preferences(order.pk, {"gift_note": "one"}, expected_version=2, actor=TOM)

    with pytest.raises(StaleOrder) as refused:
        services.update_preferences(order.pk, {"gift_note": "two"}, expected_version=2, actor=TOM)
    assert refused.value.details == {"version": 3}
    assert anew(order).gift_note == "one"


def test_what_is_agreed_is_not_changed_here(shop):
    with pytest.raises(InvalidOrder) as refused:
        services.update_preferences(placed_order().pk, {"total": 1, "status": "completed"}, actor=TOM)
    assert [fault["pointer"] for fault in refused.value.errors] == ["/status", "/total"]


def test_another_day_moves_the_promise_and_never_the_first_one(shop):
    order = confirmed_order()
    first = order.first_promised_on

    services.update_preferences(order.pk, {"requested_delivery_on": date(2031, 5, 5)}, actor=TOM)

    order = anew(order)
    assert (order.promised_on, order.first_promised_on) == (date(2031, 5, 5), first)
    assert {line.promised_on for line in order.lines.all()} == {date(2031, 5, 5)}


def test_goods_that_left_follow_no_wish(shop):
    order = confirmed_order()
    services.record_release(order.pk, actor=SYSTEM)
    line = order.lines.first()
    services.record_shipment(order.pk, reference="SH-1", quantities={line.pk: 1}, actor=SYSTEM)

    with pytest.raises(TooLateToChange):
        services.update_preferences(order.pk, {"ship_complete": True}, actor=TOM)
    services.update_preferences(order.pk, {"tags": ["late"]}, actor=TOM)
    assert anew(order).tags == ["late"]


def test_priority_changes_the_rank_of_order_and_reservation(shop):
    order = confirmed_order()

    services.set_priority(order.pk, 80, actor=TOM)

    after = anew(order)
    assert after.priority == 80
    assert after.rank == Reservation.objects.get(pk=order.reservation_id).rank < order.rank
    with pytest.raises(InvalidOrder):
        services.set_priority(order.pk, 1001, actor=TOM)


def test_a_remark_is_kept_with_its_author(shop):
    order = placed_order()

    services.add_comment(order.pk, "Called, nobody there", public=True, actor=TOM)

    comment = Comment.objects.get()
    assert (comment.order, comment.author, comment.public) == (order, "staff:tom", True)
    with pytest.raises(UnknownOrder):
        services.add_comment(0, "?", actor=TOM)
