"""A CSV of anybody, read into named cells: any usual encoding and separator, and nothing of it lost. Pure Python."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from integrations import sentences as say
from integrations.errors import UnusableFile

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
LONGEST_CELL = 20_000
SEPARATORS = ";,\t|"
COMMA_DECIMAL = re.compile(r"-?[0-9][0-9.]*,[0-9]+")
POINT_DECIMAL = re.compile(r"-?[0-9][0-9,]*\.[0-9]+")
# 1.234 is a thousand and more to one half of the world, and little more than one to the other.
EITHER = re.compile(r"-?([1-9][0-9]{0,2})([.,])([0-9]{3})")
SPACES = re.compile("[ \u00a0\u202f']")
# What a database or a spreadsheet stumbles over.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Row:
    """One line of a file: cells by the name of their column, and how many cells had none."""

    line: int
    cells: Mapping[str, str]
    surplus: int = 0


@dataclass(frozen=True)
class Table:
    """A file as it was read, with what its reader should know of how.

    `decimal_sign`: what stands before its decimals, comma or point; empty where nothing in it tells.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    separator: str
    decimal_sign: str


def read_table(content: bytes) -> Table:
    """Read a file. Raises UnusableFile where nothing of it can be understood."""
    if not content.strip():
        raise UnusableFile(say.FILE_EMPTY())
    if len(content) > MOST_BYTES:
        raise UnusableFile(say.FILE_TOO_LARGE())
    if content[:2] == b"PK" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise UnusableFile(say.IS_SPREADSHEET())
    text, encoding = _decode(content)
    separator = _separator(text)
    lines = _lines(text, separator)
    try:
        heading = next(lines)[1]
    except StopIteration:
        raise UnusableFile(say.NO_HEADING()) from None
    columns = tuple(_tidy(name) for name in heading)
    named = [name for name in columns if name]
    if doubles := sorted({name for name in named if named.count(name) > 1}):
        raise UnusableFile(say.COLUMN_TWICE(names=", ".join(doubles)))
    rows = tuple(_row(columns, line, cells) for line, cells in lines)
    if len(rows) > MOST_ROWS:
        raise UnusableFile(say.TOO_MANY_ROWS())
    return Table(columns, rows, encoding, separator, _decimal_sign(rows))


def ways_to_read(text: str, *, decimal_sign: str) -> tuple[str, str] | None:
    """Return the whole number and the fraction that a text may be, where its file does not tell which is meant."""
    either = None if decimal_sign else EITHER.fullmatch(SPACES.sub("", text))
    return (either[1] + either[3], f"{either[1]}.{either[3]}".rstrip("0").rstrip(".")) if either else None


def read_number(text: str, *, decimal_sign: str) -> Decimal | None:
    """Read a number as its file writes them (`Table.decimal_sign`); None where it is none, or could be two."""
    plain = SPACES.sub("", text)
    if ways_to_read(plain, decimal_sign=decimal_sign):
        return None
    if "," in plain and "." in plain:
        thousands = "," if plain.rfind(".") > plain.rfind(",") else "."
        plain = plain.replace(thousands, "")
    elif decimal_sign != "," and re.fullmatch(r"-?[1-9][0-9]{0,2}(,[0-9]{3})+", plain):
        plain = plain.replace(",", "")
    elif decimal_sign != "." and re.fullmatch(r"-?[1-9][0-9]{0,2}(\.[0-9]{3})+", plain):
        plain = plain.replace(".", "")
    plain = plain.replace(",", ".")
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _decode(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError:
            raise UnusableFile(say.UNREADABLE()) from None
    try:
        return content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        # Every byte means something in Latin-1, so the reader has to look whether it is what was meant.
        return content.decode("cp1252", errors="replace"), "Latin-1"


def _separator(text: str) -> str:
    """Return what stands between the cells of the heading, quotes left aside."""
    heading = re.sub(r'"[^"]*"', "", next((line for line in text.splitlines() if line.strip()), ""))
    counts = {sign: heading.count(sign) for sign in SEPARATORS}
    best = max(SEPARATORS, key=lambda sign: counts[sign])
    return best if counts[best] else ","


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    at = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield at, cells
            at = reader.line_num + 1
    except csv.Error as error:
        raise UnusableFile(say.UNREADABLE_LINE(line=at, why=error)) from None


def _row(columns: Sequence[str], line: int, cells: Sequence[str]) -> Row:
    named = {name: cell.strip()[:LONGEST_CELL] for name, cell in zip(columns, cells, strict=False) if name}
    surplus = sum(bool(cell.strip()) for cell in cells[len(columns) :])
    return Row(line, named, surplus)


def _tidy(name: str) -> str:
    """Return the name of a column as it is compared: `Tax class` is tax_class."""
    return re.sub(r"[\s\-]+", "_", CONTROL.sub("", name).strip().lower()).strip("_")


def _decimal_sign(rows: Sequence[Row]) -> str:
    comma = point = 0
    for row in rows[:2000]:
        for cell in row.cells.values():
            if EITHER.fullmatch(cell):
                continue
            comma += bool(COMMA_DECIMAL.fullmatch(cell))
            point += bool(POINT_DECIMAL.fullmatch(cell))
    if comma == point:
        return ""
    return "," if comma > point else "."
