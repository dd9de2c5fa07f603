"""A return, from the wish to the money (flow (b) of the design)."""

from decimal import Decimal as D

import pytest

from billing.models import CreditNote, Refund
from core.errors import TransitionRefused
from core.models import EventRecord
from orders.models import Movement, OrderLine
from returns import selectors
from returns import services as returns
from returns.models import ReturnLine, ReturnRequest
from returns.services import Decision
from tests.factories.catalog import stock_of
from tests.factories.returns import (
    CUSTOMER,
    MAYA,
    again,
    authorized,
    days_ago,
    delivered_order,
    inspected,
    pay,
    received,
    requested,
    resolved,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_true")]


def passages(found: ReturnRequest) -> list[tuple[str, str, str, str]]:
    history = EventRecord.objects.filter(subject_type="returns.returnrequest", subject_id=found.pk)
    return [(one.source, one.transition, one.target, one.actor) for one in history.order_by("pk")]


def test_a_customer_gives_one_of_two_mugs_back(seller, run_debts):
    order = delivered_order()
    shelf = stock_of(seller.mug).on_hand

    (mugs, _tea) = selectors.returnable_lines(order)
    assert (mugs.line.sku, mugs.quantity) == ("MUG-RED", 2)
    found = returns.request_return(order.pk, quantities={mugs.line.pk: 1}, reason="Too red", actor=CUSTOMER)
    assert (found.number, found.status) == (f"RMA-{found.pk:06}", "requested")
    assert (again(order).open_returns, again(order).return_status) == (1, "requested")

    returns.authorize_return(found.pk, actor=MAYA)
    line = OrderLine.objects.get(pk=mugs.line.pk)
    assert (line.return_authorized, line.returned) == (1, 0)

    returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, actor=MAYA)
    line = OrderLine.objects.get(pk=mugs.line.pk)
    assert (line.return_authorized, line.returned) == (1, 1)
    assert again(order).return_status == "partially_returned"
    assert stock_of(seller.mug).on_hand == shelf

    (row,) = ReturnLine.objects.filter(return_request=found)
    returns.inspect_return(found.pk, decisions={row.pk: Decision("restock")}, actor=MAYA)
    returns.resolve_return(found.pk, actor=MAYA)
    assert stock_of(seller.mug).on_hand == shelf + 1
    assert ReturnRequest.objects.get(pk=found.pk).status == "resolved"
    run_debts()

    closed = ReturnRequest.objects.get(pk=found.pk)
    assert (closed.status, closed.refund_total) == ("closed", D("5.95"))
    (note,) = CreditNote.objects.filter(order=order)
    assert (note.reference, note.total, note.status) == (found.number, D("5.95"), "refunded")
    (refund,) = Refund.objects.filter(order=order)
    assert (refund.reference, refund.amount, refund.status) == (found.number, D("5.95"), "succeeded")
    (row,) = ReturnLine.objects.filter(return_request=found)
    assert row.refund_amount == D("5.95")
    finished = again(order)
    assert (finished.status, finished.open_returns, finished.balance_due) == ("completed", 0, 0)
    assert (finished.credited_total, finished.refunded_total) == (D("5.95"), D("5.95"))
    assert passages(found) == [
        ("requested", "authorize", "authorized", "staff:maya"),
        ("authorized", "receive", "received", "staff:maya"),
        ("received", "inspect", "inspected", "staff:maya"),
        ("inspected", "resolve", "resolved", "staff:maya"),
        ("resolved", "close", "closed", "system"),
    ]


def test_an_open_return_keeps_the_order_from_completing(seller):
    order = delivered_order(paid=False)
    found = requested(order, {"TEA-1": 1})
    pay(order)
    assert again(order).status == "fulfilled"

    returns.cancel_return(found.pk, actor=CUSTOMER)

    assert again(order).status == "completed"


def test_a_completed_order_stays_completed(seller):
    order = delivered_order()
    assert order.status == "completed"

    assert resolved(order, {"MUG-RED": 2}).status == "closed"
    assert again(order).status == "completed"


