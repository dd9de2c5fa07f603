"""Units come in, and the books say from where."""

from datetime import UTC, date, datetime

import pytest

from core.actors import SYSTEM
from core.errors import Invalid
from core.models import EventRecord
from core.service import unit_of_work
from inventory import selectors
from inventory import services as inventory
from inventory.errors import NotStocked, ReceiptClosed, ShelfFull, UnknownProduct, UnknownWarehouse
from inventory.models import StockItem, StockMovement
from tests.factories.catalog import make_product, make_warehouse, stock_of

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_received_units_lie_on_a_shelf_that_is_made_for_them(places, maya, books_balance):
    mug, tea = make_product(), make_product("TEA-1", stock={"HAM": 5})
    ham = places[0].warehouse_id

    inventory.receive_stock(
        warehouse_id=ham, units={mug.pk: 7, tea.pk: 3}, reference="PO-1", reason="first", actor=maya, at=LONG_AGO
    )

    assert (stock_of(mug).on_hand, stock_of(tea).on_hand) == (7, 8)
    movement = StockMovement.objects.get(stock_item=stock_of(mug))
    assert (movement.kind, movement.quantity, movement.at) == ("receipt", 7, LONG_AGO)
    assert (movement.reference, movement.reason, movement.actor) == ("PO-1", "first", "staff:maya")
    fact = EventRecord.objects.filter(name="inventory.stock_received").latest("pk")
    assert (fact.thread, fact.at) == (f"inventory.warehouse:{ham}", LONG_AGO)
    assert fact.payload == {"warehouse_id": ham, "product_ids": sorted([mug.pk, tea.pk])}
    books_balance()


def test_a_receipt_takes_three_statements_however_many_products(places, maya, django_assert_num_queries):
    products = [make_product(f"P-{number}", stock={"HAM": 1}) for number in range(20)]

    with unit_of_work(), django_assert_num_queries(3):
        inventory.receive_stock(
            warehouse_id=places[0].warehouse_id, units={product.pk: 5 for product in products}, actor=maya
        )


@pytest.mark.parametrize("units", [0, -1, 1_000_001])
def test_units_are_a_sensible_number(places, maya, units):
    mug = make_product()

    with pytest.raises(Invalid, match="1 to 1,000,000"):
        inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={mug.pk: units}, actor=maya)


def test_no_shelf_holds_more_than_can_be_counted(places, maya):
    mug = make_product(stock={"HAM": 1})
    StockItem.objects.filter(product=mug).update(on_hand=2_000_000_000)

    with pytest.raises(ShelfFull):
        inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={mug.pk: 1}, actor=maya)


def test_nothing_is_received_that_has_no_shelf(places, maya):
    wrap, mug = make_product("WRAP", kind="service"), make_product()

    with pytest.raises(NotStocked):
        inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={wrap.pk: 1}, actor=maya)
    with pytest.raises(UnknownProduct):
        inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={404: 1}, actor=maya)
    with pytest.raises(UnknownWarehouse):
        inventory.receive_stock(warehouse_id=404, units={mug.pk: 1}, actor=maya)
    with pytest.raises(Invalid):
        inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={mug.pk: 1}, kind="gift", actor=maya)
    assert not StockItem.objects.exists()


def test_returned_units_go_back_into_quarantine_or_away(places, maya, books_balance):
    mug = make_product(stock={"HAM": 10})
    back = {"warehouse_id": places[0].warehouse_id, "units": {mug.pk: 2}, "reference": "RMA-000001", "actor": maya}

    for disposition in ("restock", "quarantine", "scrap"):
        inventory.restock(disposition=disposition, **back)

    item = stock_of(mug)
    assert (item.on_hand, item.quarantined, item.available) == (14, 2, 12)
    told = StockMovement.objects.filter(reference="RMA-000001").order_by("pk")
    assert list(told.values_list("kind", "quantity", "quarantine_quantity")) == [
        ("return", 2, 0),
        ("return", 2, 2),
        ("return", 2, 0),
        ("adjustment", -2, 0),
    ]
    assert EventRecord.objects.filter(name="inventory.stock_received").count() == 2
    with pytest.raises(Invalid):
        inventory.restock(disposition="burn", **back)
    books_balance()


