"""The month of the books: its files say what the ledger says, and once it is closed nothing is dated into it."""

import csv
import io
import os
import re
import signal
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Sum
from django.utils import timezone

from billing import services as billing
from billing import tasks
from billing.errors import MonthClosed, MonthNotClosed, MonthNotOver
from billing.models import BookExport, ClosedMonth, Invoice, LedgerEntry, LedgerTransaction, LegalEntity, Payment
from core import outbox
from core.actors import SYSTEM, Actor
from core.files import read_file
from core.models import Delivery, EventRecord, Notice
from tests.factories.billing import ADA, place
from tests.racing import database_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
THEN = datetime(2026, 3, 30, 11, 20, tzinfo=UTC)
INES = Actor("user", "ines")
PAGE = "/admin/billing/ledgertransaction/month/?month=2026-03"


@pytest.fixture
def march():
    return billing.Month(LegalEntity.objects.get().pk, date(2026, 3, 1))


@pytest.fixture
def sold(run_debts):
    """An invoice of March, paid with too much on the same day."""
    order = place()
    invoice = billing.invoice_order(order.pk, actor=SYSTEM, at=THEN)
    run_debts()
    billing.record_payment(order.pk, method="cash", amount=D("30.00"), reference="B-1", actor=SYSTEM, at=THEN)
    return Invoice.objects.get(pk=invoice.pk)


def test_a_closed_month_takes_nothing_and_what_is_found_later_is_dated_today(sold, march, run_debts):
    late = billing.invoice_order(place().pk, actor=SYSTEM, at=THEN)
    assert [drafts.count() for drafts in billing.drafts_of(march)] == [1, 0]
    closed = billing.close_month(march, actor=INES)
    assert (str(closed), closed.last_day, closed.closed_by) == ("2026-03", date(2026, 3, 31), str(INES))
    assert closed.figures == {"EUR": {"transactions": 3, "debits": "74.12"}}
    assert billing.close_month(march, actor=INES) == closed
    assert billing.Month(march.entity_id, date(2026, 2, 1)).is_closed

    run_debts()
    late = Invoice.objects.get(pk=late.pk)
    assert late.issued_on > date(2026, 3, 31)
    assert LedgerTransaction.objects.get(kind="invoice", invoice=late).booked_on == late.issued_on
    # Whoever names the day himself is refused; money that came then is written today, and says when it came.
    other = billing.invoice_order(place().pk, actor=SYSTEM)
    with pytest.raises(MonthClosed):
        billing.issue_invoice(other.pk, actor=SYSTEM, at=THEN)
    payment = billing.record_payment(other.order_id, method="cash", amount=D("5.00"), actor=SYSTEM, at=THEN)
    assert Payment.objects.get(pk=payment.pk).captured_at == THEN
    assert LedgerTransaction.objects.get(payment=payment).booked_on > date(2026, 3, 31)


def test_a_month_is_opened_again_on_record_and_only_once_it_is_over_closed(sold, march):
    with pytest.raises(MonthNotClosed):
        billing.reopen_month(march.entity_id, reason="x", actor=INES)
    with pytest.raises(MonthNotOver):
        billing.close_month(billing.Month(march.entity_id, date(2999, 1, 1)), actor=INES)
    billing.close_month(march, actor=INES)
    billing.reopen_month(march.entity_id, reason="An invoice was forgotten", actor=INES)
    kept = ClosedMonth.objects.get()
    assert (kept.reopened_by, kept.reason) == (str(INES), "An invoice was forgotten")
    assert not march.is_closed
    names = EventRecord.objects.filter(name__startswith="billing.month").order_by("pk").values_list("name", flat=True)
    assert list(names) == ["billing.month.closed", "billing.month.reopened"]
    assert billing.close_month(march, actor=INES) != kept


def test_what_was_closed_together_with_a_month_stays_closed_when_that_one_is_opened(sold, march, run_debts):
    april, february = (billing.Month(march.entity_id, date(2026, month, 1)) for month in (4, 2))
    billing.close_month(april, actor=INES)
    billing.reopen_month(march.entity_id, reason="A payment of April", actor=INES)
    assert (april.is_closed, march.is_closed, february.is_closed) == (False, True, True)
    kept = ClosedMonth.objects.get(reopened_at=None)
    assert (str(kept), kept.closed_by, kept.figures) == (
        "2026-03",
        str(INES),
        {"EUR": {"transactions": 3, "debits": "74.12"}},
    )
    late = billing.invoice_order(place().pk, actor=SYSTEM)
    with pytest.raises(MonthClosed):
        billing.issue_invoice(late.pk, actor=SYSTEM, at=THEN)
    # One after the other, and nothing is kept from before the first entry.
    billing.reopen_month(march.entity_id, reason="And one of March", actor=INES)
    assert not march.is_closed
    assert not ClosedMonth.objects.filter(reopened_at=None).exists()


