"""What is owed in the demo: overdue in every age and level, paid in parts, credited, and a statement to take in."""

import hashlib
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Count, Sum
from django.test import Client
from django.utils import timezone

from billing import dunning, selectors
from billing import services as billing
from billing.dunning import bucket_of
from billing.models import (
    BankLine,
    CreditNote,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
    Payout,
    PayoutRow,
    Refund,
    Reminder,
    ReminderLetter,
    ReminderPause,
)
from core import invariants
from core.actors import Actor
from customers.models import Customer
from demo import payouts
from demo.debts import COLLECTS, DEBTS, INES
from demo.models import DemoDatabase, ProviderCheckout
from demo.world import LOGO
from orders.models import Order
from returns import selectors as returns

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kettle")]
VISITOR = Actor("staff", "visitor")


def overdue() -> list[Invoice]:
    found = Invoice.objects.filter(selectors.overdue()).order_by("order")
    return list(found.select_related("order__customer"))


def days(invoice: Invoice) -> int:
    assert invoice.due_on is not None
    return (timezone.localdate() - invoice.due_on).days


def test_eight_are_overdue_in_every_age_and_the_debtors_are_who_the_script_says() -> None:
    assert [one.order.customer.company for one in overdue() if one.order.customer] == [one.company for one in DEBTS]
    assert Counter(bucket_of(days(one)) for one in overdue()) == {"1-30": 4, "31-60": 2, "61-90": 1, "91": 1}


def test_who_was_reminded_was_reminded_on_that_day_at_that_level() -> None:
    sent = Reminder.objects.order_by("invoice__order", "level").values_list(
        "invoice__order__customer__company", "level", "sent_on", "status"
    )
    today = timezone.localdate()
    assert list(sent) == [
        (debt.company, level, today - timedelta(days=ago), "sent")
        for debt in DEBTS
        for level, ago in enumerate(debt.reminded, start=1)
    ]
    letters = ReminderLetter.objects.select_related("mail", "run")
    for letter in letters:
        assert letter.mail is not None
        assert letter.mail.created_at == letter.run.started_at
        assert letter.run.started_by == str(INES)
    assert letters.count() == sum(len(debt.reminded) for debt in DEBTS) == 11


def test_a_run_today_proposes_some_and_says_of_the_others_why_not() -> None:
    proposal = billing.propose_reminders()
    proposed = [[row.level.number for row in letter.rows if row.level] for letter in proposal.letters]
    assert proposed == [[3], [2], [1, 1]]
    customer, invoice, next_one = (timezone.localdate() + timedelta(days=ahead) for ahead in (9, 12, 6))
    assert [due.why for due in proposal.skipped] == [
        dunning.ALL_SENT,
        dunning.SET_ASIDE(day=customer.isoformat(), reason=DEBTS[2].why),
        dunning.SET_ASIDE(day=invoice.isoformat(), reason=DEBTS[3].why),
        dunning.EARLY(day=next_one.isoformat()),
    ]
    assert ReminderPause.objects.filter(customer__isnull=False).count() == 1
    assert ReminderPause.objects.filter(invoice__isnull=False).count() == 1


def test_the_last_reminder_lets_the_next_orders_of_its_customer_wait() -> None:
    stopped = Customer.objects.filter(arrears_since__isnull=False)
    assert list(stopped.values_list("company", flat=True)) == [DEBTS[0].company]


def test_three_invoices_are_paid_in_part_and_one_transfer_paid_three() -> None:
    in_part = Invoice.objects.filter(status="partially_paid")
    assert in_part.count() == sum(bool(debt.part) for debt in DEBTS) == 3
    assert all(Decimal(0) < one.paid_total < one.total for one in in_part)
    several = Payment.objects.filter(order__customer__company=COLLECTS).exclude(reference="").values("reference")
    (transfer,) = several.annotate(parts=Count("pk")).filter(parts__gt=1)
    paid = Invoice.objects.filter(number__in=transfer["reference"].split())
    assert (transfer["parts"], paid.count(), set(paid.values_list("status", flat=True))) == (3, 3, {"paid"})


