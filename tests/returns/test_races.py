"""The same piece, the same return, the same moment: one wins, and the sums hold.

Run on PostgreSQL with the guards taken out, the first two fail; the tests name them.
"""

from functools import partial

import pytest

from billing.models import CreditNote, Refund
from core import outbox
from core.errors import Conflict
from fulfillment import services as fulfillment
from fulfillment.models import Shipment
from orders.errors import ExceptionNotOpen
from orders.models import OrderException, OrderLine, Replacement
from returns import errors
from returns import services as returns
from returns.models import ReturnRequest
from returns.services import receiving, requesting, resolving
from tests import racing
from tests.factories.catalog import stock_of
from tests.factories.returns import (
    CUSTOMER,
    MAYA,
    again,
    authorized,
    delivered_order,
    inspected,
    units,
)
from tests.scenarios import shipped_order

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("all_is_true")]


def meeting_after(monkeypatch, name: str, *modules) -> None:
    """Let two contenders have read the same before either goes on, where the database lets them."""
    meeting, real = racing.Meeting(2), getattr(modules[0], name)

    def and_then_wait(*args, **kwargs):
        answer = real(*args, **kwargs)
        meeting.wait()
        return answer

    for module in modules:
        monkeypatch.setattr(module, name, and_then_wait)


def test_two_tabs_cannot_claim_the_same_piece(seller, concurrently, monkeypatch):
    """Guard: `.locked()` in returns.services.common.take_order. Without it both requests are kept."""
    order = delivered_order()
    quantities = units(order, {"MUG-RED": 2})
    meeting_after(monkeypatch, "_require_returnable", requesting)
    ask = partial(returns.request_return, order.pk, quantities=quantities, actor=CUSTOMER)

    outcomes = concurrently(ask, ask, raising=False)

    assert sorted(type(outcome.error) for outcome in outcomes if outcome.error) == [errors.NotReturnable]
    assert ReturnRequest.objects.count() == again(order).open_returns == 1


def test_two_clerks_settle_a_return_once(seller, concurrently, monkeypatch):
    """Guards: `.locked()` in take_return and the conditional update of core.transitions; either is enough.

    Without both, both settle, and the second one overwrites what the first one refunded.
    """
    order = delivered_order()
    found = inspected(order, {"MUG-RED": 1})
    shelf = stock_of(seller.mug).on_hand
    meeting_after(monkeypatch, "take_return", resolving)
    settle = partial(returns.resolve_return, found.pk, actor=MAYA)

    outcomes = concurrently(settle, settle, raising=False)
    outbox.drain()

    (refused,) = [outcome.error for outcome in outcomes if outcome.error]
    assert isinstance(refused, Conflict)
    assert Refund.objects.filter(order=order).count() == CreditNote.objects.filter(order=order).count() == 1
    assert stock_of(seller.mug).on_hand == shelf + 1
    assert (ReturnRequest.objects.get().status, again(order).open_returns) == ("closed", 0)


def test_the_customer_cancels_while_the_warehouse_receives(seller, concurrently, monkeypatch):
    """Three guards in a row: the same two, and I2 in orders.services.book, which held when both were taken out."""
    order = delivered_order()
    found = authorized(order, {"MUG-RED": 2})
    meeting_after(monkeypatch, "take_return", requesting, receiving)

    outcomes = concurrently(
        partial(returns.cancel_return, found.pk, actor=CUSTOMER),
        partial(returns.receive_return, found.pk, warehouse_id=seller.hamburg.pk, actor=MAYA),
        raising=False,
    )

    assert len([outcome for outcome in outcomes if isinstance(outcome.error, Conflict)]) == 1
    line = OrderLine.objects.get(order=order, sku="MUG-RED")
    ended = ReturnRequest.objects.get().status
    assert (ended, line.return_authorized, line.returned) in (("cancelled", 0, 0), ("received", 2, 2))


def test_two_clerks_send_a_lost_parcel_again_once(seller, concurrently):
    """Guard: the locks of `take_parcel_of` and `in_hand`. Without them two orders are placed."""
    order = shipped_order()
    outbox.drain()
    fulfillment.lose_shipment(Shipment.objects.get(order=order).pk, actor=MAYA)
    lost = OrderException.objects.get(order=order)
    send = partial(returns.send_parcel_again, lost.pk, actor=MAYA)
    pay_back = partial(returns.refund_parcel, lost.pk, actor=MAYA)

    outcomes = concurrently(send, send, pay_back, raising=False)

    refused = [type(one.error) for one in outcomes if one.error]
    assert refused == [ExceptionNotOpen] * 2, refused
    assert Replacement.objects.count() + CreditNote.objects.count() == 1
    assert again(order).open_exceptions == 0
