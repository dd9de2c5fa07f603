"""Bulk jobs: each row once, whatever happens to the process, with a result that says why not."""

from datetime import timedelta

import pytest
from django import forms
from django.db import connection
from django.utils import timezone

from core import bulk, outbox
from core.admin import bulk_running
from core.admin.bulk import OFFERED, BulkSpec, PersonForm, offer
from core.errors import Conflict
from core.housekeeping import clear_away
from core.models import Attachment, BulkJob, BulkRow, Delivery, EventRecord
from tests.core.ringing import TABLE, begun, debts, rows, rung, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _turn_is_long(monkeypatch):
    """Let no turn end because the machine is busy."""
    monkeypatch.setattr(bulk_running, "TURN_S", 60)


class Killed(BaseException):
    """The end of a process, as far as a test can tell."""


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


def test_what_a_job_made_goes_with_it(maya, django_capture_on_commit_callbacks):
    job = begun(maya, debts(1))
    bulk.finish_with_paper(job.pk, bulk.Paper("a.csv", b"Ada", "text/csv"), refused={})
    kept = BulkJob.objects.get().file
    BulkJob.objects.update(finished_at=timezone.now() - bulk.KEEP - timedelta(days=1))

    with django_capture_on_commit_callbacks(execute=True):
        clear_away()

    assert (BulkJob.objects.count(), Attachment.objects.count()) == (0, 0)
    assert not kept.file.storage.exists(kept.file.name)


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