def test_four_credit_notes_one_lessens_a_debt_and_three_sent_money_back() -> None:
    assert Counter(CreditNote.objects.values_list("status", flat=True)) == {"applied": 1, "refunded": 3}
    assert list(CreditNote.objects.order_by("pk").values_list("issued_on", flat=True)) == sorted(
        CreditNote.objects.values_list("issued_on", flat=True)
    )
    back = list(Refund.objects.values_list("status", "amount"))
    assert {status for status, _amount in back} == {"succeeded"}
    refunded = CreditNote.objects.filter(status="refunded").values_list("total", flat=True)
    assert sorted(amount for _status, amount in back) == sorted(refunded)


def test_companies_of_three_countries_are_billed_without_tax_because_they_owe_it() -> None:
    lines = InvoiceLine.objects.exclude(tax_category__in=["S", "Z"]).filter(invoice__order__customer__kind="company")
    countries = {one.shipping_address["country"] for one in Order.objects.filter(invoices__lines__in=lines).distinct()}
    assert countries == {"AT", "FR", "NL"}
    assert not lines.exclude(tax_total=0).exists()


def test_one_payout_is_known_to_the_cent_and_one_is_less_than_its_rows_and_waits_on_the_worklist() -> None:
    known, less = Payout.objects.order_by("arrives_on")
    paid = Payment.objects.filter(gateway=payouts.GATEWAY, captured__gt=0)
    assert {one.method for one in paid} == {"card"}
    rows = PayoutRow.objects.filter(kind="payment")
    assert sorted(rows.values_list("payment", flat=True)) == sorted(paid.values_list("pk", flat=True))
    assert not rows.exclude(status="matched").exists()
    assert (known.open_rows, less.open_rows) == (0, 1)
    for payout in (known, less):
        fees = sum((row.fee for row in payout.rows.all()), start=Decimal(0))
        left = sum((row.amount - row.fee for row in payout.rows.all()), start=Decimal(0))
        assert (payout.fees, payout.amount) == (fees, left)
        assert fees > 0
    open_row = PayoutRow.objects.get(status="open")
    assert (open_row.payout, open_row.kind, open_row.amount) == (less, "other", -payouts.MISSING)
    # What the provider has kept without a word stays on its account until somebody says what it is.
    held = LedgerEntry.objects.filter(account__kind="money", account__detail=payouts.GATEWAY).aggregate(
        sum=Sum("amount")
    )
    assert round(held["sum"], 2) == payouts.MISSING
    # Each can be sent back: the books of the provider know it.
    books = ProviderCheckout.objects.filter(state="paid").values_list("code", "key", "amount")
    assert sorted(books) == sorted(paid.values_list("reference", "code", "captured"))


def test_the_statement_of_the_bank_fits_what_is_open(client: Client) -> None:
    DemoDatabase.objects.update(ready=True)
    answer = client.get("/demo/bank-statement.csv")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert 'filename="' in answer["Content-Disposition"]

    statement = billing.take_statement(
        name="statement.csv", content=answer.content, account="DE02120300000000202051", currency="EUR", actor=VISITOR
    )

    lines = BankLine.objects.filter(statement=statement)
    assert statement.summary["faulty"] == []
    assert Counter(lines.filter(status="open").values_list("confidence", flat=True)) == {
        "exact": 6,
        "likely": 3,
        "none": 1,
    }
    assert [line.amount < 0 for line in lines.filter(status="left")] == [True]
    assert all(line.booked_on < timezone.localdate() for line in lines)
    booked = billing.book_certain(statement.pk, actor=VISITOR)
    assert [one.refusal for one in booked] == [""] * 6
    assert Payout.objects.exclude(bank_line=None).get() == Payout.objects.earliest("arrives_on")
    # Booked to the last, there is still a file, with what is none of the invoices.
    for invoice in Invoice.objects.filter(status__in=selectors.WAITING):
        billing.record_payment(invoice.order_id, method="cash", amount=invoice.open_amount, actor=VISITOR)
    assert client.get("/demo/bank-statement.csv").content.count(b"\r\n") == 1 + 2
    assert all(not check().breaches for _code, _name, check in invariants.questions())


def test_papers_bear_the_logo_of_kettle_and_a_return_may_become_store_credit() -> None:
    drawn = hashlib.sha256(LOGO.read_bytes()).hexdigest()
    assert {invoice.seller["logo"] for invoice in Invoice.objects.all()} == {drawn}
    lenas = Order.objects.filter(customer__user__username="lena").latest("pk")
    assert returns.offers_credit(lenas)
