"""What a file says, before anything of it is written."""

from decimal import Decimal
from pathlib import Path

import pytest

from integrations.errors import UnusableFile
from integrations.imports.base import Plan
from integrations.imports.online_retail import COLUMNS, read_plan

HEADING = ",".join(COLUMNS)
MUG = "536365,85123a,WHITE MUG,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom"


def plan_of(tmp_path: Path, *lines: str) -> Plan:
    path = tmp_path / "file.csv"
    path.write_text("\n".join([HEADING, *lines]) + "\n", encoding="utf-8")
    return read_plan(path)


def test_rows_of_one_invoice_become_one_order_wherever_they_stand(tmp_path):
    plan = plan_of(
        tmp_path,
        MUG,
        "536366,22633,HAND WARMER,1,2010-12-01 08:28:00,1.85,17850.0,EIRE",
        "536365,22752,NESTING BOXES,2,2010-12-01 08:26:00,7.65,17850.0,United Kingdom",
    )
    assert [(order.reference, len(order.goods)) for order in plan.orders] == [("536365", 2), ("536366", 1)]
    assert [row.line for row in plan.orders[0].goods] == [2, 4]
    assert [order.country for order in plan.orders] == ["GB", "IE"]
    assert plan.orders[0].customer == "17850"
    assert plan.orders[0].goods[0].sku == "85123A"
    assert plan.amount == Decimal("32.45")
    assert plan.rows_total == 3


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EIRE", "IE"),
        ("RSA", "ZA"),
        ("Channel Islands", ""),
        ("European Community", ""),
        ("Unspecified", ""),
        ("USA", "US"),
        ("Hong Kong", "HK"),
        ("Czech Republic", "CZ"),
        ("United Arab Emirates", "AE"),
    ],
)
def test_countries_get_their_code_or_none(tmp_path, name, code):
    plan = plan_of(tmp_path, f"1,22633,X,1,2010-12-01 08:28:00,1.85,17850.0,{name}")
    assert plan.orders[0].country == code


def test_postage_discount_and_manual_lines_are_charges_and_zero_prices_stock_corrections(tmp_path):
    plan = plan_of(
        tmp_path,
        MUG,
        "536365,POST,POSTAGE,2,2010-12-01 08:26:00,18.0,17850.0,United Kingdom",
        "536365,D,Discount,-1,2010-12-01 08:26:00,3.00,17850.0,United Kingdom",
        "536365,m,Manual,1,2010-12-01 08:26:00,1.00,17850.0,United Kingdom",
        "536365,84675,,5,2010-12-01 08:26:00,0.0,,United Kingdom",
        "536370,84675,damages,-26,2010-12-01 08:26:00,0.0,,United Kingdom",
    )
    order = plan.orders[0]
    assert [row.sku for row in order.charges] == ["POST", "D", "M"]
    assert [(row.sku, row.quantity) for row in plan.corrections] == [("84675", 5), ("84675", -26)]
    assert len(plan.orders) == 1
    assert plan.amount == Decimal("49.30")


def test_a_row_taken_back_matches_an_earlier_purchase_with_enough_left(tmp_path):
    plan = plan_of(
        tmp_path,
        MUG,
        "C5,85123A,WHITE MUG,-4,2010-12-02 08:26:00,2.55,17850.0,United Kingdom",
        "C6,85123A,WHITE MUG,-4,2010-12-03 08:26:00,2.55,17850.0,United Kingdom",
        "C7,85123A,WHITE MUG,-1,2010-11-01 08:26:00,2.55,17850.0,United Kingdom",
        "C8,85123A,WHITE MUG,-1,2010-12-03 08:26:00,2.55,99.0,United Kingdom",
        "C9,85123A,WHITE MUG,-2,2010-12-04 08:26:00,2.75,17850.0,United Kingdom",
    )
    found = {one.reference: (len(one.matched), len(one.unmatched)) for one in plan.cancellations}
    assert found == {"C7": (0, 1), "C5": (1, 0), "C6": (0, 1), "C8": (0, 1), "C9": (1, 0)}
    differences = {one.reference: [match.difference for match in one.matched] for one in plan.cancellations}
    assert differences["C5"] == [Decimal("0.00")]
    assert differences["C9"] == [Decimal("-0.40")]


def test_guests_never_match(tmp_path):
    plan = plan_of(
        tmp_path,
        "1,22633,X,1,2010-12-01 08:28:00,1.85,,France",
        "C2,22633,X,-1,2010-12-02 08:28:00,1.85,,France",
    )
    assert plan.orders[0].customer == ""
    assert [len(one.unmatched) for one in plan.cancellations] == [1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,22633,X,one,2010-12-01 08:28:00,1.85,,France", "Quantity 'one' is not a whole number"),
        ("1,22633,X,0,2010-12-01 08:28:00,1.85,,France", "Quantity 0 is out of range"),
        ("1,22633,X,1,2010-12-01 08:28:00,cheap,,France", "Price 'cheap' is not an amount"),
        ("1,22633,X,1,2010-12-01 08:28:00,NaN,,France", "Price 'NaN' is not an amount"),
        ("1,22633,X,1,yesterday,1.85,,France", "Date 'yesterday' is not a time"),
        ("1,22633,X,1,2010-12-01 08:28:00,1.85,,Atlantis", "Unknown country 'Atlantis'"),
        ("1,22633,X,1,2010-12-01 08:28:00,1.85,", "7 columns instead of 8"),
        (",22633,X,1,2010-12-01 08:28:00,1.85,,France", "No invoice number or no stock code"),
        ("1,22633,X,-1,2010-12-01 08:28:00,1.85,,France", "Goods with a negative quantity or price on an invoice"),
        ("1,B,Adjust,1,2010-12-01 08:28:00,-9.85,,France", "A credit without goods on an invoice"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_the_others_stay(tmp_path, row, reason):
    plan = plan_of(tmp_path, MUG, row)
    assert [(rejected.line, rejected.reason) for rejected in plan.rejected] == [(3, reason)]
    assert len(plan.orders) == 1
    assert plan.rows_total == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "Wrong columns"),
        (HEADING.encode() + b"\n", "no rows"),
        (HEADING.encode() + b'\n1,2,"cut', "breaks off"),
        (HEADING.encode() + b"\n1,2,\xff,1,2010-12-01 08:28:00,1,,France\n", "not UTF-8"),
        (b"PK\x03\x04\0\0", "NUL"),
    ],
)
def test_an_unusable_file_is_refused_as_a_whole(tmp_path, content, message):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(UnusableFile, match=message):
        read_plan(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UnusableFile, match="cannot be read"):
        read_plan(tmp_path / "nowhere.csv")


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes("\ufeff".encode() + "\r\n".join([HEADING, MUG, ""]).encode())
    assert read_plan(path).amount == Decimal("15.30")
