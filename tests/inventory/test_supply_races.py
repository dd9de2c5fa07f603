"""Two people at the same door: what is sent, received or counted twice at the same moment happens once.

Where a line was taken away once to see its test fail on PostgreSQL, the docstring says which.
"""

from datetime import date
from functools import partial

import pytest

from core.actors import SYSTEM
from inventory import services as inventory
from inventory.errors import AlreadyBooked, CountOver, InsufficientStock, ReceiptClosed, TransferMoved
from inventory.models import ExpectedReceipt, StockCount, StockMovement, Transfer
from inventory.services import Demand, Shelves, TransferInput
from tests.factories.catalog import make_product, stock_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
DAY = date(2026, 12, 1)


def kinds(outcomes):
    """Return how each ended: the class of its refusal, or None."""
    return sorted(type(one.error).__name__ if one.error else "" for one in outcomes)


@pytest.fixture
def mug(places):
    return make_product(stock={"HAM": 10})


def transfer_of(places, mug, units):
    wanted = TransferInput(
        source_id=places[0].warehouse_id, destination_id=places[1].warehouse_id, units={mug.pk: units}, expected_on=DAY
    )
    return inventory.create_transfer(wanted, actor=SYSTEM)


def test_the_same_booking_sent_eight_times_at_once_is_one(places, mug, concurrently, books_balance):
    """Fails without `claim` in `receive_paper`."""
    receipt = inventory.expect_receipt(
        product_id=mug.pk, warehouse_id=places[0].warehouse_id, quantity=80, expected_on=DAY, actor=SYSTEM
    )
    book = partial(inventory.receive_paper, [receipt.pk], units={mug.pk: 5}, token="t", actor=SYSTEM)

    outcomes = concurrently(*[book] * 8, raising=False)

    assert kinds(outcomes) == ["", *[AlreadyBooked.__name__] * 7]
    assert (stock_of(mug).on_hand, ExpectedReceipt.objects.get().received) == (15, 5)
    books_balance()


def test_two_who_receive_the_last_units_take_them_in_once_each(places, mug, concurrently, books_balance):
    """Fails without `.locked()` on the receipts: then both read the same `received`."""
    receipt = inventory.expect_receipt(
        product_id=mug.pk, warehouse_id=places[0].warehouse_id, quantity=6, expected_on=DAY, actor=SYSTEM
    )

    outcomes = concurrently(
        *[partial(inventory.receive_paper, [receipt.pk], units={mug.pk: 2}, actor=SYSTEM)] * 5, raising=False
    )

    assert kinds(outcomes) == ["", "", "", *[ReceiptClosed.__name__] * 2]
    assert (stock_of(mug).on_hand, ExpectedReceipt.objects.get().received) == (16, 6)
    books_balance()


def test_a_transfer_leaves_once(places, mug, concurrently, books_balance):
    """Fails without the status in the condition of `_move`."""
    transfer = transfer_of(places, mug, 4)

    outcomes = concurrently(*[partial(inventory.send_transfer, transfer.pk, actor=SYSTEM)] * 6, raising=False)

    assert kinds(outcomes) == ["", *[TransferMoved.__name__] * 5]
    assert stock_of(mug).on_hand == 6
    books_balance()


def test_a_transfer_and_an_order_never_take_the_same_units(places, mug, concurrently, books_balance):
    """The lock of `send_transfer` says it in words; the guarded update would refuse it all the same."""
    transfers = [transfer_of(places, mug, 6) for _ in range(2)]
    demand = [Demand(1, mug.pk, 6)]

    outcomes = concurrently(
        *[partial(inventory.send_transfer, one.pk, actor=SYSTEM) for one in transfers],
        partial(inventory.reserve, demand=demand, places=places[:1], actor=SYSTEM),
        raising=False,
    )

    assert kinds(outcomes) == ["", InsufficientStock.__name__, InsufficientStock.__name__]
    item = stock_of(mug)
    assert (item.on_hand, item.reserved) in {(4, 0), (10, 6)}
    assert Transfer.objects.filter(status="sent").count() == (1 if item.on_hand == 4 else 0)
    books_balance()


def test_transfers_that_cross_each_other_both_arrive(places, mug, concurrently, books_balance):
    """Both ends are locked in one go, in the order of their keys: neither waits for the other."""
    inventory.receive_stock(warehouse_id=places[1].warehouse_id, units={mug.pk: 10}, actor=SYSTEM)
    there = transfer_of(places, mug, 3)
    back = transfer_of(places[::-1], mug, 3)

    concurrently(*[partial(inventory.send_transfer, one.pk, actor=SYSTEM) for one in (there, back)])

    assert (stock_of(mug).on_hand, stock_of(mug, "MUC").on_hand) == (7, 7)
    books_balance()


def test_a_count_is_booked_once(places, mug, concurrently, books_balance):
    """Fails without `.locked()` in `_open`."""
    count = inventory.start_count(
        warehouse_id=places[0].warehouse_id, shelves=Shelves(product_ids=frozenset([mug.pk])), actor=SYSTEM
    )
    inventory.enter_counts(count.pk, {count.lines.get().pk: 8}, actor=SYSTEM)

    outcomes = concurrently(*[partial(inventory.finish_count, count.pk, actor=SYSTEM)] * 5, raising=False)

    assert kinds(outcomes) == ["", *[CountOver.__name__] * 4]
    assert stock_of(mug).on_hand == 8
    assert StockMovement.objects.filter(reference=count.number).count() == 1
    books_balance()


def test_an_empty_bin_said_by_five_pickers_is_one_sheet(places, mug, concurrently):
    """Who comes second waits for the first; `a_shelf_is_on_one_open_sheet` would refuse the sheet all the same."""
    concurrently(*[partial(inventory.count_empty_bin, stock_of(mug).pk, actor=SYSTEM)] * 5)

    assert StockCount.objects.count() == 1
