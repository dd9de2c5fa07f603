"""The day that is promised for what is not here: by what comes, and by who waits before."""

from datetime import UTC, date, datetime

import pytest

from core.actors import SYSTEM
from inventory import services as inventory
from orders import outlook, services
from orders.models import Order
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, order_input

pytestmark = pytest.mark.django_db
# A Monday. From both warehouses a parcel takes two days, after one of handling.
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FIRST, SECOND = date(2026, 12, 1), date(2026, 12, 8)
FROM_FIRST, FROM_SECOND, SOME_DAY = date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 17)


@pytest.fixture(autouse=True)
def _monday(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def rare(shop):
    return make_priced_product("RARE", "9.00", backorder=True)


def expect(warehouse, product, units, on):
    return inventory.expect_receipt(
        product_id=product.pk, warehouse_id=warehouse.pk, quantity=units, expected_on=on, actor=SYSTEM
    )


def ordered(units, **given) -> Order:
    return confirmed_order({"RARE": units}, email=f"buyer{Order.objects.count()}@example.com", **given)


def test_each_order_waits_for_units_that_nobody_before_it_has(shop, rare):
    expect(shop.hamburg, rare, 5, FIRST)
    expect(shop.munich, rare, 5, SECOND)

    days = [ordered(units).promised_on for units in (4, 1, 3, 2, 1)]

    assert days == [FROM_FIRST, FROM_FIRST, FROM_SECOND, FROM_SECOND, SOME_DAY]


def test_a_demand_over_two_receipts_comes_in_two_parcels(shop, rare):
    expect(shop.hamburg, rare, 5, FIRST)
    expect(shop.munich, rare, 5, SECOND)

    order = ordered(12)

    told = [(one["warehouse"], one["lines"], one["from"], one["arrives_on"]) for one in order.sourcing["parcels"]]
    assert told == [
        ("HAM", {"1": 5}, "2026-12-01", "2026-12-04"),
        ("MUC", {"1": 5}, "2026-12-08", "2026-12-11"),
        ("", {"1": 2}, None, "2026-12-17"),
    ]
    assert (order.promised_on, order.lines.get().promised_on) == (SOME_DAY, SOME_DAY)


def test_a_lower_rank_is_no_obstacle(shop, rare):
    expect(shop.hamburg, rare, 5, FIRST)
    modest = ordered(4)
    services.set_priority(modest.pk, 10, actor=SYSTEM)

    assert ordered(5).promised_on == FROM_FIRST


def test_two_lines_of_a_product_share_what_comes(shop, rare):
    expect(shop.hamburg, rare, 5, FIRST)
    expect(shop.hamburg, rare, 5, SECOND)
    lines = order_input({"RARE": 4}).lines * 2

    order = confirmed_order(lines)

    assert [line.promised_on for line in order.lines.all()] == [FROM_FIRST, FROM_SECOND]


def test_safety_stock_is_made_up_before_anybody_is_promised_a_unit(shop, rare):
    expect(shop.hamburg, rare, 5, FIRST)
    expect(shop.hamburg, rare, 5, SECOND)
    inventory.update_shelf(stock_of(rare).pk, {"safety_stock": 4}, actor=SYSTEM)

    assert [ordered(1).promised_on, ordered(1).promised_on] == [FROM_FIRST, FROM_SECOND]


def test_what_is_not_released_yet_is_promised_from_its_day(shop):
    novel = make_priced_product("NOVEL", "20.00", backorder=True, release_on=FIRST, stock={"HAM": 1})
    expect(shop.hamburg, novel, 5, date(2026, 11, 25))

    order = confirmed_order({"NOVEL": 10, "MUG-RED": 1})

    told = [(one["kind"], one["lines"], one["starts_on"]) for one in order.sourcing["parcels"]]
    assert told == [
        ("goods", {"2": 1}, "2026-11-23"),
        ("goods", {"1": 1}, "2026-12-01"),
        ("backorder", {"1": 5}, "2026-12-01"),
        ("backorder", {"1": 4}, "2026-12-01"),
    ]
    assert order.promised_on == FROM_FIRST


def test_the_preview_and_the_availability_say_what_the_order_gets(shop, rare):
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 2}, actor=SYSTEM)
    expect(shop.hamburg, rare, 5, FIRST)
    expect(shop.hamburg, rare, 5, SECOND)
    ordered(4)
    asked = {"sku": "RARE", "country": "DE", "method": "standard", "channel": "api"}

    previews = [services.preview_order(order_input({"RARE": units})).order for units in (3, 4)]
    found = [services.availability(quantity=units, **asked) for units in (3, 4)]

    assert [one.estimated_delivery_on for one in previews] == [FROM_FIRST, FROM_SECOND]
    assert [one.arrives_on for one in found] == [FROM_FIRST, FROM_SECOND]
    assert found[0].by_day == [(FIRST, 3), (SECOND, 8)]
    assert ordered(3).promised_on == FROM_FIRST


def test_units_that_are_left_to_who_waits_are_offered_to_nobody(shop, rare):
    waiting = ordered(3)
    # They have come, and their filling is still due.
    inventory.receive_stock(warehouse_id=shop.hamburg.pk, units={rare.pk: 4}, actor=SYSTEM)

    preview = services.preview_order(order_input({"RARE": 2}))
    found = services.availability(
        sku="RARE", quantity=2, country="DE", method="standard", channel="api", postal_code="10115"
    )
    placed = ordered(2)

    assert (preview.free, preview.short) == ({rare.pk: 1}, {1: 1})
    assert (found.available, found.short) == (1, 1)
    assert (placed.lines.get().allocated, placed.lines.get().backordered) == (1, 1)
    assert preview.order.estimated_delivery_on == found.arrives_on == placed.promised_on
    assert waiting.lines.get().backordered == 3


def test_five_hundred_products_take_one_statement(shop, rare, django_assert_num_queries):
    products = [make_priced_product(f"P-{number}", "1.00", stock={"HAM": number}) for number in range(1, 9)]
    ordered(3)

    with django_assert_num_queries(1):
        found = outlook.figures([rare.pk, *(one.pk for one in products)])

    assert (found[rare.pk].ahead, found[rare.pk].shelves) == (3, {})
    assert [found[one.pk].shelves[shop.hamburg.pk] for one in products] == list(range(1, 9))


def test_who_waits_is_counted_once_and_only_before(shop, rare):
    first, second = ordered(3), ordered(2)

    def ahead_of(order):
        return outlook.figures([rare.pk], outlook.Demanding(order.rank, order.pk))[rare.pk].ahead

    assert (ahead_of(first), ahead_of(second), outlook.figures([rare.pk])[rare.pk].ahead) == (0, 3, 5)
    services.cancel_order(first.pk, reason="typo", actor=SYSTEM)
    assert (ahead_of(anew(second)), outlook.figures([rare.pk])[rare.pk].ahead) == (0, 2)


def test_what_another_warehouse_has_sent_is_promised_from_its_day(shop, rare):
    inventory.receive_stock(warehouse_id=shop.munich.pk, units={rare.pk: 5}, actor=SYSTEM)
    transfer = inventory.create_transfer(
        inventory.TransferInput(
            source_id=shop.munich.pk, destination_id=shop.hamburg.pk, units={rare.pk: 5}, expected_on=FIRST
        ),
        actor=SYSTEM,
    )
    inventory.send_transfer(transfer.pk, actor=SYSTEM)

    assert [ordered(5).promised_on, ordered(1).promised_on] == [FROM_FIRST, SOME_DAY]
