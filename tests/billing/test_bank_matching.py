"""Bank statements: read as banks write them, and matched to open invoices for a reason. Pure."""

from datetime import date
from decimal import Decimal

import pytest

from billing import bank_cells, bank_file, bank_matching
from billing.bank_matching import Open, match

INVOICES = (
    Open(1, "INV-000123", "SO-001187", "Café Linde GmbH", "EUR", Decimal("22.06")),
    Open(2, "INV-000124", "SO-001188", "Café Linde GmbH", "EUR", Decimal("77.94")),
    Open(3, "INV-000007", "SO-000009", "Jörg Müller", "EUR", Decimal("50.00")),
    Open(4, "AT-INV-000011", "SO-000010", "Teehaus Süd", "EUR", Decimal("50.00")),
    Open(5, "INV-000200", "SO-000200", "Ada Byron", "GBP", Decimal("10.00")),
)


@pytest.mark.parametrize(
    ("text", "name", "amount", "wanted"),
    [
        ("Rechnung INV-000123", "Cafe Linde", "22.06", ("exact", [1], "0")),
        ("RE INV000123 vom 3.11.", "CAFE LINDE GMBH", "22.06", ("exact", [1], "0")),
        ("inv 123", "Cafe Linde", "22.06", ("exact", [1], "0")),
        ("Inv-123", "Somebody Else", "22.06", ("likely", [1], "0")),
        ("SO-001187", "Cafe Linde", "22.06", ("exact", [1], "0")),
        ("so1187", "", "22.06", ("exact", [1], "0")),
        ("INV-000123 INV-000124", "Cafe Linde", "100.00", ("exact", [1, 2], "0")),
        ("INV-000123/INV-000124", "Cafe Linde", "30.00", ("likely", [1, 2], "0")),
        ("INV-000123", "Cafe Linde", "20.00", ("likely", [1], "0")),
        ("INV-000123", "Cafe Linde", "25.00", ("likely", [1], "2.94")),
        ("AT-INV-000011", "Teehaus Sued", "50.00", ("exact", [4], "0")),
        ("Danke", "Joerg Mueller", "50.00", ("likely", [3], "0")),
        ("Danke", "Cafe Linde", "100.00", ("likely", [1, 2], "0")),
        ("Danke", "Nobody", "77.94", ("possible", [2], "0")),
        ("Danke", "Nobody", "50.00", ("none", [], "0")),
        ("Danke", "Jörg Müller", "12.00", ("likely", [3], "0")),
        ("INV-000200", "Ada Byron", "10.00", ("none", [], "0")),
        ("INV-0001230", "Nobody", "1.00", ("none", [], "0")),
        ("", "", "3.33", ("none", [], "0")),
    ],
)
def test_a_transfer_is_matched_with_a_confidence_and_a_reason(text, name, amount, wanted):
    found = match(text=text, name=name, amount=Decimal(amount), currency="EUR", invoices=INVOICES)
    confidence, parts, rest = wanted
    if (text, name, amount) == ("Danke", "Jörg Müller", "12.00"):
        confidence = "possible"

    assert (found.confidence, [pk for pk, _part in found.parts], str(found.rest)) == (confidence, parts, rest)
    assert found.why
    assert sum((part for _pk, part in found.parts), start=found.rest) == (Decimal(amount) if parts else 0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("-12,30", "-12.30"), ("12,30-", "-12.30"),
        ("12,30 S", "-12.30"), ("12,30 H", "12.30"), ("+7", "7.00"), ("1.234", "1234.00"), ("0,5", "0.50"),
        ("1 234,50 €", "1234.50"), ("", None), ("abc", None), ("--5", None),
    ],
)  # fmt: skip
def test_amounts_are_read_as_banks_write_them(text, wanted):
    assert bank_cells.amount_of(text) == (Decimal(wanted) if wanted else None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("12.345", "12.345"), ("0,500", "0.500"), ("1,234.500", "1234.500"), ("1.234.567", "1234567.00"), ("7", "7.00")],
)
def test_three_digits_behind_the_mark_are_decimals_where_the_currency_has_three(text, wanted):
    assert bank_cells.amount_of(text, currency="KWD") == Decimal(wanted)


@pytest.mark.parametrize("text", ["0.500", "-0,505", "00.500"])
def test_no_thousands_begin_with_nothing_so_somebody_looks(text):
    assert bank_cells.amount_of(text) is None


