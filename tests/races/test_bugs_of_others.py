"""Stock bugs that other systems had, or have: each happens here at its worst moment, and does not happen."""

from functools import partial
from typing import Any

import pytest

from billing import services as billing
from core import invariants, outbox
from core.actors import SYSTEM
from core.models import Delivery, EventRecord
from inventory import services as inventory
from inventory.errors import InsufficientStock, NotReserved, StockMoved
from inventory.models import Reservation, StockItem
from inventory.services import reservations
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Order, OrderException
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.races.moments import just_before
from tests.scenarios import anew, confirmed_order, order_input, placed_order

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _nothing_is_broken() -> Any:
    yield
    findings = [check() for _code, _name, check in invariants.questions()]
    assert [(one.name, one.breaches) for one in findings if one.breaches] == []


@pytest.fixture
def last(shop: Any) -> Any:
    """Something of which there is one unit."""
    return make_priced_product("LAST", "5.00", stock={"HAM": 1})


def place(email: str) -> Order:
    return orders.place_order(order_input({"LAST": 1}, email=email), actor=SYSTEM)


def everything() -> list[int]:
    return [one.objects.count() for one in (Order, Reservation, EventRecord, Delivery)]


@pytest.mark.postgres
def test_the_last_unit_is_sold_once_to_two_who_check_at_the_same_moment(last: Any) -> None:
    """Saleor #543, django-oscar #2102 and #1811, Vendure #3508, WooCommerce #12467 and #44273, django-shop #888: both
    look, both see one unit, both get it. Here whoever decides holds the lock; the other waits, and looks afterwards.

    Fails without `.locked()` in `_SHELF`: StockMoved reaches the first one.
    """
    with just_before(reservations, "decide", partial(place, "second@example.com")) as second:
        first = place("first@example.com")

    assert second.had_to_wait
    assert isinstance(second.end().error, InsufficientStock)
    assert Order.objects.get() == first
    assert (stock_of(last).on_hand, stock_of(last).reserved) == (1, 1)


def test_two_orders_that_fit_each_by_itself_do_not_both_fit(shop: Any) -> None:
    """NopCommerce #4184, OpenCart #4811 and #7407: three of five and three of five, at once; two stood below zero.

    Fails on PostgreSQL without `.locked()` in `_SHELF`, on SQLite without `transaction_mode: IMMEDIATE`.
    """
    few = make_priced_product("FEW", "5.00", stock={"HAM": 5})

    def buy(email: str) -> Order:
        return orders.place_order(order_input({"FEW": 3}, email=email), actor=SYSTEM)

    with just_before(reservations, "decide", partial(buy, "second@example.com")) as second:
        first = buy("first@example.com")

    assert second.had_to_wait
    refused = second.end().error
    assert isinstance(refused, InsufficientStock)
    assert refused.details["shortages"] == [{"sku": "FEW", "requested": 3, "available": 2}]
    assert Order.objects.get() == first
    assert (stock_of(few).on_hand, stock_of(few).reserved) == (5, 3)