def read_files(content):
    with zipfile.ZipFile(content) as files:
        return {
            name: list(csv.DictReader(io.TextIOWrapper(files.open(name), "utf-8-sig")))
            for name in files.namelist()
            if name.endswith(".csv")
        }


def test_the_files_say_what_the_ledger_says(sold, march):
    into = io.BytesIO()
    written = billing.write_month(march, into)
    read = read_files(into)
    journal, accounts, documents = read["journal.csv"], read["accounts.csv"], read["documents.csv"]
    assert len(journal) == LedgerEntry.objects.count() == 9
    for rows in (journal, accounts):
        sums = {side: sum(D(row[side]) for row in rows if row[side]) for side in ("Debit", "Credit amount")}
        assert sums == {"Debit": D("74.12"), "Credit amount": D("74.12")}
    debits = LedgerEntry.objects.filter(amount__gt=0).aggregate(sum=Sum("amount"))["sum"]
    assert round(debits, 2) == D("74.12")
    assert [(row["Document"], row["Net"], row["VAT"], row["Total"]) for row in documents] == [
        (sold.number, "19.10", "2.96", "22.06")
    ]
    assert {row["Invoice"] for row in journal} == {sold.number, ""}
    assert [(row["Kind"], row["Amount"], row["Reference"]) for row in read["payments.csv"]] == [
        ("Payment", "30.00", "B-1")
    ]
    assert written.figures()["totals"] == [
        {"currency": "EUR", "debit": "74.12", "credit": "74.12", "documents": "22.06", "money": "30.00"}
    ]
    assert written.agrees(march)


def test_the_workbook_holds_numbers_as_numbers_and_formulas_as_text(march, run_debts):
    order = place(customer_name="=1+1", billing_address=ADA)
    invoice = billing.invoice_order(order.pk, actor=SYSTEM, at=THEN)
    run_debts()
    Invoice.objects.get(pk=invoice.pk)
    into = io.BytesIO()
    billing.write_month(march, into)
    with zipfile.ZipFile(into) as files, zipfile.ZipFile(io.BytesIO(files.read("books-2026-03.xlsx"))) as book:
        sheets = {name: book.read(name).decode() for name in book.namelist() if "worksheets/" in name}
        titles = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert titles == ["Journal", "Documents", "Payments", "Accounts"]
    documents = sheets["xl/worksheets/sheet2.xml"]
    assert "<v>22.060</v>" in documents
    assert "=1+1" in documents
    assert "<f>" not in "".join(sheets.values())
    assert "'=1+1" in read_files(into)["documents.csv"][0]["Customer"]


