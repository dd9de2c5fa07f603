"""The books of a month as files, made by a worker: papers are printed turn by turn, then all is written at once.

What is done stays done: killed at any moment, it goes on with the papers that are still to be printed. Where its
process ends again and again it ends as failed, in words: an export that is open is owed a turn, or somebody is at it.
"""

import logging
import tempfile
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing.events import BookExportDue
from billing.models import BookExport, CreditNote, Invoice
from billing.services import month_tables as tables
from billing.services.closing import Month
from billing.services.documents import render_credit_note_pdf, render_invoice_pdf
from billing.services.month_export import write_month
from core import bell
from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.files import drop_file, keep_large_file
from core.models import User
from core.outbox import emit, is_owed
from core.service import note_change, service

logger = logging.getLogger(__name__)
Status = BookExport.Status
OPEN = (Status.QUEUED, Status.RUNNING)
# How long one turn prints: whatever else is owed waits no longer.
TURN_S = 5.0
PAPERS_AT_ONCE = 20
# The ledger may grow while it is read; then it is read again, so often.
TRIES = 3
IN_MEMORY = 8_000_000
KEEP = timedelta(days=90)
READY, FAILED = "books_ready", "books_failed"


def ask_for_export(
    month: Month, *, owner: User, with_papers: bool = True, language: str = "en", actor: Actor
) -> BookExport:
    """Ask for the files of a month. Asked again while it is being made, it is the same export."""
    try:
        with transaction.atomic():
            return _begin(month, owner, with_papers, language, actor)
    except IntegrityError:
        # The other click was faster.
        return BookExport.objects.get(_same(month, with_papers), status__in=OPEN)


def _same(month: Month, with_papers: bool) -> Q:
    return Q(entity=month.entity_id, first_day=month.first_day, with_papers=with_papers)


@service
def _begin(month: Month, owner: User, with_papers: bool, language: str, actor: Actor) -> BookExport:
    found = BookExport.objects.filter(_same(month, with_papers), status__in=OPEN).first()
    if found and _is_owed(found.pk):
        return found
    if found:
        _give_up(found)
    export = BookExport.objects.create(
        entity_id=month.entity_id,
        first_day=month.first_day,
        owner=owner,
        with_papers=with_papers,
        language=language,
        steps=tables.entries_of(month).count() + (_unprinted(month) if with_papers else 0),
    )
    emit(BookExportDue(export_id=export.pk), actor=actor)
    return export


def _unprinted(month: Month) -> int:
    return sum(tables.issued_in(month, model).filter(pdf=None).count() for model in (Invoice, CreditNote))


def work_on_export(export_id: int, *, turn: int) -> None:
    """Print what is not printed yet, for a while; where nothing is left, write the files and say so."""
    export = _take_up(export_id)
    if export is None:
        return
    month = Month(export.entity_id, export.first_day)
    with translation.override(export.language):
        try:
            if export.with_papers and not _print(export, month):
                _go_on(export.pk, turn + 1)
                return
            _write(export, month)
        except DomainError as error:
            _fail(export.pk, error.message)
        except Exception:
            logger.exception("The export %s of the books failed", export.pk)
            _fail(export.pk, _("Something broke; the log knows more. Nothing was changed."))


@service
def _take_up(export_id: int) -> BookExport | None:
    BookExport.objects.filter(pk=export_id, status=Status.QUEUED).update(status=Status.RUNNING)
    return BookExport.objects.filter(pk=export_id, status__in=OPEN).select_related("owner").first()


@service
def _go_on(export_id: int, turn: int) -> None:
    emit(BookExportDue(export_id=export_id, turn=turn))


@service
def _tell(export_id: int, done: int) -> None:
    BookExport.objects.filter(pk=export_id, status__in=OPEN).update(done=done)


def _print(export: BookExport, month: Month) -> bool:
    """Print papers of a month until the turn is over. True when none is left."""
    end = time.monotonic() + TURN_S
    for model, render in ((Invoice, render_invoice_pdf), (CreditNote, render_credit_note_pdf)):
        rows = tables.issued_in(month, model).filter(pdf=None).order_by("pk").values_list("pk", flat=True)
        while keys := list(rows[:PAPERS_AT_ONCE]):
            for key in keys:
                render(key)
                export.done += 1
            _tell(export.pk, export.done)
            if time.monotonic() > end:
                return False
    return True


def _write(export: BookExport, month: Month) -> None:
    """Write the files, again where the ledger grew meanwhile: what they add up to is what it says."""
    printed = export.done
    for _try in range(TRIES):
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as into:
            written = write_month(
                month,
                into,  # type: ignore[arg-type]
                with_papers=export.with_papers,
                tell=lambda done: _tell(export.pk, printed + done),
            )
            if written.agrees(month):
                _finish(export.pk, into, written.figures(), is_final=month.is_closed)
                return
    _fail(export.pk, _("The ledger is being written all the time. Try again later, or close the month first."))


@service
def _finish(export_id: int, into: Any, figures: dict[str, Any], *, is_final: bool) -> None:
    export = BookExport.objects.locked().select_related("owner").get(pk=export_id)
    if export.status not in OPEN:
        return
    kept = keep_large_file(
        name=f"books-{export.first_day:%Y-%m}.zip",
        source=into,
        content_type="application/zip",
        thread=f"billing.bookexport:{export.pk}",
    )
    now = timezone.now()
    BookExport.objects.filter(pk=export_id).update(
        status=Status.SUCCEEDED, file=kept, figures=figures, is_final=is_final, done=export.steps, finished_at=now
    )
    actor = Actor("staff", export.owner.get_username()) if export.owner else SYSTEM
    note_change(export, "billing.books.exported", actor=actor, after={"month": str(export)})
    _ring(export, READY)


@service
def _fail(export_id: int, problem: str) -> None:
    export = BookExport.objects.locked().select_related("owner").get(pk=export_id)
    still = BookExport.objects.filter(pk=export_id, status__in=OPEN)
    if still.update(status=Status.FAILED, problem=problem[:500], finished_at=timezone.now()):
        _ring(export, FAILED)


def _is_owed(export_id: int) -> bool:
    return is_owed(BookExportDue, thread=f"billing.bookexport:{export_id}")


def _give_up(export: BookExport) -> None:
    with translation.override(export.language):
        _fail(export.pk, _("Its process ended again and again, so nobody works on it any more. Try again."))


@service
def end_lost_export(export_id: int) -> bool:
    """End an export that nobody works on any more, and say so. True where it was one.

    Its debt was given up: the process that paid it was killed, each time.
    """
    export = BookExport.objects.filter(pk=export_id, status__in=OPEN).first()
    if export is None or _is_owed(export_id):
        return False
    _give_up(export)
    return True


def end_lost_exports() -> int:
    """End all of them, also those whose debt was given up before anybody listened. Returns how many."""
    return sum(end_lost_export(pk) for pk in BookExport.objects.filter(status__in=OPEN).values_list("pk", flat=True))


def _ring(export: BookExport, kind: str) -> None:
    if export.owner is not None:
        bell.tell([export.owner], kind=kind, record=export, author=str(SYSTEM))


@service
def drop_old_exports(*, now: datetime | None = None) -> int:
    """Forget the files that were kept long enough: they name customers. Returns how many."""
    old = BookExport.objects.filter(finished_at__lt=(now or timezone.now()) - KEEP).exclude(file=None)
    rows = list(old.select_related("file")[:200])
    for export in rows:
        if export.file is not None:
            drop_file(export.file)
    return len(rows)
