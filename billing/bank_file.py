"""A bank statement as CSV, read: which column says what, and what its rows say. Pure.

The columns are found by their names, whatever the bank calls them; a preset adds names of a bank. What cannot be read
is said row by row, and stops nothing but its row; what the whole file leaves open stops the file, until somebody says.
"""

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial

from billing.bank_cells import MONTH_FIRST, amount_of, day_of, day_order_of, decimal_sign_of, direction_of
from core.sentences import gettext_noop, sentence

NO_COLUMN = sentence(gettext_noop("No column of the file says: %(names)s"))
NO_DAY = sentence(gettext_noop("“%(text)s” is no day"))
NO_AMOUNT = sentence(gettext_noop("“%(text)s” is no amount"))
NO_DIRECTION = sentence(gettext_noop("“%(text)s” does not say whether money came in or went out"))
NO_MARK = sentence(gettext_noop("It is not marked as money that came in or went out, as other rows are"))
DAYS_OPEN = sentence(
    gettext_noop("“%(text)s” can be two days, and no row tells which: say how the file writes its days")
)
DAYS_BOTH = sentence(
    gettext_noop(
        "“%(one)s” has the day first, “%(other)s” the month, and no more rows are for either: say which is right"
    )
)
MONTHS_FIRST = sentence(gettext_noop("Its days are read with the month first, as “%(text)s” tells"))
MOSTLY_MONTH = sentence(gettext_noop("Its days are read with the month first, as most rows tell; not so “%(text)s”"))
MOSTLY_DAY = sentence(gettext_noop("Its days are read with the day first, as most rows tell; not so “%(text)s”"))
PENDING = sentence(gettext_noop("The bank has not booked this yet"))
UNREADABLE = sentence(gettext_noop("The file cannot be read: a quotation mark is opened and never closed"))()
EMPTY = sentence(gettext_noop("The file holds no rows"))()
TOO_LARGE = sentence(gettext_noop("The file has more than %(n)s rows; cut it into several"))
MOST_ROWS = 5_000
SEPARATORS = ";,\t|"
# What the columns are called, in lower case: ours, of banks in Germany, and of files in English.
NAMES: Mapping[str, tuple[str, ...]] = {
    "booked_on": ("buchungstag", "buchung", "buchungsdatum", "booked_on", "booking date", "date", "datum"),
    "valued_on": ("valuta", "valutadatum", "wertstellung", "value date", "valued_on"),
    "name": (
        "auftraggeber", "auftraggeber/empfänger", "beguenstigter/zahlungspflichtiger", "name zahlungsbeteiligter",
        "begünstigter/auftraggeber", "zahlungspflichtige*r", "payer", "name", "counterparty",
    ),
    "text": ("verwendungszweck", "buchungstext", "reference", "text", "purpose", "description", "remittance"),
    "amount": ("betrag", "betrag (eur)", "betrag (€)", "umsatz", "amount"),
    "incoming": ("haben", "credit", "credit amount", "paid in", "money in"),
    "outgoing": ("soll", "debit", "debit amount", "paid out", "money out"),
    "sign": (
        "soll/haben", "s/h", "soll/haben-kennzeichen", "soll-/haben-kennzeichen", "debit/credit", "credit/debit",
        "dr/cr", "cr/dr", "d/c", "c/d", "debet/credit", "af bij", "af/bij", "bij/af", "credit debit indicator",
        "credit/debit indicator", "indicator", "direction", "sign", "kennzeichen", "vorzeichen",
    ),
    "state": ("info", "status", "buchungsstatus"),
    "currency": ("währung", "waehrung", "currency"),
    "own": (
        "auftragskonto", "iban auftragskonto", "kontonummer auftragskonto", "eigenes konto", "own account", "account",
    ),
}  # fmt: skip
# More than any account moves at once: such a number is none of money, and fits nowhere.
MOST = Decimal(10) ** 11
# What a bank writes of rows that will come again, with another day, once they are booked.
NOT_YET = ("vorgemerkt", "pending")
# An IBAN above the heading is the account of the file.
IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Z0-9])")


@dataclass(frozen=True)
class BankRow:
    """A row of a statement. `amount` is above zero where money came in; `digest` knows the same row in any file.

    `own` is the account that the file itself names, if it does; `identity` is the row without any account.
    """

    number: int
    booked_on: date | None
    valued_on: date | None
    name: str
    text: str
    amount: Decimal | None
    currency: str
    digest: str
    identity: str = ""
    own: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class BankFile:
    """A statement that was read, or why it could not be: `asks` is what would settle it, `file` or `days`.

    `notes` is what somebody should know of how it was read.
    """

    encoding: str = ""
    rows: tuple[BankRow, ...] = ()
    fault: str = ""
    asks: str = "file"
    notes: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manner:
    """How a file writes what can be read in two ways; `fault` where it leaves that open."""

    day_order: str
    decimal_sign: str
    marks_both: bool
    fault: str = ""
    note: str = ""


