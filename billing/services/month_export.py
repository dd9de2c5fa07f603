"""The books of a month as files for an accountant: they say what the ledger says, to the cent.

Everything is written row by row into files on disk, and papers are copied piece by piece: the books of a large month
take no more memory than those of a small one.
"""

import csv
import hashlib
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.ledger_words import account_name
from billing.models import CreditNote, Invoice, LegalEntity
from billing.services import month_tables as tables
from billing.services.batch import Batches
from billing.services.charts import Account, Numbers
from billing.services.closing import Month, movements
from billing.services.month_tables import AT_ONCE, Amount, Cell, Cells
from core.csvfile import safe_cell
from core.files import FileDamaged
from core.models import Attachment
from core.money import plain, quantum

# What one sheet of a spreadsheet holds, without the heading.
SHEET = 1_048_575
PIECE = 1 << 16
Tell = Callable[[int], None]


@dataclass
class Written:
    """What the files of a month say: sums per currency, counts, and why there is no batch for DATEV."""

    debit: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    credit: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    documents: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    money: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    counts: Counter[str] = field(default_factory=Counter)
    batches: dict[str, int] = field(default_factory=dict)
    # Accounts without a number, `no_profile`, `crowded`, or currencies that DATEV does not know.
    missing: list[Account] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return it as it is kept and shown."""
        return {
            "totals": [
                {
                    "currency": currency,
                    "debit": plain(self.debit[currency], currency),
                    "credit": plain(self.credit[currency], currency),
                    "documents": plain(self.documents[currency], currency),
                    "money": plain(self.money[currency], currency),
                }
                for currency in sorted(self.debit)
            ],
            "counts": dict(self.counts),
            "batches": self.batches,
            "missing": [list(one) for one in self.missing],
            "trouble": self.trouble,
        }

    def agrees(self, month: Month) -> bool:
        """Whether the ledger still says what was written: it may have grown meanwhile."""
        said = movements(month)
        currencies = {one.currency for one in said} | set(self.debit)
        return all(
            (
                sum(one.debit for one in said if one.currency == currency),
                sum(one.credit for one in said if one.currency == currency),
            )
            == (self.debit[currency], self.credit[currency])
            for currency in currencies
        )


class Table:
    """A table that is written twice: as CSV, and as sheets of the workbook."""

    def __init__(self, folder: Path, book: Any, name: str, title: str, heading: list[str]) -> None:
        self.file = (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="")
        self.writer = csv.writer(self.file)
        self.writer.writerow(heading)
        self.book, self.title, self.heading = book, title, heading
        self.formats: dict[Any, Any] = {}
        self.sheets, self.place = 0, SHEET + 1
        self.sheet: Any = None

    def add(self, cells: Cells) -> None:
        """Write a row."""
        self.writer.writerow([_as_text(cell) for cell in cells])
        if self.place > SHEET:
            self._begin()
        for column, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            # Never `write`: text that looks like a formula stays text.
            if isinstance(cell, Amount):
                self.sheet.write_number(self.place, column, cell.value, self._format(cell.currency))
            elif isinstance(cell, str):
                self.sheet.write_string(self.place, column, cell)
            elif isinstance(cell, date):
                self.sheet.write_datetime(self.place, column, cell, self._format(date))
            else:
                self.sheet.write_number(self.place, column, cell)
        self.place += 1

    def close(self) -> None:
        """Close the file; an empty table is a heading."""
        if not self.sheets:
            self._begin()
        self.file.close()

    def _begin(self) -> None:
        self.sheets += 1
        title = self.title if self.sheets == 1 else f"{self.title} {self.sheets}"
        self.sheet, self.place = self.book.add_worksheet(title[:31]), 1
        bold = self._format(None)
        for column, name in enumerate(self.heading):
            self.sheet.write_string(0, column, name, bold)
        self.sheet.set_column(0, len(self.heading) - 1, 16)
        self.sheet.freeze_panes(1, 0)

    def _format(self, of: Any) -> Any:
        if of not in self.formats:
            said: dict[str, Any] = {"bold": True} if of is None else {"num_format": "yyyy-mm-dd"}
            if isinstance(of, str):
                places = -int(quantum(of).as_tuple().exponent)
                said = {"num_format": "#,##0" + (f".{'0' * places}" if places else "")}
            self.formats[of] = self.book.add_format(said)
        return self.formats[of]


def _as_text(cell: Cell) -> str:
    if isinstance(cell, Amount):
        return plain(cell.value, cell.currency)
    return safe_cell(cell)


def as_file(kind: str, name: str, title: str, heading: list[str], rows: Iterable[Cells]) -> bytes:
    """Return a table as one file, `csv` or `xlsx`; written to disk row by row, and small enough to be handed over."""
    with tempfile.TemporaryDirectory(prefix="table-") as place:
        folder = Path(place)
        book = xlsxwriter.Workbook(str(folder / f"{name}.xlsx"), {"constant_memory": True})
        for _cells in _fill(folder, book, name, title, heading, rows):
            pass
        book.close()
        return (folder / f"{name}.{kind}").read_bytes()


def nothing(done: int) -> None:
    """Tell nobody."""


def write_month(month: Month, into: IO[bytes], *, with_papers: bool = False, tell: Tell = nothing) -> Written:
    """Write the books of a month into a ZIP: tables as CSV and XLSX, batches for DATEV, totals, and the papers.

    Papers that were not printed yet are left out. `tell` hears how many rows of the journal are behind us.
    """
    written = Written()
    numbers = Numbers(LegalEntity.objects.get(pk=month.entity_id))
    with tempfile.TemporaryDirectory(prefix="books-") as name:
        folder = Path(name)
        batches = _batches(month, folder, numbers, written)
        _tables(month, folder, numbers, batches, written, tell)
        if batches is not None and batches.crowded:
            written.trouble.append("crowded")
            for file in batches.files:
                (folder / file).unlink()
        elif batches is not None:
            written.batches = dict(batches.rows)
            written.trouble += sorted(batches.left_out)
        if with_papers:
            written.counts["papers"] = sum(1 for _paper in _papers(month))
        (folder / "totals.txt").write_text("\n".join(_totals(month, written)), encoding="utf-8-sig")
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
            for paper in _papers(month) if with_papers else ():
                _copy(paper, archive)
    return written


def _batches(month: Month, folder: Path, numbers: Numbers, written: Written) -> Batches | None:
    """Return where DATEV's rows go; none where a number is missing: half a batch would be worse than none."""
    if numbers.profile is None:
        written.trouble.append("no_profile")
        return None
    written.missing = numbers.missing((one.kind, one.detail) for one in movements(month))
    if written.missing:
        return None
    return Batches(folder, numbers, month.first_day, month.last_day, month.is_closed)


