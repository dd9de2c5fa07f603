"""Products and warehouses, as staff keep them."""

from datetime import date

import pytest

from core.actors import SYSTEM
from core.errors import Invalid
from core.models import EventRecord
from core.service import unit_of_work
from inventory import selectors
from inventory import services as inventory
from inventory.errors import DuplicateCode, DuplicateSku
from inventory.models import Product, Warehouse
from inventory.services import ProductInput, WarehouseInput
from tests.factories.catalog import make_product, make_warehouse, stock_of

pytestmark = pytest.mark.django_db


def test_a_sku_is_kept_in_capitals_and_found_in_any():
    mug = make_product(" mug-blue ")

    assert mug.sku == "MUG-BLUE"
    assert selectors.products_by_sku(["Mug-Blue", "nothing"]) == {"MUG-BLUE": mug}


def test_many_products_are_written_in_three_statements(django_assert_num_queries):
    inputs = [ProductInput(sku=f"P-{number}", name="Thing") for number in range(30)]

    with unit_of_work(), django_assert_num_queries(3):
        made = inventory.create_products(inputs, actor=SYSTEM)

    assert len({product.pk for product in made}) == 30
    assert EventRecord.objects.filter(name="inventory.product.created").count() == 30


def test_a_sku_is_given_once():
    make_product()

    with pytest.raises(DuplicateSku) as refused:
        inventory.create_product(ProductInput(sku="mug-red", name="Again"), actor=SYSTEM)
    with pytest.raises(DuplicateSku):
        inventory.create_products([ProductInput(sku="X", name="A"), ProductInput(sku="x", name="B")], actor=SYSTEM)

    assert refused.value.details == {"skus": ["MUG-RED"]}
    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("sku", {"sku": ""}),
        ("sku", {"sku": "X" * 41}),
        ("name", {"name": ""}),
        ("kind", {"kind": "gas"}),
        ("weight_grams", {"weight_grams": -1}),
        ("description", {"description": "a\x00b"}),
    ],
)
def test_what_can_never_be_a_product_is_refused_with_the_field(field, given):
    with pytest.raises(Invalid) as refused:
        inventory.create_product(ProductInput(**{"sku": "X", "name": "Thing"} | given), actor=SYSTEM)

    assert [fault["pointer"] for fault in refused.value.errors] == [f"/{field}"]


def test_a_change_says_what_was_before(maya):
    mug = make_product()

    inventory.update_product(mug.pk, {"name": "Crimson mug", "release_on": date(2026, 12, 1)}, actor=maya)
    inventory.update_product(mug.pk, {"name": "Crimson mug"}, actor=maya)

    record = EventRecord.objects.get(name="inventory.product.changed")
    assert (record.thread, record.actor) == (f"inventory.product:{mug.pk}", "staff:maya")
    assert record.payload == {
        "before": {"name": "Mug Red", "release_on": None},
        "after": {"name": "Crimson mug", "release_on": "2026-12-01"},
    }


def test_a_product_with_stock_stays_a_thing(maya):
    mug, card = make_product(stock={"HAM": 1}), make_product("CARD", kind="digital")

    with pytest.raises(Invalid):
        inventory.update_product(mug.pk, {"kind": "digital"}, actor=maya)
    with pytest.raises(Invalid, match="sku cannot be changed"):
        inventory.update_product(mug.pk, {"sku": "OTHER"}, actor=maya)
    assert inventory.update_product(card.pk, {"kind": "service"}, actor=maya).kind == "service"


def test_a_product_speaks_the_language_of_its_reader():
    mug = make_product(names={"de": "Roter Becher"})

    assert (mug.name_in("de"), mug.name_in("fr")) == ("Roter Becher", "Mug Red")


def test_a_warehouse_opens_and_changes(maya):
    depot = inventory.create_warehouse(WarehouseInput(code="dep", name="Depot", country="DE"), actor=maya)

    inventory.update_warehouse(depot.pk, {"last_resort": True, "priority": 90}, actor=maya)

    assert depot.code == "DEP"
    assert Warehouse.objects.filter(code="DEP", last_resort=True, priority=90).exists()
    with pytest.raises(DuplicateCode):
        inventory.create_warehouse(WarehouseInput(code="DEP", name="Again", country="DE"), actor=maya)
    with pytest.raises(Invalid):
        inventory.create_warehouse(WarehouseInput(code="X", name="Nowhere", country="de"), actor=maya)
    with pytest.raises(Invalid):
        inventory.update_warehouse(depot.pk, {"code": "X"}, actor=maya)


def test_a_shelf_has_a_bin_and_a_safety_stock(maya):
    mug = make_product(stock={"HAM": 5})

    item = inventory.update_shelf(stock_of(mug).pk, {"bin": "A-01", "safety_stock": 2}, actor=maya)

    assert (item.bin, stock_of(mug).available) == ("A-01", 3)
    with pytest.raises(Invalid):
        inventory.update_shelf(item.pk, {"on_hand": 99}, actor=maya)
    with pytest.raises(Invalid):
        inventory.update_shelf(item.pk, {"safety_stock": -1}, actor=maya)
    assert make_warehouse("HAM").pk == item.warehouse_id