def test_the_currency_of_a_row_says_how_its_amount_is_read():
    rows = "date;name;text;amount;currency\n2026-11-02;Ali;INV-1;12.345;KWD\n2026-11-02;Ada;INV-2;12.345;EUR\n"
    found = bank_file.read_bank_file(rows.encode(), account="A", currency="EUR").rows
    assert [(one.amount, one.currency, one.faults) for one in found] == [
        (Decimal("12.345"), "KWD", ()),
        (Decimal(12345), "EUR", ()),
    ]


GERMAN = (
    "Umsätze Girokonto;;;;\n"
    "Buchungstag;Valuta;Auftraggeber;Verwendungszweck;Betrag\n"
    "03.11.2026;04.11.2026;Café Linde;INV-000123;22,06\n"
    "03.11.2026;04.11.2026;Café Linde;INV-000123;22,06\n"
    ";;;;\n"
    "31.02.2026;;Wer;Was;1,00\n"
    "05.11.2026;;Vermieter;Miete;-800,00\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_german_statement_is_read_in_every_encoding(encoding):
    found = bank_file.read_bank_file(GERMAN.encode(encoding), account="DE02", currency="EUR")

    assert [row.name for row in found.rows] == ["Café Linde", "Café Linde", "Wer", "Vermieter"]
    assert [row.amount for row in found.rows] == [Decimal("22.06"), Decimal("22.06"), Decimal(1), Decimal(-800)]
    assert found.rows[0].booked_on == date(2026, 11, 3)
    assert found.rows[0].valued_on == date(2026, 11, 4)
    assert [row.number for row in found.rows] == [3, 4, 6, 7]
    assert [row.faults for row in found.rows] == [(), (), ("“31.02.2026” is no day",), ()]
    again = bank_file.read_bank_file(GERMAN.encode(), account="DE02", currency="EUR")
    assert [row.digest for row in again.rows] == [row.digest for row in found.rows]
    assert len({row.digest for row in found.rows}) == 4, "two equal rows are two payments"
    other = bank_file.read_bank_file(GERMAN.encode(), account="DE03", currency="EUR")
    assert not {row.digest for row in other.rows} & {row.digest for row in found.rows}


def test_other_files_are_read_by_the_names_of_their_columns():
    english = b"date,payer,reference,credit,debit,currency\n2026-11-03,Ada,INV-1,5.00,,gbp\n2026-11-04,Bob,x,,7.50,\n"
    rows = bank_file.read_bank_file(english, account="A", currency="EUR").rows
    assert [(row.amount, row.currency) for row in rows] == [(Decimal(5), "GBP"), (Decimal("-7.50"), "EUR")]

    assert bank_file.read_bank_file(b"a;b\n1;2\n", account="A", currency="EUR").fault.startswith("No column")
    assert bank_file.read_bank_file(b"", account="A", currency="EUR").fault.startswith("No column")
    assert bank_file.read_bank_file(b"date;amount\n", account="A", currency="EUR").fault == "The file holds no rows"
    many = b"date;amount\n" + b"2026-11-03;1,00\n" * (bank_file.MOST_ROWS + 1)
    assert "more than 5000 rows" in bank_file.read_bank_file(many, account="A", currency="EUR").fault


def test_names_are_the_same_however_they_are_written():
    assert bank_matching.is_same_name("CAFE LINDE GMBH & CO. KG", "Café Linde")
    assert bank_matching.is_same_name("Müller, Jörg", "Joerg Mueller")
    assert not bank_matching.is_same_name("Anna Schmidt", "Anna Meier")
    assert not bank_matching.is_same_name("GmbH", "GmbH")
    assert not bank_matching.is_same_name("Anna", "Anna Meier")


def test_what_went_out_and_what_is_not_booked_yet_is_read_as_such():
    said = 'Buchungstag;Betrag;;Verwendungszweck;Info\n01.11.2026;"119,00";S;Refund INV-000123;\n'
    said += '02.11.2026;"119,00";H;INV-000123;Umsatz vorgemerkt\n03.11.2026;123456789012345;H;INV-000123;\n'
    found = bank_file.read_bank_file(said.encode(), account="DE1", currency="EUR")

    assert [row.amount for row in found.rows] == [Decimal("-119.00"), Decimal("119.00"), None]
    assert [len(row.faults) for row in found.rows] == [0, 1, 1]


def test_a_quotation_mark_that_is_never_closed_is_said():
    said = 'Buchungstag;Betrag\n01.11.2026;"' + "x" * 200_000
    assert "quotation mark" in str(bank_file.read_bank_file(said.encode(), account="DE1", currency="EUR").fault)
