"""What a bank writes in two ways is read as its file tells, or asked for: the direction, the amount, the day. Pure."""

from datetime import date
from decimal import Decimal

import pytest

from billing.bank_cells import amount_of, day_of, day_order_of, decimal_sign_of, direction_of
from billing.bank_file import read_bank_file


def read(text, encoding="utf-8", **given):
    return read_bank_file(text.encode(encoding), account="DE1", **{"currency": "EUR", **given})


def amounts(text, **given):
    found = read(text, **given)
    assert found.fault == ""
    return [row.faults[0] if row.faults else str(row.amount) for row in found.rows]


IN = ("C", "CR", "Cr.", "CRDT", "Credit", "H", "Haben", "GUTSCHRIFT", "Bij", "RD", "Crédit", "Crédito", "+", "Avere")
OUT = ("D", "DR", "Dr", "DBIT", "debit", "Debet", "S", "Soll", "Lastschrift", "Af", "RC", "Débit", "Obciążenie", "−")


@pytest.mark.parametrize(
    ("word", "wanted"), [*((one, 1) for one in IN), *((one, -1) for one in OUT), ("", 0), (" ", 0)]
)
def test_the_words_of_a_direction_are_known(word, wanted):
    assert direction_of(word) == wanted


@pytest.mark.parametrize("word", ["X", "Storno", "DC", "Umsatz", "1"])
def test_a_word_that_nobody_knows_is_no_direction(word):
    assert direction_of(word) is None


def test_money_goes_the_way_its_row_says_and_an_unknown_word_is_a_fault():
    said = "date;name;reference;amount;debit/credit\n"
    said += "2026-11-01;Rent Ltd;rent;1200,00;DBIT\n2026-11-01;Ada;INV 1;22,06;CRDT\n2026-11-02;X;y;5,00;Dr\n"
    said += "2026-11-02;X;y;5,00;Debet\n2026-11-02;X;y;-6,00;Soll\n2026-11-02;X;y;7,00;RC\n2026-11-02;X;y;8,00;RD\n"
    said += "2026-11-02;X;y;9,00;Umbuchung\n2026-11-02;X;y;10,00;\n2026-11-02;X;y;-11,00;\n"

    assert amounts(said) == [
        "-1200.00",
        "22.06",
        "-5.00",
        "-5.00",
        "-6.00",
        "-7.00",
        "8.00",
        "“Umbuchung” does not say whether money came in or went out",
        "It is not marked as money that came in or went out, as other rows are",
        "-11.00",
    ]


def test_a_bank_that_marks_only_what_went_out_is_understood():
    assert amounts("date;amount;dr/cr\n2026-11-01;5,00;DR\n2026-11-01;6,00;\n") == ["-5.00", "6.00"]


def test_a_column_without_a_name_says_the_direction_only_where_it_does():
    assert amounts("date;amount;;text\n2026-11-01;5,00;EUR;a\n2026-11-01;6,00;EUR;b\n") == ["5.00", "6.00"]
    assert amounts("date;amount;;text\n2026-11-01;5,00;S;a\n2026-11-01;6,00;?;b\n") == [
        "-5.00",
        "“?” does not say whether money came in or went out",
    ]


def test_a_column_that_says_the_direction_is_found_whatever_it_is_called():
    said = "Date,Amount,Entry,Name\n2026-11-01,1200.00,DBIT,Landlord\n2026-11-02,53.93,{word},Ada\n"
    assert amounts(said.format(word="CRDT")) == ["-1200.00", "53.93"]
    assert amounts(said.format(word="")) == ["-1200.00", "53.93"]
    assert amounts(said.format(word="XX")) == ["-1200.00", "“XX” does not say whether money came in or went out"]
    # Where amounts have their signs, nobody else is asked; and a column of other words says nothing.
    signed = "Date,Amount,Entry,Name\n2026-11-01,-1200.00,D,Landlord\n2026-11-02,53.93,D,Ada\n"
    assert amounts(signed) == ["-1200.00", "53.93"]
    countries = "Date,Amount,Country,Name\n2026-11-01,7.00,IN,A\n2026-11-02,8.00,DE,B\n2026-11-02,9.00,AF,C\n"
    assert amounts(countries.replace("AF", "AT")) == ["7.00", "8.00", "9.00"]
    # So is one whose name is known.
    assert amounts("Date,Amount,Sign,Name\n2026-11-01,7.00,what,A\n2026-11-02,8.00,D,B\n")[0].startswith(
        "“what” does not say"
    )


def test_of_two_columns_the_one_counts_that_says_more_than_nothing():
    said = "Buchungstag;Soll;Haben\n01.11.2026;1200,00;0,00\n01.11.2026;0,00;22,06\n01.11.2026;-3,00;\n"
    said += "01.11.2026;1,00;2,00\n01.11.2026;;\n01.11.2026;x;2,00\n"

    assert amounts(said) == [
        "-1200.00",
        "22.06",
        "-3.00",
        "“2,00 / 1,00” is no amount",
        "“” is no amount",
        "“2,00 / x” is no amount",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("22,06 Cr.", "22.06"), ("12,50 DR", "-12.50"), ("(12,50)", "-12.50"), ("−12,50", "-12.50"),
        ("1’234.50", "1234.50"), ("12,34,567.50", "1234567.50"), ("1.234.567", "1234567.00"), ("EUR 5,00", "5.00"),
        ("12.5000", "12.500"), ("12,50 H", "12.50"), ("-12,50 H", "-12.50"), ("1 234 567,5", "1234567.50"),
    ],
)  # fmt: skip
def test_an_amount_is_read_with_what_stands_beside_it(text, wanted):
    assert str(amount_of(text)) == wanted