def test_finance_exports_a_month_and_takes_the_files_later(sold, march, staff, run_debts):
    page = staff.get(PAGE).content.decode()
    assert "March 2026" in page
    assert "€74.12" in page
    assert "Set up the accounts" in page
    first = staff.post(PAGE, {"do": "export", "papers": "1"})
    again = staff.post(PAGE, {"do": "export", "papers": "1"})
    export = BookExport.objects.get()
    assert first.headers["Location"] == again.headers["Location"] == f"/admin/billing/bookexport/{export.pk}/change/"
    assert (export.status, export.steps) == ("queued", 9)
    assert "0 of 9 entries and PDFs" in staff.get(first.headers["Location"]).content.decode()
    assert staff.get(f"/admin/billing/bookexport/{export.pk}/file/").status_code == 404
    run_debts()
    export = BookExport.objects.get()
    assert (export.status, export.done, export.is_final) == ("succeeded", 9, False)
    assert staff.get(f"/admin/billing/bookexport/{export.pk}/progress/").json()["over"]
    shown = staff.get(first.headers["Location"]).content.decode()
    assert "€74.12" in shown
    assert "Nothing for DATEV: the accounts of the accountant are not set up" in shown
    answer = staff.get(f"/admin/billing/bookexport/{export.pk}/file/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="books-2026-03.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as files:
        assert files.namelist() == [
            "accounts.csv",
            "books-2026-03.xlsx",
            "documents.csv",
            "journal.csv",
            "payments.csv",
            "totals.txt",
            f"papers/{sold.number}.pdf",
        ]
        assert files.read(f"papers/{sold.number}.pdf") == read_file(Invoice.objects.get(pk=sold.pk).pdf)
        assert "Debit: 74.12" in files.read("totals.txt").decode("utf-8-sig")
    told = Notice.objects.get()
    assert (told.kind, told.thread, told.user) == ("books_ready", f"billing.bookexport:{export.pk}", export.owner)
    billing.drop_old_exports(now=timezone.now() + timedelta(days=91))
    assert BookExport.objects.get().file is None
    assert "are gone" in staff.get(first.headers["Location"]).content.decode()


def test_an_export_that_breaks_says_so_and_the_next_may_begin(sold, march, staff, run_debts, monkeypatch):
    exports = import_module("billing.services.book_exports")
    monkeypatch.setattr(exports, "write_month", lambda *_given, **_named: 1 / 0)
    staff.post(PAGE, {"do": "export"})
    run_debts()
    broken = BookExport.objects.get()
    assert (broken.status, broken.file) == ("failed", None)
    assert Notice.objects.get().kind == "books_failed"
    staff.post(PAGE, {"do": "export"})
    assert BookExport.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_export_whose_process_is_killed_again_and_again_ends_in_words(sold, march, staff, run_debts):
    """Fails with `handlers.end_book_export` taken out: the page says “Running” for ever."""
    asked = staff.post(PAGE, {"do": "export", "papers": "1"})
    debt = Delivery.objects.get(event__name="billing.book_export_due")
    assert killed_at_work(debt.pk) == -signal.SIGKILL
    debt.refresh_from_db()
    assert (debt.status, debt.attempts, BookExport.objects.get().status) == ("pending", 1, "running")
    # Whoever asks meanwhile gets the same export: another worker takes it over when the lease ends.
    assert staff.post(PAGE, {"do": "export", "papers": "1"}).headers["Location"] == asked.headers["Location"]
    assert billing.end_lost_exports() == 0

    # Seven more end the same way.
    Delivery.objects.filter(pk=debt.pk).update(attempts=outbox.MAX_ATTEMPTS, due_at=timezone.now())
    assert outbox.deliver(debt.pk) is False
    run_debts()
    ended = BookExport.objects.get()
    assert (ended.status, ended.file, ended.is_over) == ("failed", None, True)
    assert ended.problem == "Its process ended again and again, so nobody works on it any more. Try again."
    assert Notice.objects.get().kind == "books_failed"
    assert staff.get(f"/admin/billing/bookexport/{ended.pk}/progress/").json()["over"]
    page = staff.get(asked.headers["Location"]).content.decode()
    assert ended.problem in page
    assert 'name="papers" value="1"><button type="submit" class="button primary">Try again' in page

    staff.post(PAGE, {"do": "export", "papers": "1"})
    run_debts()
    assert list(BookExport.objects.order_by("pk").values_list("status", flat=True)) == ["failed", "succeeded"]


def killed_at_work(debt):
    """Pay a debt in a process that is killed while it writes the files of a month."""
    environment = {**os.environ, "DATABASE_URL": database_url(), "SECRET_KEY": "for-tests-only"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.billing.export_child", str(debt)]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, timeout=120).returncode


def test_an_export_that_was_given_up_before_anybody_listened_is_ended_too(sold, march, staff, run_debts):
    staff.post(PAGE, {"do": "export"})
    Delivery.objects.filter(event__name="billing.book_export_due").update(status="dead")
    staff.post(PAGE, {"do": "export"})
    first, second = BookExport.objects.order_by("pk")
    assert (first.status, bool(first.problem), second.status) == ("failed", True, "queued")
    Delivery.objects.filter(event__name="billing.book_export_due").update(status="dead")
    assert tasks.drop_old_exports() == 1
    assert BookExport.objects.get(pk=second.pk).status == "failed"
    assert Notice.objects.filter(kind="books_failed").count() == 2


def test_today_leads_to_the_month_that_is_over_until_it_is_closed(sold, march, staff, run_debts):
    before = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    assert billing.months_to_close() == []
    billing.invoice_order(place().pk, actor=SYSTEM, at=timezone.now().replace(day=1) - timedelta(days=2))
    run_debts()
    closing = import_module("billing.services.closing")
    closing._to_close.drop()
    page = staff.get("/admin/").content.decode()
    assert "is over and not closed" in page
    assert f"/admin/billing/ledgertransaction/month/?month={before:%Y-%m}&amp;seller={march.entity_id}" in page
    billing.close_month(billing.Month(march.entity_id, before), actor=INES)
    assert billing.months_to_close() == []


def test_finance_closes_a_month_on_its_page(sold, march, staff):
    assert staff.post(PAGE, {"do": "close"}).status_code == 302
    assert march.is_closed
    assert "Say why the month is opened again." in staff.post(PAGE, {"do": "reopen", "reason": " "}).content.decode()
    assert march.is_closed
    staff.post(PAGE, {"do": "reopen", "reason": "forgotten"})
    assert not march.is_closed
    for odd in ("?month=2026-13", "?month=x&seller=99999999999", "?month=9999-12", "?seller=%C2%B2"):
        assert staff.get(f"/admin/billing/ledgertransaction/month/{odd}").status_code == 200


def test_who_may_read_the_books_may_not_close_them(sold, march, client, django_user_model):
    paul = django_user_model.objects.create_user("paul", "paul@example.com", "secret", is_staff=True)
    client.force_login(paul, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(PAGE).status_code == 403
    paul.user_permissions.add(Permission.objects.get(codename="view_ledgertransaction"))
    assert "Close this month" not in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"do": "close"}).status_code == 403
    assert client.post(PAGE, {"do": "reopen", "reason": "x"}).status_code == 403
    assert client.post(PAGE, {"do": "export"}).status_code == 403
    assert "Export this month" not in client.get(PAGE).content.decode()
    assert not march.is_closed
