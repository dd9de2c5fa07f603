"""The batch for DATEV: read back, it leaves on every account what the ledger does."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing import chart, datev, postings
from billing import services as billing
from billing.models import AccountNumber, DatevProfile, Invoice, LedgerAccount, LedgerEntry, LegalEntity
from billing.postings import Leg, Posting
from billing.services import batch, ledger
from core.actors import SYSTEM
from core.models import EventRecord
from customers import services as customers
from tests.factories.billing import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
THEN = datetime(2026, 3, 30, 11, 20, tzinfo=UTC)
PROFILE = {"consultant": 1001, "client": 7, "chart": "SKR03", "length": 4, "year_begins": 1, "per_customer": False}
ACCOUNTS = "/admin/billing/ledgertransaction/accounts/"
NAME = "EXTF_Buchungsstapel_2026-03_EUR_1.csv"


@pytest.fixture
def march():
    return billing.Month(LegalEntity.objects.get().pk, date(2026, 3, 1))


def number_accounts(**given):
    return billing.keep_accounts(LegalEntity.objects.get().pk, {**PROFILE, **given}, {}, actor=SYSTEM)


@pytest.fixture
def sold(run_debts):
    """An invoice of March that is paid with too much, and in part credited."""
    ada = customers.create_customer(customers.CustomerInput(name="Ada Byron"), actor=SYSTEM)
    order = place(customer_id=ada.pk)
    invoice = billing.invoice_order(order.pk, actor=SYSTEM, at=THEN)
    run_debts()
    billing.record_payment(order.pk, method="cash", amount=D("30.00"), reference="B-1", actor=SYSTEM, at=THEN)
    return Invoice.objects.get(pk=invoice.pk)


def files_of(month):
    into = io.BytesIO()
    written = billing.write_month(month, into)
    with zipfile.ZipFile(into) as files:
        return written, {name: files.read(name) for name in files.namelist() if name.startswith("EXTF")}


def test_read_back_the_batch_is_the_ledger_and_says_whose_it_is(sold, march):
    number_accounts()
    written, files = files_of(march)
    read = datev.read(files[NAME])
    assert [read.head[place] for place in (10, 11, 12, 13, 14, 15, 20, 21, 26)] == [
        "1001", "7", "20260101", "4", "20260301", "20260331", "0", "EUR", "03",
    ]  # fmt: skip
    first = read.rows[0]
    wanted = {
        "Umsatz (ohne Soll/Haben-Kz)": "16,01",
        "Soll/Haben-Kennzeichen": "S",
        "Konto": "1410",
        "Gegenkonto (ohne BU-Schlüssel)": "8400",
        "BU-Schlüssel": "",
        "Belegdatum": "3003",
        "Belegfeld 1": sold.number,
        "Buchungstext": f"Rechnung {sold.number}",
        "Auftragsnummer": str(sold.order.number),
        "Festschreibung": "0",
    }
    assert {name: first[name] for name in wanted} == wanted
    # 8400 and 8300 work out the tax themselves: they hold it, and nothing stands on 1776.
    balances = {account: sum_ for account, sum_ in read.balances().items() if sum_}
    assert balances == {"8400": D("-16.01"), "8300": D("-6.05"), "1000": D("30.00"), "1710": D("-7.94")}
    assert (written.batches, written.trouble, written.missing) == ({"EUR": 4}, [], [])
    assert files[NAME].count(b"\r\n") == files[NAME].count(b"\n") == 6
    billing.close_month(march, actor=SYSTEM)
    read = datev.read(files_of(march)[1][NAME])
    assert (read.head[20], {row["Festschreibung"] for row in read.rows}) == ("1", {"1"})


def test_revenue_on_an_account_without_automatic_tax_is_booked_net_with_the_tax_beside_it(sold, march):
    number_accounts(chart="SKR04", length=5)
    entity = march.entity_id
    AccountNumber.objects.create(entity_id=entity, kind="revenue", detail="DE:S:0.1900", number="42000")
    AccountNumber.objects.create(entity_id=entity, kind="revenue", detail="DE:S:0.0700", number="42010", key="2")
    read = datev.read(files_of(march)[1][NAME])
    balances = {account: sum_ for account, sum_ in read.balances().items() if sum_}
    assert balances == {
        "42000": D("-13.45"), "38060": D("-2.56"), "42010": D("-6.05"), "16000": D("30.00"), "32500": D("-7.94"),
    }  # fmt: skip
    assert {row["BU-Schlüssel"] for row in read.rows if row["Gegenkonto (ohne BU-Schlüssel)"] == "42010"} == {"2"}


def test_each_customer_has_an_account_where_the_accountant_wants_that(sold, march):
    number_accounts(per_customer=True)
    read = datev.read(files_of(march)[1][NAME])
    debtor = str(10_000 + sold.order.customer_id)
    assert {row["Konto"] for row in read.rows if row["Buchungstext"].startswith("Rechnung")} == {debtor}
    assert read.balances()[debtor] == 0


def test_what_goes_abroad_without_tax_names_the_vat_id_and_keeps_its_account(march):
    number_accounts()
    numbers = billing.Numbers(LegalEntity.objects.get())
    parts = [
        batch.Part("receivable", "", D("100.00"), None),
        batch.Part("revenue", "FR:K:0.0000", D("-90.00"), None),
        batch.Part("revenue", "FR:S:0.2000", D("-8.00"), None),
        batch.Part("tax", "FR:0.2000", D("-2.01"), None),
        batch.Part("rounding", "", D("0.01"), None),
    ]
    whole = batch.Whole("invoice", date(2026, 3, 3), "EUR", "INV-1", "SO-1", "FR40303265045", parts)
    rows = batch.booked(whole, numbers)
    assert [(row.amount, row.account, row.against, row.place) for row in rows] == [
        (D("90.00"), "1410", "8125", "FR40303265045"),
        (D("8.00"), "1410", "8320", ""),
        (D("-0.01"), "1410", "4900", ""),
        (D("2.01"), "1410", "1767", ""),
    ]


@pytest.mark.parametrize(("country", "written"), [("GR", "EL"), ("XI", "XI"), ("AT", "AT")])
def test_what_consumers_in_other_member_states_owe_names_their_country_as_the_eu_writes_it(march, country, written):
    number_accounts()
    entity = LegalEntity.objects.get()
    assert chart.usual(chart.SKR03, "revenue", f"{country}:S:0.2000", home="DE") == chart.Number("8320")
    assert chart.usual(chart.SKR04, "tax", f"{country}:0.2000", home="DE") == chart.Number("3817")
    AccountNumber.objects.create(entity=entity, kind="revenue", detail=f"{country}:S:0.2000", number="8320", key="10")
    parts = [
        batch.Part("receivable", "", D("12.00"), None),
        batch.Part("revenue", f"{country}:S:0.2000", D("-10.00"), None),
        batch.Part("tax", f"{country}:0.2000", D("-2.00"), None),
    ]
    whole = batch.Whole("invoice", date(2026, 3, 3), "EUR", "INV-1", "SO-1", "", parts)
    rows = batch.booked(whole, billing.Numbers(entity))
    assert [(row.amount, row.against, row.place, row.rate) for row in rows] == [
        (D("12.00"), "8320", written, D("0.2000"))
    ]
    # What is sold within the United Kingdom is no such sale, and has no usual number.
    assert chart.usual(chart.SKR03, "revenue", "GB:S:0.2000", home="DE") is None


def test_a_month_with_an_account_without_number_has_no_batch_and_says_which(sold, march, staff):
    number_accounts()
    abroad = Posting(
        "invoice",
        "test:1",
        march.entity_id,
        "EUR",
        date(2026, 3, 5),
        (Leg("receivable", D("6.00")), Leg("revenue", D("-5.00"), "US:S:0.2000"), Leg("tax", D("-1.00"), "US:0.2000")),
    )
    ledger.post(abroad, actor=SYSTEM)
    written, files = files_of(march)
    assert (files, written.missing) == ({}, [("revenue", "US:S:0.2000"), ("tax", "US:0.2000")])
    page = staff.get(f"{ACCOUNTS}?seller={march.entity_id}").content.decode()
    assert page.count("No number is usual; say one.") == 2
    assert (
        "No file for DATEV before these accounts have a number"
        in staff.get("/admin/billing/ledgertransaction/month/?month=2026-03").content.decode()
    )
    said = {**PROFILE, "per_customer": "", "number:revenue:US:S:0.2000": "8338", "number:tax:US:0.2000": "1770"}
    assert staff.post(f"{ACCOUNTS}?seller={march.entity_id}", said).status_code == 302
    assert list(files_of(march)[1]) == [NAME]
    assert EventRecord.objects.filter(name="billing.accounts_numbered").count() == 2
    LedgerEntry.objects.filter(account__detail="US:S:0.2000").get()


def test_what_is_no_number_is_refused_beside_its_field_and_nothing_is_kept(staff, march):
    entity = LegalEntity.objects.get()
    bad = {
        **PROFILE,
        "consultant": "12",
        "number:fee:": "49",
        "number:bad_debt:": "24x0",
        "key:revenue:DE:S:0.1900": "x",
    }
    page = staff.post(f"{ACCOUNTS}?seller={entity.pk}", bad).content.decode()
    for words in ("It has to have 4 digits.", "A number has digits only.", "A tax key has digits only.", 'value="49"'):
        assert words in page
    assert not DatevProfile.objects.exists()
    assert not AccountNumber.objects.exists()


@pytest.mark.parametrize("which", [chart.SKR03, chart.SKR04])
def test_every_kind_of_account_that_billing_posts_to_has_a_number(which):
    names = {value for name, value in vars(postings).items() if name.isupper() and isinstance(value, str)}
    details = {"revenue": "DE:S:0.1900", "tax": "DE:0.1900", "money": "stripe"}
    kinds = set(LedgerAccount.Kind.values)
    assert kinds <= names, "a kind of account that billing.postings does not name"
    missing = [kind for kind in kinds if chart.usual(which, kind, details.get(kind, ""), home="DE") is None]
    assert missing == [], "billing/chart.py: say the usual number of a new kind of account"


def test_every_kind_of_transaction_has_words_for_datev():
    assert set(batch.WORDS) == set(batch.Kind)


def test_rows_that_do_not_fit_go_into_a_further_file(sold, march, monkeypatch):
    number_accounts()
    monkeypatch.setattr(datev, "MOST_ROWS", 2)
    _written, files = files_of(march)
    assert [len(datev.read(content).rows) for content in files.values()] == [2, 2]
    sums = [datev.read(content).balances() for content in files.values()]
    assert sum(one.get("1410", D(0)) for one in sums) == 0
