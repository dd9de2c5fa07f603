"""Products from a file: kept as it came, looked at first, then taken in row by row."""

import hashlib
import logging
from collections.abc import Mapping
from decimal import Decimal

from django.db import InterfaceError, OperationalError
from django.db.models import Count
from django.utils import timezone

from core import sight
from core.actors import Actor
from core.errors import Conflict, DomainError
from core.files import keep_file, read_file
from core.models import Attachment
from core.outbox import emit
from core.selectors import limits_of_actor, may_still
from core.service import note_change, service
from integrations import sentences as say
from integrations.events import ProductRowsDue
from integrations.imports.products import ReadRow
from integrations.models import ImportBatch, ImportRow
from integrations.sentences import OPENING_OF
from inventory import services as inventory
from pricing import services as pricing

from .product_plan import PlannedRow, ProductPlan, plan_products, plan_rows, read_product_file
from .refused import tell_of_refused_rows

logger = logging.getLogger(__name__)
FORMAT = "products"
# Who may do by hand what the file does.
NEEDED = ("inventory.add_product", "inventory.change_product", "inventory.change_stockitem", "pricing.change_price")
# As many rows as a job takes before it lets others have their turn.
PORTION = 500
OUTCOMES = {
    "new": ImportRow.Outcome.IMPORTED,
    "changed": ImportRow.Outcome.CHANGED,
    "unchanged": ImportRow.Outcome.UNCHANGED,
    "faulty": ImportRow.Outcome.REJECTED,
}
Status = ImportBatch.Status


class ImportRunning(Conflict):
    """Its rows are being taken in right now."""

    code = "import_running"


@service
def keep_product_file(*, name: str, content: bytes, actor: Actor) -> ImportBatch:
    """Keep a file of products to be looked at. The same file again is the same import."""
    plan = plan_products(content)
    checksum = hashlib.sha256(content).hexdigest()
    batch, created = ImportBatch.objects.get_or_create(
        format=FORMAT,
        checksum=checksum,
        defaults={"file_name": name[:200], "through": "", "rows_total": len(plan.rows)},
    )
    if created:
        keep_file(name=name, content=content, content_type="text/csv", thread=_thread(batch.pk))
        note_change(batch, "integrations.import.kept", actor=actor, after={"file": name, "rows": len(plan.rows)})
    return batch


def product_plan_of(batch: ImportBatch) -> ProductPlan:
    """Hold the file of an import against the shop as it is now."""
    return plan_products(_content(batch))


@service
def start_product_import(batch_id: int, *, actor: Actor) -> ImportBatch:
    """Take the rows in that can be: those that were refused earlier are tried again, the others are left alone."""
    batch = ImportBatch.objects.locked().get(pk=batch_id, format=FORMAT)
    if batch.status == Status.RUNNING:
        raise ImportRunning(say.RUNNING_NOW())
    ImportRow.objects.filter(batch=batch, outcome=ImportRow.Outcome.REJECTED).delete()
    done = ImportRow.objects.filter(batch=batch).count()
    batch.status, batch.rows_done, batch.started_at, batch.finished_at = Status.RUNNING, done, timezone.now(), None
    batch.save(update_fields=["status", "rows_done", "started_at", "finished_at"])
    note_change(batch, "integrations.import.started", actor=actor)
    emit(ProductRowsDue(batch_id=batch.pk, by=str(actor)), actor=actor)
    return batch


def take_product_rows(batch_id: int, *, by: str) -> None:
    """Take the next rows in, each on its own, and leave the rest to the next turn. Safe to repeat."""
    batch = ImportBatch.objects.get(pk=batch_id)
    if batch.status != Status.RUNNING:
        return
    kind, _colon, name = by.partition(":")
    actor = Actor(kind, name)
    if not may_still(actor, NEEDED):
        _stop(batch_id, actor=actor)
        return
    with sight.within(limits_of_actor(actor)):
        _take_portion(batch, actor=actor)


def _take_portion(batch: ImportBatch, *, actor: Actor) -> None:
    _table, file = read_product_file(_content(batch))
    done = set(ImportRow.objects.filter(batch=batch).values_list("line_number", flat=True))
    left = [row for row in file.rows if row.line not in done]
    for row in left[:PORTION]:
        _take_one_or_say_why(batch.pk, row, source=batch.file_name, actor=actor)
    _go_on(batch.pk, more=len(left) > PORTION, actor=actor)


