"""Kits in the catalogue: what they are made of, and what they can never be."""

import pytest
from django.db import IntegrityError, transaction

from core.actors import SYSTEM
from core.errors import Invalid
from core.models import EventRecord
from inventory import services as inventory
from inventory.errors import NotStocked
from inventory.models import KitPart, Product
from tests.factories.catalog import make_product
from tests.factories.kits import make_kit

pytestmark = pytest.mark.django_db


@pytest.fixture
def goods(places):
    """Return mugs, 10 in Hamburg and 4 in Munich, teas, 3 and 9, and a kit of two mugs and a tea."""
    mug = make_product(stock={"HAM": 10, "MUC": 4}, weight_grams=300)
    tea = make_product("TEA-1", stock={"HAM": 3, "MUC": 9}, weight_grams=100, handling=["fragile"])
    return mug, tea, make_kit()


def test_a_kit_names_its_parts_weighs_what_they_weigh_and_is_handled_as_they_are(goods):
    _mug, _tea, kit = goods

    assert inventory.recipe_of(kit) == {"MUG-RED": 2, "TEA-1": 1}
    assert (kit.kind, kit.weight_grams, kit.handling) == ("kit", 700, ["fragile"])
    assert (kit.is_kit, kit.has_shelf, kit.needs_stock) == (True, False, True)
    made = EventRecord.objects.filter(name="inventory.product.created").latest("pk")
    assert made.payload["after"] == {"sku": "GIFT-1", "parts": "2 × MUG-RED, 1 × TEA-1"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "A kit has at least one part"),
        ({"NOBODY": 1}, "There is no product NOBODY."),
        ({"GIFT-1": 1}, "GIFT-1 is a kit itself; name its parts instead"),
        ({"GIFT-2": 1}, "A kit cannot contain itself"),
        ({"WRAP": 1}, "WRAP has no shelf."),
        ({"MUG-RED": 0}, "MUG-RED: whole units from 1 to 10,000"),
    ],
)
def test_what_can_be_no_part_is_refused_beside_the_field(goods, parts, said):
    make_product("WRAP", kind="service")

    with pytest.raises(Invalid) as refused:
        make_kit("GIFT-2", parts)

    assert [(one["pointer"], one["detail"]) for one in refused.value.errors] == [("/parts", said)]
    assert not Product.objects.filter(sku="GIFT-2").exists()


def test_only_a_kit_has_parts_and_it_stays_one(goods):
    mug, tea, kit = goods
    bare = make_product("BARE")

    for product, changes, pointer in (
        (mug, {"parts": {"TEA-1": 1}}, "/parts"),
        (kit, {"kind": "stocked"}, "/kind"),
        (kit, {"parts": {}}, "/parts"),
        (mug, {"kind": "kit", "parts": {"TEA-1": 1}}, "/kind"),
        (bare, {"kind": "kit"}, "/parts"),
    ):
        with pytest.raises(Invalid) as refused:
            inventory.update_product(product.pk, changes, actor=SYSTEM)
        assert [one["pointer"] for one in refused.value.errors] == [pointer]
    inventory.update_product(bare.pk, {"kind": "kit", "parts": {"tea-1": 3}}, actor=SYSTEM)
    assert inventory.recipe_of(Product.objects.get(pk=bare.pk)) == {"TEA-1": 3}
    part = make_product("PART")
    inventory.update_product(kit.pk, {"parts": {"PART": 1}}, actor=SYSTEM)
    with pytest.raises(Invalid) as refused:
        inventory.update_product(part.pk, {"kind": "service"}, actor=SYSTEM)
    assert [one["pointer"] for one in refused.value.errors] == ["/kind"]


def test_other_parts_stand_in_the_history(goods):
    _mug, _tea, kit = goods

    inventory.update_product(kit.pk, {"parts": {"MUG-RED": 1}, "name": "Small set"}, actor=SYSTEM)

    changed = EventRecord.objects.get(name="inventory.product.changed")
    assert changed.payload["before"] == {"name": "Gift set", "parts": "2 × MUG-RED, 1 × TEA-1"}
    assert changed.payload["after"] == {"name": "Small set", "parts": "1 × MUG-RED"}


def test_the_database_refuses_what_can_never_be(goods):
    mug, _tea, kit = goods

    for wrong in ({"kit": kit, "product": mug}, {"kit": kit, "product": kit}, {"kit": mug, "product": kit, "per": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            KitPart.objects.create(**wrong)


def test_a_kit_has_no_stock_of_its_own(goods, places):
    _mug, _tea, kit = goods

    with pytest.raises(NotStocked):
        inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={kit.pk: 1}, actor=SYSTEM)
