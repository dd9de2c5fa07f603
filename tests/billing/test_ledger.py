"""The ledger: every cause of money once, both sides of it, and never changed."""

from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from billing import append_only, ledgering
from billing import services as billing
from billing.models import ClosedMonth, Invoice, LedgerAccount, LedgerEntry, LedgerTransaction, LegalEntity
from billing.postings import Leg, Posting
from billing.services import ledger
from core.actors import SYSTEM
from core.money import Money
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal


def books():
    """Return the balance of every account that has one."""
    sums = LedgerEntry.objects.values_list("account__kind", "account__detail").annotate(sum=Sum("amount")).order_by()
    return {f"{kind} {detail}".strip(): round(D(amount), 2) for kind, detail, amount in sums if round(amount, 2)}


def journal():
    return list(LedgerTransaction.objects.order_by("pk").values_list("kind", flat=True))


def entries(kind):
    rows = LedgerEntry.objects.filter(transaction__kind=kind).order_by("pk")
    return [(one.account.kind, one.account.detail, one.amount) for one in rows.select_related("account")]


def came(order, amount, reference=""):
    return billing.record_payment(order.pk, method="cash", amount=D(amount), reference=reference, actor=SYSTEM)


def test_an_invoice_says_who_owes_for_what_and_which_tax(run_debts):
    order = place()
    invoice = billing.invoice_order(order.pk, actor=SYSTEM)
    assert journal() == []
    run_debts()
    assert entries("invoice") == [
        ("receivable", "", D("22.06")),
        ("revenue", "DE:S:0.1900", D("-13.45")),
        ("revenue", "DE:S:0.0700", D("-5.65")),
        ("tax", "DE:0.1900", D("-2.56")),
        ("tax", "DE:0.0700", D("-0.40")),
    ]
    head = LedgerTransaction.objects.get()
    invoice = Invoice.objects.get(pk=invoice.pk)
    assert (head.source, head.booked_on, head.currency) == (f"billing.invoice:{invoice.pk}", invoice.issued_on, "EUR")
    receivable = LedgerEntry.objects.get(account__kind="receivable")
    assert (receivable.customer_id, receivable.invoice_id) == (order.customer_id, invoice.pk)
    billing.issue_invoice(invoice.pk)
    assert LedgerTransaction.objects.count() == 1


def test_money_in_advance_is_the_customers_until_an_invoice_takes_it(run_debts):
    order = place()
    came(order, "30.00")
    assert books() == {"money cash": D("30.00"), "prepayment": D("-30.00")}
    billing.invoice_order(order.pk, actor=SYSTEM)
    run_debts()
    assert journal() == ["payment", "invoice", "match"]
    assert entries("match") == [("prepayment", "", D("22.06")), ("receivable", "", D("-22.06"))]
    assert books()["prepayment"] == D("-7.94")
    assert "receivable" not in books()


def test_what_goes_back_is_taken_from_what_settles_nothing_and_then_from_what_was_credited(run_debts):
    order = place()
    came(order, "30.00")
    billing.invoice_order(order.pk, actor=SYSTEM)
    run_debts()
    line = Invoice.objects.get().lines.get(sku="MUG-RED")
    billing.credit_invoice(Invoice.objects.get().pk, quantities={line.pk: 1}, reference="RMA-1", actor=SYSTEM)
    run_debts()
    assert books()["receivable"] == D("-5.95")
    billing.request_refund(order.pk, amount=Money(D("13.89"), "EUR"), reference="RMA-1", actor=SYSTEM)
    run_debts()
    assert entries("refund") == [
        ("money", "cash", D("-13.89")),
        ("prepayment", "", D("7.94")),
        ("receivable", "", D("5.95")),
    ]
    assert (
        LedgerEntry.objects.get(transaction__kind="refund", account__kind="receivable").invoice
        == Invoice.objects.get()
    )
    assert {name for name in books() if not name.startswith(("revenue", "tax"))} == {"money cash"}


def test_what_was_held_is_written_part_by_part(run_debts):
    order = place()
    held = billing.authorize_payment(order.pk, method="card", amount=D("22.06"), actor=SYSTEM)
    assert journal() == []
    billing.capture_payment(held.pk, D("10.00"), actor=SYSTEM)
    billing.capture_payment(held.pk, actor=SYSTEM)
    sources = LedgerTransaction.objects.order_by("pk").values_list("source", flat=True)
    assert list(sources) == [f"billing.payment:{held.pk}:10.000", f"billing.payment:{held.pk}:22.060"]
    assert books() == {"money card": D("22.06"), "prepayment": D("-22.06")}


def test_a_cancelled_order_leaves_nothing_but_turnover_that_is_taken_back(run_debts):
    orders = import_module("orders.services")
    order = place()
    came(order, "22.06")
    billing.invoice_order(order.pk, actor=SYSTEM)
    run_debts()
    orders.cancel_order(order.pk, reason="Changed my mind", actor=SYSTEM)
    run_debts()
    assert journal() == ["payment", "invoice", "match", "credit_note", "refund"]
    assert books() == {}


