"""A bank statement as CSV, read: which column says what, amounts and days as banks write them. Pure.

The columns are found by their names, whatever the bank calls them; a preset adds names of a bank. What cannot be read
is said row by row, and stops nothing but its row.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from core.money import quantum
from core.sentences import gettext_noop, sentence

NO_COLUMN = sentence(gettext_noop("No column of the file says: %(names)s"))
NO_DAY = sentence(gettext_noop("“%(text)s” is no day"))
NO_AMOUNT = sentence(gettext_noop("“%(text)s” is no amount"))
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
    "incoming": ("haben", "credit"),
    "outgoing": ("soll", "debit"),
    "sign": ("soll/haben", "s/h", "soll/haben-kennzeichen", "soll-/haben-kennzeichen", "debit/credit"),
    "state": ("info", "status", "buchungsstatus"),
    "currency": ("währung", "waehrung", "currency"),
    "own": (
        "auftragskonto", "iban auftragskonto", "kontonummer auftragskonto", "eigenes konto", "own account", "account",
    ),
}  # fmt: skip
DAYS = ("%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d", "%d/%m/%Y", "%Y%m%d")
# More than any account moves at once: such a number is none of money, and fits nowhere.
MOST = Decimal(10) ** 11
# What a bank writes of rows that will come again, with another day, once they are booked.
NOT_YET = ("vorgemerkt", "pending")
# An IBAN above the heading is the account of the file.
IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Z0-9])")
FIGURE = re.compile(r"[+-]?\d[\d.,'\u00a0\u202f ]*[+-]?")


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
    """A statement that was read, or why it could not be."""

    encoding: str = ""
    rows: tuple[BankRow, ...] = ()
    fault: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def read_bank_file(content: bytes, *, account: str, currency: str) -> BankFile:
    """Read a statement of an account; rows without a currency of their own are in `currency`."""
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
    seen: Counter[tuple[object, ...]] = Counter()
    named = next((hit[0] for line in lines[:place] if (hit := IBAN.search(line.upper()))), "")
    read = tuple(_row(number, cells, columns, (account, named), currency, seen) for number, cells in rows)
    return BankFile(encoding, read, columns={name: str(at) for name, at in columns.items()})


def _decoded(content: bytes) -> tuple[str, str]:
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
                # Some banks say S or H in a column without a name behind the amount.
                columns["sign"] = at + 1
            if "booked_on" in columns and columns.keys() & {"amount", "incoming"}:
                return place, separator, columns
    return None


def _row(
    number: int,
    cells: Sequence[str],
    columns: Mapping[str, int],
    accounts: tuple[str, str],
    currency: str,
    seen: "Counter[tuple[object, ...]]",
) -> BankRow:
    def cell(name: str) -> str:
        at = columns.get(name)
        return " ".join(cells[at].split()) if at is not None and at < len(cells) else ""

    faults = []
    booked_on = day_of(cell("booked_on"))
    if booked_on is None:
        faults.append(NO_DAY(text=cell("booked_on")[:40]))
    said = cell("amount") or cell("incoming") or (f"-{cell('outgoing').lstrip('+-')}" if cell("outgoing") else "")
    if said and cell("sign").upper() in ("S", "SOLL", "D", "DEBIT"):
        said = f"-{said.strip('+-')}"
    row_currency = (cell("currency") or currency).upper()[:3]
    amount = amount_of(said, decimals=decimals_of(row_currency))
    if amount is None or abs(amount) >= MOST:
        amount = None
        faults.append(NO_AMOUNT(text=said[:40]))
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
        valued_on=day_of(cell("valued_on")),
        name=name,
        text=text,
        amount=amount,
        currency=row_currency,
        digest=hashlib.sha256(written.encode()).hexdigest(),
        identity=identity_of(booked_on, amount, name, text, nth),
        own=own,
        faults=tuple(faults),
    )


def account_of(text: str) -> str:
    """Write an account always alike."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())[:40]


def identity_of(booked_on: date | None, amount: Decimal | None, name: str, text: str, nth: int) -> str:
    """Name a row by what it says, whatever account it is said to be of; `nth` of its equals in its file."""
    figure = "" if amount is None else f"{amount:.3f}"
    said = "|".join((str(booked_on), figure, name.lower(), text.lower(), str(nth)))
    return hashlib.sha256(said.encode()).hexdigest()


def day_of(text: str) -> date | None:
    """Read a day as banks write it."""
    for shape in DAYS:
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def decimals_of(currency: str) -> int:
    """Return how many decimals a currency has; two where nobody knows it."""
    return -int(quantum(currency).as_tuple().exponent)


def amount_of(text: str, *, decimals: int = 2) -> Decimal | None:
    """Read an amount: 1.234,56 and 1,234.56, a sign before or behind it, S and H, a currency beside it.

    `decimals` is how many its currency has: with three, 12.345 are twelve dinars, and in euro twelve thousand.
    """
    plain = text.replace("EUR", "").replace("€", "").strip()
    sign = -1 if plain[-1:].upper() == "S" else 1
    plain = plain.rstrip("SHsh ").strip()
    if not FIGURE.fullmatch(plain):
        return None
    if plain.startswith("-") or plain.endswith("-"):
        sign = -1
    digits = re.sub(r"[^\d.,]", "", plain)
    comma, point = digits.rfind(","), digits.rfind(".")
    decimal_at = max(comma, point)
    if (
        decimal_at >= 0
        and decimals != 3
        and len(digits) - decimal_at - 1 == 3
        and min(comma, point) < 0
        and digits.count(digits[decimal_at]) >= 1
    ):
        # Three digits behind the only kind of mark are thousands: 1.234 is more than a thousand. None begin with 0,
        # and 0.500 is not in cents either: somebody has to look.
        if digits.startswith("0"):
            return None
        decimal_at = -1
    whole = re.sub(r"\D", "", digits if decimal_at < 0 else digits[:decimal_at])
    rest = "" if decimal_at < 0 else re.sub(r"\D", "", digits[decimal_at + 1 :])
    try:
        return sign * Decimal(f"{whole or '0'}.{rest or '0'}").quantize(
            Decimal("0.01") if len(rest) <= 2 else Decimal("0.001")
        )
    except InvalidOperation:
        return None