def read_bank_file(content: bytes, *, account: str, currency: str, days: str = "") -> BankFile:
    """Read a statement of an account; rows without a currency of their own are in `currency`.

    `days` is what stands first in 11/01/2026, `day` or `month`, where somebody knows; else the rows tell.
    """
    text, encoding = _decoded(content)
    lines = text.splitlines()
    try:
        found = _heading(lines)
        below = lines[found[0] + 1 :] if found else []
        body = list(csv.reader(io.StringIO("\n".join(below)), delimiter=found[1] if found else SEPARATORS[0]))
    except csv.Error:
        return BankFile(encoding, fault=UNREADABLE)
    if found is None:
        wanted = ", ".join(NAMES[name][0] for name in ("booked_on", "amount"))
        return BankFile(encoding, fault=NO_COLUMN(names=wanted))
    place, _separator, columns = found
    rows = [(place + 2 + at, cells) for at, cells in enumerate(body) if any(cell.strip() for cell in cells)]
    if not rows:
        return BankFile(encoding, fault=EMPTY)
    if len(rows) > MOST_ROWS:
        return BankFile(encoding, fault=TOO_LARGE(n=MOST_ROWS))
    cells_of = [partial(_cell, columns, cells) for _number, cells in rows]
    if "beside" in columns and any(direction_of(cell("beside")) for cell in cells_of):
        columns["sign"] = columns["beside"]
    elif (
        "sign" not in columns
        and (at := _column_of_directions(columns, [cells for _number, cells in rows])) is not None
    ):
        columns["sign"] = at
    manner = _manner(lambda name: [cell(name) for cell in cells_of], days)
    if manner.fault:
        return BankFile(encoding, fault=manner.fault, asks="days")
    seen: Counter[tuple[object, ...]] = Counter()
    named = next((hit[0] for line in lines[:place] if (hit := IBAN.search(line.upper()))), "")
    read = tuple(
        _row(number, cell, manner, (account, named), currency, seen)
        for (number, _cells), cell in zip(rows, cells_of, strict=True)
    )
    notes = (manner.note,) if manner.note else ()
    return BankFile(encoding, read, notes=notes, columns={name: str(at) for name, at in columns.items()})


def _column_of_directions(columns: Mapping[str, int], rows: Sequence[Sequence[str]]) -> int | None:
    """Return the place of a column that says which way money went, though its name is none that we know.

    At least half of what stands in it are words of a direction, and one of them means out: where no amount of the file
    has a sign, a rent would be taken for money that came in.
    """
    amounts = [cells[columns["amount"]] for cells in rows if columns.get("amount", len(cells)) < len(cells)]
    if not amounts or any(mark in text for text in amounts for mark in "-−("):
        return None
    for place in range(max(map(len, rows))):
        if place in columns.values():
            continue
        words = [cells[place] for cells in rows if place < len(cells) and cells[place].strip()]
        found = [direction for word in words if (direction := direction_of(word))]
        if -1 in found and 2 * len(found) >= len(words):
            return place
    return None


def _cell(columns: Mapping[str, int], cells: Sequence[str], name: str) -> str:
    at = columns.get(name)
    return " ".join(cells[at].split()) if at is not None and at < len(cells) else ""


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace").replace("\0", " "), "UTF-16"
    try:
        return content.decode("utf-8-sig").replace("\0", " "), "UTF-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace").replace("\0", " "), "Windows-1252"


def _heading(lines: Sequence[str]) -> tuple[int, str, dict[str, int]] | None:
    """Return the line of the heading, its separator, and the place of each column. Banks write lines above it."""
    for place, line in enumerate(lines[:30]):
        for separator in SEPARATORS:
            cells = [cell.strip().strip('"').lower() for cell in next(csv.reader([line], delimiter=separator), [])]
            columns = {name: cells.index(word) for name, words in NAMES.items() for word in words if word in cells}
            # The first name of a column that is there counts.
            columns = {name: next(cells.index(word) for word in NAMES[name] if word in cells) for name in columns}
            at = columns.get("amount")
            if at is not None and "sign" not in columns and at + 1 < len(cells) and not cells[at + 1]:
                # Some banks say S or H in a column without a name behind the amount; others leave it to the currency.
                columns["beside"] = at + 1
            if "booked_on" in columns and columns.keys() & {"amount", "incoming"}:
                return place, separator, columns
    return None


