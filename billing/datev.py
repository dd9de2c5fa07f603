"""A batch of bookings as DATEV reads it (EXTF, format 700, Buchungsstapel 13): written and read back. Pure Python.

Amounts have a comma, days are TTMM, text is quoted, lines end in CR LF, all in Windows-1252. A row books an amount
on an account and, turned round, on one other; S is debit of the first, H credit.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

ENCODING = "cp1252"
# No batch has more.
MOST_ROWS = 99_999
CENTS = 2
# What stands in the field of the document's number.
ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789$&%*+-/")


def _pairs(kind: str, word: str, count: int) -> list[str]:
    return [
        name for place in range(1, count + 1) for name in (f"{kind} - Art {place}", f"{kind}{word} Inhalt {place}")
    ]


COLUMNS = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz",
    "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto",
    "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre",
    "Beleglink", *_pairs("Beleginfo", " -", 8), "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge",
    "EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart", "Sachverhalt L+L",
    "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung",
    *_pairs("Zusatzinformation", "-", 20), "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr",
    "Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)",
    "EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)",
    "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre",
    "Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer", "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung", "Leistungsdatum",
    "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz",
    "BVV-Position", "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto",
)  # fmt: skip
PLACE = {name: place for place, name in enumerate(COLUMNS)}


@dataclass(frozen=True)
class Head:
    """What a batch says of itself: whose it is, of which days, and whether nothing of it changes any more."""

    consultant: int
    client: int
    year_begins: date
    length: int
    first_day: date
    last_day: date
    currency: str
    chart: str
    name: str
    made_at: datetime
    is_final: bool


@dataclass(frozen=True)
class Row:
    """An amount on an account and on the one against it; debit of the first above nothing."""

    amount: Decimal
    account: str
    against: str
    day: date
    document: str
    text: str
    key: str = ""
    order: str = ""
    place: str = ""
    rate: Decimal | None = None


@dataclass
class Batch:
    """A batch that was read back."""

    head: list[str]
    rows: list[Mapping[str, str]] = field(default_factory=list)

    def balances(self) -> dict[str, Decimal]:
        """Return what the rows leave on every account: debit above nothing."""
        sums: dict[str, Decimal] = {}
        for row in self.rows:
            amount = Decimal(row[COLUMNS[0]].replace(",", ".")) * (1 if row[COLUMNS[1]] == "S" else -1)
            for number, part in ((row[COLUMNS[6]], amount), (row[COLUMNS[7]], -amount)):
                sums[number] = sums.get(number, Decimal(0)) + part
        return sums


def head_lines(head: Head) -> bytes:
    """Return the two lines above the rows."""
    made = head.made_at.strftime("%Y%m%d%H%M%S") + f"{head.made_at.microsecond // 1000:03d}"
    said = [
        '"EXTF"', "700", "21", '"Buchungsstapel"', "13", made, "", '"OM"', '""', '""', str(head.consultant),
        str(head.client), f"{head.year_begins:%Y%m%d}", str(head.length), f"{head.first_day:%Y%m%d}",
        f"{head.last_day:%Y%m%d}", quoted(head.name, 30), '""', "1", "0", "1" if head.is_final else "0",
        quoted(head.currency, 3), "", '""', "", "", quoted(head.chart.removeprefix("SKR"), 2), "", "", '""', '""',
    ]  # fmt: skip
    return encoded(";".join(said) + "\r\n" + ";".join(COLUMNS) + "\r\n")


_EMPTY = [""] * len(COLUMNS)


def line(row: Row, *, currency: str, is_final: bool) -> str:
    """Return a row as it is written, with the end of its line."""
    cells = _EMPTY.copy()
    cells[0] = f"{abs(row.amount):.2f}".replace(".", ",")
    cells[1] = '"S"' if row.amount > 0 else '"H"'
    cells[2] = f'"{currency}"'
    cells[6], cells[7] = row.account, row.against
    cells[8] = f'"{row.key}"' if row.key else ""
    cells[9] = f"{row.day:%d%m}"
    cells[10] = quoted("".join(sign for sign in row.document if sign in ALLOWED), 36)
    cells[13] = quoted(row.text, 60)
    if row.place:
        cells[PLACE["EU-Land u. UStID (Bestimmung)"]] = quoted(row.place, 15)
    if row.rate is not None:
        cells[PLACE["EU-Steuersatz (Bestimmung)"]] = f"{row.rate * 100:05.2f}".replace(".", ",")
    if row.order:
        cells[PLACE["Auftragsnummer"]] = quoted(row.order, 30)
    cells[PLACE["Festschreibung"]] = "1" if is_final else "0"
    return ";".join(cells) + "\r\n"


def quoted(text: str, most: int) -> str:
    """Write text as a cell: on one line, cut where the field ends."""
    return '"' + " ".join(text.split())[:most].replace('"', '""') + '"'


def encoded(text: str) -> bytes:
    """Return bytes of Windows-1252; a sign that it does not know becomes a question mark."""
    return text.encode(ENCODING, "replace")


def read(content: bytes) -> Batch:
    """Read a batch back. Raises ValueError where it is none."""
    lines = list(csv.reader(io.StringIO(content.decode(ENCODING), newline=""), delimiter=";"))
    if len(lines) < 2 or lines[0][:5] != ["EXTF", "700", "21", "Buchungsstapel", "13"] or len(lines[0]) != 31:
        raise ValueError("This is no Buchungsstapel of format 700, version 13")
    if tuple(lines[1]) != COLUMNS or any(len(one) != len(COLUMNS) for one in lines[2:]):
        raise ValueError("The columns are not those of version 13")
    return Batch(lines[0], [dict(zip(COLUMNS, one, strict=True)) for one in lines[2:]])
