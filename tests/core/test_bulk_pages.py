"""The pages of bulk jobs: what is meant, how far it is, what was refused, and who may read and repeat it."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from core import bulk
from core.errors import Conflict
from core.models import BulkJob, BulkRow, Delivery, User
from tests.core.ringing import BACKEND, PAGE, begun, debts, rung, work_off

pytestmark = pytest.mark.django_db


def test_a_page_sent_twice_is_one_job(step, desk):
    ids = debts(2)
    sent = {"action": "ring", "_selected_action": ids, "confirmed": "1", "token": "abc", "counted": "2"}

    first = desk.post(reverse(PAGE), sent)
    second = desk.post(reverse(PAGE), sent)

    assert BulkJob.objects.count() == 1
    assert (first.status_code, second.status_code) == (302, 302)
    assert rung() == ids


def test_nobody_without_the_permission_begins_one(step, maya, desk):
    maya.user_permissions.remove(Permission.objects.get(codename="change_delivery"))

    desk.post(reverse(PAGE), {"action": "ring", "_selected_action": debts(1), "confirmed": "1"})

    assert BulkJob.objects.count() == 0


def test_a_stopped_job_leaves_the_rest_alone_and_can_be_taken_up(step, maya, desk):
    ids = debts(30)
    job = begun(maya, ids, back="/admin/core/delivery/")
    page = reverse("admin:bulk_job", args=[job.key])

    desk.post(f"{page}cancel/")
    work_off(job)
    assert rung() == []
    assert "Do the 30 that are left" in desk.get(page).content.decode()

    answer = desk.post(f"{page}again/")
    following = BulkJob.objects.get(again_of=job)
    assert desk.post(f"{page}again/").headers["Location"] == answer.headers["Location"]
    assert (work_off(following).status, rung()) == ("succeeded", ids)


def test_only_what_was_refused_is_tried_again(step, maya, desk):
    ids = debts(4)
    step[ids[2]] = Conflict("It is Sunday")
    job = work_off(begun(maya, ids))
    page = reverse("admin:bulk_job", args=[job.key])
    assert "Try the 1 again" in desk.get(page).content.decode()

    step.clear()
    shown = desk.post(f"{page}again/", follow=True).content.decode()

    assert "1 done" in shown
    assert list(BulkRow.objects.filter(job__again_of=job).values_list("subject_id", flat=True)) == [ids[2]]
    assert rung() == ids


def test_the_page_names_each_refused_row_with_reason_and_link(step, maya, desk):
    ids = debts(3)
    step[ids[0]] = Conflict("It is Sunday")
    job = work_off(begun(maya, ids, about="State: Given up"))

    shown = desk.get(reverse("admin:bulk_job", args=[job.key])).content.decode()

    assert "Ring: 3 debts" in shown
    assert "2 done, 1 refused" in shown
    assert reverse("admin:core_delivery_change", args=[ids[0]]) in shown
    assert reverse("admin:core_delivery_change", args=[ids[1]]) not in shown
    assert "It is Sunday" in shown


def test_the_page_asks_the_same_however_many_rows_there_are(step, maya, desk, django_assert_num_queries):
    few, many = work_off(begun(maya, debts(2))), work_off(begun(maya, debts(60), token="u"))

    for job in (few, many):
        with django_assert_num_queries(8):
            desk.get(reverse("admin:bulk_job", args=[job.key]))
        with django_assert_num_queries(4):
            desk.get(reverse("admin:bulk_progress", args=[job.key]))


def test_what_a_colleague_did_is_read_but_not_repeated_or_stopped(step, maya, staff_of_another_desk):
    ids = debts(2)
    step[ids[1]] = Conflict("It is Sunday")
    job = work_off(begun(maya, ids))

    history = staff_of_another_desk.get(reverse("admin:core_delivery_history", args=[ids[0]])).content.decode()
    page = reverse("admin:bulk_job", args=[job.key])
    shown = staff_of_another_desk.get(page).content.decode()

    assert f'<a href="{page}">' in history
    assert "1 done, 1 refused" in shown
    assert "It is Sunday" in shown
    assert "Try the" not in shown
    assert staff_of_another_desk.post(f"{page}again/").status_code == 404


def test_progress_is_told_to_those_who_see_the_list_and_to_nobody_else(step, maya, desk, staff_of_another_desk):
    job = begun(maya, debts(3))
    address = reverse("admin:bulk_progress", args=[job.key])
    bulk.take_row(bulk.waiting(job, 1)[0], act=lambda pk: True)

    told = json.loads(desk.get(address).content)

    assert told["over"] is False
    assert "1 done" in told["shown"]
    assert "2 to go" in told["shown"]
    stranger = Client()
    stranger.force_login(User.objects.create_user("tom", is_staff=True), backend=BACKEND)
    for name in ("bulk_job", "bulk_progress", "bulk_file"):
        assert stranger.get(reverse(f"admin:{name}", args=[job.key])).status_code == 404
    assert staff_of_another_desk.get(reverse("admin:bulk_file", args=[job.key])).status_code == 404
    assert staff_of_another_desk.post(reverse("admin:bulk_cancel", args=[job.key])).status_code == 404


@pytest.fixture
def staff_of_another_desk(db):
    """Return the browser of a colleague who may do everything."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("boss"), backend=BACKEND)
    return browser


def test_a_list_that_grew_meanwhile_is_looked_at_again(step, desk):
    debts(3)
    every = {"action": "ring", "select_across": "1", "_selected_action": [Delivery.objects.first().pk]}
    asked = desk.post(reverse(PAGE) + "?state=dead", every)
    assert (asked.context["count"], asked.context["about"]) == (3, "State: Given up")
    debts(1)

    sent = {**every, "confirmed": "1", "token": "abc", "counted": "3"}
    answer = desk.post(reverse(PAGE) + "?state=dead", sent)

    assert "Meanwhile the list has changed" in answer.content.decode()
    assert (answer.context["count"], BulkJob.objects.count()) == (4, 0)
    desk.post(reverse(PAGE) + "?state=dead", {**sent, "counted": "4"})
    assert BulkJob.objects.get().total == 4


def test_more_than_the_most_is_refused_before_anything_happens(step, desk, monkeypatch):
    monkeypatch.setattr("core.admin.bulk.LIMIT", 2)
    debts(3)

    every = {"action": "ring", "select_across": "1", "_selected_action": [Delivery.objects.first().pk]}
    answer = desk.post(reverse(PAGE), every, follow=True)

    assert "That is more than 2 rows at once" in answer.content.decode()
    assert BulkJob.objects.count() == 0


@pytest.mark.parametrize(
    "sent",
    [
        {"_selected_action": ["x", "1" * 30, "-1"]},
        {"_selected_action": []},
        {"_selected_action": ["1"], "token": "\0'", "counted": "x"},
        {"_selected_action": ["999999"], "select_across": "2", "index": "9"},
        {"_selected_action": ["1"], "select_across": "1"},
        {"_selected_action": ["1"], "action": "no-such-step"},
    ],
)
def test_nonsense_is_answered_and_begins_nothing_by_mistake(step, desk, sent):
    debts(1)

    answer = desk.post(reverse(PAGE), {"action": "ring", "confirmed": "1", **sent}, follow=True)

    assert answer.status_code == 200
    assert rung() == []