def _manner(said: Callable[[str], list[str]], days: str) -> Manner:
    """Find out how a file writes what can be read in two ways; `days` is what its bringer says of them."""
    found = day_order_of([*said("booked_on"), *said("valued_on")])
    order, fault, note = days or found.order, "", ""
    if not order and found.day_first:
        fault = DAYS_BOTH(one=found.day_first, other=found.month_first)
    elif not order:
        fault = DAYS_OPEN(text=found.either)
    elif not days and found.day_first and found.month_first:
        note = (MOSTLY_MONTH if order == MONTH_FIRST else MOSTLY_DAY)(
            text=found.day_first if order == MONTH_FIRST else found.month_first
        )
    elif not days and order == MONTH_FIRST:
        note = MONTHS_FIRST(text=found.month_first)
    figures = [one for name in ("amount", "incoming", "outgoing") for one in said(name)]
    return Manner(
        day_order=order,
        decimal_sign=decimal_sign_of(figures),
        # Some banks mark only what went out.
        marks_both=any(direction_of(word) == 1 for word in said("sign")),
        fault=fault,
        note=note,
    )


def _row(
    number: int,
    cell: Callable[[str], str],
    manner: Manner,
    accounts: tuple[str, str],
    currency: str,
    seen: "Counter[tuple[object, ...]]",
) -> BankRow:
    faults = []
    booked_on = day_of(cell("booked_on"), order=manner.day_order)
    if booked_on is None:
        faults.append(NO_DAY(text=cell("booked_on")[:40]))
    row_currency = (cell("currency") or currency).upper()[:3]
    amount, fault = _moved(cell, manner, row_currency)
    if fault:
        faults.append(fault)
    if any(word in cell("state").lower() for word in NOT_YET):
        faults.append(PENDING())
    name, text = cell("name")[:200], cell("text")[:500]
    account, named = accounts
    # The file knows its account better than who brings it.
    own = account_of(cell("own") or named)
    known = (own or account, booked_on, amount, name.lower(), text.lower())
    # Two equal rows in one file are two payments; the same rows in the next file are these again.
    seen[known] += 1
    written = "|".join(str(part) for part in (*known, seen[known]))
    nth = seen[known]
    return BankRow(
        number=number,
        booked_on=booked_on,
        valued_on=day_of(cell("valued_on"), order=manner.day_order),
        name=name,
        text=text,
        amount=amount,
        currency=row_currency,
        digest=hashlib.sha256(written.encode()).hexdigest(),
        identity=identity_of(booked_on, amount, name, text, nth),
        own=own,
        faults=tuple(faults),
    )


def _moved(cell: Callable[[str], str], manner: Manner, currency: str) -> tuple[Decimal | None, str]:
    """Return what came in, below zero where it went out; or None, and why nobody can say."""
    word, said = cell("sign"), cell("amount") or cell("incoming") or cell("outgoing")
    direction = direction_of(word)
    if direction is None:
        return None, NO_DIRECTION(text=word[:40])
    if cell("amount"):
        amount = amount_of(said, currency=currency, decimal_sign=manner.decimal_sign)
        if direction == 0 and manner.marks_both and amount is not None and amount > 0 and not said.startswith("+"):
            return None, NO_MARK()
        if direction < 0 and amount is not None:
            amount = -abs(amount)
    else:
        sides = [cell(name) or "0" for name in ("incoming", "outgoing")]
        came, went = (amount_of(one, currency=currency, decimal_sign=manner.decimal_sign) for one in sides)
        # Banks leave the other side empty, or write 0,00 there; two amounts are no one's movement.
        amount = None if came is None or went is None or (came and went) or not said else came or -abs(went)
        said = " / ".join(one for one in (cell("incoming"), cell("outgoing")) if one)
    if amount is None or abs(amount) >= MOST:
        return None, NO_AMOUNT(text=said[:40])
    return amount, ""


def account_of(text: str) -> str:
    """Write an account always alike."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())[:40]


def identity_of(booked_on: date | None, amount: Decimal | None, name: str, text: str, nth: int) -> str:
    """Name a row by what it says, whatever account it is said to be of; `nth` of its equals in its file."""
    figure = "" if amount is None else f"{amount:.3f}"
    said = "|".join((str(booked_on), figure, name.lower(), text.lower(), str(nth)))
    return hashlib.sha256(said.encode()).hexdigest()
