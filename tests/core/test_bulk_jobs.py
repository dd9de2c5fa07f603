"""Bulk jobs: each row once, whatever happens to the process, with a result that says why not."""

import json
from datetime import timedelta

import pytest
from django import forms
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import bulk, outbox
from core.actors import Actor
from core.admin import bulk_running
from core.admin.bulk import OFFERED, BulkSpec, PersonForm, offer
from core.errors import Conflict
from core.housekeeping import clear_away
from core.models import BulkJob, BulkRow, Delivery, EventRecord, User
from core.service import note_change, service

pytestmark = pytest.mark.django_db

TABLE, PAGE = "core.delivery", "admin:core_delivery_changelist"
BACKEND = "django.contrib.auth.backends.ModelBackend"
MAYA = Actor("staff", "maya")


class Killed(BaseException):
    """The end of a process, as far as a test can tell."""


@pytest.fixture
def step():
    """Offer a step on the list of debts that notes each row it is taken for; tests say what becomes of which."""
    trouble: dict[int, BaseException] = {}

    @service
    def ring(pk: int, *, actor: Actor) -> None:
        debt = Delivery.objects.get(pk=pk)
        note_change(debt, "tests.rung", actor=actor)
        if pk in trouble:
            raise trouble[pk]

    def rung(debt, said):
        return EventRecord.objects.filter(name="tests.rung", subject_id=debt.pk).exists()

    offer(TABLE, "ring", BulkSpec("Ring", ring, "core.change_delivery", already=rung))
    yield trouble
    OFFERED[TABLE].pop("ring")


