"""Bulk jobs as rows: begun once, every row taken once, ended once. What a step does to a row is not known here.

A job is worked on in turns (`core.admin.bulk_running`), each of which is a debt of the outbox: killed at any
moment, it goes on with the first row that still waits.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.utils import timezone

from core.actors import Actor, within_request
from core.errors import Conflict
from core.events import BulkJobDue
from core.files import drop_file, keep_file
from core.models import BulkJob, BulkRow
from core.outbox import emit
from core.service import service

Status = BulkJob.Status
Row = BulkRow.Status
OPEN = (Status.QUEUED, Status.RUNNING)
KEEP = timedelta(days=90)
BATCH = 2_000


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for: a step of a list, what its form said, and where the list stood."""

    table: str
    step: str
    token: str
    owner_id: int
    said: dict[str, list[str]]
    columns: Sequence[str] = ()
    about: str = ""
    back: str = ""
    language: str = "en"
    again_of: int | None = None


@dataclass(frozen=True)
class Tally:
    """What became of the rows of a job so far."""

    total: int
    done: int = 0
    skipped: int = 0
    refused: int = 0

    @property
    def waiting(self) -> int:
        """Return how many nobody has taken yet."""
        return self.total - self.over

    @property
    def over(self) -> int:
        """Return how many are behind us."""
        return self.done + self.skipped + self.refused


@dataclass(frozen=True)
class Paper:
    """A file that a step made of many rows."""

    name: str
    content: bytes
    content_type: str


def known(*, owner_id: int | None, token: str) -> BulkJob | None:
    """Return the job that a page began when it was sent before."""
    return BulkJob.objects.filter(owner_id=owner_id, token=token).first()


def begin(wanted: Wanted, ids: Collection[int], *, actor: Actor) -> tuple[BulkJob, bool]:
    """Write a job down and owe its first turn. The same page sent again is the job that it began: (job, is new)."""
    begun = known(owner_id=wanted.owner_id, token=wanted.token)
    if begun is not None:
        return begun, False
    job = BulkJob(
        **{name: getattr(wanted, name) for name in ("table", "step", "token", "owner_id", "said", "language")},
        columns=list(wanted.columns),
        about=wanted.about[:300],
        back=wanted.back[:2000],
        again_of_id=wanted.again_of,
        total=len(ids),
    )
    try:
        with within_request(job.reference), transaction.atomic():
            _write(job, ids, actor=actor)
    except IntegrityError:
        # The other click was faster.
        return BulkJob.objects.get(owner_id=wanted.owner_id, token=wanted.token), False
    return job, True


@service
def _write(job: BulkJob, ids: Collection[int], *, actor: Actor) -> None:
    job.save()
    BulkRow.objects.bulk_create((BulkRow(job=job, subject_id=pk) for pk in ids), batch_size=BATCH)
    emit(BulkJobDue(job_id=job.pk), actor=actor)


def tally(job: BulkJob) -> Tally:
    """Count what became of the rows of a job."""
    return tallies([job])[job.pk]


def tallies(jobs: Sequence[BulkJob]) -> dict[int, Tally]:
    """Count the rows of several jobs in one statement."""
    counted: dict[int, dict[str, int]] = {job.pk: {} for job in jobs}
    rows = BulkRow.objects.filter(job__in=list(counted)).exclude(status=Row.WAITING).order_by()
    for job_id, status, count in rows.values_list("job", "status").annotate(Count("pk")):
        counted[job_id][status] = count
    return {job.pk: Tally(job.total, **counted[job.pk]) for job in jobs}


def is_wanted(job_id: int) -> bool:
    """Whether somebody still waits for the rows of a job."""
    return BulkJob.objects.filter(pk=job_id, status__in=OPEN).exists()


def take_up(job_id: int) -> BulkJob | None:
    """Say that a job is being worked on; None where it is over."""
    BulkJob.objects.filter(pk=job_id, status=Status.QUEUED).update(status=Status.RUNNING)
    return BulkJob.objects.select_related("owner").filter(pk=job_id, status__in=OPEN).first()


