"""The ways out before anything has left."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.models import CreditNote, Invoice, Refund
from core import invariants
from core.actors import SYSTEM
from core.models import EventRecord
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from orders import services
from orders.admin.steps import ORDER_STEPS
from orders.models import Hold, Movement, OrderChange, OrderException
from orders.wishes import LineWish, Wish
from tests.factories.catalog import stock_of
from tests.scenarios import anew, confirmed_order, paid, placed_order, run_debts

pytestmark = pytest.mark.django_db


def week_later():
    return timezone.now() + timedelta(days=8)


def test_a_cancelled_order_owes_nothing_and_holds_nothing(shop):
    order = confirmed_order()

    services.cancel_order(order.pk, reason="changed my mind", actor=SYSTEM)

    order = anew(order)
    assert (order.status, order.balance_due, order.cancelled_total) == ("cancelled", 0, Decimal("22.06"))
    assert order.cancelled_at is not None
    assert [(line.cancelled, line.allocated, line.open) for line in order.lines.all()] == [(2, 0, 0), (1, 0, 0)]
    assert [charge.cancelled for charge in order.charges.all()] == [True]
    assert (stock_of(shop.mug).reserved, stock_of(shop.tea).reserved) == (0, 0)
    assert (order.allocation_status, order.payment_status) == ("unallocated", "unpaid")


def test_the_reason_is_kept(shop):
    order = confirmed_order()

    services.cancel_order(order.pk, reason="changed my mind", actor=SYSTEM)

    step = EventRecord.objects.get(subject_id=order.pk, transition="cancel")
    fact = EventRecord.objects.get(name="orders.order_cancelled")
    assert step.note == fact.payload["reason"] == "changed my mind"
    assert fact.payload["stock_released"] is True


def test_every_cancelled_unit_is_a_movement(shop):
    order = confirmed_order()

    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    moved = Movement.objects.filter(line__order=order).order_by("line__position")
    assert list(moved.values_list("kind", "quantity")) == [("cancelled", 2), ("cancelled", 1)]


def test_holds_end_with_the_order(shop):
    order = placed_order(expected_total=Decimal(1))

    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    assert Hold.objects.get().status == "released"
    assert (anew(order).active_holds, anew(order).blocked_transitions) == (0, [])


def test_while_a_warehouse_is_at_work_it_gives_the_units_back_itself(shop):
    order = confirmed_order()
    services.record_release(order.pk, actor=SYSTEM)

    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    assert anew(order).status == "cancelled"
    assert stock_of(shop.mug).reserved == 2
    assert EventRecord.objects.get(name="orders.order_cancelled").payload["stock_released"] is False


def test_a_paid_order_is_owed_its_money(shop):
    order = paid(placed_order())

    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    assert anew(order).balance_due == Decimal("-22.06")


# --- expired ------------------------------------------------------------------------------------


def test_an_order_nobody_paid_lapses_and_frees_its_stock(shop):
    order = placed_order()

    assert services.expire_unpaid(timezone.now()) == 0
    assert services.expire_unpaid(week_later()) == 1

    assert (anew(order).status, anew(order).balance_due) == ("expired", 0)
    assert stock_of(shop.mug).reserved == 0
    assert EventRecord.objects.filter(name="orders.order_expired").count() == 1
    assert services.expire_unpaid(week_later()) == 0


def test_an_order_on_hold_lapses_too(shop):
    order = placed_order(expected_total=Decimal(1))

    assert services.expire_unpaid(week_later()) == 1
    assert anew(order).status == "expired"


@pytest.mark.parametrize("terms", ["net14", "on_delivery", "in_store"])
def test_who_pays_later_never_lapses(shop, terms):
    placed_order(payment_terms=terms)

    assert services.expire_unpaid(week_later()) == 0


def test_paid_in_time_is_not_expired(shop):
    order = paid(placed_order())

    assert services.expire_unpaid(week_later()) == 0
    assert anew(order).status == "confirmed"


def test_where_a_part_was_paid_a_person_decides(shop):
    order = paid(placed_order(), Decimal("10.00"))

    assert services.expire_unpaid(week_later()) == 0

    assert anew(order).status == "verified"
    exception = OrderException.objects.get()
    assert (exception.order, exception.title) == (order, f"{order} is paid in part only, and its time is over")


def test_an_order_that_was_billed_and_paid_in_advance_is_credited_and_refunded(shop):
    order = placed_order()
    billing.record_payment(order.pk, method="card", amount=order.total, reference="P-1", actor=SYSTEM)
    run_debts()
    billing.invoice_order(order.pk, actor=SYSTEM)
    run_debts()
    said = [str(sentence) for sentence in ORDER_STEPS["cancel"].consequences(anew(order))]
    invoice = Invoice.objects.get(order=order)

    services.cancel_order(order.pk, reason="changed my mind", actor=SYSTEM)
    run_debts()

    order = anew(order)
    note, refund = CreditNote.objects.get(order=order), Refund.objects.get(order=order)
    assert said[1:4] == [
        f"{order.fulfillment_orders.get().number} stops.",
        f"{invoice.number} is credited: €22.06.",
        "€22.06 goes back to the customer.",
    ]
    assert (order.status, order.balance_due, order.cancelled_total, order.credited_total) == (
        "cancelled",
        0,
        0,
        Decimal("22.06"),
    )
    assert (note.status, note.total, refund.status, refund.amount) == (
        "refunded",
        Decimal("22.06"),
        "succeeded",
        Decimal("22.06"),
    )
    assert (stock_of(shop.mug).reserved, breaches()) == (0, [])


def test_packed_goods_are_put_back_and_the_page_says_so(shop):
    order = confirmed_order()
    run_debts()
    fulfillment.release_order(order.pk, actor=SYSTEM)
    work = FulfillmentOrder.objects.get(order=order)
    fulfillment.pick(work.pk, actor=SYSTEM)
    fulfillment.pack(work.pk, actor=SYSTEM)
    said = [str(sentence) for sentence in ORDER_STEPS["cancel"].consequences(anew(order))]

    services.cancel_order(order.pk, reason="changed my mind", actor=SYSTEM)
    run_debts()

    assert said[0] == (
        f"{work.number}: 3 units are to be put back, and free again when they are in their bins. Its label is void."
    )
    work = FulfillmentOrder.objects.get(order=order)
    assert (work.needs_put_back, stock_of(shop.mug).reserved) == (True, 2)
    fulfillment.complete_put_back(work.pk, actor=SYSTEM)
    assert (stock_of(shop.mug).reserved, breaches()) == (0, [])


def test_an_edit_that_waits_is_declined_with_its_order(shop):
    order = confirmed_order()
    wish = Wish(lines=(LineWish(position=1, quantity=3),))
    change = services.request_change(order.pk, wish, expected_version=order.version, actor=SYSTEM)

    services.cancel_order(order.pk, reason="changed my mind", actor=SYSTEM)

    assert OrderChange.objects.get(pk=change.pk).status == "declined"


def breaches():
    found = [check() for _code, _name, check in invariants.questions()]
    return [(one.name, one.breaches) for one in found if one.breaches]
