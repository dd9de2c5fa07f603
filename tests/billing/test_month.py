"""The month of the books: its files say what the ledger says, and once it is closed nothing is dated into it."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Sum

from billing import services as billing
from billing.errors import MonthClosed, MonthNotClosed, MonthNotOver
from billing.models import ClosedMonth, Invoice, LedgerEntry, LedgerTransaction, LegalEntity, Payment
from core.actors import SYSTEM, Actor
from core.models import EventRecord
from tests.factories.billing import place

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


def test_the_files_say_what_the_ledger_says(sold, march):
    into = io.BytesIO()
    billing.write_month(march, into)
    with zipfile.ZipFile(into) as files:
        read = {
            name: list(csv.DictReader(io.TextIOWrapper(files.open(name), "utf-8-sig"))) for name in files.namelist()
        }
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


def test_finance_closes_a_month_on_its_page(sold, march, staff):
    page = staff.get(PAGE).content.decode()
    assert "March 2026" in page
    assert "€74.12" in page
    answer = staff.get(PAGE.replace("month/?", "month/export/?"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="books-2026-03.zip"'
    assert zipfile.ZipFile(io.BytesIO(answer.getvalue())).namelist() == [
        "journal.csv",
        "documents.csv",
        "accounts.csv",
    ]
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
    assert not march.is_closed