def _tables(
    month: Month, folder: Path, numbers: Numbers, batches: Batches | None, written: Written, tell: Tell
) -> None:
    book = xlsxwriter.Workbook(str(folder / f"books-{month.first_day:%Y-%m}.xlsx"), {"constant_memory": True})
    _journal(month, Table(folder, book, "journal", _("Journal"), tables.journal_heading()), batches, written, tell)
    for cells in _fill(folder, book, "documents", _("Documents"), tables.documents_heading(), tables.documents(month)):
        total: Any = cells[8]
        written.documents[total.currency] += total.value
        written.counts["documents"] += 1
    for cells in _fill(folder, book, "payments", _("Payments"), tables.money_heading(), tables.money(month)):
        amount: Any = cells[3]
        written.money[amount.currency] += amount.value
        written.counts["payments"] += 1
    rest = [("accounts", _("Accounts"), tables.accounts_heading(), tables.accounts(month, numbers))]
    if numbers.per_customer:
        rest.append(("customers", _("Customers"), tables.customers_heading(), tables.customers(month, numbers)))
    for name, title, heading, rows in rest:
        for _cells in _fill(folder, book, name, title, heading, rows):
            written.counts[name] += 1
    book.close()


def _fill(
    folder: Path, book: Any, name: str, title: str, heading: list[str], rows: Iterable[Cells]
) -> Iterator[Cells]:
    table = Table(folder, book, name, title, heading)
    for cells in rows:
        table.add(cells)
        yield cells
    table.close()