def test_figures_that_were_read_before_are_never_written_back(last: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """NopCommerce #8085, Vendure PR #4930: read, reckon, write, and whoever writes last has sold it again.

    Even where the lock is left out (Eventyay #1359, "performance optimisation"), a difference is written, and only
    where the shelf then still holds what is promised. Fails without the guard in `change_shelf`: the database has to
    say no, in words for nobody.
    """
    seen = list(StockItem.objects.filter(product=last))
    place("first@example.com")
    before = everything()
    monkeypatch.setattr(reservations, "lock_shelf", lambda **asked: seen)

    with pytest.raises(StockMoved):
        place("second@example.com")

    assert everything() == before
    assert (stock_of(last).on_hand, stock_of(last).reserved) == (1, 1)


def test_an_order_that_is_paid_and_then_short_is_put_before_a_person(last: Any) -> None:
    """Vendure PR #4930: a paid order got less than it had paid for, and nobody was told.

    Fails without `open_exception` in `lose_allocations`.
    """
    order = place("first@example.com")
    billing.record_payment(order.pk, method="cash", amount=order.total, actor=SYSTEM)
    inventory.adjust_stock(stock_item_id=stock_of(last).pk, change=-1, reason="broken", actor=SYSTEM)
    outbox.drain()

    assert EventRecord.objects.get(name="inventory.stock_shortfall").payload["drops"] == [[order.reservation_id, 1, 1]]
    short = anew(order)
    assert (short.status, short.allocation_status, short.paid_total) == ("confirmed", "backordered", order.total)
    exception = OrderException.objects.get(order=order)
    assert (exception.category, exception.severity) == ("shortfall", "critical")


@pytest.mark.postgres
def test_what_is_bought_between_the_look_and_the_order_is_not_sold_again(last: Any) -> None:
    """Vendure #1738 and PR #4930, django-oscar #4524: the check is one transaction, the allocation another."""
    assert not orders.preview_order(order_input({"LAST": 1})).short
    buy = partial(place, "second@example.com")
    with just_before(reservations, "lock_shelf", buy) as second, pytest.raises(InsufficientStock) as refused:
        place("first@example.com")

    assert not second.had_to_wait
    assert Order.objects.get() == second.end().value
    assert refused.value.details["shortages"] == [{"sku": "LAST", "requested": 1, "available": 0}]
    assert stock_of(last).reserved == 1


def test_two_lines_of_one_product_are_one_demand(shop: Any) -> None:
    """Vendure #2702: each line passes the check by itself, together they take more than there is."""
    make_priced_product("FEW", "5.00", stock={"HAM": 3})
    before = everything()
    with pytest.raises(InsufficientStock) as refused:
        placed_order([LineInput(sku="FEW", quantity=2), LineInput(sku="FEW", quantity=2)])

    assert refused.value.details["shortages"] == [{"sku": "FEW", "requested": 4, "available": 3}]
    assert everything() == before
    assert placed_order([LineInput(sku="FEW", quantity=2), LineInput(sku="FEW", quantity=1)]).total > 0


def test_an_order_that_is_not_paid_yet_keeps_its_unit(last: Any) -> None:
    """Vendure #3065: the unit is tied when the money is in, so the second customer pays for nothing."""
    first = place("first@example.com")
    assert first.payment_status == "unpaid"
    with pytest.raises(InsufficientStock):
        place("second@example.com")
    orders.cancel_order(first.pk, reason="not paid", actor=SYSTEM)
    assert place("second@example.com").allocation_status == "allocated"


@pytest.mark.postgres
def test_units_are_not_given_back_and_shipped_at_once(shop: Any) -> None:
    """Saleor PR #6897: the stock was locked and the allocations were not, so what is available fell below zero.

    Fails without `.locked()` in `lock_tied_shelf`: StockMoved reaches whoever cancels.
    """
    order = confirmed_order({"MUG-RED": 2})
    tied = order.reservation_id
    assert tied is not None
    ship = partial(
        inventory.consume,
        tied,
        warehouse_id=shop.hamburg.pk,
        quantities={1: 2},
        reference="SH-1",
        actor=SYSTEM,
    )
    with just_before(reservations, "change_shelf", ship) as shipment:
        orders.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    assert shipment.had_to_wait
    assert isinstance(shipment.end().error, NotReserved)
    assert (stock_of(shop.mug).on_hand, stock_of(shop.mug).reserved) == (100, 0)


def test_a_shelf_with_less_than_nothing_to_give_hides_no_other(shop: Any) -> None:
    """Saleor #17170: −4 in one warehouse and 3 in another were −1, and nobody could buy the three."""
    few = make_priced_product("FEW", "5.00", stock={"HAM": 1, "MUC": 3})
    StockItem.objects.filter(pk=stock_of(few).pk).update(safety_stock=5)

    assert inventory.availability([few.pk]) == {few.pk: 3}
    assert placed_order({"FEW": 3}).allocation_status == "allocated"
    assert stock_of(few, "MUC").reserved == 3