def take_products_now(batch: ImportBatch, *, actor: Actor) -> ImportBatch:
    """Take all rows in here and now, for a command that is waited for."""
    while ImportBatch.objects.get(pk=batch.pk).status == Status.RUNNING:
        take_product_rows(batch.pk, by=str(actor))
    return ImportBatch.objects.get(pk=batch.pk)


def _take_one_or_say_why(batch_id: int, row: ReadRow, *, source: str, actor: Actor) -> None:
    try:
        _take_one(batch_id, row, source=source, actor=actor)
    except DomainError as error:
        _write(batch_id, row, ImportRow.Outcome.REJECTED, reason=error.message)
    except (OperationalError, InterfaceError):
        # No fault of the row: the database is away, and the turn is taken again.
        raise
    except Exception:
        logger.exception("Line %s of import %s failed", row.line, batch_id)
        _write(batch_id, row, ImportRow.Outcome.REJECTED, reason=say.BROKE())


@service
def _take_one(batch_id: int, row: ReadRow, *, source: str, actor: Actor) -> None:
    """Take one row in together with what became of it, as the shop is now."""
    (planned,) = plan_rows([row])
    if planned.becomes == "faulty":
        _write(batch_id, row, ImportRow.Outcome.REJECTED, reason=told(row.faults))
        return
    product_id = _put_into_the_catalogue(planned, actor=actor)
    for warehouse_id, units in (planned.opening or {}).items():
        inventory.receive_stock(
            warehouse_id=warehouse_id,
            units={product_id: units},
            kind="opening",
            reason=OPENING_OF(file=source)[:200],
            reference=f"import-{batch_id}",
            actor=actor,
        )
    _write(batch_id, row, OUTCOMES[planned.becomes])


def told(faults: Mapping[str, str]) -> str:
    """Return what is wrong with a row in one line."""
    return " · ".join(f"{column}: {fault}" for column, fault in faults.items())


def _put_into_the_catalogue(row: PlannedRow, *, actor: Actor) -> int:
    values, price = dict(row.changes or {}), row.new_price
    if row.product_id is not None:
        pricing.update_priced_product(row.product_id, values, price=price, price_list=row.price_list, actor=actor)
        return row.product_id
    product = inventory.ProductInput(sku=row.read.sku, **values)
    return pricing.create_priced_product(product, price=price, price_list=row.price_list, actor=actor).pk


@service
def _write(batch_id: int, row: ReadRow, outcome: str, *, reason: str = "") -> None:
    said = {"outcome": outcome, "reason": reason[:200], "reference": row.sku[:60], "amount": Decimal(0)}
    ImportRow.objects.get_or_create(batch_id=batch_id, line_number=row.line, defaults=said)


@service
def _go_on(batch_id: int, *, more: bool, actor: Actor) -> None:
    """Say how far it is; owe the next turn, or close the import."""
    batch = ImportBatch.objects.locked().get(pk=batch_id)
    counted = dict(ImportRow.objects.filter(batch=batch).values_list("outcome").annotate(n=Count("pk")))
    batch.rows_done, batch.summary = sum(counted.values()), {"outcomes": counted}
    if more:
        emit(ProductRowsDue(batch_id=batch_id, by=str(actor)), actor=actor)
    else:
        rejected = counted.get(ImportRow.Outcome.REJECTED, 0)
        batch.status = Status.SUCCEEDED
        if rejected:
            batch.status = Status.FAILED if rejected == batch.rows_done else Status.PARTIALLY_SUCCEEDED
        batch.finished_at = timezone.now()
        note_change(batch, "integrations.import.finished", actor=actor, after=counted)
        tell_of_refused_rows(batch, actor=actor)
    batch.save(update_fields=["rows_done", "summary", "status", "finished_at"])


@service
def _stop(batch_id: int, *, actor: Actor) -> None:
    """End an import whose person may not do it any more; what is in stays in, the rest can be taken in by others."""
    batch = ImportBatch.objects.locked().get(pk=batch_id)
    if batch.status != Status.RUNNING:
        return
    batch.status, batch.finished_at = Status.FAILED, timezone.now()
    batch.save(update_fields=["status", "finished_at"])
    note_change(batch, "integrations.import.stopped", actor=actor, after={"status": batch.status})


def _thread(batch_id: int) -> str:
    return f"integrations.importbatch:{batch_id}"


def _content(batch: ImportBatch) -> bytes:
    kept = Attachment.objects.filter(thread=_thread(batch.pk)).order_by("pk").first()
    if kept is None:
        raise Conflict("The file of this import is not kept any more")
    return read_file(kept)