def _journal(month: Month, table: Table, batches: Batches | None, written: Written, tell: Tell) -> None:
    """Write the journal once through: what it sums up to is what was written."""
    journal = tables.Journal()
    vat_ids = tables.vat_ids_of(month) if batches is not None else {}
    done = 0
    for rows in tables.transactions(month):
        for cells in journal.cells(rows):
            table.add(cells)
        for row in rows:
            side = written.debit if row[5] > 0 else written.credit
            side[row[6]] += abs(row[5])
        if batches is not None:
            batches.take(journal.whole(rows, vat_ids))
        written.counts["transactions"] += 1
        before, done = done, done + len(rows)
        if done // AT_ONCE > before // AT_ONCE:
            tell(done)
    written.counts["entries"] = done
    table.close()
    if batches is not None:
        batches.close()


def _papers(month: Month) -> Iterator[Attachment]:
    """Yield the PDFs of a month that were printed."""
    for model in (Invoice, CreditNote):
        rows = (
            tables.issued_in(month, model).filter(pdf__isnull=False).order_by("pk").select_related("pdf").only("pdf")
        )
        for document in rows.iterator(chunk_size=200):
            yield document.pdf


def _copy(paper: Attachment, archive: zipfile.ZipFile) -> None:
    """Copy a paper piece by piece; what is not what was kept ends the export. It is compressed already."""
    name = zipfile.ZipInfo(f"papers/{paper.name}", timezone.localtime(paper.created_at).timetuple()[:6])
    name.compress_type = zipfile.ZIP_STORED
    checksum = hashlib.sha256()
    try:
        with default_storage.open(str(paper.file.name), "rb") as source, archive.open(name, "w") as target:
            while piece := source.read(PIECE):
                checksum.update(piece)
                target.write(piece)
    except OSError:
        raise FileDamaged(f"{paper.name} cannot be read", attachment=paper.pk) from None
    if checksum.hexdigest() != paper.sha256:
        raise FileDamaged(f"{paper.name} is not what was kept", attachment=paper.pk)


def _totals(month: Month, written: Written) -> Iterator[str]:
    """Say what the files add up to: the same as the ledger."""
    seller = LegalEntity.objects.get(pk=month.entity_id)
    yield f"{seller.name}, {month.first_day:%Y-%m}"
    yield _("closed") if month.is_closed else _("not closed yet")
    figures = written.figures()
    for total in figures["totals"]:
        yield ""
        yield f"{total['currency']}"
        yield f"  {_('Debit')}: {total['debit']}"
        yield f"  {_('Credit amount')}: {total['credit']}"
        yield f"  {_('Documents')}: {total['documents']}"
        yield f"  {_('Payments')}: {total['money']}"
        if total["currency"] in written.batches:
            yield f"  {_('Rows for DATEV')}: {written.batches[total['currency']]}"
    yield ""
    for name, label in (
        ("transactions", _("Transactions")),
        ("entries", _("Entries")),
        ("documents", _("Documents")),
        ("papers", _("PDFs")),
    ):
        yield f"{label}: {written.counts[name]}"
    yield from said_of_datev(figures)
    yield ""


def said_of_datev(figures: dict[str, Any]) -> Iterator[str]:
    """Say, in the language that is active, why DATEV gets nothing, or not all."""
    for kind, detail in figures.get("missing", ()):
        yield _("Nothing for DATEV: %(account)s has no number") % {"account": account_name(kind, detail)}
    for word in figures.get("trouble", ()):
        if word == "no_profile":
            yield _("Nothing for DATEV: the accounts of the accountant are not set up")
        elif word == "crowded":
            yield _("Nothing for DATEV: there are more customers than accounts for them; use more digits")
        else:
            yield _("%(currency)s is not in the files for DATEV, which knows two decimals") % {"currency": word}
