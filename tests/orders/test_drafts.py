"""Orders that are put together, and bind nobody until they are placed."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.models import EventRecord
from customers.models import Customer
from inventory.errors import InsufficientStock
from orders import services
from orders.errors import NotADraft, StaleOrder
from orders.inputs import LineInput
from orders.models import Draft, Order, OrderLine
from orders.priority import rank_of
from pricing import services as pricing
from tests.factories.catalog import stock_of
from tests.scenarios import anew, order_input

pytestmark = pytest.mark.django_db
TOKEN = UUID(int=7)
MAYA = Actor("staff", "maya")


def test_a_draft_is_priced_and_promises_nothing(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)

    assert (draft.status, draft.total, draft.placed_at, draft.reservation) == ("draft", Decimal("22.06"), None, None)
    assert stock_of(shop.mug).reserved == 0


def test_a_draft_can_be_put_together_anew(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)

    again = services.save_draft(order_input({"TEA-1": 3}), draft_id=draft.pk, actor=SYSTEM)

    assert (again.pk, again.number) == (draft.pk, draft.number)
    assert [(line.sku, line.quantity) for line in OrderLine.objects.filter(order=draft)] == [("TEA-1", 3)]


def test_a_placed_draft_is_an_order_like_any_other(shop):
    draft = services.save_draft(order_input(payment_terms="net14"), actor=SYSTEM)

    order = anew(services.place_draft(draft.pk, actor=SYSTEM))

    assert (order.pk, order.status, order.total) == (draft.pk, "confirmed", Decimal("22.06"))
    assert [line.allocated for line in order.lines.all()] == [2, 1]
    assert stock_of(shop.mug).reserved == 2


def test_a_draft_keeps_its_prices(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)
    pricing.set_price(shop.mug.pk, amount=Decimal("9.00"), actor=SYSTEM)

    assert services.place_draft(draft.pk, actor=SYSTEM).total == Decimal("22.06")


def test_a_discarded_draft_is_gone_for_good(shop):
    draft = services.save_draft(order_input(), actor=SYSTEM)

    gone = anew(services.discard_draft(draft.pk, actor=SYSTEM))

    assert (gone.status, gone.balance_due) == ("cancelled", 0)
    with pytest.raises(NotADraft):
        services.place_draft(draft.pk, actor=SYSTEM)


def park(given=None, **said):
    return services.park_draft(given or order_input(), **{"token": TOKEN, "typed": {"q": 1}, "actor": MAYA, **said})


def place(given=None, **said):
    given = given or order_input(payment_terms="net14")
    return services.place_typed(given, **{"token": TOKEN, "typed": {"q": 1}, "actor": MAYA, **said})


def test_a_page_keeps_one_draft_however_often_it_keeps_it(shop):
    first = park()
    again = park(order_input({"TEA-1": 3}), typed={"q": 2}, expected_version=first.version)

    draft = Draft.objects.get()
    assert (again.pk, again.version) == (first.pk, first.version + 1)
    assert (draft.order_id, draft.typed, draft.changed_by, draft.open) == (first.pk, {"q": 2}, "staff:maya", True)
    assert [(line.sku, line.quantity) for line in OrderLine.objects.all()] == [("TEA-1", 3)]


@pytest.mark.parametrize("lines", [[], [LineInput(sku="NONE", quantity=1)], [LineInput(sku="MUG-RED", quantity=0)]])
def test_what_is_no_order_yet_is_kept_as_it_was_typed(shop, lines):
    draft = park(order_input(lines, email="", customer_name="Ada"), typed={"lines": ["half"]})

    kept = anew(draft)
    assert (kept.status, kept.customer_name, kept.total, kept.fulfillment_status) == ("draft", "Ada", 0, "unfulfilled")
    assert Draft.objects.get().typed == {"lines": ["half"]}
    assert not OrderLine.objects.exists()


def test_who_kept_it_last_is_not_overwritten(shop):
    first = park()
    park(order_input({"TEA-1": 3}), expected_version=first.version)

    with pytest.raises(StaleOrder):
        park(order_input({"MUG-RED": 9}), expected_version=first.version)

    assert [line.sku for line in OrderLine.objects.all()] == ["TEA-1"]


def test_a_page_that_keeps_itself_fills_no_history(shop):
    first = park(is_aside=False)
    for n in range(3):
        park(expected_version=n, is_aside=False)
    park(expected_version=3)

    told = EventRecord.objects.filter(name="orders.draft_saved")
    assert (anew(first).version, told.count()) == (4, 2)


def test_a_page_places_once_whatever_it_sends_twice(shop):
    order = place()
    again = place()

    assert (again.pk, Order.objects.count(), anew(order).status) == (order.pk, 1, "confirmed")
    assert stock_of(shop.mug).reserved == 2
    assert Draft.objects.values_list("open", "typed").get() == (False, {})


@pytest.mark.race
def test_a_double_click_is_one_order(shop, concurrently, transactional_db):
    outcomes = concurrently(place, place)

    assert [outcome.error for outcome in outcomes] == [None, None]
    assert len({outcome.value.pk for outcome in outcomes}) == Order.objects.count() == 1
    assert stock_of(shop.mug).reserved == 2


def test_a_shortage_that_nobody_accepted_places_nothing_and_keeps_the_draft(shop):
    kept = park()

    with pytest.raises(InsufficientStock):
        place(order_input({"MUG-RED": 500}), expected_version=kept.version)

    assert (anew(kept).status, OrderLine.objects.get(sku="MUG-RED").quantity) == ("draft", 2)


def test_a_line_that_may_wait_is_split_and_the_others_are_not(shop):
    lines = [LineInput(sku="MUG-RED", quantity=250, may_wait=True), LineInput(sku="TEA-1", quantity=1)]

    order = place(order_input(lines, payment_terms="net14"))

    assert [(line.allocated, line.backordered) for line in order.lines.all()] == [(200, 50), (1, 0)]


def test_a_discarded_draft_is_not_gone_on_with(shop):
    draft = park()
    services.discard_draft(draft.pk, actor=MAYA)

    for work in (park, place):
        with pytest.raises(NotADraft):
            work(expected_version=draft.version)


def test_a_preview_says_what_placing_would_and_writes_nothing(shop):
    before = EventRecord.objects.count()

    preview = services.preview_order(order_input({"MUG-RED": 250, "TEA-1": 1}))
    tables = [
        Order.objects.count(),
        Customer.objects.count(),
        EventRecord.objects.count(),
        stock_of(shop.mug).reserved,
    ]

    assert tables == [0, 0, before, 0]
    assert (preview.short, [line.sku for line in preview.refused]) == ({1: 50}, ["MUG-RED"])
    assert preview.free == {shop.mug.pk: 200, shop.tea.pk: 200}
    placed = services.place_order(order_input({"MUG-RED": 250, "TEA-1": 1}, allow_shortage=True), actor=SYSTEM)
    assert preview.order.total == placed.total
    assert preview.order.estimated_delivery_on == placed.estimated_delivery_on
    assert [line.promised_on for line in preview.lines] == [line.promised_on for line in placed.lines.all()]


def test_a_page_is_not_in_its_own_way(shop):
    park(typed={"page": "a"})
    again = park(order_input({"TEA-1": 3}), typed={"page": "a"}, expected_version=None)

    assert again.version == 1
    with pytest.raises(StaleOrder):
        park(typed={"page": "b"}, expected_version=0)
    assert place(typed={"page": "a"}, expected_version=0).pk == again.pk


def test_what_colleagues_said_about_a_draft_outlives_its_next_version(shop, django_user_model):
    maya = django_user_model.objects.create_user("maya", is_staff=True)
    first = park()
    services.assign_order(first.pk, assignee_id=maya.pk, actor=MAYA)
    services.tag_order(first.pk, add=["rush"], actor=MAYA)
    services.set_priority(first.pk, 80, actor=MAYA)

    again = park(order_input({"TEA-1": 3}), expected_version=anew(first).version)
    placed = anew(place(expected_version=again.version))

    for order in (again, placed):
        assert (order.assignee_id, order.tags, order.priority) == (maya.pk, ["rush"], 80)
    assert placed.rank == rank_of(80, placed.placed_at)


def test_drafts_that_nobody_goes_on_with_are_thrown_away_in_their_time(shop):
    with_goods, empty = park(), park(order_input([]), token=UUID(int=8))
    offered = park(token=UUID(int=9))
    services.offer_draft(offered.pk, valid_until=timezone.localdate() + timedelta(days=100), actor=MAYA)
    placed = place(order_input(payment_terms="net14"), token=UUID(int=10))
    now = timezone.now()

    def cleared(days):
        number = services.clear_drafts(now + timedelta(days=days))
        return number, [anew(order).status for order in (with_goods, empty, offered, placed)]

    assert cleared(days=6) == (0, ["draft", "draft", "draft", "confirmed"])
    assert cleared(days=8) == (1, ["draft", "cancelled", "draft", "confirmed"])
    assert cleared(days=89) == (0, ["draft", "cancelled", "draft", "confirmed"])
    assert cleared(days=91) == (1, ["cancelled", "cancelled", "draft", "confirmed"])
    told = EventRecord.objects.filter(transition="discard").order_by("pk").values_list("thread", "actor", "note")
    assert list(told) == [
        (empty.history_thread(), "system", "Nothing was put on it for 7 days"),
        (with_goods.history_thread(), "system", "Nobody went on with it for 90 days"),
    ]
    assert list(Draft.objects.filter(open=True).values_list("order", flat=True)) == [offered.pk]


def test_a_draft_that_somebody_went_on_with_meanwhile_stays(shop):
    draft = park()
    Draft.objects.update(changed_at=timezone.now() - timedelta(days=100))
    park(expected_version=draft.version)

    assert services.clear_draft(draft.pk, at=timezone.now()) is False
    assert anew(draft).status == "draft"
