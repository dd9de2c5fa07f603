"""Nobody buys what somebody else bought at the same moment.

Every guard was taken away once, to see the test fail without it; each docstring says which line that was.
"""

from functools import partial

import pytest
from django.db import connection

from core import service as service_module
from core.actors import SYSTEM
from core.errors import DomainError
from inventory import services as inventory
from inventory.errors import InsufficientStock, NotReserved, StockMoved
from inventory.models import StockItem, StockMovement
from inventory.services import Demand, reservations
from tests.factories.catalog import make_product, make_warehouse, stock_of
from tests.inventory.contenders import muddle
from tests.racing import in_processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
BUY, MUDDLE = "tests.inventory.contenders:buy", "tests.inventory.contenders:muddle"


def reserve_one(product, places):
    """Promise one unit."""
    return inventory.reserve(demand=[Demand(1, product.pk, 1)], places=places, actor=SYSTEM)


def test_twelve_contenders_for_five_units_get_exactly_five(places, concurrently, books_balance):
    """Fails without `.locked()` in `lock_shelf` on PostgreSQL (StockMoved instead of a shortage) and without
    `transaction_mode: IMMEDIATE` in the settings on SQLite (database is locked).
    """
    mug = make_product(stock={"HAM": 5})

    outcomes = concurrently(*[partial(reserve_one, mug, places)] * 12, raising=False)

    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert [type(error) for error in errors] == [InsufficientStock] * 7
    assert {error.details["shortages"][0]["available"] for error in errors} == {0}
    assert (stock_of(mug).on_hand, stock_of(mug).reserved) == (5, 5)
    books_balance()


def test_even_without_the_lock_the_guarded_update_sells_no_unit_twice(
    places, concurrently, monkeypatch, books_balance
):
    """The lock is taken away here. Fails without `AND {guard}` in `_update_from_values`: then only the
    constraint `never_promise_twice` is left, and people see an IntegrityError.
    """
    monkeypatch.setattr(
        reservations,
        "lock_shelf",
        lambda *, products, warehouses: list(
            StockItem.objects.filter(product_id__in=products, warehouse_id__in=warehouses).order_by("pk")
        ),
    )
    mug = make_product(stock={"HAM": 5})

    outcomes = concurrently(*[partial(reserve_one, mug, places)] * 12, raising=False)

    sold = [outcome for outcome in outcomes if outcome.error is None]
    refusals = {type(outcome.error) for outcome in outcomes if outcome.error is not None}
    assert refusals <= {InsufficientStock, StockMoved}
    assert stock_of(mug).reserved == len(sold) <= 5
    books_balance()


def test_the_last_unit_goes_to_one_of_many_again_and_again(places, concurrently, books_balance):
    """Fails without `.locked()` in `lock_shelf`, as above."""
    for number in range(10):
        product = make_product(f"LAST-{number}", stock={"HAM": 1})
        outcomes = concurrently(*[partial(reserve_one, product, places)] * 6, raising=False)
        assert [type(outcome.error) for outcome in outcomes if outcome.error] == [InsufficientStock] * 5
    books_balance()


def test_processes_sell_no_more_and_no_less_than_there_is(places, books_balance):
    """Fails without `.locked()` in `lock_shelf`: some buyers meet `concurrent_change` while units are left."""
    products = [make_product(f"P-{number}", stock={"HAM": 20, "MUC": 20}) for number in range(4)]
    warehouses = [place.warehouse_id for place in places]
    ids = [product.pk for product in products]

    outcomes = in_processes(BUY, [(ids, warehouses, 80, seed) for seed in range(3)])

    assert [outcome.error for outcome in outcomes] == [None] * 3
    ends = [outcome.value for outcome in outcomes]
    promised = sum(StockItem.objects.values_list("reserved", flat=True))
    assert {code for end in ends for code in end} == {"sold", "units", "insufficient_stock"}
    # On SQLite one process may have bought it all before another had its turn.
    assert sum(end.get("units", 0) for end in ends) == promised
    assert promised > 150  # of 160: what is left could not serve the last who asked
    books_balance()


