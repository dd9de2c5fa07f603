"""The company of the demo is what its script says, to the last order."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from statistics import median

import pytest
from django.db.models import F
from django.utils import timezone

from billing.models import Invoice
from core import bell, invariants
from core.models import Delivery, EventRecord, OutgoingMail, User
from customers.models import Customer
from demo import morning, story
from demo import offers as quotations
from demo.catalogue import EXPECTED, LAST_THREE, PREORDER, RELEASED_IN, SCARCE
from demo.morning import NOT_FOUND
from fulfillment import selectors as floor
from fulfillment.elsewhere import offers
from fulfillment.models import FulfillmentOrder, Shipment, Wave
from inventory.models import ExpectedReceipt, Product, RoutingRuleSet, StockItem
from orders import selectors
from orders import services as orders
from orders.models import (
    CheckCatch,
    Follower,
    FollowUp,
    Hold,
    Incident,
    IncidentOrder,
    Order,
    OrderException,
    OrderLine,
)
from orders.services.replay import replay
from pricing.models import Price
from returns.models import ReturnRequest
from tests.demo.kettle.conftest import COMPLETED, ENDED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kettle")]


def test_the_whole_story_has_1200_orders() -> None:
    assert (story.COMPLETED, story.ENDED, morning.LIVE, story.TOTAL) == (1060, 34, 106, 1200)


def test_every_order_stands_where_the_script_says() -> None:
    found = Counter(Order.objects.values_list("status", flat=True))
    assert Order.objects.count() == COMPLETED + ENDED + morning.LIVE
    assert found.pop("cancelled") + found.pop("expired") == ENDED
    assert found == {
        "completed": COMPLETED,
        "draft": 4,
        "verified": 5,
        "placed": 9,
        "confirmed": 14 + 12,
        "fulfilling": 22,
        "fulfilled": 28 + 12,
    }


def test_a_quotation_lapsed_and_another_was_asked_for_too_late_and_accepted_when_it_was_made_anew() -> None:
    over = Order.objects.filter(status="expired", draft__isnull=False).select_related("draft").order_by("pk")
    passed, too_late = over
    today = timezone.localdate()
    assert [today - one.draft.valid_until for one in over] == [timedelta(days=11), timedelta(days=7)]
    for one in over:
        offer = EventRecord.objects.get(thread=one.history_thread(), name="orders.draft_offered")
        letter = OutgoingMail.objects.get(thread=one.history_thread(), kind="quotation")
        assert one.draft.offered_at == offer.at == letter.created_at == letter.sent_at
        assert timezone.localdate(offer.at) < one.draft.valid_until
        assert one.placed_at is None
    wanted = EventRecord.objects.filter(name="orders.quotation_wanted").values_list("thread", flat=True)
    assert list(wanted) == [too_late.history_thread()]
    anew = Order.objects.get(customer=too_late.customer, draft__open=False, placed_at__isnull=False, deposit_total=0)
    assert too_late.bill_to.company == quotations.RENEWS
    assert anew.status == "confirmed"
    goods = [sorted(one.lines.values_list("sku", "quantity")) for one in (too_late, anew)]
    assert goods[0] == goods[1]


def test_an_accepted_quotation_awaits_its_deposit_and_its_customer_was_sent_the_way_to_pay() -> None:
    order = Order.objects.get(status="verified", deposit_total__gt=0)
    assert (order.deposit_total, order.paid_total) == (round(order.total * 3 / 10, 2), 0)
    letter = OutgoingMail.objects.get(thread=order.history_thread(), kind="order_received")
    assert "/track/" in letter.text
    # Beside it, quotations that can be accepted, one of them with a deposit, and one that is not offered yet.
    drafts = Order.objects.filter(status="draft").values_list("draft__valid_until", "deposit_total").order_by("pk")
    today = timezone.localdate()
    days = [(until - today).days if until else 0 for until, _deposit in drafts]
    assert (sorted(days), sum(deposit > 0 for _until, deposit in drafts)) == ([0, 1, 14, 30], 1)


def test_nine_orders_are_on_hold_one_for_each_ground() -> None:
    active = Hold.objects.filter(status=Hold.Status.ACTIVE)
    grounds = set(Hold.Kind.values) - {Hold.Kind.ARREARS, Hold.Kind.APPROVAL}  # nobody has asked for these yet
    assert sorted(active.values_list("kind", flat=True)) == sorted(grounds)
    assert len(grounds) == 9
    assert all(hold.order.status == "placed" for hold in active.select_related("order"))


def test_one_of_them_was_ordered_twice_and_stands_beside_the_other() -> None:
    held = Hold.objects.get(status=Hold.Status.ACTIVE, check_name="duplicate").order
    (found,) = [check for check in held.checks if check["name"] == "duplicate"]
    twin = Order.objects.get(number=found["data"]["number"])
    assert (found["result"], twin.status, twin.customer_id) == ("fail", "confirmed", held.customer_id)
    assert CheckCatch.objects.filter(order=held).values_list("name", "outcome").get() == ("duplicate", "open")


def test_one_cause_of_four_late_orders_is_found_and_told_to_nobody_yet() -> None:
    incident = Incident.objects.get()
    assert (incident.status, incident.sku, IncidentOrder.objects.count()) == ("found", morning.WAITED_FOR, 0)
    late = {one.order_id for one in OrderException.objects.filter(category="backorder", closed_at=None)}
    assert late <= set(orders.affected(incident).values_list("pk", flat=True))
    assert len(late) == 4


def test_the_warehouse_has_22_orders_and_12_wait_for_goods() -> None:
    at_work = FulfillmentOrder.objects.filter(order__status="fulfilling").exclude(status="planned")
    assert Counter(at_work.values_list("status", flat=True)) == {"released": 8, "picking": 6, "picked": 5, "packed": 3}
    confirmed = Order.objects.filter(status="confirmed")
    waiting = confirmed.filter(lines__backordered__gt=0).distinct()
    assert (waiting.count(), confirmed.exclude(pk__in=waiting).count()) == (12, 14)


def test_six_orders_of_hamburg_wait_in_a_wave_for_one_walk() -> None:
    wave = Wave.objects.get()
    assert (wave.status, wave.warehouse.code, wave.planned_by) == ("planned", "HAM", "staff:tom")
    ranks = list(wave.works.order_by("tote").values_list("tote", "rank"))
    assert [tote for tote, _rank in ranks] == [1, 2, 3, 4, 5, 6]
    assert ranks == sorted(ranks, key=lambda one: one[1])


def test_28_are_on_the_way_and_12_arrived_and_are_open() -> None:
    sent = Order.objects.filter(status="fulfilled")
    assert sent.exclude(fulfillment_status="delivered").count() == 28
    assert sent.filter(fulfillment_status="delivered").count() == 12


def test_seven_are_late_and_five_must_leave_today() -> None:
    today = timezone.localdate()
    late = Order.objects.filter(selectors.late(today))
    assert late.count() == 7
    assert late.filter(lines__backordered__gt=0).distinct().count() == 4
    assert late.filter(fulfillment_orders__status="packed").distinct().count() == 3
    assert floor.must_leave(today).count() == 5


def test_lena_has_a_parcel_to_follow() -> None:
    on_its_way = Order.objects.get(customer__user__username="lena", status="fulfilled")
    assert Shipment.objects.get(order=on_its_way).status == "in_transit"
    assert (on_its_way.paid_total, on_its_way.customer_name) == (on_its_way.total, "Lena Fischer")


def test_fourteen_exceptions_are_open() -> None:
    found = Counter(OrderException.objects.values_list("category", flat=True))
    assert found == {
        "backorder": 4,
        "late": 3,
        "short_pick": 2,
        "parcel_lost": 1,
        "parcel_delivery_failed": 1,
        "payment_failed": 1,
        "shortfall": 1,
        "dead_debt": 1,
    }
    assert selectors.open_exceptions().count() == 14


def test_six_returns_stand_in_different_states_and_two_are_over() -> None:
    found = Counter(ReturnRequest.objects.values_list("status", flat=True))
    assert found.pop("closed") == 2
    assert found == {"requested": 1, "authorized": 2, "received": 2, "inspected": 1}


def test_eight_invoices_are_overdue() -> None:
    overdue = Invoice.objects.filter(due_on__lt=timezone.localdate(), total__gt=F("paid_total"))
    assert overdue.count() == 8
    # Lena paid her parcel in advance.
    assert Invoice.objects.exclude(status="paid").count() == 28 + 12 - 1


def test_the_catalogue_and_the_shelves_are_as_promised() -> None:
    assert Product.objects.count() == 120
    assert list(Price.objects.filter(product__sku="MUG-RED").values_list("amount", flat=True)) == [Decimal("5.00")]
    assert list(Price.objects.filter(product__sku="TEA-1").values_list("amount", flat=True)) == [Decimal("4.20")]
    shelves = {
        (shelf.product.sku, shelf.warehouse.code): (shelf.on_hand, shelf.available)
        for shelf in StockItem.objects.select_related("product", "warehouse")
    }
    assert shelves[LAST_THREE, "HAM"] == (3, 3)
    assert all(5 <= sum(shelves.get((sku, code), (0, 0))[0] for code in ("HAM", "MUC")) <= 60 for sku in SCARCE)
    assert not any(shelves.get((sku, "BER"), (0, 0))[0] for sku in (*SCARCE, LAST_THREE))


def test_three_products_are_sold_out_and_expected_on_a_day() -> None:
    assert len(EXPECTED) == 3
    for sku in EXPECTED:
        assert not StockItem.objects.filter(product__sku=sku, on_hand__gt=0).exists()
        coming = ExpectedReceipt.objects.filter(product__sku=sku, expected_on__gte=timezone.localdate())
        assert coming.count() == 1
    late = ExpectedReceipt.objects.get(reference=morning.OVERDUE_ANNOUNCEMENT)
    assert (late.product.sku, late.quantity) == ("MUG-BLUE", 96)
    assert late.expected_on < timezone.localdate()


def test_a_product_is_sold_before_its_release_and_somebody_waits_for_it() -> None:
    tea = Product.objects.get(sku=PREORDER)
    assert (tea.backorder, tea.release_on) == (True, timezone.localdate() + timedelta(days=RELEASED_IN))
    line = OrderLine.objects.get(product=tea)
    assert line.promised_on is not None
    assert line.promised_on > tea.release_on


def test_goods_have_their_bins_their_costs_and_points_at_which_they_are_ordered_again() -> None:
    goods = Product.objects.filter(kind="stocked")
    assert not goods.filter(unit_cost=None).exists()
    assert not StockItem.objects.filter(warehouse__code__in=("HAM", "MUC"), on_hand__gt=0, bin="").exists()
    low = StockItem.objects.filter(low_since__isnull=False).values_list("product__sku", flat=True)
    assert {"POT-RED", "POT-S-SAND"} <= set(low) <= set(SCARCE) | {LAST_THREE}
    assert not FulfillmentOrder.objects.filter(kind="goods", lines__bin="").exclude(warehouse__code="BER").exists()


def test_cafe_linde_waits_for_mugs_that_munich_has() -> None:
    [linde] = [one for one in offers() if one.lines[0].order_line.sku == NOT_FOUND]
    assert linde.work.order.bill_to.company == "Café Linde"
    assert [(line.quantity, line.order_line.product.name) for line in linde.lines] == [(4, "Blue large mug")]
    assert (linde.way.warehouse.code, linde.way.has, linde.way.is_possible) == ("MUC", 9, True)
    assert linde.way.more > 0
    assert linde.way.arrives_on is not None


def test_hamburg_packs_in_19_hours_for_three_weeks_and_packed_in_two_before() -> None:
    weeks = timezone.now() - timedelta(weeks=3)
    sent = FulfillmentOrder.objects.filter(warehouse__code="HAM", shipped_at__isnull=False)
    now, before = (
        median((work.packed_at - work.picked_at).total_seconds() / 3600 for work in rows)
        for rows in (sent.filter(shipped_at__gte=weeks), sent.filter(shipped_at__lt=weeks))
    )
    assert (round(now), round(before)) == (19, 2)


def test_the_draft_would_have_had_fewer_late_orders_for_some_cents_each() -> None:
    told = replay(RoutingRuleSet.objects.get(name="The south from Munich"), orders=500)
    before, after = told["before"], told["after"]
    assert after["late_orders"] < before["late_orders"]
    assert Decimal(0) < Decimal(after["cost_per_order"]) - Decimal(before["cost_per_order"]) < Decimal("0.50")


def test_there_are_180_customers_50_of_them_companies() -> None:
    assert Counter(Customer.objects.values_list("kind", flat=True)) == {"person": 130, "company": 50}


def test_nothing_happened_in_the_future_and_numbers_follow_the_days() -> None:
    now = timezone.now()
    assert not EventRecord.objects.filter(at__gt=now).exists()
    assert not Shipment.objects.filter(delivered_at__gt=now).exists()
    assert not Shipment.objects.filter(delivered_at__lt=F("shipped_at")).exists()
    assert not Shipment.objects.filter(shipped_at__lt=F("order__placed_at")).exists()
    days = [
        timezone.localdate(at)
        for at in Order.objects.filter(placed_at__isnull=False).order_by("pk").values_list("placed_at", flat=True)
    ]
    assert days == sorted(days)
    assert timezone.localdate() - days[0] == timedelta(days=story.DAYS)


def test_history_was_made_in_working_hours() -> None:
    before_today = Order.objects.filter(placed_at__date__lt=timezone.localdate()).values_list("placed_at", flat=True)
    assert {timezone.localtime(at).hour for at in before_today} <= set(range(8, 18))
    left = Shipment.objects.filter(order__shipping_method__code="standard", shipped_at__isnull=False)
    assert {timezone.localtime(at).weekday() for at in left.values_list("shipped_at", flat=True)} <= set(range(5))


def test_no_debt_is_due_and_one_was_given_up() -> None:
    undone = Delivery.objects.exclude(status="done").values_list("handler", "status")
    assert list(undone) == [("orders.handlers.send_payment_request", "dead")]


def test_live_orders_were_written_to_in_german_and_english() -> None:
    written = set(OutgoingMail.objects.values_list("kind", "language"))
    for kind in ("order_received", "order_confirmed", "shipped", "invoice", "delivered"):
        assert {(kind, "de"), (kind, "en")} <= written, kind


def test_every_mail_bears_the_moment_of_what_it_tells() -> None:
    confirmed = OutgoingMail.objects.filter(kind="order_confirmed")
    days = {order.history_thread(): order.confirmed_at for order in Order.objects.filter(confirmed_at__isnull=False)}
    assert confirmed.count() > 50
    assert all(mail.created_at == mail.sent_at == days[mail.thread] for mail in confirmed)
    invoices = {f"invoice:{invoice.number}": invoice.issued_at for invoice in Invoice.objects.all()}
    bills = OutgoingMail.objects.filter(kind="invoice")
    assert bills.count() > 20
    assert all(mail.created_at == invoices[mail.dedupe_key] for mail in bills)
    parcels = {f"shipped:{parcel.number}": parcel.shipped_at for parcel in Shipment.objects.all()}
    assert all(mail.created_at == parcels[mail.dedupe_key] for mail in OutgoingMail.objects.filter(kind="shipped"))


def test_invoices_are_dated_on_the_day_the_goods_left_and_closed_when_all_was_there() -> None:
    assert not Invoice.objects.exclude(issued_on=F("supplied_on")).exists()
    done = Order.objects.filter(status="completed", delivered_at__isnull=False)
    assert not done.filter(completed_at__lt=F("delivered_at")).exists()


def test_every_invariant_holds() -> None:
    for _code, name, check in invariants.questions():
        assert check().breaches == [], name


def test_colleagues_have_asked_maya_and_ada_something_and_there_are_days_to_look_again() -> None:
    for name in ("maya", "ada"):
        me = User.objects.get(username=name)
        kinds = [one.kind for one in bell.in_sight(list(bell.unread(me.pk)), me)]
        assert {"mentioned", "follow_up_due"} <= set(kinds)
        assert Follower.objects.filter(user=me).count() >= 2
        days = FollowUp.objects.filter(order__assignee=me).order_by("on")
        assert [day.on > timezone.localdate() for day in days] == [False, True]
