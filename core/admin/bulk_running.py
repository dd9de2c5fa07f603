"""What a worker does with a bulk job: turn by turn, row by row, on behalf of whoever asked for it.

What the person may do and see is asked again for each row, as the list of the back office would ask it.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core import bulk, outbox, sight
from core.actors import Actor, within_request
from core.admin.actors import actor_for
from core.admin.site import site
from core.errors import DomainError, Missing, NotAllowed
from core.middleware import zone_of
from core.models import BulkJob, Delivery, User
from core.stopping import stopping

logger = logging.getLogger(__name__)
# How long one turn lasts: whatever else is owed waits no longer behind a long job.
TURN_S = 2.0
# How old what we know about the person may be.
FRESH_S = 1.0
AT_A_TIME = 50
PAUSE_S = 0.05


@dataclass
class Desk:
    """The list a job came from, with somebody at it."""

    admin: Any
    spec: Any
    request: HttpRequest
    values: dict[str, Any]
    read_at: float

    @property
    def actor(self) -> Actor:
        """Return who does it."""
        return actor_for(self.request)

    def may(self) -> bool:
        """Whether the person may still do this; read anew when what we know is a second old."""
        if time.monotonic() - self.read_at > FRESH_S:
            self.request.user = User.objects.get(pk=self.request.user.pk)
            self.read_at = time.monotonic()
        user: Any = self.request.user
        return bool(user.is_active and user.is_staff and user.has_perm(self.spec.permission))


def admin_of(job: BulkJob) -> Any:
    """Return the list that a job came from; None where there is no such list any more."""
    return next((table for model, table in site._registry.items() if model._meta.label_lower == job.table), None)


def spec_of(job: BulkJob) -> Any:
    """Return the step that a job takes; None where the list does not offer it any more."""
    table = admin_of(job)
    return table.bulk_specs().get(job.step) if table is not None and hasattr(table, "bulk_specs") else None


def pay_now(job: BulkJob) -> BulkJob:
    """Let the request take the first turn itself; where a worker was faster, wait a moment for it."""
    debts = Delivery.objects.filter(event__thread=f"core.bulkjob:{job.pk}", status=Delivery.Status.PENDING)
    for debt in debts.values_list("pk", flat=True):
        outbox.deliver(debt)
    end = time.monotonic() + TURN_S / 2
    while bulk.is_wanted(job.pk) and time.monotonic() < end and debts.exists():
        time.sleep(PAUSE_S)
    return BulkJob.objects.get(pk=job.pk)


def run_turn(job_id: int, turn: int) -> None:
    """Work on a job for a while; if rows are left, the next turn is owed."""
    job = bulk.take_up(job_id)
    if job is None:
        return
    with within_request(job.reference), _in_words_of(job):
        desk = _desk(job)
        if isinstance(desk, str):
            bulk.fail(job_id, desk)
        elif desk.spec.paper is not None:
            _make_paper(job, desk)
        elif not _take_rows(job, desk):
            bulk.go_on(job_id, turn=turn + 1, actor=desk.actor)


@contextmanager
def _in_words_of(job: BulkJob) -> Iterator[None]:
    """Speak the language of the person, in their time zone, and see what they see: refusals and files are for them."""
    limits = sight.within(sight.limits_of(job.owner))
    with timezone.override(zone_of(job.owner.time_zone)), translation.override(job.language), limits:
        yield


def _desk(job: BulkJob) -> Desk | str:
    """Sit down where the job was asked for; a sentence says why that is not possible."""
    table, spec = admin_of(job), spec_of(job)
    if spec is None:
        return _("This list does not offer the step any more.")
    form = spec.form_for(_query(job.said), job.owner)
    if not form.is_valid():
        return " ".join(str(error) for errors in form.errors.values() for error in errors)
    desk = Desk(table, spec, _request_of(job.owner), form.cleaned_data, time.monotonic())
    if spec.arguments is not None:
        desk.values = spec.arguments(form.cleaned_data)
    return desk


def _query(said: dict[str, list[str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, values in said.items():
        query.setlist(name, values)
    return query


def _request_of(person: User) -> HttpRequest:
    """Return a request as the list would get it from this person, without a filter."""
    request = HttpRequest()
    request.method = "GET"
    request.user = person
    return request


def _take_rows(job: BulkJob, desk: Desk) -> bool:
    """Take rows until none waits, the turn is over or nobody wants them any more. True when the job is over."""
    end = time.monotonic() + TURN_S
    while rows := bulk.waiting(job, AT_A_TIME):
        taken = 0
        for row_id in rows:
            if not bulk.is_wanted(job.pk):
                return True
            taken += _take_row(job, row_id, desk)
            if stopping.is_set() or time.monotonic() > end:
                return bulk.finish(job.pk)
        if not taken:
            # The rows that are left are in the hands of another turn.
            time.sleep(PAUSE_S)
            if time.monotonic() > end:
                return False
    bulk.finish(job.pk)
    return True


def _take_row(job: BulkJob, row_id: int, desk: Desk) -> bool:
    """Do one row; what goes wrong with it is written down, and goes wrong with nothing else."""
    try:
        return bulk.take_row(row_id, act=partial(_act, desk))
    except DomainError as error:
        bulk.refuse_row(row_id, error.message)
    except Exception:
        logger.exception("A row of bulk job %s failed", job.pk)
        name = job.reference[:13]
        bulk.refuse_row(
            row_id, _("Something broke; nothing was changed. The log knows more (%(name)s).") % {"name": name}
        )
    return True


def _act(desk: Desk, subject_id: int) -> bool:
    if not desk.may():
        raise NotAllowed(_("You may not do this any more."))
    with sight.within(sight.limits_of(desk.request.user)):
        subject = desk.admin.get_queryset(desk.request).filter(pk=subject_id).first()
    if subject is None or not desk.admin.has_view_permission(desk.request, subject):
        raise Missing(_("It does not exist any more, or is not yours to see."))
    if desk.spec.already is not None and desk.spec.already(subject, desk.values):
        return False
    desk.spec.service(subject_id, actor=desk.actor, **desk.values)
    return True


def _make_paper(job: BulkJob, desk: Desk) -> None:
    """Make the file of all rows that the person may see."""
    if not desk.may():
        bulk.fail(job.pk, _("You may not do this any more."))
        return
    wanted = list(job.rows.order_by("pk").values_list("subject_id", flat=True))
    seen = set(desk.admin.get_queryset(desk.request).filter(pk__in=wanted).order_by().values_list("pk", flat=True))
    ids = [pk for pk in wanted if pk in seen]
    batch = desk.admin.batch_of(desk.request, ids, job.columns)
    try:
        paper, refused = desk.spec.paper(batch) if ids else (None, {})
    except DomainError as error:
        bulk.fail(job.pk, error.message)
        return
    unseen = dict.fromkeys(set(wanted) - seen, _("It does not exist any more, or is not yours to see."))
    bulk.finish_with_paper(job.pk, paper, refused={**refused, **unseen})
