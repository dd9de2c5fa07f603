"""The format `online-retail`: one row a line of an invoice, as in the UCI "Online Retail" data set.

Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. Prices in
GBP without tax; times are the seller's local time in London.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from sys import intern
from zoneinfo import ZoneInfo

from babel import Locale

from integrations.errors import UnusableFile

from .base import MatchedReturn, Plan, PlannedCancellation, PlannedOrder, Rejected, Row

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
CURRENCY = "GBP"
LONDON = ZoneInfo("Europe/London")
DATE_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S")
MAX_QUANTITY = 1_000_000
MAX_PRICE = Decimal(10_000_000)

SHIPPING_CODES = frozenset({"POST", "DOT", "C2"})
DISCOUNT_CODES = frozenset({"D"})
# Manual lines, samples, fees, charity, bad debt: sums of their own, no goods on a shelf.
OTHER_CODES = frozenset({"M", "S", "B", "AMAZONFEE", "BANK CHARGES", "CRUK", "PADS"})
CHARGE_CODES = SHIPPING_CODES | DISCOUNT_CODES | OTHER_CODES

# Names that are not in the list of ISO 3166-1, or no single country.
COUNTRY_NAMES = {
    "EIRE": "IE",
    "RSA": "ZA",
    "USA": "US",
    "CZECH REPUBLIC": "CZ",
    "HONG KONG": "HK",
    "KOREA": "KR",
    "CHANNEL ISLANDS": "",
    "EUROPEAN COMMUNITY": "",
    "UNSPECIFIED": "",
    "WEST INDIES": "",
}


def country_codes() -> dict[str, str]:
    """Return the ISO 3166-1 alpha-2 code for every country name a file may use, in capitals."""
    territories = Locale("en").territories
    known = {name.upper(): code for code, name in territories.items() if len(code) == 2 and code.isalpha()}
    return known | COUNTRY_NAMES


def read_plan(path: Path) -> Plan:
    """Read a file and sort its rows into orders, cancellations, corrections and rejects.

    Raises UnusableFile when the file as a whole cannot be trusted; single bad rows are rejected
    with their line and reason.
    """
    plan = Plan()
    rows: list[Row] = []
    for parsed in _parse(_read_text(path)):
        if isinstance(parsed, Rejected):
            plan.rejected.append(parsed)
        else:
            rows.append(parsed)
    if not rows and not plan.rejected:
        raise UnusableFile("The file has a heading but no rows")
    _sort_into(plan, rows)
    return plan


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnusableFile(f"The file cannot be read: {error.strerror}") from error
    if not raw.strip():
        raise UnusableFile("The file is empty")
    if b"\0" in raw:
        raise UnusableFile("This is not a CSV file: it contains NUL bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnusableFile(f"The file is not UTF-8 (line {line}); save it as UTF-8 and try again") from error


def _parse(text: str) -> Iterator[Row | Rejected]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    countries = country_codes()
    try:
        heading = next(reader)
        if [name.strip() for name in heading] != list(COLUMNS):
            raise UnusableFile(f"Wrong columns; expected {','.join(COLUMNS)}")
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield _parse_row(line, cells, countries)
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnusableFile(f"The file breaks off or is not a CSV (line {reader.line_num}): {error}") from error


def _parse_row(line: int, cells: list[str], countries: dict[str, str]) -> Row | Rejected:
    if len(cells) != len(COLUMNS):
        return Rejected(line, f"{len(cells)} columns instead of {len(COLUMNS)}")
    document, sku, description, quantity, at, price, customer, country = (cell.strip() for cell in cells)
    try:
        units = int(quantity)
    except ValueError:
        return Rejected(line, f"Quantity {quantity!r} is not a whole number")
    try:
        unit_price = Decimal(price)
        usable = unit_price.is_finite() and abs(unit_price) <= MAX_PRICE
    except InvalidOperation:
        usable = False
    if not usable:
        return Rejected(line, f"Price {price!r} is not an amount")
    amount = units * unit_price
    if not document or not sku:
        return Rejected(line, "No invoice number or no stock code", amount)
    if len(document) > 40 or len(sku) > 40:
        return Rejected(line, "Invoice number or stock code is longer than 40 characters", amount)
    if units == 0 or abs(units) > MAX_QUANTITY:
        return Rejected(line, f"Quantity {units} is out of range", amount)
    when = _parse_time(at)
    if when is None:
        return Rejected(line, f"Date {at!r} is not a time", amount)
    if country.upper() not in countries:
        return Rejected(line, f"Unknown country {country!r}", amount)
    return Row(
        line,
        intern(document.upper()),
        intern(sku.upper()),
        intern(" ".join(description.split())[:200]),
        units,
        when,
        unit_price,
        intern(customer.removesuffix(".0")),
        countries[country.upper()],
    )


def _parse_time(text: str) -> datetime | None:
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=LONDON)
        except ValueError:
            continue
    return None


def is_charge(row: Row) -> bool:
    """Whether a row charges something that is no product."""
    return row.sku in CHARGE_CODES or row.sku.startswith("GIFT_")


def charge_kind(row: Row) -> str:
    """Return the kind of charge of the order that a row becomes."""
    if row.sku in SHIPPING_CODES:
        return "shipping"
    if row.sku in DISCOUNT_CODES or row.amount < 0:
        return "discount"
    return "manual" if row.sku == "M" else "fee"


def _sort_into(plan: Plan, rows: Iterable[Row]) -> None:
    """Group rows by document over the whole file; the earliest row gives a document its time."""
    documents: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        documents[row.document].append(row)
    taken_back: list[list[Row]] = []
    for reference, members in documents.items():
        if reference.startswith("C"):
            taken_back.append(members)
            continue
        plan.corrections += [row for row in members if row.unit_price == 0]
        sold = [row for row in members if row.unit_price != 0]
        _plan_order(plan, reference, sold)
    plan.orders.sort(key=lambda order: (order.at, order.rows[0].line))
    _match(plan, taken_back)
    plan.corrections.sort(key=lambda row: (row.at, row.line))
    plan.rejected.sort(key=lambda row: row.line)


def _plan_order(plan: Plan, reference: str, rows: list[Row]) -> None:
    goods = [row for row in rows if not is_charge(row)]
    charges = [row for row in rows if is_charge(row)]
    for row in [row for row in goods if row.quantity < 0 or row.unit_price < 0]:
        goods.remove(row)
        plan.rejected.append(Rejected(row.line, "Goods with a negative quantity or price on an invoice", row.amount))
    if not goods and any(row.amount < 0 for row in charges):
        # A credit of its own: nobody can order less than nothing.
        plan.rejected += [Rejected(row.line, "A credit without goods on an invoice", row.amount) for row in charges]
        return
    if sum((row.amount for row in goods + charges), start=Decimal(0)) < 0:
        plan.rejected += [Rejected(row.line, "The invoice adds up to less than nothing", row.amount) for row in rows]
        return
    if not goods and not charges:
        return
    first = min(goods + charges, key=lambda row: (row.at, row.line))
    plan.orders.append(PlannedOrder(reference, first.at, first.customer, first.country, tuple(goods), tuple(charges)))


def _match(plan: Plan, documents: list[list[Row]]) -> None:
    """Find for every row taken back what that customer bought of that SKU before, with enough of it left.

    The same price is preferred, then the latest purchase. Guests are nobody in particular: they never match.
    """
    bought: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for order in plan.orders:
        for row in order.goods:
            if order.customer:
                bought[order.customer, row.sku].append(row)
    left = {row.line: row.quantity for rows in bought.values() for row in rows}
    for members in sorted(documents, key=lambda rows: min((row.at, row.line) for row in rows)):
        matched: list[MatchedReturn] = []
        unmatched: list[Row] = []
        for row in members:
            candidates = [
                sold
                for sold in bought[row.customer, row.sku]
                if sold.at <= row.at and left[sold.line] >= -row.quantity > 0 and row.unit_price > 0
            ]
            if not candidates:
                unmatched.append(row)
                continue
            original = max(candidates, key=lambda sold: (sold.unit_price == row.unit_price, sold.at, sold.line))
            left[original.line] += row.quantity
            matched.append(MatchedReturn(row, original))
        first = min(members, key=lambda row: (row.at, row.line))
        plan.cancellations.append(
            PlannedCancellation(first.document, first.at, first.customer, tuple(matched), tuple(unmatched))
        )
