"""The steps for many orders: each order on its own, what is so already is left alone, and every change is told."""

import csv
import io

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from core import outbox
from core.actors import SYSTEM, Actor
from core.bulk import Tally, tally
from core.files import read_file
from core.models import BulkJob, BulkRow, EventRecord, User
from orders import services
from orders.errors import InvalidOrder
from orders.models import Hold
from tests.orders.views import LIST
from tests.scenarios import anew, confirmed_order, paid, placed_order

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")


@pytest.fixture
def maya(shop):
    """Return somebody of the order desk."""
    user = User.objects.create_user("maya", first_name="Maya", is_staff=True)
    wanted = ["view_order", "operate_order", "view_customer"]
    user.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    return user


@pytest.fixture
def desk(maya):
    """Return the browser of the order desk."""
    browser = Client()
    browser.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def act(desk, step, orders, address=LIST, **said):
    """Take a step for orders, confirmed at once; return its job."""
    chosen = {"action": step, "_selected_action": [order.pk for order in orders], "confirmed": "1"}
    answer = desk.post(address, {**chosen, **said})
    assert answer.status_code == 302, answer.context["form"].errors
    job = BulkJob.objects.latest("pk")
    outbox.drain(threads=[f"core.bulkjob:{job.pk}"])
    return BulkJob.objects.get(pk=job.pk)


def results(job):
    return list(BulkRow.objects.filter(job=job).order_by("pk").values_list("status", "reason"))


def test_what_may_be_confirmed_is_and_the_rest_says_why(desk):
    done, waiting = confirmed_order(), placed_order({"TEA-1": 2})

    job = act(desk, "confirm_many", [done, waiting])

    assert job.status == "partially_succeeded"
    assert results(job) == [("skipped", ""), ("refused", "Waiting for payment of €14.23")]
    assert [anew(done).status, anew(waiting).status] == ["confirmed", "verified"]


def test_a_hold_is_placed_once_for_each(desk):
    orders = [confirmed_order({"MUG-RED": n + 1}) for n in range(2)]
    said = {"kind": "manual", "reason": "Call first", "blocks": ["release"]}

    first = act(desk, "hold_many", orders, **said)
    again = act(desk, "hold_many", orders, **said)

    assert [tally(first), tally(again)] == [Tally(total=2, done=2), Tally(total=2, skipped=2)]
    assert [hold.blocks for hold in Hold.objects.order_by("pk")] == [["release"], ["release"]]
    assert [anew(order).hold_reason for order in orders] == ["Call first", "Call first"]


def test_orders_are_given_to_a_colleague_and_taken_from_her(desk, maya):
    tom = User.objects.create_user("tom", first_name="Tom", is_staff=True)
    User.objects.create_user("ann", is_staff=True, is_active=False)
    order = confirmed_order()
    asked = desk.post(LIST, {"action": "assign_many", "_selected_action": [order.pk]}).context["form"]

    job = act(desk, "assign_many", [order], assignee=tom.pk)
    entry = EventRecord.objects.get(name="orders.assigned")
    taken = act(desk, "assign_many", [order], assignee="")

    assert [label for _pk, label in asked.fields["assignee"].choices] == ["nobody in particular", "Maya (me)", "Tom"]
    assert asked["assignee"].initial == maya.pk
    assert (job.status, taken.status, anew(order).assignee) == ("succeeded", "succeeded", None)
    assert entry.payload == {"before": {"assignee": ""}, "after": {"assignee": "tom"}}
    assert (entry.actor, entry.request_id, entry.thread) == ("staff:maya", job.reference, f"orders.order:{order.pk}")


def test_tags_are_put_on_and_taken_off(desk):
    order = confirmed_order(tags=("gift", "late"))

    act(desk, "tag_many", [order], add="vip, gift , vip", remove="late")
    again = act(desk, "tag_many", [order], add="vip", remove="late")

    assert anew(order).tags == ["gift", "vip"]
    assert tally(again) == Tally(total=1, skipped=1)


