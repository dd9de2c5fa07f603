"""What a file of products says: each row read cell by cell, with the reason beside every cell that cannot be meant.

Pure Python. What only the shop knows (its languages, warehouses, price lists, tax classes) is handed in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integrations import sentences as say
from integrations.errors import UnusableFile
from integrations.imports.tables import CONTROL, Row, Table, read_number, ways_to_read

COLUMNS = (
    "sku",
    "name",
    "kind",
    "price",
    "currency",
    "tax_class",
    "category",
    "barcode",
    "weight_grams",
    "description",
    "backorder",
    "active",
    "parts",
)
# What spreadsheets call them.
ALIASES = {
    "article": "sku", "artikelnummer": "sku", "art.nr.": "sku", "product": "name", "title": "name",
    "bezeichnung": "name", "artikel": "name", "type": "kind", "art": "kind", "preis": "price", "unit_price": "price",
    "währung": "currency", "tax": "tax_class", "steuerklasse": "tax_class", "kategorie": "category", "gtin": "barcode",
    "ean": "barcode", "weight": "weight_grams", "weight_g": "weight_grams", "gewicht": "weight_grams",
    "gewicht_g": "weight_grams", "beschreibung": "description", "aktiv": "active", "bestand": "stock",
    "teile": "parts", "bestandteile": "parts", "components": "parts",
}  # fmt: skip
LENGTHS = {"sku": 40, "name": 200, "category": 60, "barcode": 20, "description": 5_000}
KINDS = {
    "stocked": "stocked", "goods": "stocked", "lagerware": "stocked", "ware": "stocked", "service": "service",
    "dienstleistung": "service", "digital": "digital", "kit": "kit", "set": "kit", "bundle": "kit",
}  # fmt: skip
YES = frozenset({"yes", "y", "true", "1", "x", "ja", "j", "wahr"})
NO = frozenset({"no", "n", "false", "0", "nein", "falsch"})
MOST_UNITS = 1_000_000
MOST_GRAMS = 2_147_483_647
# MUG-RED 2, TEA-1 or 2 × MUG-RED + TEA-1.
PARTED = re.compile(r"[,;+|\n]")
PART = re.compile(r"(?:(?P<first>\d{1,5})\s*[x×*]\s*)?(?P<sku>\S{1,40})(?:\s+[x×*]?\s*(?P<units>\d{1,5}))?")
# A cell that begins so is worked out by a spreadsheet, and is no word of anybody.
FORMULA = ("=", "@")


@dataclass(frozen=True)
class Shop:
    """What the file has to fit: languages of names, warehouse codes, currencies of price lists, tax classes."""

    languages: frozenset[str]
    warehouses: frozenset[str]
    currencies: frozenset[str]
    tax_classes: frozenset[str]


@dataclass
class ReadRow:
    """One product as the file tells it; what it does not say is not in `values`. `faults` are by column."""

    line: int
    sku: str
    values: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    price: Decimal | None = None
    currency: str = ""
    stock: dict[str, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadFile:
    """All rows, and which column each heading means."""

    rows: list[ReadRow]
    meant: Mapping[str, str]

    @property
    def unknown(self) -> list[str]:
        """Headings that nobody understands; their cells are left out."""
        return [name for name, column in self.meant.items() if not column]


def read_products(table: Table, shop: Shop) -> ReadFile:
    """Read every row. Raises UnusableFile where there is no column of SKUs."""
    meant = {name: _meaning(name, shop) for name in table.columns if name}
    if "sku" not in meant.values():
        raise UnusableFile(say.NO_SKU_COLUMN())
    columns = {column: name for name, column in meant.items() if column}
    if len(columns) < sum(bool(column) for column in meant.values()):
        raise UnusableFile(say.SAME_MEANING())
    reader = _Reader(table, shop, columns)
    rows = [reader.read(row) for row in table.rows]
    _mark_doubles(rows)
    return ReadFile(rows, meant)


def _meaning(name: str, shop: Shop) -> str:
    """Return the column that a heading means, or nothing."""
    name = ALIASES.get(name, name)
    if name in COLUMNS:
        return name
    start, _line, rest = name.partition("_")
    if start == "name" and rest in shop.languages:
        return name
    start = ALIASES.get(start, start)
    codes = {code.lower().replace("-", "_"): code for code in shop.warehouses}
    if start == "stock" and rest in codes:
        return f"stock_{codes[rest]}"
    if name == "stock" and len(codes) == 1:
        return f"stock_{next(iter(codes.values()))}"
    return ""


def _mark_doubles(rows: Sequence[ReadRow]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.sku and (line := first.setdefault(row.sku, row.line)) != row.line:
            row.faults["sku"] = say.SAME_SKU(line=line)


class _Reader:
    """Reads the cells of a row one after the other, and notes what is wrong with which."""

    def __init__(self, table: Table, shop: Shop, columns: Mapping[str, str]) -> None:
        self.decimal_sign = table.decimal_sign
        self.shop = shop
        self.columns = columns

    def read(self, source: Row) -> ReadRow:
        cells = {column: source.cells.get(name, "") for column, name in self.columns.items()}
        row = ReadRow(source.line, cells["sku"].upper())
        for column, text in cells.items():
            if fault := self._unfit(column, text):
                row.faults[column] = fault
            elif text:
                self._take(row, column, text)
        if not row.sku:
            row.faults["sku"] = say.SKU_MISSING()
        if source.surplus:
            row.faults.setdefault("sku", say.TOO_MANY_CELLS())
        return row

    def _unfit(self, column: str, text: str) -> str:
        if CONTROL.search(text):
            return say.STRANGE_SIGN()
        if text.startswith(FORMULA):
            return say.FORMULA_CELL()
        longest = LENGTHS.get("name" if column.startswith("name_") else column)
        return say.TOO_LONG(n=longest) if longest and len(text) > longest else ""

    def _take(self, row: ReadRow, column: str, text: str) -> None:
        start, _line, rest = column.partition("_")
        if column in ("name", "category", "barcode", "description"):
            row.values[column] = text
        elif start == "name":
            row.names[rest] = text
        elif start == "stock":
            self._stock(row, column, rest, text)
        elif column != "sku":
            getattr(self, f"_{column}")(row, text)

    def _kind(self, row: ReadRow, text: str) -> None:
        if kind := KINDS.get(text.lower()):
            row.values["kind"] = kind
        else:
            row.faults["kind"] = say.WHICH_KIND()

    def _price(self, row: ReadRow, text: str) -> None:
        for currency in self.shop.currencies:
            text = text.removesuffix(currency).removeprefix(currency).strip()
        text = text.strip("€$£ ")
        price = read_number(text, decimal_sign=self.decimal_sign)
        if price is None:
            row.faults["price"] = self._two_ways(text) or say.NO_PRICE()
        elif not 0 <= price < 10**11 or price != round(price, 6):
            row.faults["price"] = say.PRICE_RANGE()
        else:
            row.price = price

    def _currency(self, row: ReadRow, text: str) -> None:
        row.currency = text.upper()
        if row.currency not in self.shop.currencies:
            known = ", ".join(sorted(self.shop.currencies))
            row.faults["currency"] = say.WHICH_CURRENCY(known=known)

    def _tax_class(self, row: ReadRow, text: str) -> None:
        row.values["tax_class"] = text.lower()
        if text.lower() not in self.shop.tax_classes:
            row.faults["tax_class"] = say.WHICH_TAX_CLASS(known=", ".join(sorted(self.shop.tax_classes)))

    def _weight_grams(self, row: ReadRow, text: str) -> None:
        text = text.lower().removesuffix("g").strip()
        grams = read_number(text, decimal_sign=self.decimal_sign)
        if grams is None or grams != int(grams) or not 0 <= grams <= MOST_GRAMS:
            row.faults["weight_grams"] = self._two_ways(text) or say.WHOLE_GRAMS()
        else:
            row.values["weight_grams"] = int(grams)

    def _backorder(self, row: ReadRow, text: str) -> None:
        self._switch(row, "backorder", text)

    def _active(self, row: ReadRow, text: str) -> None:
        self._switch(row, "active", text)

    def _parts(self, row: ReadRow, text: str) -> None:
        parts: dict[str, int] = {}
        for cell in filter(None, (part.strip() for part in PARTED.split(text))):
            found = PART.fullmatch(cell)
            if found is None or found["sku"].upper() in parts:
                row.faults["parts"] = say.WHICH_PARTS()
                return
            parts[found["sku"].upper()] = int(found["units"] or found["first"] or 1)
        row.values["parts"] = parts

    def _switch(self, row: ReadRow, column: str, text: str) -> None:
        if text.lower() in YES | NO:
            row.values[column] = text.lower() in YES
        else:
            row.faults[column] = say.YES_OR_NO()

    def _two_ways(self, text: str) -> str:
        ways = ways_to_read(text, decimal_sign=self.decimal_sign)
        return say.TWO_WAYS(whole=ways[0], fraction=ways[1]) if ways else ""

    def _stock(self, row: ReadRow, column: str, warehouse: str, text: str) -> None:
        units = read_number(text, decimal_sign=self.decimal_sign)
        if units is None or units != int(units) or not 0 <= units <= MOST_UNITS:
            row.faults[column] = self._two_ways(text) or say.WHOLE_UNITS()
        else:
            row.stock[warehouse] = int(units)