def test_goods_come_back_in_two_parts_and_the_rest_never(seller):
    order = delivered_order({"MUG-RED": 5})
    found = authorized(order, {"MUG-RED": 4})
    (row,) = ReturnLine.objects.filter(return_request=found)

    for units in (1, 2):
        found = returns.receive_return(
            found.pk, warehouse_id=seller.munich.pk, received={row.pk: units}, actor=MAYA
        )  # fmt: skip
        assert found.status == "partially_received"
    returns.inspect_return(found.pk, decisions={row.pk: Decision("quarantine")}, actor=MAYA)
    line = OrderLine.objects.get(order=order)
    assert (line.return_authorized, line.returned) == (3, 3)
    returns.resolve_return(found.pk, actor=MAYA)

    shelf = stock_of(seller.mug, "MUC")
    assert (shelf.on_hand, shelf.quarantined) == (103, 3)
    assert selectors.returnable_lines(again(order))[0].quantity == 2


def test_goods_go_where_the_inspection_says_and_only_what_is_accepted_is_paid(seller, run_debts):
    order = delivered_order({"MUG-RED": 3, "TEA-1": 2})
    found = received(order, {"MUG-RED": 3, "TEA-1": 2})
    mug, tea = ReturnLine.objects.filter(return_request=found).order_by("order_line__position")
    shelf = stock_of(seller.mug).on_hand
    decisions = {mug.pk: Decision("scrap"), tea.pk: Decision("back_to_customer", "reject", "Opened")}

    returns.inspect_return(found.pk, decisions=decisions, actor=MAYA)
    returns.resolve_return(found.pk, actor=MAYA)
    run_debts()

    assert stock_of(seller.mug).on_hand == shelf
    (note,) = CreditNote.objects.filter(order=order)
    assert note.total == again(order).refunded_total == OrderLine.objects.get(order=order, sku="MUG-RED").total


def test_a_return_of_which_nothing_is_accepted_is_closed_at_once(seller):
    order = delivered_order()
    found = inspected(order, {"TEA-1": 1}, decision=Decision("back_to_customer", "reject"))

    found = returns.resolve_return(found.pk, actor=MAYA)

    assert (found.status, found.refund_total) == ("closed", 0)
    assert not CreditNote.objects.filter(order=order).exists()
    assert again(order).open_returns == 0


def test_who_has_not_paid_owes_less_and_gets_no_money(seller, run_debts):
    order = delivered_order(paid=False)

    found = resolved(order, {"MUG-RED": 1})

    assert (found.status, found.refund_total) == ("closed", 0)
    assert not Refund.objects.filter(order=order).exists()
    assert again(order).balance_due == D("22.06") - D("5.95")


def test_who_has_paid_a_part_gets_back_what_is_no_longer_owed(seller):
    order = delivered_order(paid=False)
    pay(order, "20.00")

    found = resolved(order, {"MUG-RED": 1})

    assert found.refund_total == D("3.89")
    assert again(order).balance_due == 0


def test_settling_twice_is_refused_and_moves_nothing(seller, run_debts):
    order = delivered_order()
    found = inspected(order, {"MUG-RED": 1})
    returns.resolve_return(found.pk, actor=MAYA)

    with pytest.raises(TransitionRefused):
        returns.resolve_return(found.pk, actor=MAYA)
    run_debts()

    assert Refund.objects.filter(order=order).count() == CreditNote.objects.filter(order=order).count() == 1


def test_a_return_told_afterwards_has_every_step_with_its_date(seller, run_debts):
    at = days_ago(400)
    order = delivered_order(at=at)
    line = OrderLine.objects.get(order=order, sku="MUG-RED")

    found = returns.return_through(
        order.pk, quantities={line.pk: 2}, warehouse_id=seller.hamburg.pk, reason="Cancellation C1", actor=MAYA, at=at
    )
    run_debts()

    found = ReturnRequest.objects.get(pk=found.pk)
    assert (found.status, found.refund_total, found.resolved_at, found.closed_at) == ("closed", D("11.90"), at, at)
    assert [step[1] for step in passages(found)] == ["authorize", "receive", "inspect", "resolve", "close"]
    kinds = Movement.objects.filter(line=line, reference=found.number).values_list("kind", flat=True)
    assert sorted(kinds) == ["credited", "return_authorized", "returned"]
