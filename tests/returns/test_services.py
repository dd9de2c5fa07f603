"""Each step of a return: what it refuses, and that a refusal leaves no trace."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM
from core.errors import TransitionRefused
from customers import services as customers
from inventory.services import ProductInput
from inventory.services import create_product as make_service
from orders.models import OrderLine
from pricing import services as pricing
from pricing.models import Channel
from returns import errors, selectors
from returns import services as returns
from returns.models import ReturnLine, ReturnPolicy, ReturnRequest
from returns.services import Decision
from tests.factories.returns import (
    CUSTOMER,
    MAYA,
    again,
    authorized,
    days_ago,
    decide,
    delivered_order,
    requested,
    units,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_true")]


def refused(error: type[Exception], order, goods, **given):
    with pytest.raises(error) as refusal:
        requested(order, goods, **given)
    assert not ReturnRequest.objects.exists()
    assert again(order).open_returns == 0
    return refusal.value


def test_more_than_was_delivered_is_refused_with_the_numbers(seller):
    refusal = refused(errors.NotReturnable, delivered_order(), {"MUG-RED": 3})

    assert [(one["sku"], one["requested"], one["returnable"]) for one in refusal.details["lines"]] == [
        ("MUG-RED", 3, 2)
    ]  # fmt: skip


@pytest.mark.parametrize("goods", [{}, {"MUG-RED": 0}, {"MUG-RED": -1}])
def test_nothing_is_no_return(seller, goods):
    refused(errors.EmptyReturn, delivered_order(), goods)


def test_a_line_of_another_order_is_unknown(seller):
    one, other = delivered_order(), delivered_order(email="bob@example.com")
    with pytest.raises(errors.UnknownLine):
        returns.request_return(one.pk, quantities=units(other, {"MUG-RED": 1}), actor=CUSTOMER)
    assert not ReturnRequest.objects.exists()


def test_customers_have_thirty_days_and_staff_as_many_as_they_like(seller):
    order = delivered_order(at=days_ago(31))
    refusal = refused(errors.NotReturnable, order, {"MUG-RED": 1})
    assert refusal.message == "The time to return it is over."

    assert requested(order, {"MUG-RED": 1}, actor=MAYA).status == "requested"


def test_the_policy_of_the_channel_goes_before_the_common_one(seller):
    ReturnPolicy.objects.create(days=40)
    order = delivered_order(at=days_ago(35))
    assert selectors.returnable_lines(order)

    ReturnPolicy.objects.create(channel=Channel.objects.get(code="api"), days=20)
    assert selectors.returnable_lines(order) == []


def test_a_request_holds_its_units_until_it_is_answered(seller):
    order = delivered_order(at=days_ago(20))
    first = requested(order, {"MUG-RED": 2})
    with pytest.raises(errors.NotReturnable):
        requested(order, {"MUG-RED": 1})

    returns.decline_return(first.pk, reason="Worn", actor=MAYA)
    assert requested(order, {"MUG-RED": 2}).status == "requested"


def test_a_withdrawal_in_time_cannot_be_declined(seller):
    found = requested(delivered_order(), {"MUG-RED": 1})
    assert found.is_withdrawal

    with pytest.raises(errors.WithdrawalCannotBeDeclined):
        returns.decline_return(found.pk, reason="No", actor=MAYA)
    assert ReturnRequest.objects.get().status == "requested"


def test_after_the_time_of_the_law_it_can_be_declined(seller):
    order = delivered_order(at=days_ago(20))
    found = returns.decline_return(requested(order, {"MUG-RED": 1}).pk, reason="Worn", actor=MAYA)

    assert (found.status, found.decline_reason, found.is_withdrawal) == ("declined", "Worn", False)
    assert again(order).open_returns == 0


def test_companies_do_not_withdraw(seller):
    buyer = customers.create_customer(
        customers.CustomerInput(kind="company", name="Bo", company="Bo GmbH", email="bo@example.com"), actor=SYSTEM
    )

    found = requested(delivered_order(customer_id=buyer.pk), {"MUG-RED": 1})

    assert not found.is_withdrawal


def test_services_are_not_given_back(seller):
    wrap = make_service(ProductInput(sku="WRAP", name="Gift wrap", kind="service"), actor=SYSTEM)
    pricing.set_price(wrap.pk, amount=Decimal("2.00"), actor=SYSTEM)
    order = delivered_order({"MUG-RED": 1, "WRAP": 1})

    assert [one.line.sku for one in selectors.returnable_lines(order)] == ["MUG-RED"]
    refused(errors.NotReturnable, order, {"WRAP": 1})


@pytest.mark.parametrize("step", [returns.cancel_return, returns.expire_return])
def test_what_does_not_come_is_free_to_be_claimed_again(seller, step):
    order = delivered_order()
    found = authorized(order, {"MUG-RED": 2})
    assert OrderLine.objects.get(order=order, sku="MUG-RED").return_authorized == 2

    step(found.pk, actor=MAYA)

    assert OrderLine.objects.get(order=order, sku="MUG-RED").return_authorized == 0
    assert again(order).open_returns == 0
    assert authorized(order, {"MUG-RED": 2}).status == "authorized"


def test_more_than_was_authorized_is_not_received(seller):
    found = authorized(delivered_order(), {"MUG-RED": 1})
    (line,) = ReturnLine.objects.all()

    with pytest.raises(errors.ReceivedTooMany):
        returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, received={line.pk: 2}, actor=MAYA)
    with pytest.raises(errors.EmptyReturn):
        returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, received={}, actor=MAYA)
    with pytest.raises(errors.UnknownLine):
        returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, received={0: 1}, actor=MAYA)
    with pytest.raises(errors.UnknownWarehouse):
        returns.receive_return(found.pk, warehouse_id=0, actor=MAYA)
    assert ReturnRequest.objects.get().status == "authorized"


def test_the_rest_comes_to_where_the_first_part_is(seller):
    found = authorized(delivered_order(), {"MUG-RED": 2})
    (line,) = ReturnLine.objects.all()
    returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, received={line.pk: 1}, actor=MAYA)

    with pytest.raises(errors.OtherWarehouse):
        returns.receive_return(found.pk, warehouse_id=seller.munich.pk, actor=MAYA)
    assert returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, actor=MAYA).status == "received"


def test_every_line_that_is_here_needs_a_decision_and_no_other_one_has_any(seller):
    found = authorized(delivered_order(), {"MUG-RED": 1, "TEA-1": 1})
    mug, tea = ReturnLine.objects.order_by("order_line__position")
    returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, received={mug.pk: 1}, actor=MAYA)

    for decisions in ({}, {tea.pk: Decision("restock")}, dict.fromkeys((mug.pk, tea.pk), Decision("restock"))):
        with pytest.raises(errors.DecisionMissing):
            returns.inspect_return(found.pk, decisions=decisions, actor=MAYA)
    assert returns.inspect_return(found.pk, decisions=decide(found), actor=MAYA).status == "inspected"


def test_steps_come_one_after_the_other(seller):
    found = requested(delivered_order(), {"MUG-RED": 1})

    for step in (
        lambda: returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, actor=MAYA),
        lambda: returns.inspect_return(found.pk, decisions={}, actor=MAYA),
        lambda: returns.resolve_return(found.pk, actor=MAYA),
        lambda: returns.expire_return(found.pk, actor=MAYA),
        lambda: returns.send_return(found.pk, actor=MAYA),
    ):
        with pytest.raises(TransitionRefused):
            step()
    assert ReturnRequest.objects.get().status == "requested"


def test_a_return_that_is_not_there_is_missing(seller):
    with pytest.raises(errors.UnknownReturn):
        returns.authorize_return(0, actor=MAYA)


def test_a_refund_of_something_else_closes_nothing(seller):
    assert returns.close_return("RMA-999999") is None


def test_steps_take_few_statements(seller, django_assert_max_num_queries):
    order = delivered_order()
    with django_assert_max_num_queries(16):
        found = requested(order, {"MUG-RED": 1})
    with django_assert_max_num_queries(14):
        returns.authorize_return(found.pk, actor=MAYA)
    with django_assert_max_num_queries(16):
        returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, actor=MAYA)
    decisions = decide(found)
    with django_assert_max_num_queries(10):
        returns.inspect_return(found.pk, decisions=decisions, actor=MAYA)
    with django_assert_max_num_queries(45):
        returns.resolve_return(found.pk, actor=MAYA)