def test_random_orders_of_everything_that_locks_stock_never_deadlock(places, monkeypatch, concurrently, books_balance):
    """Fails on PostgreSQL with `order_by("?")` for `order_by("pk")` in `LockingQuerySet.locked`, and without
    `.locked()` in `lock_shelf`. Retries are switched off, so that a deadlock shows.
    """
    monkeypatch.setattr(service_module, "TRIES_FOR", {})
    ids = [make_product(f"P-{number}", stock={"HAM": 30, "MUC": 30}).pk for number in range(8)]
    warehouses = [place.warehouse_id for place in places]

    outcomes = concurrently(*[partial(muddle, ids, warehouses, 25, seed) for seed in range(6)])

    assert sum(sum(outcome.value.values()) - outcome.value["reservations"] for outcome in outcomes) == 150
    books_balance()


@pytest.mark.postgres
def test_processes_that_lock_in_random_order_never_deadlock(places, books_balance):
    """As above, with separate processes; the deadlocks are counted by PostgreSQL itself."""
    ids = [make_product(f"P-{number}", stock={"HAM": 30, "MUC": 30}).pk for number in range(8)]
    warehouses = [place.warehouse_id for place in places]
    before = deadlocks()

    outcomes = in_processes(MUDDLE, [(ids, warehouses, 25, seed) for seed in range(3)])

    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert deadlocks() == before
    books_balance()


def deadlocks():
    """Return how many deadlocks PostgreSQL has seen in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_units_leave_once_when_two_people_ship_them(places, concurrently, books_balance):
    """Fails without `.locked()` in `lock_tied_shelf` (StockMoved instead of NotReserved)."""
    mug = make_product(stock={"HAM": 10})
    for _ in range(5):
        reserved = inventory.reserve(demand=[Demand(1, mug.pk, 2)], places=places, actor=SYSTEM)
        ship = partial(
            inventory.consume,
            reserved.reservation_id,
            warehouse_id=places[0].warehouse_id,
            quantities={1: 2},
            reference="SH-1",
            actor=SYSTEM,
        )
        outcomes = concurrently(ship, ship, ship, raising=False)
        assert sorted(type(outcome.error).__name__ for outcome in outcomes) == ["NoneType", *["NotReserved"] * 2]

    assert (stock_of(mug).on_hand, stock_of(mug).reserved) == (0, 0)
    books_balance()


def test_a_cancellation_and_a_shipment_share_no_unit(places, concurrently, books_balance):
    """Fails without `.locked()` in `lock_tied_shelf` (StockMoved reaches one of them)."""
    mug = make_product(stock={"HAM": 10})
    for _ in range(5):
        reserved = inventory.reserve(demand=[Demand(1, mug.pk, 2)], places=places, actor=SYSTEM)
        ship = partial(
            inventory.consume,
            reserved.reservation_id,
            warehouse_id=places[0].warehouse_id,
            quantities={1: 2},
            reference="SH-1",
            actor=SYSTEM,
        )
        shipped, released = concurrently(
            ship, partial(inventory.release, reserved.reservation_id, actor=SYSTEM), raising=False
        )
        assert released.error is None
        if shipped.error is None:
            assert released.value == {}
        else:
            assert isinstance(shipped.error, NotReserved)
            assert released.value == {1: 2}
    books_balance()


def test_a_loss_and_new_promises_at_the_same_moment_keep_the_books(places, concurrently, books_balance):
    """Fails without `.locked()` in `_locked_item` of the adjustments (StockMoved reaches whoever counts)."""
    mug = make_product(stock={"HAM": 12})
    item = stock_of(mug)
    lose = partial(inventory.adjust_stock, stock_item_id=item.pk, change=-2, reason="count", actor=SYSTEM)

    outcomes = concurrently(*[lose, partial(reserve_one, mug, places)] * 6, raising=False)

    refused = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert all(isinstance(error, DomainError) and not isinstance(error, StockMoved) for error in refused)
    assert stock_of(mug).on_hand == 0
    books_balance()


def test_the_first_receipts_of_a_product_make_one_shelf(concurrently, monkeypatch, books_balance):
    """Fails without `ignore_conflicts=True` in `ensure_shelf`: one of them meets the unique constraint. Without
    a second try, that is, which is switched off here.
    """
    monkeypatch.setattr(service_module, "TRIES_FOR", {})
    ham = make_warehouse("HAM")
    for number in range(10):
        new = make_product(f"NEW-{number}")
        receive = partial(inventory.receive_stock, warehouse_id=ham.pk, units={new.pk: 2}, actor=SYSTEM)
        concurrently(*[receive] * 6)
        assert stock_of(new).on_hand == 12
    assert StockMovement.objects.count() == 60
    books_balance()
