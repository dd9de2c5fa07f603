"""A step for many debts that tests can spoil, somebody who may take it, and her desk."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from core import bulk, outbox
from core.actors import Actor
from core.admin.bulk import OFFERED, BulkSpec, offer
from core.models import BulkJob, BulkRow, Delivery, EventRecord, User
from core.service import note_change, service

TABLE, PAGE = "core.delivery", "admin:core_delivery_changelist"
BACKEND = "django.contrib.auth.backends.ModelBackend"
MAYA = Actor("staff", "maya")


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
