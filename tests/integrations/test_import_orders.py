"""Orders from a file, through the whole line: every row accounted for, safe to stop and to repeat."""

import json
import random
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum

from billing.models import CreditNote, Invoice, Payment, Refund
from core import outbox
from core.invariants import INVARIANTS, ask
from core.models import Delivery, OutgoingMail
from customers.models import Customer
from integrations.imports.online_retail import COLUMNS
from integrations.models import ImportBatch, ImportRow
from integrations.services import ImportOptions, import_orders
from inventory.models import StockItem
from orders.models import Order, OrderException
from returns.models import ReturnRequest

pytestmark = pytest.mark.django_db

COMPLETED = ImportOptions(through="completed")
SMALL = (
    "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
    "536366,22633,HAND WARMER,12,2010-12-01 08:28:00,1.85,13047.0,EIRE",
    "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom",
    "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850.0,United Kingdom",
    "536366,D,Discount,-1,2010-12-01 08:28:00,2.20,13047.0,EIRE",
    "536367,22633,HAND WARMER,3,2010-12-02 09:00:00,1.85,,Unspecified",
    "536368,AMAZONFEE,AMAZON FEE,1,2010-12-02 10:00:00,100.00,,United Kingdom",
    "536369,84406B,damages,-4,2010-12-02 11:00:00,0.0,,United Kingdom",
    "C536370,85123A,WHITE HANGING HEART,-2,2010-12-05 10:00:00,2.55,17850.0,United Kingdom",
    "C536371,21232,STRAWBERRY TRINKET BOX,-3,2010-12-05 11:00:00,1.25,12345.0,United Kingdom",
    "536372,22633,HAND WARMER,zero,2010-12-06 09:00:00,1.85,13047.0,EIRE",
)


def write(folder: Path, rows: Iterable[str], name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def picture() -> dict[str, object]:
    """Return everything an import writes, so that two runs can be compared."""
    return {
        "orders": list(Order.objects.order_by("pk").values_list("number", "status", "total", "version")),
        "invoices": list(Invoice.objects.order_by("pk").values_list("number", "total")),
        "payments": Payment.objects.count(),
        "refunds": Refund.objects.count(),
        "rows": list(ImportRow.objects.order_by("line_number").values_list("line_number", "outcome", "reference")),
        "stock": list(StockItem.objects.order_by("pk").values_list("on_hand", "reserved")),
        "exceptions": OrderException.objects.count(),
    }


def assert_nothing_is_wrong() -> None:
    breaches = {one.name: found.breaches for one in INVARIANTS if (found := ask(one)).breaches}
    assert breaches == {}
    assert outbox.due_debts() == []


def test_a_file_runs_through_the_whole_line_and_adds_up_to_the_cent(tmp_path):
    summary = import_orders(write(tmp_path, SMALL), COMPLETED)
    assert summary.rows_by_outcome == {
        "charge": 3,
        "imported": 4,
        "rejected": 1,
        "returned": 1,
        "stock": 1,
        "unmatched": 1,
    }
    assert summary.orders_by_status == {"completed": 4}
    assert summary.rows_amount == Decimal("15.30") + Decimal("22.20") + Decimal("20.34") + Decimal("18.00") - Decimal(
        "2.20"
    ) + Decimal("5.55") + Decimal("100.00") - Decimal("5.10") - Decimal("3.75")
    assert summary.difference == 0
    assert summary.credits_amount == Decimal("5.10")
    assert summary.unmatched_amount == Decimal("-3.75")
    assert summary.exceptions_by_reason == {"unmatched_cancellation": 1, "refused_rows": 1}
    assert [(row["line"], row["reason"]) for row in summary.rejected] == [
        (12, "Quantity 'zero' is not a whole number")
    ]
    assert_nothing_is_wrong()


def test_each_document_becomes_what_it_says(tmp_path):
    import_orders(write(tmp_path, SMALL), COMPLETED)
    first = Order.objects.get(external_reference="536365")
    assert (first.channel.code, first.currency, first.total, first.shipping_total) == (
        "import",
        "GBP",
        Decimal("53.640"),
        Decimal("18.000"),
    )
    assert first.placed_at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert [(line.sku, line.quantity, line.delivered) for line in first.lines.order_by("position")] == [
        ("85123A", 6, 6),
        ("71053", 6, 6),
    ]
    assert (first.payment_status, first.invoice_status, first.return_status) == (
        "partially_refunded",
        "invoiced",
        "partially_returned",
    )
    irish = Order.objects.get(external_reference="536366")
    assert (irish.ship_to.country, irish.total, irish.discount_total) == ("IE", Decimal("20.000"), Decimal("2.200"))
    guest = Order.objects.get(external_reference="536367")
    assert (guest.customer, guest.customer_name, guest.ship_to.country) == (None, "Guest", "")
    fee = Order.objects.get(external_reference="536368")
    assert [(line.sku, line.kind, line.total) for line in fee.lines.all()] == [
        ("AMAZONFEE", "service", Decimal("100.000"))
    ]
    assert Customer.objects.filter(external_reference="17850").count() == 1
    returned = ReturnRequest.objects.get()
    assert (returned.status, returned.order, returned.refund_total) == ("closed", first, Decimal("5.100"))
    assert CreditNote.objects.get().total == Decimal("5.100")
    assert StockItem.objects.get(product__sku="85123A").on_hand == 2
    assert StockItem.objects.get(product__sku="84406B").on_hand == 0


def test_nobody_is_told_about_history(tmp_path):
    import_orders(write(tmp_path, SMALL), COMPLETED)
    assert OutgoingMail.objects.count() == 0


def test_failed_checks_of_history_are_waived_by_the_system(tmp_path):
    import_orders(write(tmp_path, SMALL), COMPLETED)
    checks = Order.objects.get(external_reference="536367").checks
    marked = [one for one in checks if one["result"] not in ("pass", "warn")]
    assert [(one["name"], one["waived_by"], one["waived_because"]) for one in marked] == [
        ("complete", "system", "historic")
    ]


def test_a_second_run_changes_nothing(tmp_path):
    path = write(tmp_path, SMALL)
    first = import_orders(path, COMPLETED)
    before = picture()
    second = import_orders(path, COMPLETED)
    assert picture() == before
    assert second.as_json() == first.as_json()
    assert ImportBatch.objects.count() == 1


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path):
    path = write(tmp_path, SMALL)

    class Stopped(BaseException):
        pass

    def stop(done: int, total: int, text: str) -> None:
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        import_orders(path, COMPLETED, progress=stop)
    assert Order.objects.count() == 2
    summary = import_orders(path, COMPLETED)
    assert (summary.difference, summary.rows_accounted, summary.orders_by_status) == (0, 11, {"completed": 4})
    assert Delivery.objects.filter(status="pending").count() == 0
    assert_nothing_is_wrong()


