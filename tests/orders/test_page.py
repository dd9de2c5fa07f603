"""The page of an order: what a caller asks in one look, and what it costs to say it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.models import EventRecord
from inventory.models import Warehouse
from orders import services as orders
from orders.models import Order, OrderLine
from orders.selectors import need
from tests.factories.billing import make_seller
from tests.factories.shop import make_priced_product
from tests.scenarios import (
    anew,
    confirmed_order,
    delivered_order,
    order_input,
    paid,
    placed_order,
    run_debts,
    shipped_order,
)

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
MANY = 500
NONSENSE = ["?lines=x", "?lines=-1", "?lines=999999999", "?until=x", "?until=2026-01-01", "?tell=x"]


@pytest.fixture(autouse=True)
def _seller(shop):
    make_seller()


def show(client, order, query="", **headers):
    """Return the page of an order."""
    response = client.get(reverse("admin:orders_order_change", args=[order.pk]) + query, headers=headers)
    assert response.status_code == 200
    return response


def way(client, order):
    """Return the stages as the reader sees them."""
    return [(one.stage.number, one.state) for one in show(client, order).context["way"]]


def told(response):
    """Return what the timeline tells, line by line."""
    return [line for moment in response.context["around"] for line in moment.lines]


def desk(django_user_model, *names):
    """Return a browser of somebody with just these permissions."""
    user = django_user_model.objects.create_user("tom", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_way_shows_nine_steps_and_one_of_them_is_now(staff, draft):
    unpaid = placed_order()
    on_its_way = shipped_order({"TEA-1": 3})
    run_debts()

    states = {order.status: [state for _number, state in way(staff, order)] for order in (draft, unpaid, on_its_way)}

    assert states["draft"] == ["now"] + ["next"] * 8
    assert states["verified"] == ["done"] * 3 + ["now"] + ["next"] * 5
    assert states["fulfilled"] == ["done"] * 5 + ["now", "done", "next", "next"]


def test_the_way_of_a_cancelled_order_ends_where_it_ended(staff):
    order = placed_order()
    orders.cancel_order(order.pk, reason="changed her mind", actor=SYSTEM)

    assert [state for _number, state in way(staff, order)] == ["done"] * 3 + ["off"] * 6
    assert b"Nothing is promised any more." in show(staff, order).content


@pytest.fixture
def draft():
    """Return a draft that could be placed."""
    return orders.save_draft(order_input(), actor=SYSTEM)


def test_each_need_has_one_main_button_for_who_may_press_it(staff, draft):
    held = placed_order({"TEA-1": 1})
    orders.place_hold(held.pk, kind="manual", reason="Call first", blocks=["confirm"], actor=MAYA)
    ready = confirmed_order({"MUG-RED": 1})
    run_debts()
    gone = shipped_order({"TEA-1": 2})

    found = {}
    for order in (draft, placed_order(), anew(held), anew(ready), gone):
        remedy = show(staff, order).context["remedy"]
        found[need(order)] = remedy.label if remedy else None

    assert found == {
        "placement": "Place the order",
        "payment": "Record a payment",
        "hold": "Lift the hold",
        "release": "Release",
        "delivery": "Follow the parcel",
    }


def test_who_may_only_look_may_follow_and_gets_no_other_button_and_no_form(django_user_model):
    order = placed_order()
    page = show(desk(django_user_model, "view_order"), order)

    assert page.context["remedy"] is None
    assert page.context["steps"] == []
    assert page.context["closed_steps"] == []
    assert page.context["remark"] is None
    forms = page.content.decode().split("<main")[1].split("</main")[0].split('<form method="post"')[1:]
    assert [form.split('action="')[1].split('"')[0] for form in forms] == [
        f"/admin/orders/order/{order.pk}/do/follow/"
    ]


def test_a_step_that_is_closed_says_why_where_it_can_be_changed(staff):
    order = placed_order()

    closed = {step.name: step.why_not for step in show(staff, order).context["closed_steps"]}

    assert closed == {"confirm": "Waiting for payment of €22.06"}


def test_the_main_button_does_not_stand_beside_itself(staff):
    order = paid(placed_order())
    run_debts()
    page = show(staff, order).content.decode()

    assert page.count('<section class="standing') == 1
    main = re.search("<main.*</main>", page, re.DOTALL)[0]
    assert re.findall(r'class="button primary[^>]*href="([^"?]*)', main) == [
        re.search(r'<section class="standing.*?<a [^>]*href="([^"?]*)', main, re.DOTALL)[1]
    ]


def test_lines_say_from_which_warehouse_their_units_come(staff):
    order = confirmed_order({"MUG-RED": 2, "TEA-1": 1})
    place = Warehouse.objects.filter(stock_items__allocations__reservation=order.reservation_id).first()

    page = show(staff, order).content.decode()

    assert f"<small>{place.code}</small>" in page
    assert "Waiting</th>" not in page, "a column of nothing only disturbs"


def with_lines(count):
    """Return an order with so many lines: one, and copies of it."""
    order = confirmed_order({"MUG-RED": 1 if count < MANY else 2})
    line = OrderLine.objects.get(order=order)
    values = {field.attname: getattr(line, field.attname) for field in OrderLine._meta.fields if not field.primary_key}
    OrderLine.objects.bulk_create(OrderLine(**{**values, "position": line.position + n}) for n in range(1, count))
    return order


def test_the_page_asks_as_much_for_five_lines_as_for_five_hundred(staff):
    def asked(order):
        show(staff, order)
        with CaptureQueriesContext(connection) as queries:
            page = show(staff, order)
        return len(queries), page

    few, _page = asked(with_lines(5))
    many, page = asked(with_lines(MANY))

    assert few == many
    assert few <= 24
    assert page.content.count(b'class="line-name"') == 51, "fifty lines, and the charge for shipping"
    assert b"450 lines are not shown" in page.content
    more = show(staff, Order.objects.latest("pk"), "?lines=250")
    assert more.content.count(b'class="line-name"') == 251


def test_a_parcel_of_ten_articles_names_eight_and_counts_the_rest(staff):
    goods = {f"TIN-{n:02}": n for n in range(1, 11)}
    for sku in goods:
        make_priced_product(sku, "1.00", stock={"HAM": 20})
    order = shipped_order(goods)

    text = staff.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    named = ", ".join(f'{n} × <span title="Tin {n:02}">TIN-{n:02}</span>' for n in range(1, 9))
    assert text.count(f'<td>{named} <span class="quiet">and 2 more</span></td>') == 2, "the parcel and its work"


@pytest.mark.parametrize(
    "query", ["?lines=x", "?lines=-1", "?lines=999999999", "?until=x", "?until=2026-01-01", "?tell=x"]
)
def test_nonsense_in_the_address_is_not_minded(staff, query):
    show(staff, placed_order(), query)


def test_the_timeline_is_read_whole_or_by_what_one_wants(staff):
    order = placed_order()
    orders.add_comment(order.pk, "Rang twice", actor=MAYA)
    orders.set_priority(order.pk, 80, actor=MAYA)
    run_debts()

    everything = {line.text for line in told(show(staff, order))}
    comments = told(show(staff, order, "?tell=comments"))
    passages = {line.text for line in told(show(staff, order, "?tell=status"))}
    changes = told(show(staff, order, "?tell=changes"))

    assert {"Comment", "Order: Verified", "Priority set"} <= everything
    assert [(line.note, line.actor) for line in comments] == [("Rang twice", "staff:maya")]
    assert passages == {"Order: Placed", "Order: Verified"}
    assert [line.changes for line in changes] == [(("Priority", "50", "80"),)]
    assert [line.icon for line in told(show(staff, order, "?tell=mails"))] == ["mail"]


def test_a_long_timeline_goes_on_without_gap_or_double(staff):
    order = placed_order()
    now = timezone.now()
    EventRecord.objects.bulk_create(
        EventRecord(
            name="orders.noted",
            actor="staff:maya",
            thread=order.history_thread(),
            note=str(n),
            # Three of them in the same instant, across the edge of a page.
            at=now - timedelta(hours=max(n, 3) if n < 26 and n > 22 else n),
        )
        for n in range(70)
    )

    notes, query = [], ""
    for _page in range(9):
        page = show(staff, order, query)
        notes += [line.note for line in told(page) if line.note]
        if not page.context["older"]:
            break
        query = f"?{page.context['older']}"

    assert sorted(notes, key=int) == [str(n) for n in range(70)]


def test_before_and_after_stand_behind_one_click(staff):
    order = placed_order()
    orders.set_priority(order.pk, 80, actor=MAYA)

    page = show(staff, order).content.decode()

    diff = page.split('<details class="diff">')[1].split("</details>")[0]
    assert "Priority set" in diff
    assert "50</del>" in diff
    assert "80</ins>" in diff


def test_a_step_in_the_drawer_is_the_same_page_without_its_frame(staff):
    order = placed_order()
    url = reverse("admin:orders_order_do", args=[order.pk, "cancel"])

    whole, beside = staff.get(url), staff.get(url, headers={"X-Aside": "1"})

    assert b"What will happen" in beside.content
    assert b"<html" in whole.content
    assert b"<html" not in beside.content
    assert b'class="sidebar"' not in beside.content


def test_a_step_taken_in_the_drawer_says_where_to_go_and_a_wrong_one_stays(staff):
    order = placed_order()
    url = reverse("admin:orders_order_do", args=[order.pk, "cancel"])

    wrong = staff.post(url, {"reason": ""}, headers={"X-Aside": "1"})
    assert anew(order).status == "verified"
    done = staff.post(url, {"reason": "too late"}, headers={"X-Aside": "1"})

    assert wrong.status_code == 200
    assert b'aria-describedby="id_reason_error"' in wrong.content
    assert (done.status_code, done.headers["X-Go-To"]) == (204, reverse("admin:orders_order_change", args=[order.pk]))
    assert anew(order).status == "cancelled"


def test_the_drawer_is_closed_to_who_may_not_take_the_step(django_user_model):
    order = placed_order()
    client = desk(django_user_model, "view_order")
    url = reverse("admin:orders_order_do", args=[order.pk, "cancel"])

    assert client.post(url, {"reason": "x"}, headers={"X-Aside": "1"}).status_code == 403
    assert anew(order).status == "verified"


def test_money_now_is_exact_and_its_papers_are_for_who_may_see_them(staff, django_user_model):
    order = delivered_order()
    run_debts()
    order = anew(order)

    cards = {card["title"]: card["body"] for card in show(staff, order).context["cards"]}
    plain = {
        card["title"]: card["body"] for card in show(desk(django_user_model, "view_order"), order).context["cards"]
    }

    assert order.balance_due == Decimal("22.06")
    assert cards["Money"].count("€22.06") == 2
    assert "INV-" in cards["Money"]
    assert "INV-" not in plain["Money"]
    assert "Parcels" not in plain
