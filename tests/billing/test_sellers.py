"""Several sellers: whose books an order is in, whoever becomes the default meanwhile."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from billing import append_only, ledgering, statements, trial_balance
from billing import services as billing
from billing.models import BankLine, Invoice, LedgerEntry, LedgerTransaction, LegalEntity, Payout
from billing.notifications import bank_details
from billing.postings import Leg, Posting
from billing.services import ledger
from core import invariants
from core.actors import SYSTEM, Actor
from core.money import Money
from customers import services as customers
from tests.billing.disputing import lose, paid_by_card, write
from tests.factories.billing import again, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
MAYA = Actor("staff", "maya")


@pytest.fixture
def ada(shop):
    """A customer whose account is read."""
    return customers.find_or_create(email="ada@example.com", name="Ada", actor=SYSTEM)


def hand_over(seller) -> LegalEntity:
    """Let another seller be the default from now on."""
    details = {"name": "Kettle Neu GmbH", "address": seller.address, "iban": "DE89370400440532013000"}
    return billing.create_entity({"code": "new", "prefix": "N", "is_default": True, **details}, actor=SYSTEM)


def owed(customer) -> dict[int, Decimal]:
    """Return what a customer owes each seller by the statements of account."""
    today = timezone.localdate()
    return {one.entity_id: statements.balance(one, today) for one in statements.accounts_of(customer.pk)}


def books(seller) -> dict[str, Decimal]:
    """Return the balance of every account of a seller that has one."""
    rows = LedgerEntry.objects.filter(account__entity=seller)
    sums = rows.values_list("account__kind", "account__detail").annotate(sum=Sum("amount")).order_by()
    return {f"{kind} {detail}".strip(): round(D(amount), 2) for kind, detail, amount in sums if round(amount, 2)}


SOLD = {"revenue DE:S:0.1900": D("-13.45"), "revenue DE:S:0.0700": D("-5.65")}
SOLD |= {"tax DE:0.1900": D("-2.56"), "tax DE:0.0700": D("-0.40")}


def test_an_invoice_of_the_seller_before_is_paid_in_his_books(seller, ada, run_debts):
    order = place(customer_id=ada.pk)
    ship_all(order)
    run_debts()
    new = hand_over(seller)

    billing.record_payment(order.pk, method="bank_transfer", amount=D("22.06"), reference="t", actor=SYSTEM)

    assert Invoice.objects.get().status == "paid"
    assert owed(ada) == {seller.pk: D("0.00")}
    assert books(seller) == {"money bank_transfer": D("22.06"), **SOLD}
    assert books(new) == {}
    today = timezone.localdate()
    assert trial_balance.totals(trial_balance.rows(seller.pk, "EUR", today, today)).is_even
    assert trial_balance.rows(new.pk, "EUR", today, today) == []
    month = billing.Month(new.pk, today.replace(day=1))
    assert list(billing.movements(month)) == []


def test_what_was_paid_in_advance_is_invoiced_by_who_has_the_money(seller, ada, run_debts):
    order = place(customer_id=ada.pk, terms="prepaid")
    billing.record_payment(order.pk, method="cash", amount=D("10.00"), reference="", actor=SYSTEM)
    new = hand_over(seller)
    assert dict(bank_details(order))["IBAN"].replace(" ", "") == seller.iban
    billing.record_payment(order.pk, method="cash", amount=D("12.06"), reference="", actor=SYSTEM)
    ship_all(order)
    run_debts()

    invoice = Invoice.objects.get()
    assert (invoice.legal_entity, invoice.number, invoice.seller["name"]) == (seller, "INV-000001", seller.name)
    assert owed(ada) == {seller.pk: D("0.00")}
    assert (books(seller), books(new)) == ({"money cash": D("22.06"), **SOLD}, {})


def test_every_parcel_of_an_order_is_invoiced_by_the_seller_of_the_first(seller, ada, run_debts):
    order = place(customer_id=ada.pk)
    ship(order, {"TEA-1": 1}, reference="SH-1")
    run_debts()
    new = hand_over(seller)
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()

    assert set(Invoice.objects.values_list("legal_entity", flat=True)) == {seller.pk}
    assert owed(ada) == {seller.pk: D("22.06")}
    assert books(new) == {}


def test_an_order_that_is_in_nobodys_books_yet_is_of_who_sells_now(seller, ada, run_debts):
    order = place(customer_id=ada.pk)
    new = hand_over(seller)
    assert dict(bank_details(order))["IBAN"].replace(" ", "") == new.iban
    ship_all(order)
    run_debts()
    billing.record_payment(order.pk, method="cash", amount=D("22.06"), reference="", actor=SYSTEM)

    assert Invoice.objects.get().number == "N-INV-000001"
    assert owed(ada) == {new.pk: D("0.00")}
    assert (books(seller), books(new)) == ({}, {"money cash": D("22.06"), **SOLD})


def test_what_goes_back_is_taken_from_the_books_it_came_into(seller, ada, run_debts):
    order = place(customer_id=ada.pk, terms="prepaid")
    billing.record_payment(order.pk, method="cash", amount=D("30.00"), reference="", actor=SYSTEM)
    ship_all(order)
    run_debts()
    new = hand_over(seller)
    billing.credit_invoice(Invoice.objects.get().pk, reference="all", actor=SYSTEM)
    billing.request_refund(order.pk, amount=Money(D("30.00"), "EUR"), reference="all", actor=SYSTEM)
    run_debts()

    assert again(order).refunded_total == D("30.00")
    assert owed(ada) == {seller.pk: D("0.00")}
    assert (books(seller), books(new)) == ({}, {})


def test_a_transfer_that_was_booked_wrongly_is_undone_in_the_books_it_is_in(seller, ada, run_debts):
    order = place(customer_id=ada.pk)
    ship_all(order)
    run_debts()
    content = f"date;payer;reference;amount\n2026-11-03;Ada;{Invoice.objects.get().number};22,06\n".encode()
    billing.take_statement(name="n.csv", content=content, account="DE02", currency="EUR", actor=MAYA)
    billing.book_line(BankLine.objects.get().pk, actor=MAYA)
    new = hand_over(seller)
    billing.undo_booking(BankLine.objects.get().pk, reason="Bob's", actor=MAYA)

    assert owed(ada) == {seller.pk: D("22.06")}
    assert (books(seller), books(new)) == ({"receivable": D("22.06"), **SOLD}, {})


def test_a_dispute_and_a_payout_are_in_the_books_of_their_payments(seller, stripe, run_debts):
    paid_by_card(stripe, run_debts)
    new = hand_over(seller)
    dispute = lose(stripe, run_debts)
    billing.decide_dispute(dispute.pk, customer_owes=True, actor=MAYA)
    stripe.pay_out()
    write(stripe, run_debts)

    payout = Payout.objects.get()
    assert books(seller) == {
        "receivable": D("22.06"),
        "money on_its_way": payout.amount,
        "fee stripe": payout.fees,
        **SOLD,
    }
    assert books(new) == {}


def test_a_ledger_that_was_lost_is_written_again_in_the_same_books(seller, ada, run_debts):
    paid = place(customer_id=ada.pk, terms="prepaid")
    billing.record_payment(paid.pk, method="cash", amount=D("22.06"), reference="", actor=SYSTEM)
    ship_all(paid)
    run_debts()
    new = hand_over(seller)
    billing.request_refund(paid.pk, amount=Money(D("5.00"), "EUR"), reference="some", actor=SYSTEM)
    later = place({"TEA-1": 1}, customer_id=ada.pk)
    ship_all(later)
    run_debts()
    wanted = books(seller), books(new)
    assert ledgering.post_everything() == 0
    append_only.remove(connection)
    LedgerEntry.objects.all().delete()
    LedgerTransaction.objects.all().delete()
    append_only.install(connection)
    assert ledgering.post_everything() > 0
    assert (books(seller), books(new)) == wanted


def test_an_order_in_the_books_of_two_is_found(seller, run_debts):
    order = place()
    ship_all(order)
    run_debts()
    new = hand_over(seller)
    legs = Leg("money", D("22.06"), "cash"), Leg("prepayment", D("-22.06"))
    strayed = Posting("payment", "x:1", new.pk, "EUR", timezone.localdate(), legs, links={"order": order.pk})
    one_seller = next(one for one in invariants.INVARIANTS if one.name.endswith("of one seller"))
    assert invariants.ask(one_seller).breaches == []
    # Undone again: nothing is taken out of a ledger.
    with transaction.atomic():
        ledger.post(strayed, actor=SYSTEM)
        assert invariants.ask(one_seller).breaches == [order.number]
        transaction.set_rollback(True)