@pytest.mark.parametrize(
    ("through", "statuses"),
    [("placed", {"placed": 4}), ("confirmed", {"confirmed": 4}), ("shipped", {"fulfilled": 4})],
)
def test_orders_go_as_far_as_asked_and_a_later_run_takes_them_on(tmp_path, through, statuses):
    path = write(tmp_path, SMALL)
    summary = import_orders(path, ImportOptions(through=through))
    assert summary.orders_by_status == statuses
    assert ReturnRequest.objects.count() == 0
    assert import_orders(path, COMPLETED).orders_by_status == {"completed": 4}
    assert ReturnRequest.objects.count() == 1
    assert_nothing_is_wrong()


def test_a_dry_run_says_what_a_real_run_does_and_writes_nothing(tmp_path):
    path = write(tmp_path, SMALL)
    said = import_orders(path, ImportOptions(through="completed", dry_run=True))
    assert (Order.objects.count(), ImportBatch.objects.count(), Customer.objects.count()) == (0, 0, 0)
    done = import_orders(path, COMPLETED)
    same = ("rows_by_outcome", "value_per_month", "rows_amount", "orders_amount", "credits_amount", "unmatched_amount")
    assert {name: getattr(said, name) for name in same} == {name: getattr(done, name) for name in same}


def test_an_invoice_known_from_another_file_is_listed_and_not_imported_again(tmp_path):
    import_orders(write(tmp_path, SMALL[:3]), COMPLETED)
    summary = import_orders(
        write(tmp_path, [SMALL[1], "900000,22633,HAND WARMER,1,2010-12-01 08:28:00,1.85,13047.0,EIRE"], "b.csv"),
        COMPLETED,
    )
    assert summary.rows_by_outcome == {"imported": 1, "rejected": 1}
    assert summary.rejected[0]["reason"].endswith("was imported from another file")
    assert summary.difference == 0


def test_the_command_ends_with_two_and_writes_nothing_for_an_unusable_file(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        call_command("import_orders", str(path), stderr=StringIO())
    assert ended.value.code == 2
    assert ImportBatch.objects.count() == 0


def test_the_command_prints_the_account_as_json(tmp_path):
    out = StringIO()
    call_command("import_orders", str(write(tmp_path, SMALL)), through="completed", json=True, stdout=out)
    account = json.loads(out.getvalue())
    assert (account["difference"], account["rows_accounted"], account["rows_total"], account["debts_due"]) == (
        "0.00",
        11,
        11,
        0,
    )


def test_500_orders_and_120_known_returns(tmp_path):
    dice = random.Random(11)  # noqa: S311 - the same file on every run
    rows, sold = [], []
    # All of them once; the second database is asked for a tenth.
    orders, returned = (500, 120) if connection.vendor == "sqlite" else (50, 12)
    for number in range(orders):
        customer, sku = 10_000 + number % 90, f"SKU{number % 40:03}"
        quantity, price = dice.randint(2, 30), Decimal(dice.randint(50, 2000)) / 100
        day = f"2011-{1 + number // 50:02}-{1 + number % 28:02} 10:{number % 60:02}:00"
        rows.append(f"{600_000 + number},{sku},THING {sku},{quantity},{day},{price},{customer}.0,Germany")
        sold.append((customer, sku, quantity, price))
    back = dice.sample(range(orders), returned)
    worth = Decimal(0)
    for number in back:
        customer, sku, quantity, price = sold[number]
        units = dice.randint(1, quantity)
        worth += units * price
        rows.append(f"C{700_000 + number},{sku},THING {sku},{-units},2011-12-01 12:00:00,{price},{customer}.0,Germany")
    summary = import_orders(write(tmp_path, rows), COMPLETED)
    assert summary.orders_by_status == {"completed": orders}
    assert summary.rows_by_outcome == {"imported": orders, "returned": returned}
    assert (summary.credits_amount, summary.difference) == (worth, 0)
    assert ReturnRequest.objects.filter(status="closed").count() == returned
    assert Refund.objects.filter(status="succeeded").aggregate(sum=Sum("amount"))["sum"] == worth
    assert_nothing_is_wrong()