def waiting(job: BulkJob, limit: int) -> list[int]:
    """Return the rows that nobody has taken yet, by their own ids."""
    rows = BulkRow.objects.filter(job=job, status=Row.WAITING).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


@service
def take_row(row_id: int, *, act: Callable[[int], bool]) -> bool:
    """Do a row and tick it off, both or neither. `act` says False where there was nothing to do.

    False when another turn has the row in hand, or had it.
    """
    rows = BulkRow.objects.filter(pk=row_id, status=Row.WAITING, job__status__in=OPEN)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    if (row := rows.first()) is None:
        return False
    _end_row(row_id, Row.DONE if act(row.subject_id) else Row.SKIPPED)
    return True


@service
def refuse_row(row_id: int, reason: str) -> None:
    """Write down why a row was not done."""
    _end_row(row_id, Row.REFUSED, reason)


def _end_row(row_id: int, status: str, reason: str = "") -> None:
    rows = BulkRow.objects.filter(pk=row_id, status=Row.WAITING)
    if not rows.update(status=status, reason=reason[:500], at=timezone.now()) and status != Row.REFUSED:
        # Two turns had it in hand: what this one did is undone.
        raise Conflict("Another turn has done this row")


@service
def go_on(job_id: int, *, turn: int, actor: Actor) -> None:
    """Owe the next turn of a job."""
    emit(BulkJobDue(job_id=job_id, turn=turn), actor=actor)


@service
def finish(job_id: int) -> bool:
    """End a job whose rows are all behind us; nobody ends it twice."""
    job = BulkJob.objects.locked().get(pk=job_id)
    counted = tally(job)
    if job.status not in OPEN or counted.waiting:
        return False
    _end(job_id, _outcome(counted))
    return True


def _outcome(counted: Tally) -> str:
    if not counted.refused:
        return Status.SUCCEEDED
    return Status.PARTIALLY_SUCCEEDED if counted.refused < counted.total else Status.FAILED


@service
def finish_with_paper(job_id: int, paper: Paper | None, *, refused: dict[int, str]) -> bool:
    """Keep the file that was made of the rows and tick them all off; those without a part in it say why."""
    job = BulkJob.objects.locked().get(pk=job_id)
    if job.status not in OPEN:
        return False
    now = timezone.now()
    rows = BulkRow.objects.filter(job=job, status=Row.WAITING)
    for reason in set(refused.values()):
        named = [pk for pk, said in refused.items() if said == reason]
        for start in range(0, len(named), BATCH):
            some = rows.filter(subject_id__in=named[start : start + BATCH])
            some.update(status=Row.REFUSED, reason=reason[:500], at=now)
    rows.update(status=Row.DONE, at=now)
    if paper is not None:
        thread = f"core.bulkjob:{job.pk}"
        kept = keep_file(name=paper.name, content=paper.content, content_type=paper.content_type, thread=thread)
        BulkJob.objects.filter(pk=job_id).update(file=kept)
    _end(job_id, _outcome(tally(job)))
    return True


@service
def fail(job_id: int, problem: str) -> bool:
    """End a job that cannot go on, and say why."""
    return _end(job_id, Status.FAILED, problem)


@service
def cancel(job_id: int) -> bool:
    """Leave the rows alone that still wait; what is done stays done."""
    return _end(job_id, Status.CANCELLED)


def _end(job_id: int, status: str, problem: str = "") -> bool:
    still = BulkJob.objects.filter(pk=job_id, status__in=OPEN)
    return still.update(status=status, problem=problem[:500], finished_at=timezone.now()) == 1


def left_over(job: BulkJob) -> list[int]:
    """Return what is worth another try: the rows that were refused, or that nobody came to."""
    rows = BulkRow.objects.filter(job=job, status__in=[Row.REFUSED, Row.WAITING]).order_by("pk")
    return list(rows.values_list("subject_id", flat=True))


def drop_papers(now: datetime) -> None:
    """Forget the files of jobs that nobody asks for any more: they name customers."""
    for job in served(now).exclude(file=None).select_related("file")[:BATCH]:
        drop_file(job.file)


def served(now: datetime) -> Any:
    """Return the jobs that nobody asks for any more."""
    return BulkJob.objects.filter(finished_at__lt=now - KEEP)