def posting(*legs, source="test:1", day=date(2026, 3, 1), currency="EUR"):
    return Posting("fee", source, LegalEntity.objects.get().pk, currency, day, legs)


def test_the_door_takes_what_balances_and_takes_it_once():
    fee = posting(Leg("fee", D("0.30"), "stripe"), Leg("money", D("-0.30"), "stripe"))
    ledger.post(fee, actor=SYSTEM)
    with pytest.raises(DatabaseError, match="source|UNIQUE"), transaction.atomic():
        ledger.post(fee, actor=SYSTEM)
    with pytest.raises(ValueError, match="does not balance: 0.10"):
        ledger.post(posting(Leg("fee", D("0.30")), Leg("money", D("-0.20"), "stripe"), source="b"), actor=SYSTEM)
    assert books() == {"fee stripe": D("0.30"), "money stripe": D("-0.30")}


def test_nothing_is_dated_into_a_closed_month(run_debts, monkeypatch):
    entity = LegalEntity.objects.get()
    ClosedMonth.objects.create(entity=entity, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31), closed_by="x")
    legs = (Leg("fee", D("0.30"), "stripe"), Leg("money", D("-0.30"), "stripe"))
    with pytest.raises(billing_errors().MonthClosed, match="closed up to 2026-03-31"):
        ledger.post(posting(*legs), actor=SYSTEM)
    # Also where somebody asks the database himself.
    monkeypatch.setattr(ledger, "refuse_closed", lambda *_: None)
    with pytest.raises(import_module("core.errors").Overtaken), transaction.atomic():
        ledger.post(posting(*legs), actor=SYSTEM)
    assert ledger.post(posting(*legs, day=date(2026, 4, 1)), actor=SYSTEM)[0].booked_on == date(2026, 4, 1)


def billing_errors():
    return import_module("billing.errors")


def test_the_database_refuses_to_change_the_ledger(run_debts):
    billing.invoice_order(place().pk, actor=SYSTEM)
    run_debts()
    head, entry = LedgerTransaction.objects.get(), LedgerEntry.objects.order_by("pk").first()
    other = LedgerEntry(transaction=head, account=entry.account, booked_on=entry.booked_on, amount=D(1))
    elsewhere = LedgerEntry(transaction=head, account=entry.account, booked_on=date(2020, 1, 1), amount=D(1))
    refused = [
        lambda: LedgerEntry.objects.filter(pk=entry.pk).update(amount=D("1.00")),
        lambda: LedgerEntry.objects.filter(pk=entry.pk).delete(),
        lambda: LedgerTransaction.objects.update(text="x"),
        lambda: LedgerAccount.objects.update(detail="x"),
        lambda: sql("DELETE FROM billing_ledgertransaction"),
        lambda: sql("UPDATE billing_ledgerentry SET customer_id = NULL"),
        lambda: elsewhere.save(force_insert=True),
        *([lambda: other.save(force_insert=True)] if connection.vendor == "postgresql" else []),
    ]
    for work in refused:
        with pytest.raises(DatabaseError, match=f"{append_only.KEPT}|{append_only.UNBALANCED}"), transaction.atomic():
            work()
    assert sum(one.amount for one in LedgerEntry.objects.all()) == 0


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_ledger_that_was_lost_is_written_again_the_same(run_debts):
    order = place()
    came(order, "30.00")
    ship_all(order)
    run_debts()
    billing.credit_invoice(Invoice.objects.get().pk, reference="all", actor=SYSTEM)
    billing.request_refund(order.pk, amount=Money(D("28.00"), "EUR"), reference="all", actor=SYSTEM)
    run_debts()
    assert ledgering.post_everything() == 0
    wanted, balances = written(), books()
    append_only.remove(connection)
    LedgerEntry.objects.all().delete()
    LedgerTransaction.objects.all().delete()
    append_only.install(connection)
    assert again(order).balance_due == D("-2.00")
    assert ledgering.post_everything() == 5
    assert (written(), books()) == (wanted, balances)
    assert ledgering.post_everything() == 0


def written():
    heads = LedgerTransaction.objects.order_by("source")
    return [
        (
            one.source,
            one.kind,
            one.booked_on,
            one.text,
            sorted(one.entries.values_list("account", "invoice", "amount")),
        )
        for one in heads
    ]


def test_finance_reads_the_journal_and_both_sides_of_a_transaction(run_debts, staff):
    billing.invoice_order(place().pk, actor=SYSTEM)
    run_debts()
    head = LedgerTransaction.objects.get()
    assert head.text in staff.get("/admin/billing/ledgertransaction/").content.decode()
    page = staff.get(f"/admin/billing/ledgertransaction/{head.pk}/change/").content.decode()
    for words in (
        "Receivables",
        "Revenue DE, VAT 19\u00a0% (S)",
        "Output VAT DE 7\u00a0%",
        "€22.06",
        "€13.45",
        "€0.40",
    ):
        assert words in page
