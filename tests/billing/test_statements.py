"""Statements of account and ages, from the ledger: as of any day, and to the cent what the ledger says."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from billing import ageing, statements
from billing import services as billing
from billing.models import Invoice, LedgerEntry, LegalEntity
from core.actors import SYSTEM
from core.api.keys import create_api_key
from core.files import read_file
from core.models import OutgoingMail
from core.money import Money
from customers import services as customers
from customers.models import Customer
from tests.factories.billing import pdf_text, place, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
JOURNAL = "/admin/billing/ledgertransaction/"
DAY1, DAY2, DAY3 = (datetime(2026, month, 10, 11, tzinfo=UTC) for month in (3, 4, 5))


@pytest.fixture
def ada(shop, run_debts):
    """A customer: two invoices of March, one paid in April with too much, credited in May, in part sent back."""
    given = customers.CustomerInput(name="Ada Byron", email="ada@example.com", language="de")
    ada = customers.create_customer(given, actor=SYSTEM)
    first, second = place(customer_id=ada.pk), place(customer_id=ada.pk)
    for order in (first, second):
        billing.invoice_order(order.pk, actor=SYSTEM, at=DAY1)
    run_debts()
    billing.record_payment(first.pk, method="bank_transfer", amount=D("30.00"), reference="B-1", actor=SYSTEM, at=DAY2)
    invoice = Invoice.objects.get(order=first)
    line = invoice.lines.get(sku="MUG-RED")
    billing.credit_invoice(invoice.pk, quantities={line.pk: 1}, reference="RMA-1", actor=SYSTEM)
    run_debts()
    billing.request_refund(first.pk, amount=Money(D("5.00"), "EUR"), reference="RMA-1", actor=SYSTEM)
    run_debts()
    return Customer.objects.get(pk=ada.pk)


def account_of(customer):
    return statements.Account(customer.pk, LegalEntity.objects.get().pk, "EUR")


def test_a_statement_says_what_was_owed_what_moved_and_what_is_open(ada, django_assert_num_queries):
    account = account_of(ada)
    march = statements.page(account, date(2026, 3, 1), date(2026, 3, 31))
    assert (march.opening, [line.amount for line in march.lines]) == (D("0.00"), [D("22.06"), D("22.06")])
    with django_assert_num_queries(3):
        rest = statements.page(account, date(2026, 4, 1), date(2027, 12, 31))
    # The payment is one line: that part of it settled an invoice moves nothing.
    assert [(line.words, line.amount, line.balance) for line in rest.lines] == [
        ("Payment, bank transfer", D("-30.00"), D("14.12")),
        ("Credit note", D("-5.95"), D("8.17")),
        ("Refund", D("5.00"), D("13.17")),
    ]
    assert rest.opening == D("44.12")
    ours = LedgerEntry.objects.filter(customer=ada, account__kind__in=["receivable", "prepayment"])
    assert statements.balance(account, date(2027, 12, 31)) == round(ours.aggregate(sum=Sum("amount"))["sum"], 2)
    found = statements.open_items(account, date(2027, 12, 31))
    assert sum(item.amount for item in found.items) == D("13.17")
    march_open = statements.open_items(account, date(2026, 3, 31))
    assert ([item.amount for item in march_open.items], march_open.count) == ([D("22.06"), D("22.06")], 2)
    assert statements.accounts_of(ada.pk) == [account]


def test_pages_of_a_statement_follow_each_other_and_carry_the_balance(ada):
    account, days = account_of(ada), (date(2026, 3, 1), date(2027, 12, 31))
    found, after = [], ""
    for _page in range(5):
        page = statements.page(account, *days, after=after, limit=1)
        assert page.opening == (found[-1].balance if found else 0)
        found += page.lines
        after = page.next
    assert after == ""
    assert [line.balance for line in found] == [line.balance for line in statements.every_line(account, *days)]
    assert statements.read_place("x.1") is statements.read_place("2026-03-01.²") is None


def test_ages_are_those_of_the_day_whatever_came_later(ada, run_debts):
    entity = LegalEntity.objects.get().pk
    guest = place(email="guest@example.com", customer_name="Guest")
    billing.invoice_order(guest.pk, actor=SYSTEM, at=DAY2)
    run_debts()
    due = Invoice.objects.filter(order__customer=ada).first().due_on
    assert due == date(2026, 3, 24)
    wanted = {
        date(2026, 3, 9): {},
        date(2026, 3, 24): {"not_due": D("44.12")},
        date(2026, 3, 25): {"to_30": D("44.12")},
        # Paid since: of the two invoices the other is open.
        date(2026, 4, 23): {"to_30": D("22.06")},
        date(2026, 4, 24): {"to_60": D("22.06")},
        date(2026, 6, 22): {"to_90": D("22.06")},
        date(2026, 6, 23): {"over_90": D("22.06")},
    }
    for day, amounts in wanted.items():
        rows = [one for one in ageing.rows(entity, "EUR", day) if one.customer == ada]
        assert [{name: sum_ for name, sum_ in one.amounts.items() if sum_} for one in rows] == [amounts] * bool(
            amounts
        )
        total = ageing.totals(entity, "EUR", day)
        assert total.total == ageing.receivable(entity, "EUR", day) == sum(total.amounts.values())
        assert total.total == sum(one.total for one in ageing.rows(entity, "EUR", day))
    everybody = ageing.rows(entity, "EUR", date(2026, 4, 30))
    assert [(one.customer == ada, one.total) for one in everybody] == [(True, D("22.06")), (False, D("22.06"))]
    assert ageing.rows(entity, "EUR", date(2026, 4, 30), start=1) == everybody[1:]


def test_finance_reads_mails_and_takes_a_statement(ada, staff, run_debts):
    page = f"{JOURNAL}statement/{ada.pk}/?from=2026-03-01&to=2027-12-31"
    shown = staff.get(page).content.decode()
    for words in ("€44.12", "€13.17", "Payment, bank transfer B-1", "Balance brought forward"):
        assert words in shown
    assert (
        f'href="{JOURNAL}statement/{ada.pk}/"'
        in staff.get(f"/admin/customers/customer/{ada.pk}/change/").content.decode()
    )
    rows = list(csv.reader(io.StringIO(staff.get(f"{page}&as=csv").content.decode("utf-8-sig"))))
    assert [row[5] for row in rows[1:]] == ["0.00", "22.06", "44.12", "14.12", "8.17", "13.17"]
    assert staff.get(f"{page}&as=pdf").content.startswith(b"%PDF")
    OutgoingMail.objects.all().delete()
    for _click in range(2):
        staff.post(page, {"asked": "once"})
    run_debts()
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.kind, mail.language) == ("ada@example.com", "statement", "de")
    paper = pdf_text(mail.attachments.get())
    assert "13,17" in paper
    assert "Kettle & Co. GmbH" in paper
    for odd in ("?from=x&to=9999-99-99", "?from=2027-01-01&to=2026-01-01", "?after=x", "?seller=²&currency=ZZZ"):
        assert staff.get(f"{JOURNAL}statement/{ada.pk}/{odd}").status_code == 200
    assert staff.get(f"{JOURNAL}statement/999999/").status_code == 404


def test_finance_reads_ages_and_takes_them(ada, staff, django_assert_max_num_queries):
    shown = staff.get(f"{JOURNAL}ageing/?day=2026-04-24").content.decode()
    assert "€22.06" in shown
    assert f"{JOURNAL}statement/{ada.pk}/?seller=" in shown
    rows = list(
        csv.DictReader(io.StringIO(staff.get(f"{JOURNAL}ageing/?day=2026-04-24&as=csv").content.decode("utf-8-sig")))
    )
    assert [(row["Name"], row["31 to 60 days"], row["Total"]) for row in rows] == [("Ada Byron", "22.06", "22.06")]
    assert staff.get(f"{JOURNAL}ageing/?as=xlsx").content.startswith(b"PK")
    for odd in ("?day=x", "?page=²", "?page=0", "?currency=ZZZ"):
        assert staff.get(f"{JOURNAL}ageing/{odd}").status_code == 200


def test_who_is_limited_or_may_not_read_the_books_sees_neither(ada, client, django_user_model):
    paul = django_user_model.objects.create_user("paul", "paul@example.com", "secret", is_staff=True)
    client.force_login(paul, backend="django.contrib.auth.backends.ModelBackend")
    pages = (f"{JOURNAL}ageing/", f"{JOURNAL}statement/{ada.pk}/")
    assert [client.get(page).status_code for page in pages] == [403, 403]
    for codename in ("view_ledgertransaction", "view_customer"):
        paul.user_permissions.add(Permission.objects.get(codename=codename))
    assert [client.get(page).status_code for page in pages] == [200, 200]
    assert client.post(pages[1], {"asked": "x"}).status_code == 403
    paul.limits = {"channel": ["web"]}
    paul.save()
    assert [client.get(page).status_code for page in pages] == [403, 403]


def test_the_journal_shows_amounts_and_accounts_and_is_found_by_what_it_is_about(ada, staff):
    shown = staff.get(JOURNAL).content.decode()
    assert "€30.00" in shown
    assert "Money (bank transfer)" in shown
    invoice = Invoice.objects.filter(order__customer=ada).first()
    payment = invoice.payments.get().payment
    found = {
        term: staff.get(f"{JOURNAL}?q={term}").context["cl"].result_count
        for term in (invoice.number, payment.code, str(invoice.order.number), str(ada.number), "nobody")
    }
    assert list(found.values()) == [3, 3, 5, 6, 0]
    account = LedgerEntry.objects.filter(account__kind="money").first().account_id
    assert staff.get(f"{JOURNAL}?account={account}").context["cl"].result_count == 2
    assert staff.get(f"{JOURNAL}?account=x").status_code == 302


def test_a_customer_reads_their_own_account_in_the_portal(ada, client, django_user_model):
    assert client.get("/statement/").status_code == 302
    user = django_user_model.objects.create_user("ada", "ada@example.com", "secret")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/statement/").status_code == 404
    Customer.objects.filter(pk=ada.pk).update(user=user)
    shown = client.get("/statement/?from=2026-03-01&to=2027-12-31", headers={"accept-language": "en"}).content.decode()
    for words in ("€13.17", "Payment, bank transfer B-1", "Balance brought forward"):
        assert words in shown
    paper = client.get("/statement/?from=2026-03-01&to=2027-12-31&as=pdf")
    assert paper.content.startswith(b"%PDF")
    assert "/statement/" in client.get("/orders/").content.decode()
    for odd in ("?from=x", "?account=9-nothing", "?after=²", "?from=2027-01-01&to=2026-01-01"):
        assert client.get(f"/statement/{odd}").status_code == 200


def test_an_integrator_reads_the_account_of_a_customer(ada, api):
    address = f"/api/v1/customers/{ada.number}/statement/"
    # The key of the fixture sees one channel; an account is of all of them.
    assert api.get(address).status_code == 404
    _key, plain = create_api_key("Books", scopes=["invoices:read"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    said = api.get(f"{address}?from=2026-04-01&to=2027-12-31").json()
    assert (said["opening_balance"], said["closing_balance"], said["next"]) == ("44.12", "13.17", None)
    assert [(one["kind"], one["amount"], one["balance"]) for one in said["lines"]] == [
        ("payment", "-30.00", "14.12"),
        ("credit_note", "-5.95", "8.17"),
        ("refund", "5.00", "13.17"),
    ]
    assert sum(D(one["amount"]) for one in said["open_items"]) == D("13.17")
    assert api.get(f"{address}?currency=USD").json()["lines"] == []
    assert api.get(f"{address}?from=x").status_code == 400
    assert api.get(f"{address}?from=2026-05-01&to=2026-04-01").status_code == 400
    assert api.get(f"{address}?bogus=1").status_code == 400
    assert api.get("/api/v1/customers/C-999999/statement/").status_code == 404


LATER = date(2027, 12, 31)
ALL_YEARS = "from=2026-03-01&to=2027-12-31"


@pytest.fixture
def much(ada, run_debts, monkeypatch):
    """Five more open invoices, and pages of three: 123.47 open, of which 110.30 is of these."""
    for _index in range(5):
        billing.invoice_order(place(customer_id=ada.pk).pk, actor=SYSTEM, at=DAY1)
    run_debts()
    monkeypatch.setattr(statements, "PER_PAGE", 3)
    assert statements.balance(account_of(ada), LATER) == D("123.47")
    return ada


def read_csv(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_what_is_open_comes_page_by_page_and_no_page_is_dearer_than_another(much, django_assert_num_queries):
    account = account_of(much)
    found, start = [], 0
    # What more there is, is counted; on the last page it is known.
    for queries in (3, 3, 2):
        with django_assert_num_queries(queries):
            page = statements.open_items(account, LATER, start=start, limit=3)
        assert page.count == 8
        found += page.items
        start = page.next
    assert start == 0
    assert sum(item.amount for item in found) == D("123.47")
    # Money without an invoice comes last, on SQLite and on PostgreSQL.
    assert [item.invoice is None for item in found] == [False] * 7 + [True]
    assert len({item.invoice.pk for item in found[:-1]}) == 7
    assert list(statements.every_open_item(account, LATER)) == found
    with django_assert_num_queries(2):
        assert statements.open_items(account, LATER, start=300, limit=3) == statements.OpenPage([], 8)
    assert [statements.read_start(text) for text in ("", "1", "3", "0", "-1", "²", "9" * 30)] == [0, 0, 6, 0, 0, 0, 0]


def test_finance_turns_the_pages_of_what_is_open(much, staff, django_assert_num_queries):
    page = f"{JOURNAL}statement/{much.pk}/?{ALL_YEARS}"
    numbers = [item.invoice.number for item in statements.every_open_item(account_of(much), LATER) if item.invoice]
    staff.get(page)
    shown = []
    with CaptureQueriesContext(connection) as first:
        shown.append(staff.get(page).content.decode())
    with CaptureQueriesContext(connection) as last:
        shown.append(staff.get(f"{page}&open=3").content.decode())
    assert len(last) == len(first) - 1
    assert "1 to 3 of 8" in shown[0]
    assert "&amp;open=2#open" in shown[0]
    assert "7 to 8 of 8" in shown[1]
    assert "Paid, and not used for an invoice" in shown[1]
    assert [number in shown[0].partition('id="open"')[2] for number in numbers] == [True] * 3 + [False] * 4
    for one in shown:
        assert "Total of all 8" in one
        assert "€123.47" in one.partition("Total of all 8")[2]
    rows = read_csv(staff.get(f"{page}&of=open&as=csv"))
    assert rows[0] == ["Document", "Date", "Due", "Days overdue", "Open", "Currency"]
    assert [row[0] for row in rows[1:]] == [*numbers, "Paid, and not used for an invoice"]
    assert sum(D(row[4]) for row in rows[1:]) == D("123.47")
    assert staff.get(f"{page}&of=open&as=xlsx").content.startswith(b"PK")
    for odd in ("²", "0", "999999", "9" * 30):
        assert staff.get(f"{page}&open={odd}").status_code == 200


def test_a_customer_turns_the_pages_of_what_is_open_and_takes_all_of_it(much, client, django_user_model):
    user = django_user_model.objects.create_user("ada", "ada@example.com", "secret")
    Customer.objects.filter(pk=much.pk).update(user=user)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    english = {"accept-language": "en"}
    first, last = (client.get(f"/statement/?{ALL_YEARS}&open={n}", headers=english).content.decode() for n in (1, 3))
    assert "1 to 3 of 8" in first
    assert "7 to 8 of 8" in last
    assert "€123.47" in first.partition("Total of all 8")[2]
    assert "€123.47" in last.partition("Total of all 8")[2]
    rows = read_csv(client.get(f"/statement/?{ALL_YEARS}&of=open&as=csv", headers=english))
    assert (len(rows), sum(D(row[4]) for row in rows[1:])) == (9, D("123.47"))
    rows = read_csv(client.get(f"/statement/?{ALL_YEARS}&as=csv", headers=english))
    assert rows[-1][5] == "123.47"
    assert client.get(f"/statement/?{ALL_YEARS}&as=xlsx").content.startswith(b"PK")


def test_a_paper_that_does_not_name_everything_says_how_much_more_there_is(much, staff, run_debts, monkeypatch):
    """Fails with `_further` taken out: what is named is 16.11 of 123.47, and nothing says so."""
    page = f"{JOURNAL}statement/{much.pk}/?{ALL_YEARS}"
    whole = words_of(staff.get(f"{page}&as=pdf").content)
    assert "123,47" in whole
    monkeypatch.setattr("billing.services.statement_paper.MOST_OPEN", 2)
    billing.ask_for_statement(account_of(much), date(2026, 3, 1), LATER, asked="x", actor=SYSTEM)
    run_debts()
    mail = OutgoingMail.objects.get(kind="statement")
    paper, listed = mail.attachments.order_by("pk")
    cut = pdf_text(paper)
    # 123.47 − (−5.95 + 22.06)
    assert "107,36" in cut
    assert "107,36" not in whole
    assert cut.count("123,47") == whole.count("123,47")
    assert listed.name == f"open-{much.number}.xlsx"
    assert read_file(listed).startswith(b"PK")


def test_an_integrator_turns_the_pages_of_what_is_open(much, api, monkeypatch):
    monkeypatch.setattr("billing.api.statements.OPEN_AT_ONCE", 5)
    _key, plain = create_api_key("Books", scopes=["invoices:read"])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    address = f"/api/v1/customers/{much.number}/statement/?{ALL_YEARS}"
    first = api.get(address).json()
    rest = api.get(f"{address}&open_after={first['next_open']}").json()
    assert [(len(one["open_items"]), one["open_count"], one["next_open"]) for one in (first, rest)] == [
        (5, 8, 5),
        (3, 8, None),
    ]
    assert sum(D(one["amount"]) for said in (first, rest) for one in said["open_items"]) == D("123.47")
    assert first["closing_balance"] == "123.47"
    assert api.get(f"{address}&open_after=x").status_code == 400
