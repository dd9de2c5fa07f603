"""Goods between two warehouses: out here, in transit, in there; not a unit is anywhere twice."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction

from core.errors import Invalid
from core.invariants import INVARIANTS, ask
from core.models import EventRecord, User
from inventory import selectors
from inventory import services as inventory
from inventory.errors import (
    AlreadyBooked,
    InsufficientStock,
    NotExpected,
    NotStocked,
    TransferMoved,
    UnknownWarehouse,
)
from inventory.models import StockItem, StockMovement, Transfer, TransferLine
from inventory.services import Demand, TransferInput
from tests.factories.catalog import make_product, make_warehouse, stock_of

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 3)
LIST = "/admin/inventory/transfer/"


@pytest.fixture
def mug(places):
    """Return a mug, ten in Hamburg."""
    return make_product(stock={"HAM": 10})


@pytest.fixture
def on_the_road(books_balance):
    """Return a check that every unit sent has arrived, is on its way or is lost."""

    def check():
        (truth,) = [one for one in INVARIANTS if one.name.startswith("sent = ")]
        assert ask(truth).breaches == []
        books_balance()

    return check


def drafted(places, maya, units, **given):
    """Return a transfer from Hamburg to Munich that was not sent yet."""
    wanted = TransferInput(
        source_id=places[0].warehouse_id, destination_id=places[1].warehouse_id, units=units, expected_on=DAY
    )
    return inventory.create_transfer(wanted, actor=maya, **given)


def moved(transfer):
    """Return the movements of a transfer as (place, kind, units)."""
    rows = StockMovement.objects.filter(reference=transfer.number).order_by("pk")
    return list(rows.values_list("stock_item__warehouse__code", "kind", "quantity"))


def as_it_stands(transfer):
    """Return status, and received, lost and open of each line."""
    lines = TransferLine.objects.filter(transfer=transfer).order_by("pk")
    return Transfer.objects.get(pk=transfer.pk).status, [(one.received, one.lost, one.open) for one in lines]


def test_a_draft_moves_and_keeps_nothing(places, mug, maya, on_the_road):
    transfer = drafted(places, maya, {mug.pk: 4})

    assert transfer.number == "TR-000001"
    assert moved(transfer) == []
    assert selectors.incoming([mug.pk]) == {mug.pk: []}
    assert inventory.reserve(demand=[Demand(1, mug.pk, 10)], places=places, actor=maya).short == {}
    on_the_road()


def test_what_was_sent_is_incoming_with_its_day_until_it_is_here(places, mug, maya, on_the_road):
    transfer = drafted(places, maya, {mug.pk: 4})
    munich = places[1].warehouse_id

    inventory.send_transfer(transfer.pk, actor=maya)

    assert stock_of(mug).on_hand == 6
    assert selectors.incoming([mug.pk]) == {mug.pk: [(DAY, munich, 4)]}
    row = selectors.stock_rows().get(product=mug, warehouse=munich)
    assert (row.on_hand, row.incoming) == (0, 4)
    on_the_road()

    inventory.receive_transfer(transfer.pk, units={mug.pk: 3}, bins={mug.pk: "M-01"}, actor=maya)
    assert as_it_stands(transfer) == ("sent", [(3, 0, 1)])
    assert selectors.incoming([mug.pk]) == {mug.pk: [(DAY, munich, 1)]}
    assert (stock_of(mug, "MUC").on_hand, stock_of(mug, "MUC").bin) == (3, "M-01")
    on_the_road()

    inventory.receive_transfer(transfer.pk, units={mug.pk: 1}, actor=maya)
    assert as_it_stands(transfer) == ("received", [(4, 0, 0)])
    assert selectors.incoming([mug.pk]) == {mug.pk: []}
    assert moved(transfer) == [("HAM", "transfer", -4), ("MUC", "transfer", 3), ("MUC", "transfer", 1)]
    facts = EventRecord.objects.filter(thread=f"inventory.transfer:{transfer.pk}", public=True).order_by("pk")
    assert [one.name for one in facts] == ["inventory.transfer_sent", *["inventory.transfer_received"] * 2]
    assert facts.last().payload["is_over"] is True
    waiting = EventRecord.objects.filter(name="inventory.stock_received").latest("pk")
    assert waiting.payload == {"warehouse_id": munich, "product_ids": [mug.pk]}
    on_the_road()


def test_what_is_missing_is_lost_for_a_reason_and_stands_in_the_movements(places, mug, maya, on_the_road):
    tea = make_product("TEA-1", stock={"HAM": 5})
    transfer = drafted(places, maya, {mug.pk: 4, tea.pk: 5})
    inventory.send_transfer(transfer.pk, actor=maya)

    with pytest.raises(Invalid, match="what became of"):
        inventory.receive_transfer(transfer.pk, units={mug.pk: 3}, close=True, actor=maya)
    assert as_it_stands(transfer) == ("sent", [(0, 0, 4), (0, 0, 5)])

    inventory.receive_transfer(transfer.pk, units={mug.pk: 3}, close=True, reason="Fell off", actor=maya)

    assert as_it_stands(transfer) == ("received", [(3, 1, 0), (0, 5, 0)])
    assert (stock_of(mug, "MUC").on_hand, stock_of(tea, "MUC").on_hand) == (3, 0)
    losses = StockMovement.objects.filter(reference=transfer.number, kind="adjustment").order_by("quantity")
    assert list(losses.values_list("quantity", "reason")) == [(-5, "Fell off"), (-1, "Fell off")]
    on_the_road()


def test_more_than_was_sent_cannot_arrive(places, mug, maya, on_the_road):
    transfer = drafted(places, maya, {mug.pk: 4})
    tea = make_product("TEA-1")
    inventory.send_transfer(transfer.pk, actor=maya)

    for units in ({mug.pk: 5}, {tea.pk: 1}):
        with pytest.raises(NotExpected, match="than is on its way"):
            inventory.receive_transfer(transfer.pk, units=units, actor=maya)

    assert as_it_stands(transfer) == ("sent", [(0, 0, 4)])
    on_the_road()


def test_what_is_promised_or_in_quarantine_never_leaves(places, mug, maya, on_the_road):
    inventory.reserve(demand=[Demand(1, mug.pk, 3)], places=places, actor=maya)
    inventory.restock(
        warehouse_id=places[0].warehouse_id, units={mug.pk: 2}, disposition="quarantine", reference="RMA", actor=maya
    )
    transfer = drafted(places, maya, {mug.pk: 8})

    with pytest.raises(InsufficientStock, match="MUG-RED: 7 of 8") as refused:
        inventory.send_transfer(transfer.pk, actor=maya)

    assert refused.value.details["shortages"] == [{"sku": "MUG-RED", "requested": 8, "available": 7}]
    assert as_it_stands(transfer)[0] == "draft"
    assert moved(transfer) == []
    inventory.change_transfer(transfer.pk, {"units": {mug.pk: 7}}, actor=maya)
    inventory.send_transfer(transfer.pk, actor=maya)
    assert (stock_of(mug).on_hand, stock_of(mug).reserved, stock_of(mug).quarantined) == (5, 3, 2)
    on_the_road()


def test_a_transfer_is_given_up_before_it_arrives(places, mug, maya, on_the_road):
    draft, sent, begun = (drafted(places, maya, {mug.pk: 2}) for _ in range(3))
    for transfer in (sent, begun):
        inventory.send_transfer(transfer.pk, actor=maya)
    inventory.receive_transfer(begun.pk, units={mug.pk: 1}, actor=maya)

    for transfer in (draft, sent):
        inventory.cancel_transfer(transfer.pk, reason="Not needed", actor=maya)
    with pytest.raises(TransferMoved, match="Part of it has arrived"):
        inventory.cancel_transfer(begun.pk, reason="Not needed", actor=maya)

    assert (as_it_stands(draft)[0], as_it_stands(sent)[0], as_it_stands(begun)[0]) == (
        "cancelled",
        "cancelled",
        "sent",
    )
    assert moved(sent) == [("HAM", "transfer", -2), ("HAM", "transfer", 2)]
    assert stock_of(mug).on_hand == 8
    assert selectors.incoming([mug.pk]) == {mug.pk: [(DAY, places[1].warehouse_id, 1)]}
    on_the_road()


def test_every_step_is_taken_once(places, mug, maya, on_the_road):
    transfer = drafted(places, maya, {mug.pk: 2}, token="t")
    with pytest.raises(AlreadyBooked):
        drafted(places, maya, {mug.pk: 2}, token="t")
    with pytest.raises(TransferMoved):
        inventory.receive_transfer(transfer.pk, units={mug.pk: 1}, actor=maya)
    inventory.send_transfer(transfer.pk, actor=maya)

    with pytest.raises(TransferMoved):
        inventory.send_transfer(transfer.pk, actor=maya)
    with pytest.raises(TransferMoved):
        inventory.change_transfer(transfer.pk, {"units": {mug.pk: 1}}, actor=maya)
    inventory.receive_transfer(transfer.pk, units={mug.pk: 2}, actor=maya)
    for step in (
        lambda: inventory.receive_transfer(transfer.pk, units={mug.pk: 1}, actor=maya),
        lambda: inventory.cancel_transfer(transfer.pk, reason="x", actor=maya),
        lambda: inventory.change_transfer(transfer.pk, {"note": "x"}, actor=maya),
    ):
        with pytest.raises(TransferMoved):
            step()
    assert Transfer.objects.count() == 1
    assert stock_of(mug).on_hand == 8
    on_the_road()


def test_what_makes_no_sense_is_refused(places, mug, maya):
    wrap = make_product("WRAP", kind="service")
    here = places[0].warehouse_id

    with pytest.raises(Invalid):
        drafted(places, maya, {})
    with pytest.raises(NotStocked):
        drafted(places, maya, {wrap.pk: 1})
    with pytest.raises(Invalid, match="another warehouse"):
        inventory.create_transfer(
            TransferInput(source_id=here, destination_id=here, units={mug.pk: 1}, expected_on=DAY), actor=maya
        )
    with pytest.raises(UnknownWarehouse):
        inventory.create_transfer(
            TransferInput(source_id=here, destination_id=404, units={mug.pk: 1}, expected_on=DAY), actor=maya
        )
    assert not Transfer.objects.exists()


def test_the_database_says_no_to_units_from_nowhere(places, mug, maya):
    transfer = drafted(places, maya, {mug.pk: 2})

    with pytest.raises(IntegrityError), transaction.atomic():
        TransferLine.objects.filter(transfer=transfer).update(received=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.update(destination_id=places[0].warehouse_id)


def test_a_line_that_lies_is_found(places, mug, maya):
    transfer = drafted(places, maya, {mug.pk: 2})
    inventory.send_transfer(transfer.pk, actor=maya)
    line = TransferLine.objects.get()
    (truth,) = [one for one in INVARIANTS if one.name.startswith("sent = ")]

    for wrong in ({"received": 1}, {"in_transit": False}, {"quantity": 3}):
        with transaction.atomic():
            TransferLine.objects.filter(pk=line.pk).update(**wrong)
            assert ask(truth).breaches == [str(line.pk)]
            transaction.set_rollback(True)


def test_sending_and_receiving_take_the_same_statements_however_long(places, maya, django_assert_max_num_queries):
    counts = []
    for size in (2, 30):
        goods = {make_product(f"P{size}-{number}", stock={"HAM": 5}).pk: 2 for number in range(size)}
        transfer = drafted(places, maya, goods)
        with django_assert_max_num_queries(14) as sent:
            inventory.send_transfer(transfer.pk, actor=maya)
        with django_assert_max_num_queries(16) as received:
            inventory.receive_transfer(transfer.pk, units=goods, actor=maya)
        counts.append((len(sent), len(received)))
    assert counts[0] == counts[1]


def test_incoming_of_both_kinds_is_one_query_and_the_earliest_comes_first(
    places, mug, maya, django_assert_num_queries
):
    inventory.expect_receipt(
        product_id=mug.pk, warehouse_id=places[0].warehouse_id, quantity=9, expected_on=date(2026, 12, 2), actor=maya
    )
    inventory.send_transfer(drafted(places, maya, {mug.pk: 2}).pk, actor=maya)

    with django_assert_num_queries(1):
        found = selectors.incoming([mug.pk])

    assert found == {mug.pk: [(date(2026, 12, 2), places[0].warehouse_id, 9), (DAY, places[1].warehouse_id, 2)]}


# --- the back office --------------------------------------------------------------------------


def test_a_transfer_is_typed_sent_and_received_by_scan(places, mug, staff, on_the_road):
    page = staff.get(f"{LIST}add/")
    body = {
        "source": places[0].warehouse_id,
        "destination": places[1].warehouse_id,
        "expected_on": "2026-12-03",
        "goods": "mug-red 3\n\nMUG-RED 1",
        "note": "",
        "token": page.context["adminform"].form["token"].value(),
    }

    made = staff.post(f"{LIST}add/", body)

    transfer = Transfer.objects.get()
    here = f"{LIST}{transfer.pk}/"
    assert (made.status_code, made["Location"]) == (302, f"{here}change/")
    assert staff.post(f"{LIST}add/", body).status_code == 200
    assert Transfer.objects.count() == 1
    sending = staff.get(f"{here}do/send/").content.decode()
    assert "4 units leave the shelf of Warehouse HAM." in sending
    assert staff.post(f"{here}do/send/").status_code == 302
    told = staff.get(f"{here}change/")
    assert "4 units are between Warehouse HAM and Warehouse MUC." in told.content.decode()
    scan = told.context["steps"][0]
    assert (scan.name, scan.url) == ("receive", "/admin/goods-in/paper/?transfer=TR-000001")
    assert [due.reference for due, _url in staff.get("/admin/goods-in/").context["papers"]] == ["TR-000001"]
    assert staff.get("/admin/goods-in/?q=tr-000001")["Location"] == scan.url
    assert staff.get("/admin/goods-in/?q=mug-red")["Location"] == scan.url
    short = staff.post(scan.url, {"token": "t", f"units-{mug.pk}": "3", "close": "on"})
    assert list(short.context["form"].errors) == ["reason"]
    done = staff.post(scan.url, {"token": "t", f"units-{mug.pk}": "3", "close": "on", "reason": "Broken"})
    assert done["Location"] == "/admin/goods-in/"
    assert as_it_stands(transfer) == ("received", [(3, 1, 0)])
    assert staff.post(f"{here}edit/", {"expected_on": "2026-12-24", "goods": "MUG-RED 1"}).status_code == 403
    on_the_road()


def test_lines_that_cannot_be_read_are_named_and_kept(places, mug, staff):
    make_product("WRAP", kind="service")
    body = {
        "source": places[0].warehouse_id,
        "destination": places[0].warehouse_id,
        "expected_on": "2026-12-03",
        "goods": "MUG-RED many\nCUP-1 2\nWRAP 1\nMUG-RED 99999999",
    }

    page = staff.post(f"{LIST}add/", body)

    form = page.context["adminform"].form
    assert form.errors["goods"] == [
        "MUG-RED many: write it as in “MUG-RED 12”.",
        "There is no product CUP-1.",
        "WRAP has no shelf.",
        "MUG-RED 99999999: write it as in “MUG-RED 12”.",
    ]
    assert form.errors["destination"] == ["That is where the goods are."]
    assert "CUP-1 2" in page.content.decode()
    assert not Transfer.objects.exists()


def test_a_draft_is_changed_and_what_is_on_its_way_only_its_day(places, mug, maya, staff):
    transfer = drafted(places, maya, {mug.pk: 2})
    edit = f"{LIST}{transfer.pk}/edit/"

    assert "MUG-RED 2</textarea>" in staff.get(edit).content.decode()
    assert staff.post(edit, {"expected_on": "2026-12-04", "goods": "MUG-RED 3", "note": ""}).status_code == 302
    inventory.send_transfer(transfer.pk, actor=maya)
    assert staff.post(edit, {"expected_on": "2026-12-05", "goods": "MUG-RED 9", "note": "late"}).status_code == 302

    transfer = Transfer.objects.get()
    assert (transfer.expected_on, transfer.note) == (date(2026, 12, 5), "late")
    assert TransferLine.objects.get().quantity == 3


def test_lists_take_the_same_statements_however_long(places, mug, maya, staff, django_assert_num_queries):
    staff.get(LIST)
    with django_assert_num_queries(7):
        staff.get(LIST)
    for _ in range(10):
        drafted(places, maya, {mug.pk: 1})
    with django_assert_num_queries(7):
        staff.get(LIST)
    assert staff.get(f"{LIST}?status__exact=draft&q=TR-000003").context["cl"].result_count == 1


def test_who_works_in_munich_receives_there_and_sends_nothing_from_hamburg(places, mug, maya, client):
    make_warehouse("BER")
    transfer = drafted(places, maya, {mug.pk: 2})
    tom = User.objects.create_user("tom", password="x", is_staff=True, limits={"warehouse": ["MUC"]})
    may = ["view_transfer", "change_transfer", "add_transfer", "change_expectedreceipt"]
    tom.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    here = f"{LIST}{transfer.pk}/"

    assert client.get(f"{here}change/").context["steps"] == []
    assert client.post(f"{here}do/send/").status_code == 409
    inventory.send_transfer(transfer.pk, actor=maya)
    assert [step.name for step in client.get(f"{here}change/").context["steps"]] == ["receive"]
    assert client.post(f"{here}do/cancel/", {"reason": "x"}).status_code == 409
    assert client.post(f"{LIST}add/", {"source": places[0].warehouse_id}).context["adminform"].form.errors["source"]
    tom.limits = {"warehouse": ["BER"]}
    tom.save()
    assert client.get(f"{here}change/").status_code == 302
    assert client.get("/admin/goods-in/paper/?transfer=TR-000001").status_code == 302
    assert as_it_stands(transfer) == ("sent", [(0, 0, 2)])


def test_one_box_finds_a_transfer_by_its_number(places, mug, maya, staff):
    transfer = drafted(places, maya, {mug.pk: 2})

    assert staff.get("/admin/search/?q=tr-000001")["Location"] == f"{LIST}{transfer.pk}/change/"


def test_without_permission_nothing_is_sent(places, mug, maya, client):
    transfer = drafted(places, maya, {mug.pk: 2})
    ines = User.objects.create_user("ines", password="x", is_staff=True)
    client.force_login(ines, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(LIST).status_code == 403
    ines.user_permissions.set(Permission.objects.filter(codename="view_transfer"))

    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{transfer.pk}/do/send/").status_code == 403
    assert StockItem.objects.get(product=mug, warehouse__code="HAM").on_hand == 10