@pytest.mark.parametrize(
    ("said", "field", "told"),
    [
        ({}, "add", "Name at least one tag, or one to take off."),
        ({"add": "a", "remove": "a"}, "remove", "“a” is to be put on, too."),
        ({"add": "x" * 41}, "add", "A tag has at most 40 characters."),
    ],
)
def test_tags_that_make_no_sense_are_told_beside_the_field(desk, said, field, told):
    order = confirmed_order()

    answer = desk.post(LIST, {"action": "tag_many", "_selected_action": [order.pk], "confirmed": "1", **said})

    assert answer.context["form"].errors[field] == [told]
    assert BulkJob.objects.count() == 0


def test_fifty_tags_are_the_most(shop):
    order = confirmed_order()

    with pytest.raises(InvalidOrder):
        services.tag_order(order.pk, add=[f"t{n}" for n in range(51)], actor=SYSTEM)

    assert anew(order).tags == []


def test_nobody_is_assigned_who_does_not_exist(shop):
    with pytest.raises(InvalidOrder):
        services.assign_order(confirmed_order().pk, assignee_id=999_999, actor=SYSTEM)


def test_what_is_so_already_changes_nothing(shop, maya):
    order = services.assign_order(confirmed_order().pk, assignee_id=maya.pk, actor=MAYA)
    told = EventRecord.objects.count()

    services.assign_order(order.pk, assignee_id=maya.pk, actor=MAYA)
    services.tag_order(order.pk, remove=["never there"], actor=MAYA)

    assert (anew(order).version, EventRecord.objects.count()) == (order.version, told)


def test_cancelling_many_asks_why_and_gives_the_units_back(desk):
    orders = [confirmed_order({"MUG-RED": 1}) for _ in range(2)]

    job = act(desk, "cancel_many", orders, reason="Out of season")

    assert job.status == "succeeded"
    assert [anew(order).status for order in orders] == ["cancelled", "cancelled"]


def test_the_export_has_the_columns_that_were_shown_and_no_formulas(desk):
    order = confirmed_order({"MUG-RED": 2}, customer_name="=cmd()", purchase_order_number="PO-7")
    address = f"{LIST}?columns=number,customer_name,status,total,purchase_order_number,placed_at"

    job = act(desk, "export_many", [order, paid(placed_order())], address)

    table = list(csv.reader(io.StringIO(read_file(job.file).decode("utf-8-sig"))))
    assert table[0] == [
        "Number", "Customer's name", "Status", "Total", "Customer's PO number", "Placed", "Currency",
    ]  # fmt: skip
    assert table[1][:5] == [order.number, "'=cmd()", "Confirmed", str(anew(order).total), "PO-7"]
    assert (table[1][6], len(table)) == ("EUR", 3)
    answer = desk.get(reverse("admin:bulk_file", args=[job.key]))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="order-')


def test_the_export_costs_the_same_for_one_and_for_many(desk, django_assert_num_queries):
    from core.admin import bulk_export, bulk_running

    orders = [confirmed_order() for _ in range(4)]
    table = bulk_running.admin_of(BulkJob(table="orders.order"))
    request = bulk_running._request_of(User.objects.get(username="maya"))
    for some in (orders[:1], orders):
        with django_assert_num_queries(1):
            bulk_export._csv(table.batch_of(request, [order.pk for order in some], []))


def test_whoever_may_only_look_is_offered_nothing_but_the_export(desk, maya):
    maya.user_permissions.remove(Permission.objects.get(codename="operate_order"))
    order = confirmed_order()

    answer = desk.get(LIST)
    desk.post(LIST, {"action": "cancel_many", "_selected_action": [order.pk], "confirmed": "1", "reason": "x"})

    assert [name for name, _label in answer.context["action_form"].fields["action"].choices if name] == ["export_many"]
    assert anew(order).status == "confirmed"
