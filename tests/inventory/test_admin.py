"""The shelf at the desk: pages, steps behind confirmation pages, and who may take them."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission

from core.actors import Actor
from core.models import EventRecord
from inventory import services as inventory
from inventory.models import ExpectedReceipt, Product, StockItem, StockMovement, Warehouse
from inventory.services import Demand
from tests.factories.catalog import make_product, stock_of

pytestmark = pytest.mark.django_db
SOMEBODY = Actor("staff", "maya")
MODELS = [Product, Warehouse, StockItem, StockMovement, ExpectedReceipt]

STATEMENTS = {Product: 5, Warehouse: 4, StockItem: 6, StockMovement: 6, ExpectedReceipt: 6}


def address(model, *rest):
    """Return an address of the back office."""
    return "/".join(["/admin/inventory", model._meta.model_name, *map(str, rest), ""])


@pytest.fixture
def goods(places, maya):
    """Return a mug that is promised, in quarantine and on its way."""
    mug = make_product(stock={"HAM": 10, "MUC": 2}, description="Stoneware", names={"de": "Roter Becher"})
    ham = places[0].warehouse_id
    inventory.reserve(demand=[Demand(1, mug.pk, 3)], places=places, actor=maya)
    inventory.restock(
        warehouse_id=ham, units={mug.pk: 2}, disposition="quarantine", reference="RMA-000001", actor=maya
    )
    inventory.expect_receipt(
        product_id=mug.pk, warehouse_id=ham, quantity=8, expected_on=date(2026, 12, 1), reference="PO-1", actor=maya
    )
    return mug


@pytest.fixture
def clerk(client, django_user_model):
    """Sign somebody in who holds just these permissions."""

    def sign_in(*codenames):
        user = django_user_model.objects.create_user("ines", password="x", is_staff=True)
        user.user_permissions.set(
            Permission.objects.filter(content_type__app_label="inventory", codename__in=codenames)
        )
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.mark.parametrize("model", MODELS)
def test_every_table_has_its_list_and_its_page(goods, staff, model):
    row = model.objects.first()

    assert staff.get(address(model)).status_code == 200
    assert staff.get(address(model, row.pk, "change")).status_code == 200


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("term", ["mug-r", "Red", "PO-1", "nothing"])
def test_every_list_can_be_searched(goods, staff, model, term):
    assert staff.get(f"{address(model)}?q={term}").status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_lists_take_the_same_statements_however_long(goods, staff, model, django_assert_num_queries, places):
    staff.get(address(model))
    with django_assert_num_queries(statements := STATEMENTS[model]):
        staff.get(address(model))
    for number in range(10):
        product = make_product(f"P-{number}", stock={"HAM": 1})
        inventory.expect_receipts(
            warehouse_id=places[1].warehouse_id, units={product.pk: 1}, expected_on=date(2026, 12, 1), actor=SOMEBODY
        )
    with django_assert_num_queries(statements):
        staff.get(address(model))


def test_a_product_is_taken_into_the_catalogue_and_changed(staff):
    body = {
        "sku": "cup-1",
        "name": "Cup",
        "names": "de: Tasse\nfr: Tasse",
        "kind": "stocked",
        "tax_class": "standard",
        "weight_grams": "250",
        "active": "on",
    }

    made = staff.post(address(Product, "add"), body)

    cup = Product.objects.get()
    assert made.status_code == 302
    assert (cup.sku, cup.names, cup.weight_grams) == ("CUP-1", {"de": "Tasse", "fr": "Tasse"}, 250)
    changed = staff.post(address(Product, cup.pk, "edit"), body | {"name": "Large cup"})
    assert (changed.status_code, Product.objects.get().name) == (302, "Large cup")
    record = EventRecord.objects.get(name="inventory.product.changed")
    assert (record.actor, record.payload["after"]) == ("staff:maya", {"name": "Large cup"})


def test_what_a_service_refuses_is_said_beside_the_field(goods, staff):
    body = {"name": "Mug", "kind": "digital", "tax_class": "standard", "weight_grams": "0", "names": "German: Becher"}

    malformed = staff.post(address(Product, goods.pk, "edit"), body)
    refused = staff.post(address(Product, goods.pk, "edit"), body | {"names": ""})

    assert list(malformed.context["adminform"].form.errors) == ["names"]
    assert list(refused.context["adminform"].form.errors) == ["kind"]
    assert Product.objects.get(pk=goods.pk).kind == "stocked"


def test_a_sku_that_exists_is_refused_in_words(goods, staff):
    body = {"sku": "MUG-RED", "name": "Again", "kind": "stocked", "tax_class": "standard", "weight_grams": "0"}

    response = staff.post(address(Product, "add"), body)

    assert response.status_code == 200
    assert Product.objects.count() == 1


def test_units_are_received_behind_a_page_that_says_what_happens(goods, staff, places, books_balance):
    url = address(Product, goods.pk, "do", "receive")

    page = staff.get(url)
    done = staff.post(url, {"warehouse": places[0].warehouse_id, "quantity": "5", "reference": "DN-7"})

    assert "9 units can be promised now" in page.content.decode()
    assert (done.status_code, stock_of(goods).on_hand) == (302, 17)
    movement = StockMovement.objects.get(reference="DN-7")
    assert (movement.kind, movement.actor) == ("receipt", "staff:maya")
    books_balance()


def test_looking_at_a_step_changes_nothing(goods, staff):
    item = stock_of(goods)
    before = StockMovement.objects.count()

    for name in ("receive", "adjust", "settle"):
        assert staff.get(address(StockItem, item.pk, "do", name)).status_code == 200

    assert StockMovement.objects.count() == before


def test_a_loss_is_booked_and_one_that_cannot_be_is_explained(goods, staff, books_balance):
    item = stock_of(goods)
    url = address(StockItem, item.pk, "do", "adjust")

    refused = staff.post(url, {"change": "-11", "reason": "fire"})
    nothing = staff.post(url, {"change": "0", "reason": "fire"})
    done = staff.post(url, {"change": "-8", "reason": "fire"})

    assert "Only 10 units lie there" in refused.content.decode()
    assert nothing.context["form"].errors["change"] == ["A difference is not zero."]
    assert done.status_code == 302
    assert (stock_of(goods).on_hand, stock_of(goods).reserved) == (4, 2)
    assert EventRecord.objects.filter(name="inventory.stock_shortfall", actor="staff:maya").count() == 1
    assert "Promised units are gone: fire" in staff.get(address(StockItem, item.pk, "change")).content.decode()
    books_balance()


def test_quarantine_is_settled_and_then_closed(goods, staff, books_balance):
    item = stock_of(goods)
    url = address(StockItem, item.pk, "do", "settle")

    assert staff.post(url, {"units": "1", "scrap": "1", "reason": "chipped"}).status_code == 302
    assert staff.post(url, {"units": "1", "scrap": "", "reason": "as new"}).status_code == 302

    assert (stock_of(goods).on_hand, stock_of(goods).quarantined) == (11, 0)
    assert staff.get(url).status_code == 409
    books_balance()


def test_a_bin_is_written_and_the_figures_are_not(goods, staff):
    item = stock_of(goods)

    response = staff.post(
        address(StockItem, item.pk, "edit"), {"bin": "A-01", "safety_stock": "1", "on_hand": "999", "reserved": "0"}
    )

    assert response.status_code == 302
    assert (stock_of(goods).bin, stock_of(goods).safety_stock) == ("A-01", 1)
    assert (stock_of(goods).on_hand, stock_of(goods).reserved) == (12, 3)


def test_what_is_expected_arrives_or_is_given_up(goods, staff, places, books_balance):
    body = {
        "product": goods.pk,
        "warehouse": places[1].warehouse_id,
        "quantity": "6",
        "expected_on": "2026-12-24",
        "reference": "PO-2",
    }
    assert staff.post(address(ExpectedReceipt, "add"), body).status_code == 302
    receipt = ExpectedReceipt.objects.get(reference="PO-2")

    arrived = staff.post(address(ExpectedReceipt, receipt.pk, "do", "receive"), {"quantity": "4"})
    given_up = staff.post(address(ExpectedReceipt, receipt.pk, "do", "cancel"), {"reason": "sold out"})

    assert (arrived.status_code, given_up.status_code) == (302, 302)
    receipt = ExpectedReceipt.objects.get(pk=receipt.pk)
    assert (receipt.received, receipt.closed, stock_of(goods, "MUC").on_hand) == (4, True, 6)
    assert staff.get(f"{address(ExpectedReceipt)}?late=1").status_code == 200
    books_balance()


def test_the_low_list_shows_what_is_gone(goods, staff, maya):
    inventory.adjust_stock(stock_item_id=stock_of(goods, "MUC").pk, change=-2, reason="gone", actor=maya)

    rows = staff.get(f"{address(StockItem)}?low=1").context["cl"].result_list

    assert [(row.product_id, row.warehouse.code) for row in rows] == [(goods.pk, "MUC")]


def test_a_warehouse_opens_and_closes(staff):
    body = {"code": "ber", "name": "Berlin", "country": "DE", "priority": "30", "active": "on", "open_days": ["mon"]}
    assert staff.post(address(Warehouse, "add"), body).status_code == 302
    berlin = Warehouse.objects.get(code="BER")

    assert staff.post(address(Warehouse, berlin.pk, "change"), body | {"active": ""}).status_code == 302

    assert not Warehouse.objects.get().active


def test_who_may_only_look_moves_nothing(goods, clerk):
    client = clerk(*(f"view_{model._meta.model_name}" for model in MODELS))
    item, receipt = stock_of(goods), ExpectedReceipt.objects.get()
    before = StockMovement.objects.count()

    assert [client.get(address(model)).status_code for model in MODELS] == [200] * len(MODELS)
    assert client.get(address(StockItem, item.pk, "change")).status_code == 200
    refused = [
        client.post(address(StockItem, item.pk, "do", "adjust"), {"change": "1", "reason": "x"}),
        client.post(address(StockItem, item.pk, "do", "receive"), {"quantity": "1"}),
        client.post(address(StockItem, item.pk, "edit"), {"bin": "X", "safety_stock": "0"}),
        client.post(address(Product, goods.pk, "do", "receive"), {"quantity": "1"}),
        client.post(address(Product, goods.pk, "edit"), {"name": "X"}),
        client.post(address(ExpectedReceipt, receipt.pk, "do", "receive"), {"quantity": "1"}),
        client.get(address(Product, "add")),
        client.get(address(StockMovement, "add")),
    ]
    assert [response.status_code for response in refused] == [403] * 8
    assert StockMovement.objects.count() == before


def test_without_permission_there_is_nothing_to_see(goods, clerk):
    client = clerk()

    assert [client.get(address(model)).status_code for model in MODELS] == [403] * len(MODELS)
    assert "Catalogue" not in client.get("/admin/").content.decode()


def test_one_box_finds_products(goods, staff):
    response = staff.get("/admin/search/?q=mug-red")

    assert response["Location"] == address(Product, goods.pk, "change")


def test_what_is_on_its_way_comes_on_another_day(goods, staff):
    receipt = ExpectedReceipt.objects.get()
    url = address(ExpectedReceipt, receipt.pk, "change")
    assert "Change" in staff.get(url).content.decode()
    step = address(ExpectedReceipt, receipt.pk, "do", "change")

    refused = staff.post(step, {"expected_on": "soon", "quantity": "8"})
    assert (refused.status_code, ExpectedReceipt.objects.get().expected_on) == (200, date(2026, 12, 1))
    done = staff.post(step, {"expected_on": "2026-12-09", "quantity": "6", "reason": "storm"})

    kept = ExpectedReceipt.objects.get()
    assert (done.status_code, kept.expected_on, kept.quantity) == (302, date(2026, 12, 9), 6)
    told = EventRecord.objects.get(name="inventory.expectedreceipt.changed")
    assert (told.payload["before"], told.note) == ({"expected_on": "2026-12-01", "quantity": "8"}, "storm")
    assert EventRecord.objects.filter(name="inventory.supply_changed").count() == 2


def test_a_kit_is_made_of_rows_and_says_how_many_can_be_made(goods, staff, places):
    inventory_rows = {"parts-0-sku": "mug-red", "parts-0-per": "2", "parts-1-sku": "", "parts-1-per": ""}
    body = {"sku": "GIFT-1", "name": "Gift set", "kind": "kit", "tax_class": "standard", "weight_grams": "0"}

    twice = {**inventory_rows, "parts-1-sku": "MUG-RED", "parts-1-per": "x", "parts-2-sku": "NOBODY"}
    refused = staff.post(address(Product, "add"), body | twice)
    unknown = staff.post(address(Product, "add"), body | inventory_rows | {"parts-1-sku": "NOBODY"})
    strange = staff.post(address(Product, "add"), body | inventory_rows | {"parts-1-sku": "MUG\x00"})
    made = staff.post(address(Product, "add"), body | inventory_rows | {"active": "on"})

    assert refused.context["adminform"].form.errors["parts"] == ["MUG-RED: whole units from 1 to 10,000"]
    # What was typed is still there.
    assert 'value="NOBODY"' in refused.content.decode()
    assert unknown.context["adminform"].form.errors["parts"] == ["There is no product NOBODY."]
    assert strange.context["adminform"].form.errors["parts"] == ["There is no product MUG."]
    kit = Product.objects.get(sku="GIFT-1")
    assert made.status_code == 302
    assert [(part.product.sku, part.per) for part in kit.parts.all()] == [("MUG-RED", 2)]
    page = staff.get(address(Product, kit.pk, "change")).content.decode()
    assert "Scarcest part" in page
    edited = body | inventory_rows | {"parts-0-per": "3", "active": "on", "names": ""}
    assert staff.post(address(Product, kit.pk, "edit"), edited).status_code == 302
    assert [part.per for part in kit.parts.all()] == [3]
    assert "GIFT-1" in staff.get(address(Product, goods.pk, "change")).content.decode()
