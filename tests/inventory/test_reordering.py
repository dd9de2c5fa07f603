"""When to order again: the arithmetic, the proposals from real demand, and the one word when a shelf is low."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.utils import timezone

from core.models import EventRecord, User
from inventory import services as inventory
from inventory.models import ExpectedReceipt, Product, ReorderProposal, StockItem, StockMovement
from inventory.reordering import Demand, LeadTime, demand_of, factor_for, lead_time_of, propose, suggested
from inventory.services import Demand as Wanted
from tests.factories.catalog import make_product, stock_of

pytestmark = pytest.mark.django_db
STOCK, PROPOSALS = "/admin/inventory/stockitem/", "/admin/inventory/reorderproposal/"
Z95 = Decimal("1.6449")


# --- the arithmetic ---------------------------------------------------------------------------


def test_demand_is_the_mean_of_all_days_and_how_much_they_differ():
    # Ten days: 4 and 6 on two of them, nothing on the others.
    found = demand_of(10, 16 + 36, days=10)

    assert found.daily == 1
    assert round(found.deviation, 4) == Decimal("2.0494")
    assert demand_of(0, 0, days=5) == Demand(Decimal(0), Decimal(0))


def test_the_middle_delivery_counts_and_without_any_the_usual_one():
    assert lead_time_of([2, 4, 90], usual=14).days == 4
    assert lead_time_of([], usual=14) == LeadTime(Decimal(14), Decimal(0))
    assert lead_time_of([6], usual=14) == LeadTime(Decimal(6), Decimal(0))


def test_a_service_level_is_so_many_deviations():
    assert [factor_for(Decimal(level) / 100) for level in (50, 95, 99)] == [0, Z95, Decimal("2.3263")]


def test_the_proposal_is_kings_formula_rounded_up():
    demand = Demand(Decimal(5), Decimal(3))

    # 1.6449 · 3 · √16 = 19.74; 5 · 16 + 19.74 = 99.74
    steady = propose(demand, LeadTime(Decimal(16)), factor=Z95)
    # 1.6449 · √(16 · 9 + 25 · 4) = 25.69
    unsteady = propose(demand, LeadTime(Decimal(16), Decimal(2)), factor=Z95)

    assert (steady.safety_stock, steady.reorder_point) == (20, 100)
    assert (unsteady.safety_stock, unsteady.reorder_point) == (26, 106)
    assert propose(Demand(Decimal(0), Decimal(0)), LeadTime(Decimal(9)), factor=Z95).reorder_point == 0


def test_an_order_fills_up_to_the_reorder_point_and_lasts_some_days():
    assert suggested(reorder_point=10, position=4, daily=Decimal("1.5"), cover_days=30) == 51
    assert suggested(reorder_point=10, position=99, daily=Decimal(0), cover_days=30) == 0


# --- proposals from what was shipped ----------------------------------------------------------


@pytest.fixture
def mug(places):
    """Return a mug that has been in the catalogue for a year, a hundred of them in Hamburg."""
    mug = make_product(stock={"HAM": 100})
    Product.objects.filter(pk=mug.pk).update(created_at=timezone.now() - timedelta(days=365))
    return mug


def shipped(product, **days):
    """Let units have been shipped so many days ago: d3=4 are four, three days ago."""
    item = stock_of(product)
    for name, units in days.items():
        StockMovement.objects.create(
            stock_item=item, kind="shipment", quantity=-units, actor="staff:tom",
            at=timezone.now() - timedelta(days=int(name[1:])),
        )  # fmt: skip


def arrived(product, maya, *took):
    """Let deliveries of a product have taken so many days."""
    for days in took:
        today = timezone.localdate()
        ExpectedReceipt.objects.create(
            product=product, warehouse=stock_of(product).warehouse, quantity=1, received=1, closed=True,
            expected_on=today, ordered_on=today - timedelta(days=days), arrived_on=today,
        )  # fmt: skip


def test_real_demand_becomes_a_proposal_beside_what_holds(mug, maya, settings):
    settings.STOCK_DEMAND_DAYS = 10
    shipped(mug, d2=4, d5=6, d40=500)
    shipped(mug, d5=2)
    arrived(mug, maya, 3, 4, 9)
    inventory.update_shelf(stock_of(mug).pk, {"safety_stock": 1}, actor=maya)

    assert inventory.plan_replenishment() == 1

    found = ReorderProposal.objects.get()
    # 4 and 8 on two of ten days: 1.2 a day ± 2.561; delivered in 4 days ± 2.625.
    assert (found.daily_demand, found.deviation, found.lead_days) == (
        Decimal("1.200"), Decimal("2.561"), Decimal("4.0"),
    )  # fmt: skip
    assert (found.safety_stock, found.reorder_point, found.differs) == (10, 15, True)
    assert (stock_of(mug).safety_stock, stock_of(mug).reorder_point) == (1, None)


def test_a_product_that_is_new_has_fewer_days(mug, maya, settings):
    settings.STOCK_LEAD_DAYS = 2
    Product.objects.update(created_at=timezone.now() - timedelta(days=4))
    shipped(mug, d1=8)

    inventory.plan_replenishment()

    assert ReorderProposal.objects.get().daily_demand == 2
    assert ReorderProposal.objects.get().lead_days == 2


def test_what_was_proposed_is_accepted_and_proposed_no_more(mug, maya, settings):
    shipped(mug, d2=40)
    inventory.plan_replenishment()
    proposal = ReorderProposal.objects.get()

    inventory.accept_proposal(proposal.pk, actor=maya)

    item = stock_of(mug)
    assert (item.safety_stock, item.reorder_point) == (proposal.safety_stock, proposal.reorder_point)
    told = EventRecord.objects.get(name="inventory.stockitem.changed")
    assert (told.actor, told.payload["after"]["reorder_point"]) == ("staff:maya", proposal.reorder_point)
    assert inventory.plan_replenishment() == 0
    assert not ReorderProposal.objects.get().differs


def test_a_product_that_says_so_takes_its_proposals_by_itself(mug, maya):
    inventory.update_product(mug.pk, {"auto_reorder": True}, actor=maya)
    shipped(mug, d2=40)

    assert inventory.plan_replenishment() == 0

    found = ReorderProposal.objects.get()
    assert (stock_of(mug).reorder_point, found.differs) == (found.reorder_point, False)
    assert EventRecord.objects.get(name="inventory.stockitem.changed").actor == "system"


def test_reckoning_takes_the_same_statements_however_many_shelves(mug, maya, django_assert_max_num_queries):
    counts = []
    for size in (2, 40):
        made = [make_product(f"P{size}-{number}", stock={"HAM": 5}, auto_reorder=True) for number in range(size)]
        for product in made:
            shipped(product, d1=2, d3=4)
        wanted = list(StockItem.objects.filter(product__in=made).values_list("pk", flat=True))
        with django_assert_max_num_queries(10) as taken:
            inventory.propose_for(wanted, actor=maya)
        counts.append(len(taken))
    assert counts[1] - counts[0] <= 1


def test_the_command_reckons_and_says_so(mug, maya, capsys):
    shipped(mug, d2=40)

    call_command("plan_replenishment")

    assert "1 proposals differ from what holds; 0 shelves fell low" in capsys.readouterr().out


# --- low stock --------------------------------------------------------------------------------


def falls():
    """Return what was told of shelves that are low."""
    rows = EventRecord.objects.filter(name="inventory.low_stock", public=True).order_by("pk")
    return [(one.payload["sku"], one.payload["position"], one.payload["suggested"]) for one in rows]


def test_a_fall_to_the_reorder_point_is_told_once_until_it_rises(mug, places, maya):
    item = stock_of(mug)
    inventory.update_shelf(item.pk, {"reorder_point": 10}, actor=maya)
    assert inventory.watch_stock() == 0

    inventory.adjust_stock(stock_item_id=item.pk, change=-89, reason="x", actor=maya)
    assert inventory.watch_stock() == 0
    inventory.reserve(demand=[Wanted(1, mug.pk, 3)], places=places[:1], actor=maya)
    assert [inventory.watch_stock(), inventory.watch_stock()] == [1, 0]
    assert falls() == [("MUG-RED", 8, 2)]
    assert stock_of(mug).low_since is not None
    inventory.adjust_stock(stock_item_id=item.pk, change=-5, reason="x", actor=maya)
    assert inventory.watch_stock() == 0

    inventory.receive_stock(warehouse_id=places[0].warehouse_id, units={mug.pk: 50}, actor=maya)
    assert inventory.watch_stock() == 0
    assert stock_of(mug).low_since is None
    inventory.adjust_stock(stock_item_id=item.pk, change=-45, reason="x", actor=maya)
    assert inventory.watch_stock() == 1
    assert falls() == [("MUG-RED", 8, 2), ("MUG-RED", 8, 2)]


def test_what_is_on_its_way_counts_as_there(mug, places, maya):
    tea = make_product("TEA-1", stock={"HAM": 1})
    for product in (mug, tea):
        inventory.update_shelf(stock_of(product).pk, {"reorder_point": 100}, actor=maya)
        inventory.expect_receipt(
            product_id=product.pk, warehouse_id=places[0].warehouse_id, quantity=50,
            expected_on=timezone.localdate(), actor=maya,
        )  # fmt: skip

    assert inventory.watch_stock() == 1
    assert falls() == [("TEA-1", 51, 49)]


def test_without_a_reorder_point_or_on_sale_no_more_nobody_is_told(mug, maya):
    inventory.adjust_stock(stock_item_id=stock_of(mug).pk, change=-100, reason="x", actor=maya)
    assert inventory.watch_stock() == 0
    inventory.update_shelf(stock_of(mug).pk, {"reorder_point": 5}, actor=maya)
    assert inventory.watch_stock() == 1

    inventory.update_product(mug.pk, {"active": False}, actor=maya)

    assert inventory.watch_stock() == 0
    assert stock_of(mug).low_since is None


# --- the back office --------------------------------------------------------------------------


def test_the_tab_names_what_to_order_and_how_many(mug, maya, staff, django_assert_num_queries):
    shipped(mug, d2=90)
    inventory.plan_replenishment()
    inventory.update_shelf(stock_of(mug).pk, {"reorder_point": 120}, actor=maya)
    make_product("TEA-1", stock={"HAM": 1})
    inventory.watch_stock()
    url = f"{STOCK}?reorder=1"
    staff.get(url)

    with django_assert_num_queries(6):
        page = staff.get(url)

    rows = page.context["cl"].result_list
    # Twenty are missing, and one a day for thirty days.
    assert [(row.product.sku, row.position) for row in rows] == [("MUG-RED", 100)]
    assert ">50<" in page.content.decode()
    assert "1 product is to be ordered again." in staff.get("/admin/").content.decode()


def test_proposals_are_accepted_one_by_one_or_many_at_once(mug, maya, staff):
    tea = make_product("TEA-1", stock={"HAM": 50})
    for product in (mug, tea):
        shipped(product, d2=40)
    inventory.plan_replenishment()
    one, other = ReorderProposal.objects.order_by("pk")

    page = staff.get(f"{PROPOSALS}{one.pk}/do/accept/").content.decode()
    done = staff.post(f"{PROPOSALS}{one.pk}/do/accept/")

    assert f"Reorder point: 0 → {one.reorder_point}" in page
    assert (done.status_code, stock_of(mug).reorder_point) == (302, one.reorder_point)
    assert staff.post(f"{PROPOSALS}{one.pk}/do/accept/").status_code == 409
    left = staff.get(f"{PROPOSALS}?differs__exact=1")
    assert [row.pk for row in left.context["cl"].result_list] == [other.pk]
    asked = staff.post(PROPOSALS, {"action": "accept_many", "_selected_action": [other.pk], "index": 0})
    assert asked.status_code in (200, 302)


def test_who_may_only_look_accepts_nothing(mug, client):
    shipped(mug, d2=40)
    inventory.plan_replenishment()
    ines = User.objects.create_user("ines", password="x", is_staff=True)
    client.force_login(ines, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(PROPOSALS).status_code == 403
    ines.user_permissions.set(Permission.objects.filter(codename="view_reorderproposal"))

    assert client.get(PROPOSALS).status_code == 200
    proposal = ReorderProposal.objects.get()
    assert client.post(f"{PROPOSALS}{proposal.pk}/do/accept/").status_code == 403
    User.objects.filter(pk=ines.pk).update(limits={"warehouse": ["MUC"]})
    assert client.get(PROPOSALS).context["cl"].result_count == 0


# --- quarantine -------------------------------------------------------------------------------


def test_units_are_set_apart_with_a_reason_and_come_back(mug, maya, staff, books_balance):
    item = stock_of(mug)
    url = f"{STOCK}{item.pk}/do/quarantine/"

    page = staff.get(url).content.decode()
    too_many = staff.post(url, {"units": "101", "reason": "Recall"})
    silent = staff.post(url, {"units": "1", "reason": ""})
    done = staff.post(url, {"units": "4", "reason": "Recall 7"})

    assert "not sold until quarantine is settled" in page
    assert "Only 100 units lie there" in too_many.content.decode()
    assert (silent.status_code, done.status_code) == (200, 302)
    assert (stock_of(mug).on_hand, stock_of(mug).quarantined, stock_of(mug).available) == (100, 4, 96)
    movement = StockMovement.objects.get(kind="quarantine")
    assert (movement.quantity, movement.quarantine_quantity, movement.reason) == (0, 4, "Recall 7")
    assert not EventRecord.objects.filter(name="inventory.stock_adjusted").exists()
    books_balance()


def test_what_is_promised_is_set_apart_from_the_last_in_rank(mug, places, maya, books_balance):
    first = inventory.reserve(demand=[Wanted(1, mug.pk, 60)], places=places[:1], rank=1, actor=maya)
    last = inventory.reserve(demand=[Wanted(2, mug.pk, 30)], places=places[:1], rank=9, actor=maya)

    inventory.quarantine_stock(stock_of(mug).pk, units=20, reason="Damp", actor=maya)

    assert (stock_of(mug).quarantined, stock_of(mug).reserved) == (20, 80)
    drops = EventRecord.objects.get(name="inventory.stock_shortfall").payload["drops"]
    assert drops == [[last.reservation_id, 2, 10]]
    assert first.short == {}
    books_balance()
