"""What a file of products would do, page by page: held against the shop once, and kept for who pages through it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.core.cache import cache
from django.utils import timezone

from core import sight
from integrations.models import ImportBatch

from .product_import import product_plan_of
from .product_plan import PlannedRow, ProductPlan

PER_PAGE = 100
KEPT_FOR = 15 * 60
BECOMES = ("new", "changed", "unchanged", "faulty")


@dataclass(frozen=True)
class PreviewRow:
    """A row of the file with its cells as the file has them, and its faults by column."""

    line: int
    becomes: str
    cells: tuple[str, ...]
    faults: Mapping[str, str]


@dataclass(frozen=True)
class ProductPreview:
    """The whole file but for its rows, which are kept page by page under `stamp`. `meant` is by heading."""

    stamp: str
    at: datetime
    counts: Mapping[str, int]
    meant: Mapping[str, str]
    unknown: list[str]
    encoding: str
    separator: str

    @property
    def total(self) -> int:
        """Return how many rows there are."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class PreviewPage:
    """A page of the rows that are shown: `all` or only the `faulty` ones."""

    shown: str
    number: int
    rows: list[PreviewRow]


def preview_products(
    batch: ImportBatch, *, shown: str = "", number: int = 1, anew: bool = True
) -> tuple[ProductPreview, PreviewPage]:
    """Return what an import would do, with a page of its rows; those with faults first, where there are any.

    It is as it was last looked at, or held against the shop `anew`. Readers with different limits see different
    things, so each is kept with them. Raises UnusableFile.
    """
    kept: ProductPreview | None = None if anew else cache.get(_key(batch))
    if kept is not None:
        shown, number = _within(kept, shown, number)
        rows: list[PreviewRow] | None = cache.get(_page_key(kept.stamp, shown, number))
        if rows is not None:
            return kept, PreviewPage(shown, number, rows)
    plan = product_plan_of(batch)
    preview, pages = _preview_of(plan), _pages(plan)
    kept_pages = {
        _page_key(preview.stamp, name, at): page
        for name, found in pages.items()
        for at, page in enumerate(found, start=1)
    }
    cache.set_many({**kept_pages, _key(batch): preview}, KEPT_FOR)
    shown, number = _within(preview, shown, number)
    return preview, PreviewPage(shown, number, pages[shown][number - 1])


def _within(preview: ProductPreview, shown: str, number: int) -> tuple[str, int]:
    """Return what can be shown of what was asked for."""
    faulty = preview.counts["faulty"]
    name = "faulty" if faulty and shown != "all" else "all"
    rows = faulty if name == "faulty" else preview.total
    return name, min(max(number, 1), max(1, -(-rows // PER_PAGE)))


def _preview_of(plan: ProductPlan) -> ProductPreview:
    return ProductPreview(
        stamp=uuid4().hex,
        at=timezone.now(),
        counts={name: plan.count(name) for name in BECOMES},
        meant=dict(plan.file.meant),
        unknown=plan.file.unknown,
        encoding=plan.table.encoding,
        separator=plan.table.separator,
    )


def _pages(plan: ProductPlan) -> dict[str, list[list[PreviewRow]]]:
    rows = [_row(plan, row) for row in plan.rows]
    shown = {"all": rows, "faulty": [row for row in rows if row.becomes == "faulty"]}
    return {
        name: [found[start : start + PER_PAGE] for start in range(0, len(found), PER_PAGE)] or [[]]
        for name, found in shown.items()
    }


def _row(plan: ProductPlan, row: PlannedRow) -> PreviewRow:
    source = plan.cells[row.read.line]
    cells = tuple(source.get(name, "") for name in plan.file.meant)
    return PreviewRow(row.read.line, row.becomes, cells, dict(row.read.faults))


def _key(batch: ImportBatch) -> str:
    return f"import-preview:{batch.pk}:{sight.key()}"


def _page_key(stamp: str, shown: str, number: int) -> str:
    return f"import-preview:{stamp}:{shown}:{number}"
