"""A CSV of anybody is read as it was meant, and what cannot be meant is said beside its cell. No database."""

from decimal import Decimal

import pytest

from integrations.errors import UnusableFile
from integrations.imports.products import Shop, read_products
from integrations.imports.tables import read_number, read_table

SHOP = Shop(
    languages=frozenset({"en", "de"}),
    warehouses=frozenset({"HAM", "MUC"}),
    currencies=frozenset({"EUR"}),
    tax_classes=frozenset({"standard", "reduced"}),
)


def read(text, shop=SHOP):
    content = text if isinstance(text, bytes) else text.encode()
    return read_products(read_table(content), shop).rows


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_usual_separator_and_line_end(separator, mark, end):
    lines = (("sku", "name", "weight_grams"), ("mug", "Becher; rot, groß", "350"))
    quoted = (separator.join(f'"{cell}"' for cell in line) for line in lines)

    (row,) = read(mark + end.join(quoted) + end)

    assert (row.sku, row.values, row.faults) == ("MUG", {"name": "Becher; rot, groß", "weight_grams": 350}, {})


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("sku,name\nTEE,Grüner Tee €\n".encode(), "UTF-8"),
        ("sku,name\nTEE,Grüner Tee €\n".encode("cp1252"), "Latin-1"),
        ("sku,name\nTEE,Grüner Tee €\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_encodings_are_recognised_and_named(content, encoding):
    table = read_table(content)

    assert (table.encoding, table.rows[0].cells["name"]) == (encoding, "Grüner Tee €")


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("12.50", ".", "12.50"),
        ("12,50", "", "12.50"),
        ("1.234,50", ",", "1234.50"),
        ("1,234.50", ".", "1234.50"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("1,234,567", "", "1234567"),
        ("0,250", "", "0.250"),
        ("1 234,5", ",", "1234.5"),
        ("-3", ".", "-3"),
        ("1.234", "", None),
        ("1,234", "", None),
        ("NaN", ".", None),
        ("1e5", ".", None),
        ("12,5,0", ".", None),
        ("٣", ".", None),
    ],
)
def test_numbers_are_read_as_their_file_writes_them(text, sign, value):
    assert read_number(text, decimal_sign=sign) == (Decimal(value) if value else None)


def test_a_file_with_decimal_commas_has_points_between_thousands():
    rows = read("sku;price\nA;4,90\nB;1.234\n")

    assert [row.price for row in rows] == [Decimal("4.90"), Decimal(1234)]


def test_a_file_with_decimal_points_has_commas_between_thousands():
    rows = read('sku,price\nA,999.00\nB,"1,250"\n')

    assert [row.price for row in rows] == [Decimal("999.00"), Decimal(1250)]


@pytest.mark.parametrize("text", ["1,250", "1.250", "€ 1,250", "1.250 EUR"])
def test_what_may_be_a_thousand_or_little_more_than_one_is_asked_for(text):
    (row,) = read(f"sku;price;stock_HAM\nA;{text};1.000\n")

    assert (row.price, row.stock) == (None, {})
    assert row.faults == {
        "price": "This can be read in two ways: write 1250, or 1.25",
        "stock_HAM": "This can be read in two ways: write 1000, or 1",
    }


def test_headings_of_spreadsheets_are_understood():
    table = read_table(
        "Artikelnummer;Bezeichnung;Name DE;Preis;Gewicht (g);Stock HAM\nA;Mug;Becher;€ 4,90;350;7\n".encode()
    )
    file = read_products(table, SHOP)

    (row,) = file.rows
    assert (row.sku, row.values, row.names, row.price, row.stock) == (
        "A",
        {"name": "Mug"},
        {"de": "Becher"},
        Decimal("4.90"),
        {"HAM": 7},
    )
    assert file.unknown == ["gewicht_(g)"]


@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("sku", "", "The SKU is missing"),
        ("sku", "X" * 41, "At most 40 letters"),
        ("name", "Mug\x00", "It holds a sign that cannot be kept"),
        ("name", "=1+1", "It looks like a formula; save the file with values"),
        ("name", "N" * 201, "At most 200 letters"),
        ("kind", "box", "stocked, kit, service or digital"),
        ("price", "free", "This is no price; write 12.50 or 12,50"),
        ("price", "-1", "A price is zero or more and has at most six decimals"),
        ("price", "1.2345678", "A price is zero or more and has at most six decimals"),
        ("currency", "usd", "There is a price list in EUR only"),
        ("tax_class", "luxury", "There are reduced, standard"),
        ("weight_grams", "1.5", "Whole grams"),
        ("active", "perhaps", "yes or no"),
        ("stock_ham", "-4", "Whole units from 0 to 1,000,000"),
        ("stock_ham", "1000001", "Whole units from 0 to 1,000,000"),
    ],
)
def test_what_cannot_be_meant_is_said_beside_its_cell(column, cell, fault):
    cells = {"sku": "MUG", "name": "Mug", column: cell}

    (row,) = read(";".join(cells) + "\n" + ";".join(cells.values()) + "\n")

    assert row.faults == {column.replace("stock_ham", "stock_HAM"): fault}


def test_the_second_row_of_a_sku_is_the_faulty_one():
    rows = read("sku,name\nmug,A\n\nMUG ,B\n")

    assert [(row.line, row.faults) for row in rows] == [(2, {}), (4, {"sku": "Line 2 has the same SKU"})]


def test_a_text_with_a_comma_that_is_not_quoted_is_noticed():
    (row,) = read("sku,name\nMUG,Mug, red\n")

    assert row.faults == {"sku": "The row has more cells than the heading; is a text with a comma not quoted?"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"  \n ", "The file is empty"),
        (b"PK\x03\x04...", "This is a spreadsheet"),
        (b"name,price\nMug,1\n", "No column is called sku"),
        (b"sku,SKU\nA,B\n", "Two columns are called sku"),
        (b"sku,artikelnummer\nA,B\n", "Two columns mean the same"),
        (b"sku\n" + b"A\n" * 50_001, "more than 50,000 rows"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_helps(content, reason):
    with pytest.raises(UnusableFile, match=reason):
        read(content)
