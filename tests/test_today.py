"""The first screen of the day: exact numbers, the list behind each, and what a role is told to do next."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import presence, roles, sight, today
from core.actors import SYSTEM
from core.models import BrowserSession, User
from fulfillment import capacity
from fulfillment import services as fulfillment
from fulfillment.admin.today import warehouses
from fulfillment.elsewhere import offers
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from inventory.models import StockCountLine, Warehouse
from orders.admin.today import promise_kept, taken_today
from orders.models import Order, OrderException
from tests.everything import make_everything
from tests.orders.rulesets import COSTS, active
from tests.scenarios import ADA, confirmed_order, placed_order

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
# Session, person, permissions; colleagues and their groups; then what the sections ask, none of it by row.
MOST_QUERIES = 70


@pytest.fixture
def world(shop):
    return make_everything()


def enter(client, code, **given):
    """Sign in somebody of a role."""
    user = User.objects.create_user(code, password="x", is_staff=True, **given)
    user.groups.add(roles.group_of(code))
    client.force_login(user, backend=BACKEND)
    return user


def number_in(text):
    """Return the number that a sentence begins with."""
    found = re.match(r"\D*(\d+)", text)
    return int(found[1]) if found else None


def stands_behind(client, url):
    """Return how many rows the list shows that a number leads to."""
    return client.get(url).context["cl"].result_count


# --- every number leads to the list behind it --------------------------------------------------


def test_every_number_opens_the_list_behind_it_and_the_list_shows_that_number(world, staff):
    shown = staff.get(reverse("admin:index")).context["today"]
    said = [(f"step {one.number}", one.count, one.url) for one in shown.steps]
    said += [(one.text, number_in(one.text), one.url) for one in shown.headlines if one.url and "admin" in one.url]
    said += [(f"done {one.label}", one.done, one.done_url) for one in shown.lanes]
    said += [(f"left {one.label}", one.left, one.left_url) for one in shown.lanes]
    said += [(one.label, int(one.value), one.url) for one in shown.figures if one.value.isdigit()]
    counts = {name: count for name, count, _url in said}

    assert {name: stands_behind(staff, url) for name, _count, url in said} == counts
    assert [one.number for one in shown.steps] == list(range(1, 10))
    assert sum(count > 0 for count in counts.values()) > 8, "a world of zeros proves nothing"


def test_every_row_of_a_role_has_one_button_that_opens(world):
    refused, silent = {}, []
    for code in ("desk", "warehouse", "finance", "manager", "administrator"):
        enter(client := Client(), code)
        todos = client.get(reverse("admin:index")).context["today"].todos
        assert len(todos) <= today.NEEDS_ME_ROWS
        opened = {row.url: client.get(row.url).status_code for row in todos}
        refused |= {(code, url): status for url, status in opened.items() if status != 200}
        silent += [(code, row.text) for row in todos if not row.action]
    assert (refused, silent) == ({}, [])


def test_the_page_asks_as_much_of_a_full_house_as_of_an_empty_one(shop, staff):
    staff.get(reverse("admin:index"))
    cache.clear()
    with CaptureQueriesContext(connection) as empty:
        staff.get(reverse("admin:index"))
    make_everything()
    cache.clear()
    with CaptureQueriesContext(connection) as full:
        staff.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as again:
        staff.get(reverse("admin:index"))

    # What exists is read with its relations: a handful of statements more, whatever its number.
    assert len(full) <= len(empty) + 6 <= MOST_QUERIES
    assert len(again) <= 5, "what is kept is not asked again"
    assert [one["sql"] for one in full if "COUNT(*)" in one["sql"] and "LIMIT" not in one["sql"]] == []


# --- what to do next ----------------------------------------------------------------------------


def test_one_kind_does_not_hide_the_others_and_the_most_urgent_stands_first(monkeypatch, staff):
    monkeypatch.setattr(today, "SECTIONS", {})
    many = [today.Todo(f"A-{n}", f"/a/{n}/", "Do", rank=1) for n in range(20)]
    few = [today.Todo(f"B-{n}", f"/b/{n}/", "Do", rank=2) for n in range(2)]
    today.todo(order=1)(lambda: many)
    today.SECTIONS["b"] = today.Section("b", "todo", "", 2, lambda: few)

    rows = today.page_for(User.objects.get(username="maya")).todos

    assert [row.text for row in rows] == ["A-0", "A-1", "A-2", "A-3", "A-4", "A-5", "B-0", "B-1"]


def test_the_same_button_for_the_same_record_is_shown_once(monkeypatch, staff):
    monkeypatch.setattr(today, "SECTIONS", {})
    today.SECTIONS["a"] = today.Section(
        "a", "todo", "", 1, lambda: [today.Todo("Must leave", "/ship/1/", "Ship", page="/1/")]
    )
    today.SECTIONS["b"] = today.Section(
        "b", "todo", "", 2, lambda: [today.Todo("Waits", "/ship/1/", "Ship", page="/1/")]
    )

    assert [row.text for row in today.page_for(User.objects.get(username="maya")).todos] == ["Must leave"]


def test_the_warehouse_is_told_what_must_leave_with_its_next_step(world, client):
    FulfillmentOrder.objects.filter(order=world["packed"]).update(ship_by_on=timezone.localdate() - timedelta(days=1))
    FulfillmentOrder.objects.filter(order=world["released"]).update(ship_by_on=timezone.localdate())
    FulfillmentOrder.objects.exclude(order__in=[world["packed"], world["released"]]).update(ship_by_on=None)
    Warehouse.objects.update(last_pickup_at=time(15))
    enter(client, "warehouse", first_name="Tom")

    page = client.get(reverse("admin:index"))
    rows = page.context["today"].todos

    late, due = rows[:2]
    assert (late.action, due.action) == ("Ship", "Start picking")
    assert re.match(rf"{world['packed'].number} · Buyer \d+ · should have left on ", late.text)
    assert re.match(rf"{world['released'].number} · Buyer \d+ · must leave today", due.text)
    [headline] = [one for one in page.context["today"].headlines if "leave" in one.text]
    assert headline.text == "2 must leave by 15:00."
    assert {"Put back", "Receive"} <= {row.action for row in rows}


def test_where_the_carriers_come_at_different_times_no_time_is_named(world, client):
    Warehouse.objects.filter(code="HAM").update(last_pickup_at=time(15))
    Warehouse.objects.filter(code="MUC").update(last_pickup_at=time(17))
    FulfillmentOrder.objects.update(ship_by_on=timezone.localdate())
    enter(client, "warehouse")

    texts = [one.text for one in client.get(reverse("admin:index")).context["today"].headlines]

    assert [text for text in texts if "must leave today." in text]


# --- capacity -----------------------------------------------------------------------------------


def in_hamburg(number, *, steps=0):
    """Return work in Hamburg."""
    order = confirmed_order({"MUG-RED": 1}, email=f"buyer-{number}@example.com", customer_name=f"Buyer {number}")
    fulfillment.plan_fulfillment(order.pk, actor=SYSTEM)
    [work] = FulfillmentOrder.objects.filter(order=order)
    if steps:
        fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    return work


def finish(work, *, picked_at, shipped_at):
    """Let the parcels of work leave."""
    fulfillment.fulfil_through(work.order_id, through="shipped", shipped_at=shipped_at, actor=SYSTEM)
    FulfillmentOrder.objects.filter(pk=work.pk).update(picked_at=picked_at)


def test_capacity_counts_what_is_done_and_left_and_knows_the_pace(shop):
    began = capacity.day_began()
    for number in range(4):
        finish(in_hamburg(number), picked_at=began + timedelta(hours=8), shipped_at=began + timedelta(hours=9))
    yesterday = began - timedelta(hours=3)
    finish(in_hamburg(5), picked_at=yesterday, shipped_at=yesterday)
    for number in range(6, 8):
        in_hamburg(number, steps=1)
    FulfillmentOrder.objects.filter(pk=in_hamburg(9).pk).update(ship_by_on=timezone.localdate() + timedelta(days=9))

    [ham] = capacity.progress(now=began + timedelta(hours=10))

    assert (ham.warehouse.code, ham.done, ham.left, ham.per_hour) == ("HAM", 4, 2, 2.0)
    assert ham.ends_at == began + timedelta(hours=11)


def test_before_there_is_a_pace_none_is_named(shop):
    began = capacity.day_began()
    for number in range(2):
        finish(in_hamburg(number), picked_at=began + timedelta(hours=1), shipped_at=began + timedelta(hours=2))
    in_hamburg(3, steps=1)

    [few] = capacity.progress(now=began + timedelta(hours=10))
    [lane] = warehouses()
    finish(in_hamburg(4), picked_at=began + timedelta(hours=9, minutes=50), shipped_at=began + timedelta(hours=10))
    FulfillmentOrder.objects.filter(status="shipped").update(picked_at=began + timedelta(hours=9, minutes=50))
    [early] = capacity.progress(now=began + timedelta(hours=10))

    assert (few.done, few.per_hour, few.ends_at) == (2, None, None)
    assert (lane.planned, lane.done, lane.left, lane.ends) == (3, 2, 1, "pace not known yet")
    assert (early.done, early.per_hour) == (3, None), "ten minutes are no pace"


def test_it_is_said_when_the_last_carrier_will_have_gone_or_more_is_planned_than_usual(shop):
    inventory.update_warehouse(shop.hamburg.pk, {"last_pickup_at": time(15), "daily_capacity": 4}, actor=SYSTEM)
    began = capacity.day_began()
    for number in range(3):
        finish(in_hamburg(number), picked_at=began + timedelta(hours=11), shipped_at=began + timedelta(hours=12))
    for number in range(5, 8):
        in_hamburg(number, steps=1)

    [slow] = capacity.progress(now=began + timedelta(hours=14))
    [quick] = capacity.progress(now=began + timedelta(hours=11, minutes=30))

    assert (slow.per_hour, slow.is_too_late, slow.is_too_much) == (1.0, True, True)
    assert (quick.per_hour, quick.is_too_late) == (6.0, False)


# --- figures ------------------------------------------------------------------------------------


def test_today_is_compared_with_the_same_weekday_up_to_the_same_time(shop):
    now = timezone.now()
    week = timedelta(days=7)
    orders = [placed_order(email=f"buyer-{n}@example.com", customer_name=f"Buyer {n}") for n in range(4)]
    then = Order.objects.filter(pk__in=[order.pk for order in orders[2:]])
    then.update(placed_at=now - week - timedelta(seconds=1))
    later = placed_order(email="later@example.com", customer_name="Later")
    Order.objects.filter(pk=later.pk).update(placed_at=now - week + timedelta(minutes=9))
    tried = placed_order(email="tried@example.com", customer_name="Tried")
    Order.objects.filter(pk=tried.pk).update(status="cancelled")

    count, net = taken_today()

    day = timezone.localtime(now - week).strftime("%A")
    assert (count.value, count.note) == ("2", f"as last {day} by this time")
    assert (net.value, net.note) == ("€28.40", f"€28.40 last {day} by this time")


def test_the_promise_is_kept_when_it_arrived_on_the_day_that_was_promised_first(shop):
    noon = timezone.make_aware(datetime.combine(timezone.localdate(), time(12)))
    made = []
    for number, (ago, early) in enumerate([(0, 0), (1, 2), (2, -1), (9, 0), (9, -3)]):
        order = confirmed_order({"MUG-RED": 1}, email=f"b{number}@example.com", customer_name=f"Buyer {number}")
        there = noon - timedelta(days=ago)
        Order.objects.filter(pk=order.pk).update(
            delivered_at=there, first_promised_on=there.date() + timedelta(days=early)
        )
        made.append(order)

    figure = promise_kept()

    assert (figure.value, figure.note, figure.tone) == ("67%", "2 of 3 in seven days, 50% before", "good")
    Order.objects.update(first_promised_on=None)
    assert promise_kept() is None


def test_nothing_is_counted_without_end(shop):
    assert today.spoken(today.count(Shipment.objects.all(), cap=0)) == "0"
    placed_order()
    assert today.count(Order.objects.all(), cap=0) == 1
    assert (today.spoken(999), today.spoken(1000)) == ("999", "999+")


# --- who is here --------------------------------------------------------------------------------


def seen(user, minutes):
    """Note that somebody asked for a page some minutes ago."""
    now = timezone.now()
    BrowserSession.objects.create(
        session_key=f"{user.username}-{minutes}",
        session_data="x",
        expire_date=now + timedelta(days=1),
        user=user,
        seen_at=now - timedelta(minutes=minutes),
    )


def test_colleagues_who_were_here_a_moment_ago_are_named_and_nobody_else(client, django_assert_num_queries):
    me = enter(client, "desk")
    tom = User.objects.create_user("tom", first_name="Tom", last_name="Petersen", is_staff=True)
    tom.groups.add(roles.group_of("warehouse"))
    seen(tom, 1)
    seen(tom, 4)
    for name, minutes, given in (
        ("ines", 30, {"is_staff": True}),
        ("lena", 1, {}),
        ("old", 1, {"is_staff": True, "is_active": False}),
    ):
        seen(User.objects.create_user(name, **given), minutes)

    with django_assert_num_queries(2):
        here = presence.colleagues(me)

    assert [(one.name, one.initials, one.role) for one in here] == [("Tom Petersen", "TP", "Warehouse")]
    assert "Tom Petersen" in client.get(reverse("admin:index")).content.decode()


def test_an_amount_of_nothing_is_an_amount(shop):
    assert [figure.label for figure in taken_today()] == ["Orders"]
    assert Decimal(taken_today()[0].value) == 0


# --- what was not found, sent from elsewhere ----------------------------------------------------


def not_found(shop, *, units=4):
    """Return the work that was left when the shelf in Hamburg was empty; Munich has the goods."""
    number = Order.objects.count()
    address = replace(ADA, company="Café Linde")
    order = confirmed_order(
        {"MUG-RED": units, "TEA-1": 1}, email=f"linde-{number}@example.com", shipping_address=address
    )
    fulfillment.plan_fulfillment(order.pk, actor=SYSTEM)
    [work] = FulfillmentOrder.objects.filter(order=order)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    mugs = work.lines.get(order_line__sku="MUG-RED")
    fulfillment.short_pick(work.pk, found={mugs.order_line_id: 0}, reason="Shelf is empty", actor=SYSTEM)
    return FulfillmentOrder.objects.get(order=order, status="planned")


def test_the_desk_is_offered_the_warehouse_that_has_what_was_not_found(shop, client):
    active(costs=COSTS | {"parcels": [{"warehouse": "HAM", "zone": "", "base": "1"}, COSTS["parcels"][1]]})
    rest = not_found(shop)
    enter(client, "desk")

    first = client.get(reverse("admin:index")).context["today"].todos[0]
    others = [row for row in client.get(reverse("admin:index")).context["today"].todos if "not found" in row.text]

    order = rest.order
    way = fulfillment.ways_elsewhere(rest)[0]
    assert first.text == f"{order} · Café Linde · 4 × Red mug missing in Warehouse HAM, Warehouse MUC has 100"
    assert (first.action, first.beside) == ("Ship from Warehouse MUC", True)
    assert first.detail.startswith(f"+€{way.more:.2f}, arrives ")
    assert others == [], "the exception and its way out are one row"


def test_what_was_sent_from_elsewhere_is_off_the_page_at_once_and_its_shelf_is_counted(shop, client):
    rest = not_found(shop)
    enter(client, "desk")
    row = client.get(reverse("admin:index")).context["today"].todos[0]
    form = client.get(row.url).context["form"]
    given = {"warehouse": form["warehouse"].initial, "reason": form["reason"].initial, "next": reverse("admin:index")}

    answer = client.post(row.url, given)
    left = client.get(reverse("admin:index")).context["today"].todos

    assert answer["Location"] == reverse("admin:index")
    assert given["reason"] == "4 × MUG-RED not found in HAM"
    assert [one for one in left if one.page == row.page] == []
    exception = OrderException.objects.get()
    assert (exception.status, exception.resolution) == (
        "resolved",
        "Sent from Warehouse MUC instead; the shelf is to be counted",
    )
    assert [line.stock_item.warehouse.code for line in StockCountLine.objects.filter(is_open=True)] == ["HAM"]
    assert FulfillmentOrder.objects.get(pk=rest.pk).warehouse.code == "MUC"


def test_nothing_is_offered_where_nobody_has_it_or_may_send_it(shop, client):
    rest = not_found(shop)
    inventory.update_warehouse(shop.munich.pk, {"active": False}, actor=SYSTEM)

    assert offers() == []

    inventory.update_warehouse(shop.munich.pk, {"active": True}, actor=SYSTEM)
    with sight.within({"warehouse": frozenset({"HAM"})}):
        assert offers() == []
    assert [one.work.pk for one in offers()] == [rest.pk]


def test_what_is_offered_costs_as_many_questions_for_a_hundred_as_for_three(shop):
    def asked():
        with CaptureQueriesContext(connection) as found:
            offers()
        return len(found)

    for number in range(3):
        not_found(shop, units=number + 1)
    offers()
    few = asked()
    for number in range(6):
        not_found(shop, units=number + 1)

    assert asked() == few <= 14