@pytest.mark.parametrize(
    "text", ["12,50 X", "CHF 22.06", "12.345.67", "1234.567", "1,234.567", "12,345,6", "12,-", "(12,50", "1.23.456"]
)
def test_what_is_no_amount_in_euro_is_none(text):
    assert amount_of(text) is None


@pytest.mark.parametrize(
    ("text", "currency", "wanted"),
    [
        ("1,234,567", "KWD", "1234567.00"), ("1.234.567", "KWD", "1234567.00"), ("1.234,567", "KWD", "1234.567"),
        ("1.234", "JPY", "1234.00"), ("1234.00", "JPY", "1234.00"), ("12.50", "JPY", "None"),
        ("¥500", "JPY", "500.00"),
    ],
)  # fmt: skip
def test_a_mark_that_stands_twice_is_none_of_decimals_and_none_has_more_than_its_currency(text, currency, wanted):
    assert str(amount_of(text, currency=currency)) == wanted


def test_the_other_rows_of_a_file_tell_what_a_mark_means():
    head = "date;amount;currency\n"
    assert amounts(f"{head}2026-11-01;12.345;KWD\n2026-11-01;1.234,500;KWD\n") == ["12345.00", "1234.500"]
    assert amounts(f"{head}2026-11-01;12.345;KWD\n2026-11-01;1,234.500;KWD\n") == ["12.345", "1234.500"]
    assert amounts(f"{head}2026-11-01;1.250;EUR\n2026-11-01;7,50;EUR\n") == ["1250.00", "7.50"]
    assert amounts(f"{head}2026-11-01;1.250;EUR\n2026-11-01;7.50;EUR\n") == ["“1.250” is no amount", "7.50"]
    assert (decimal_sign_of(["1.250", "", "x"]), decimal_sign_of(["1,5", "1.5"])) == ("", "")


def test_the_days_of_a_file_are_read_in_one_order():
    head = "Date,Name,Reference,Amount\n"
    found = read(f"{head}11/01/2026,Ada,INV 1,22.06\n12/13/2026,Ada,INV 1,22.06\n")
    assert [row.booked_on for row in found.rows] == [date(2026, 11, 1), date(2026, 12, 13)]
    assert found.notes == ("Its days are read with the month first, as “12/13/2026” tells",)

    found = read(f"{head}11/01/2026,Ada,INV 1,22.06\n13-12-26,Ada,INV 1,22.06\n")
    assert [row.booked_on for row in found.rows] == [date(2026, 1, 11), date(2026, 12, 13)]
    assert found.notes == ()


def test_most_rows_decide_and_the_others_are_said():
    head = "date,valuta,amount\n"
    found = read(f"{head}12/13/2026,12/14/2026,1.00\n13/12/2026,,2.00\n01/02/2026,,3.00\n")
    assert [(row.booked_on, row.faults) for row in found.rows] == [
        (date(2026, 12, 13), ()),
        (None, ("“13/12/2026” is no day",)),
        (date(2026, 1, 2), ()),
    ]
    assert found.notes == ("Its days are read with the month first, as most rows tell; not so “13/12/2026”",)
    assert [row.valued_on for row in found.rows] == [date(2026, 12, 14), None, None]

    found = read(f"{head}13/12/2026,14/12/2026,1.00\n12/13/2026,,2.00\n")
    assert found.notes == ("Its days are read with the day first, as most rows tell; not so “12/13/2026”",)


def test_days_that_nothing_tells_are_asked_for_and_read_as_somebody_says():
    open_file = "date,amount\n11/11/2026,1.00\n11/01/2026,2.00\n"
    found = read(open_file)
    assert (found.rows, found.asks) == ((), "days")
    assert found.fault == "“11/01/2026” can be two days, and no row tells which: say how the file writes its days"
    assert [row.booked_on for row in read(open_file, days="month").rows] == [date(2026, 11, 11), date(2026, 11, 1)]
    assert [row.booked_on for row in read(open_file, days="day").rows] == [date(2026, 11, 11), date(2026, 1, 11)]

    both = "date,amount\n12/13/2026,1.00\n13/12/2026,2.00\n"
    found = read(both)
    assert (found.rows, found.asks) == ((), "days")
    assert found.fault.startswith("“13/12/2026” has the day first, “12/13/2026” the month")
    assert [row.faults for row in read(both, days="day").rows] == [("“12/13/2026” is no day",), ()]

    # These are the same day in any order.
    assert [row.booked_on for row in read("date,amount\n11/11/2026,1.00\n").rows] == [date(2026, 11, 11)]


def test_points_stand_between_days_with_the_day_first_whatever_the_file_does():
    assert day_of("01.11.2026", order="month") == date(2026, 11, 1)
    assert day_of("2026/11/01") == day_of("2026-11-01") == day_of("20261101") == date(2026, 11, 1)
    assert day_order_of(["01.11.2026", "", "x"]).order == "day"


def test_a_file_of_a_spreadsheet_in_utf_16_is_read():
    found = read("Buchungstag;Betrag;Auftraggeber\n01.11.2026;22,06;Jörg\n", "utf-16")
    assert (found.encoding, [(row.name, row.amount) for row in found.rows]) == ("UTF-16", [("Jörg", Decimal("22.06"))])
