"""The trial balance: to the cent what the ledger says, before, in and after any period, and nothing in all."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone, translation

from billing import append_only, trial_balance
from billing import services as billing
from billing.models import LedgerEntry, LegalEntity
from core.actors import SYSTEM, Actor
from tests.factories.billing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
JOURNAL = "/admin/billing/ledgertransaction/"
PAGE = f"{JOURNAL}trial-balance/"
MARCH, APRIL = datetime(2026, 3, 30, 11, tzinfo=UTC), datetime(2026, 4, 10, 11, tzinfo=UTC)
IN_APRIL = (date(2026, 4, 1), date(2026, 4, 30))


@pytest.fixture
def books(run_debts):
    """An invoice of March, paid in April with too much, and a second of April that nobody paid."""
    order = place()
    billing.invoice_order(order.pk, actor=SYSTEM, at=MARCH)
    run_debts()
    billing.record_payment(order.pk, method="cash", amount=D("30.00"), reference="B-1", actor=SYSTEM, at=APRIL)
    billing.invoice_order(place().pk, actor=SYSTEM, at=APRIL)
    run_debts()
    return LegalEntity.objects.get()


def read(entity, first, last, currency="EUR"):
    return {
        one.name: (one.opening, one.debit, one.credit, one.closing)
        for one in trial_balance.rows(entity.pk, currency, first, last)
    }


def test_every_account_says_what_it_was_what_moved_and_what_it_is(books, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = read(books, *IN_APRIL)
    wanted = {
        "Receivables": ("22.06", "22.06", "22.06", "22.06"),
        "Customer prepayments": ("0.00", "22.06", "30.00", "-7.94"),
        "Money (cash)": ("0.00", "30.00", "0.00", "30.00"),
        "Revenue DE, VAT 7\N{NO-BREAK SPACE}% (S)": ("-5.65", "0.00", "5.65", "-11.30"),
        "Revenue DE, VAT 19\N{NO-BREAK SPACE}% (S)": ("-13.45", "0.00", "13.45", "-26.90"),
        "Output VAT DE 7\N{NO-BREAK SPACE}%": ("-0.40", "0.00", "0.40", "-0.80"),
        "Output VAT DE 19\N{NO-BREAK SPACE}%": ("-2.56", "0.00", "2.56", "-5.12"),
    }
    assert found == {name: tuple(map(D, figures)) for name, figures in wanted.items()}
    # In the order of the chart, and what nobody has moved since as well.
    assert list(found) == list(wanted)
    may = read(books, date(2026, 5, 1), date(2026, 5, 31))
    assert may["Money (cash)"] == (D("30.00"), D("0.00"), D("0.00"), D("30.00"))


def test_balances_are_those_of_the_ledger_and_nothing_in_all_on_any_day(books):
    entries = LedgerEntry.objects.filter(account__entity=books)
    day = date(2026, 3, 29)
    while day < date(2026, 4, 12):
        found = trial_balance.rows(books.pk, "EUR", day, day + timedelta(days=3))
        for one in found:
            ours = entries.filter(account=one.account_id)
            for sum_, rows in (
                (one.opening, ours.filter(booked_on__lt=day)),
                (one.closing, ours.filter(booked_on__lte=day + timedelta(days=3))),
            ):
                assert sum_ == round(D(rows.aggregate(sum=Sum("amount"))["sum"] or 0), 2)
        assert trial_balance.totals(found).is_even
        day += timedelta(days=1)
    total = trial_balance.totals(trial_balance.rows(books.pk, "EUR", *IN_APRIL))
    assert (total.opening, total.debit, total.credit, total.closing) == (D(0), D("74.12"), D("74.12"), D(0))
    # The month page says the same of the same days.
    april = billing.movements(billing.Month(books.pk, date(2026, 4, 1)))
    assert sum(one.debit for one in april) == D("74.12")


def test_sellers_and_currencies_do_not_mix(books):
    other = LegalEntity.objects.create(
        code="other", name="Other Ltd", address={"country": "GB"}, is_default=False, prefix="OTH"
    )
    assert trial_balance.rows(other.pk, "EUR", *IN_APRIL) == []
    assert trial_balance.rows(books.pk, "USD", *IN_APRIL) == []
    assert trial_balance.currencies_of(books.pk) == ["EUR"]
    assert trial_balance.currencies_of(other.pk) == []


def test_the_database_reads_the_index_of_balances_and_no_entry(books):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of a few rows it would read all, whatever index there is.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = trial_balance.sums(books.pk, "EUR", *IN_APRIL).explain()
    whole = "Index Only Scan using" if connection.vendor == "postgresql" else "USING COVERING INDEX"
    assert f"{whole} ledger_account_balance" in plan


def test_finance_reads_takes_and_follows_it(books, staff):
    profile = {"consultant": 1001, "client": 7, "chart": "SKR03", "length": 4, "year_begins": 1, "per_customer": False}
    assert '<th scope="col">Number</th>' not in staff.get(PAGE).content.decode()
    billing.keep_accounts(books.pk, profile, {}, actor=Actor("user", "ines"))
    page = f"{PAGE}?from=2026-04-01&to=2026-04-30"
    answer = staff.get(page)
    shown = answer.content.decode()
    for words in (
        "Receivables",
        "Revenue DE, VAT 19\N{NO-BREAK SPACE}% (S)",
        "Balance on 31 March 2026",
        "Balance on 30 April 2026",
    ):
        assert words in shown
    assert answer.context["totals"].is_even
    assert "do not add up" not in shown
    rows = list(csv.DictReader(io.StringIO(staff.get(f"{page}&as=csv").content.decode("utf-8-sig"))))
    for side in ("Opening balance", "Closing balance"):
        assert sum(D(row[side]) for row in rows) == 0
    assert sum(D(row["Debit"]) for row in rows) == sum(D(row["Credit"]) for row in rows) == D("74.12")
    assert {row["Account"]: row["Number"] for row in rows}["Receivables"] == "1410"
    assert staff.get(f"{page}&as=xlsx").content.startswith(b"PK")
    # Each account leads to what was written on it in these days.
    receivables = next(one for one in answer.context["rows"] if one["row"].kind == "receivable")
    journal = staff.get(receivables["url"])
    assert {str(one.booked_on) for one in journal.context["cl"].queryset} == {"2026-04-10"}
    assert journal.context["cl"].result_count == (
        LedgerEntry.objects.filter(account=receivables["row"].account_id, booked_on__range=IN_APRIL)
        .values("transaction")
        .distinct()
        .count()
    )
    for odd in ("?from=x&to=9999-99-99", "?from=2027-01-01&to=2026-01-01", "?currency=ZZZ&seller=²", "?as=exe"):
        assert staff.get(f"{PAGE}{odd}").status_code == 200
    assert timezone.localdate().replace(month=1, day=1) == staff.get(PAGE).context["first"]


def test_germans_read_the_names_of_the_chart(books):
    with translation.override("de"):
        assert {"Forderungen", "Umsatzerlöse DE, USt. 19\N{NO-BREAK SPACE}% (S)"} <= set(read(books, *IN_APRIL))


def test_who_may_not_read_the_books_or_is_limited_sees_nothing(books, client, django_user_model):
    paul = django_user_model.objects.create_user("paul", "paul@example.com", "secret", is_staff=True)
    client.force_login(paul, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(PAGE).status_code == 403
    paul.user_permissions.add(Permission.objects.get(codename="view_ledgertransaction"))
    assert client.get(PAGE).status_code == 200
    assert f'href="{PAGE}"' in client.get(PAGE).content.decode()
    paul.limits = {"channel": ["web"]}
    paul.save()
    assert client.get(PAGE).status_code == 403


def test_books_written_past_the_services_say_so(books, staff):
    entry = LedgerEntry.objects.filter(account__kind="receivable").first()
    with transaction.atomic():
        append_only.remove(connection)
        LedgerEntry.objects.create(
            transaction=entry.transaction, account=entry.account, booked_on=entry.booked_on, amount=D("1.00")
        )
        assert "do not add up to nothing" in staff.get(f"{PAGE}?from=2026-03-01&to=2026-12-31").content.decode()
        transaction.set_rollback(True)
    assert "do not add up to nothing" not in staff.get(f"{PAGE}?from=2026-03-01&to=2026-12-31").content.decode()
