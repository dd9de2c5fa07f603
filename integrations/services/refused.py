"""Rows that an import did not take are put before a person, once for each file."""

from collections.abc import Sequence
from typing import Any

from core.actors import Actor
from integrations.models import ImportBatch, ImportRow
from integrations.sentences import NOT_TAKEN
from orders import categories
from orders import services as orders
from orders.models import OrderException

REFUSED = "refused_rows"
# So many rows are named with the exception; all of them are with the import.
NAMED = 20


def tell_of_refused_rows(batch: ImportBatch, *, actor: Actor, again: bool = True) -> None:
    """Open the exception of a file, where rows of it were refused; while it is open, nothing more is said.

    `again`: somebody tried these rows once more, so what was closed meanwhile is opened again.
    """
    key = f"import:{batch.pk}:refused"
    rows = ImportRow.objects.filter(batch=batch, outcome=ImportRow.Outcome.REJECTED).order_by("line_number")
    count = rows.count()
    known = OrderException.objects.filter(dedupe_key=key)
    if not count or (known.filter(closed_at=None) if again else known).exists():
        return
    named = [{"line": line, "reason": reason} for line, reason in rows.values_list("line_number", "reason")[:NAMED]]
    orders.open_exception(
        category=REFUSED,
        title=NOT_TAKEN(n=count, file=batch.file_name[:150]),
        dedupe_key=key,
        payload={"batch": batch.pk, "rows": named},
        actor=actor,
    )


@categories.over(REFUSED)
def taken_by_now(exceptions: Sequence[Any]) -> set[int]:
    """Return those of files of which every row is taken: they were mended, and taken in once more."""
    batches = {one.payload.get("batch"): one.pk for one in exceptions}
    refused = ImportRow.objects.filter(batch__in=list(batches), outcome=ImportRow.Outcome.REJECTED)
    still = set(refused.values_list("batch_id", flat=True).distinct())
    return {pk for batch, pk in batches.items() if batch not in still}