@pytest.fixture
def maya(db):
    """Return somebody who may take the step."""
    user = User.objects.create_user("maya", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_delivery", "change_delivery"]))
    return user


@pytest.fixture
def desk(maya):
    """Return the browser of somebody who may take the step."""
    browser = Client()
    browser.force_login(maya, backend=BACKEND)
    return browser


def debts(count):
    events = EventRecord.objects.bulk_create(EventRecord(name="a.b", actor="system") for _ in range(count))
    made = Delivery.objects.bulk_create(Delivery(event=event, handler="a.b.c", status="dead") for event in events)
    return [debt.pk for debt in made]


def begun(owner, ids, **given):
    wanted = bulk.Wanted(**{"table": TABLE, "step": "ring", "token": "t", "owner_id": owner.pk, "said": {}, **given})
    job, _new = bulk.begin(wanted, ids, actor=MAYA)
    return job


def work_off(job):
    """Pay what a job owes, turn by turn, also where a turn was killed."""
    Delivery.objects.filter(event__thread=f"core.bulkjob:{job.pk}").update(due_at=timezone.now())
    outbox.drain(threads=[f"core.bulkjob:{job.pk}"])
    return BulkJob.objects.get(pk=job.pk)


def rows(job):
    return list(BulkRow.objects.filter(job=job).order_by("pk").values_list("status", "reason"))


def rung():
    """Return how often each row was rung."""
    return sorted(EventRecord.objects.filter(name="tests.rung").values_list("subject_id", flat=True))


def test_every_row_has_its_own_end_and_one_refusal_stops_nothing(step, maya):
    ids = debts(5)
    step[ids[1]] = Conflict("It is Sunday")
    step[ids[3]] = ZeroDivisionError("broken")
    job = begun(maya, ids)

    ended = work_off(job)

    assert ended.status == "partially_succeeded"
    assert bulk.tally(ended) == bulk.Tally(total=5, done=3, refused=2)
    broken = f"Something broke; nothing was changed. The log knows more ({job.reference[:13]})."
    assert rows(job) == [("done", ""), ("refused", "It is Sunday"), ("done", ""), ("refused", broken), ("done", "")]
    # What was refused left nothing behind, not even its history.
    assert rung() == [ids[0], ids[2], ids[4]]


def test_what_one_job_did_is_tied_together_in_the_log_and_done_by_the_person(step, maya):
    job = begun(maya, debts(2))

    work_off(job)

    entries = EventRecord.objects.filter(request_id=job.reference).order_by("pk")
    assert list(entries.values_list("name", "actor")) == [
        ("core.bulk_job_due", "staff:maya"), ("tests.rung", "staff:maya"), ("tests.rung", "staff:maya"),
    ]  # fmt: skip


def test_killed_in_the_middle_it_goes_on_and_nothing_happens_twice(step, maya):
    ids = debts(6)
    step[ids[3]] = Killed()
    job = begun(maya, ids)
    with pytest.raises(Killed):
        work_off(job)
    assert bulk.tally(job) == bulk.Tally(total=6, done=3)

    step.clear()
    ended = work_off(job)

    assert ended.status == "succeeded"
    assert rung() == ids


def test_a_long_job_owes_turn_after_turn(step, maya, monkeypatch):
    monkeypatch.setattr(bulk_running, "TURN_S", 0)
    ids = debts(3)
    job = begun(maya, ids)

    ended = work_off(job)

    assert ended.status == "succeeded"
    assert rung() == ids
    assert [e.payload["turn"] for e in EventRecord.objects.filter(name="core.bulk_job_due").order_by("pk")] == [
        1,
        2,
        3,
    ]


def test_the_same_again_says_that_it_was_so_already(step, maya):
    ids = debts(3)
    work_off(begun(maya, ids))

    again = work_off(begun(maya, ids, token="u"))

    assert (again.status, bulk.tally(again)) == ("succeeded", bulk.Tally(total=3, skipped=3))
    assert rung() == ids


def test_a_page_sent_twice_is_one_job(step, desk):
    ids = debts(2)
    sent = {"action": "ring", "_selected_action": ids, "confirmed": "1", "token": "abc", "counted": "2"}

    first = desk.post(reverse(PAGE), sent)
    second = desk.post(reverse(PAGE), sent)

    assert BulkJob.objects.count() == 1
    assert (first.status_code, second.status_code) == (302, 302)
    assert rung() == ids


def test_permission_is_asked_for_again_with_each_row(step, maya, monkeypatch):
    monkeypatch.setattr(bulk_running, "FRESH_S", -1)
    ids = debts(4)
    take = bulk.take_row

    def until_the_third(row_id, *, act):
        if BulkRow.objects.filter(status="done").count() == 2:
            maya.user_permissions.clear()
        return take(row_id, act=act)

    monkeypatch.setattr(bulk, "take_row", until_the_third)
    job = work_off(begun(maya, ids))

    assert [status for status, _ in rows(job)] == ["done", "done", "refused", "refused"]
    assert rows(job)[2][1] == "You may not do this any more."
    assert rung() == ids[:2]


def test_what_the_list_does_not_show_the_person_is_not_touched(step, maya, monkeypatch):
    ids = debts(2)
    table = bulk_running.admin_of(BulkJob(table=TABLE))
    seen = type(table).get_queryset

    def without_the_first(self, request):
        assert request.user == maya
        return seen(self, request).exclude(pk=ids[0])

    monkeypatch.setattr(type(table), "get_queryset", without_the_first)
    job = work_off(begun(maya, ids))

    assert rows(job) == [("refused", "It does not exist any more, or is not yours to see."), ("done", "")]


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


def test_a_job_whose_turns_all_died_is_over_and_says_so(step, maya):
    job = begun(maya, debts(1))
    debt = Delivery.objects.get(event__thread=f"core.bulkjob:{job.pk}")
    Delivery.objects.filter(pk=debt.pk).update(attempts=outbox.MAX_ATTEMPTS)

    outbox.deliver(debt.pk)
    outbox.drain()

    ended = BulkJob.objects.get()
    assert (ended.status, ended.problem) == ("failed", "Its process ended again and again; see the debts.")


def test_what_the_form_said_is_said_again_to_each_turn(maya):
    said = []

    class Ask(PersonForm):
        def prepare(self):
            self.fields["who"] = forms.CharField()

    offer(TABLE, "ask", BulkSpec("Ask", lambda pk, *, actor, who: said.append((pk, who)), "core.change_delivery", Ask))
    ids = debts(2)
    job = work_off(begun(maya, ids, step="ask", said={"who": ["Ada"]}))
    wrong = work_off(begun(maya, ids, step="ask", token="u", said={"who": [""]}))
    OFFERED[TABLE].pop("ask")

    assert (job.status, said) == ("succeeded", [(ids[0], "Ada"), (ids[1], "Ada")])
    assert (wrong.status, wrong.problem) == ("failed", "This field is required.")


def test_a_step_that_is_gone_fails_in_words(maya):
    job = work_off(begun(maya, debts(1), step="gone"))

    assert (job.status, job.problem) == ("failed", "This list does not offer the step any more.")


def test_jobs_are_kept_for_ninety_days(step, maya):
    old, young = work_off(begun(maya, debts(1))), work_off(begun(maya, debts(1), token="u"))
    BulkJob.objects.filter(pk=old.pk).update(finished_at=timezone.now() - bulk.KEEP - timedelta(days=1))

    clear_away()

    assert list(BulkJob.objects.values_list("pk", flat=True)) == [young.pk]
    assert BulkRow.objects.filter(job=old).count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_turns_at_the_same_moment_share_the_rows(step, maya, concurrently):
    ids = debts(20)
    job = begun(maya, ids)

    concurrently(*[lambda: bulk_running.run_turn(job.pk, 1)] * 3)

    assert BulkJob.objects.get(pk=job.pk).status == "succeeded"
    assert rung() == ids
    connection.close()