def test_what_is_on_its_way_is_incoming_until_it_is_here(places, maya, books_balance):
    mug = make_product(stock={"HAM": 1})
    ham = places[0].warehouse_id
    day = date(2026, 12, 1)
    receipt = inventory.expect_receipt(
        product_id=mug.pk, warehouse_id=ham, quantity=10, expected_on=day, reference="PO-9", actor=maya
    )

    assert selectors.incoming([mug.pk]) == {mug.pk: [(day, ham, 10)]}
    partly = inventory.receive_expected(receipt.pk, quantity=4, actor=maya)
    assert (partly.received, partly.closed, stock_of(mug).on_hand) == (4, False, 5)
    assert selectors.incoming([mug.pk]) == {mug.pk: [(day, ham, 6)]}
    done = inventory.receive_expected(receipt.pk, quantity=8, actor=maya)
    assert (done.received, done.closed, stock_of(mug).on_hand) == (12, True, 13)
    assert selectors.incoming([mug.pk]) == {mug.pk: []}
    with pytest.raises(ReceiptClosed):
        inventory.receive_expected(receipt.pk, quantity=1, actor=maya)
    assert StockMovement.objects.filter(reference="PO-9", kind="receipt").count() == 2
    books_balance()


def test_a_receipt_closes_short_or_not_at_all(places, maya):
    mug = make_product()
    expected = {
        "product_id": mug.pk,
        "warehouse_id": places[0].warehouse_id,
        "quantity": 10,
        "expected_on": date(2026, 12, 1),
    }
    short, cancelled = (inventory.expect_receipt(**expected, actor=maya) for _ in range(2))

    assert inventory.receive_expected(short.pk, quantity=3, close=True, actor=maya).closed
    assert inventory.cancel_expected(cancelled.pk, reason="out of print", actor=maya).closed

    assert stock_of(mug).on_hand == 3
    with pytest.raises(ReceiptClosed):
        inventory.cancel_expected(cancelled.pk, reason="again", actor=maya)
    told = EventRecord.objects.filter(thread=f"inventory.expectedreceipt:{cancelled.pk}").order_by("pk")
    assert [record.note for record in told] == ["", "out of print"]


def test_screens_read_stock_with_what_is_incoming(places, maya, django_assert_num_queries):
    mug, tea = make_product(stock={"HAM": 5, "MUC": 1}), make_product("TEA-1", stock={"HAM": 2})
    for quantity in (3, 4):
        inventory.expect_receipt(
            product_id=mug.pk,
            warehouse_id=places[1].warehouse_id,
            quantity=quantity,
            expected_on=date(2026, 12, 1),
            actor=maya,
        )
    inventory.adjust_stock(stock_item_id=stock_of(tea).pk, change=-2, reason="broken", actor=maya)

    with django_assert_num_queries(1):
        rows = {(row.product.sku, row.warehouse.code): (row.available, row.incoming) for row in selectors.stock_rows()}

    assert rows == {("MUG-RED", "HAM"): (5, 0), ("MUG-RED", "MUC"): (1, 7), ("TEA-1", "HAM"): (0, 0)}
    assert [str(row.product.sku) for row in selectors.stock_rows().filter(selectors.is_low())] == ["TEA-1"]


def test_a_closed_warehouse_promises_nothing(places, maya):
    mug = make_product(stock={"HAM": 5, "MUC": 1})

    inventory.update_warehouse(make_warehouse("HAM").pk, {"active": False}, actor=maya)

    assert inventory.availability([mug.pk, 404]) == {mug.pk: 1, 404: 0}
    assert inventory.stock_by_warehouse([mug.pk]) == {(mug.pk, places[1].warehouse_id): 1}


def test_opening_stock_is_called_so(places):
    mug = make_product(stock={"HAM": 5})

    assert StockMovement.objects.get(stock_item__product=mug).kind == "opening"
    assert EventRecord.objects.filter(actor=str(SYSTEM)).exists()
