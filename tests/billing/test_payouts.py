"""What Stripe pays out: matched row by row, its fees in the ledger, and found on the bank statement."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from billing import services as billing
from billing.errors import AlreadyBooked, NoSuchInvoice
from billing.models import BankLine, LedgerEntry, Payment, Payout, PayoutRow
from core.money import Money
from tests.billing.checkouts import MAYA, begin, come_back
from tests.factories.billing import place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
HOOK = "/hooks/payments/stripe/"


def pay(stripe, run_debts, *, email: str = "ada@example.com") -> Payment:
    """Return a payment of 22.06 EUR that was taken."""
    order = place(terms="prepaid", email=email)
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    ship_all(order)
    run_debts()
    return Payment.objects.get(pk=payment.pk)


def write(stripe, run_debts, *, times: int = 1) -> None:
    """Let all of Stripe's messages come in."""
    browser = Client()
    for event in list(stripe.events) * times:
        assert browser.post(HOOK, **stripe.signed(event)).status_code == 204
    run_debts()


def books() -> dict[str, Decimal]:
    """Return what stands on the accounts of money and fees."""
    rows = LedgerEntry.objects.filter(account__kind__in=("money", "fee", "dispute"))
    sums = rows.values_list("account__kind", "account__detail").annotate(sum=Sum("amount"))
    # SQLite adds up in binary.
    found = {f"{kind} {detail}": Decimal(amount).quantize(Decimal("0.001")) for kind, detail, amount in sums}
    return {account: amount for account, amount in found.items() if amount}


def test_a_payout_is_matched_and_its_fees_are_written(stripe, run_debts):
    first = pay(stripe, run_debts)
    pay(stripe, run_debts, email="b@example.com")
    billing.refund_payment(first.pk, amount=Money(Decimal("2.06"), "EUR"), actor=MAYA)
    run_debts()
    stripe.dispute("pi_2")
    write(stripe, run_debts)
    stripe.pay_out()
    write(stripe, run_debts, times=3)

    payout = Payout.objects.get()
    # 44.12 came in, 2.06 went back, 22.06 and 15.00 for the dispute were taken; 0.55 is the fee of each charge.
    assert (payout.reference, payout.amount, payout.fees, payout.open_rows) == (
        "po_1",
        Decimal("3.90"),
        Decimal("16.10"),
        0,
    )
    kinds = dict(PayoutRow.objects.values_list("kind").annotate(sum=Sum("amount")))
    assert kinds == {"payment": Decimal("44.12"), "refund": Decimal("-2.06"), "dispute": Decimal("-22.06")}
    assert not PayoutRow.objects.exclude(status="matched").exists()
    # Nothing is left at Stripe, to the cent.
    assert books() == {
        "money on_its_way": Decimal("3.90"),
        "fee stripe": Decimal("16.10"),
        "dispute stripe": Decimal("22.06"),
    }


def bring(text: str, amount: str) -> BankLine:
    """Take in a statement with one row, and return the row."""
    content = f"date;payer;reference;amount\n2026-11-03;Stripe Payments Europe;{text};{amount}\n".encode()
    billing.take_statement(name="n.csv", content=content, account="DE02", currency="EUR", actor=MAYA)
    return BankLine.objects.latest("pk")


def test_a_payout_is_recognised_on_the_bank_statement_and_arrives_once(stripe, run_debts):
    pay(stripe, run_debts)
    stripe.pay_out()
    write(stripe, run_debts)
    line = bring("STRIPE PAYOUT", "21,51")
    assert (line.confidence, line.payout_id) == ("exact", Payout.objects.get().pk)
    other = bring("po_1 again", "21,51")
    billing.book_line(line.pk, actor=MAYA)
    assert Payout.objects.get().bank_line_id == line.pk
    assert BankLine.objects.get(pk=line.pk).status == "booked"
    assert books() == {"money bank_transfer": Decimal("21.51"), "fee stripe": Decimal("0.55")}
    assert Payment.objects.count() == 1
    with pytest.raises(AlreadyBooked):
        billing.book_line(other.pk, actor=MAYA)
    assert BankLine.objects.get(pk=other.pk).status == "open"
    assert books() == {"money bank_transfer": Decimal("21.51"), "fee stripe": Decimal("0.55")}


def owe(stripe, run_debts) -> Payout:
    """Return a payout of less than nothing: 22.06 came in, 30.00 and a fee of 0.55 were kept."""
    pay(stripe, run_debts)
    stripe.pay_out(extra=-3000)
    write(stripe, run_debts)
    return Payout.objects.get()


def test_what_the_provider_takes_from_the_bank_is_booked_from_the_statement(stripe, run_debts, staff):
    payout = owe(stripe, run_debts)
    assert payout.amount == Decimal("-8.49")
    assert books() == {
        "money on_its_way": Decimal("-8.49"),
        "money stripe": Decimal("30.00"),
        "fee stripe": Decimal("0.55"),
    }
    line = bring("STRIPE po_1", "-8,49")
    assert (line.status, line.confidence, line.payout_id, line.reason) == ("open", "exact", payout.pk, "")
    page = staff.get(f"/admin/billing/bankline/{line.pk}/change/", follow=True).content.decode()
    assert "It is the payout" in page
    assert "Book it" not in page
    with pytest.raises(NoSuchInvoice, match="it pays no invoice"):
        billing.book_line(line.pk, numbers=["INV-000001"], actor=MAYA)

    billing.book_line(line.pk, actor=MAYA)
    assert (BankLine.objects.get().status, Payout.objects.get().bank_line_id) == ("booked", line.pk)
    billing.settle_payout_rows(payout.pk, is_cost=True, reason="Radar", actor=MAYA)
    # What came in, less all that the provider kept, is what the bank lost by it.
    assert books() == {"money bank_transfer": Decimal("-8.49"), "fee stripe": Decimal("30.55")}


def test_money_that_went_out_before_the_provider_told_of_it_is_put_back(stripe, run_debts):
    early, rent = bring("STRIPE po_1", "-8,49"), bring("Miete", "-800,00")
    assert {one.status for one in (early, rent)} == {"left"}
    with pytest.raises(AlreadyBooked, match="no payout of a provider says so"):
        billing.take_line_up(early.pk, actor=MAYA)
    assert BankLine.objects.get(pk=early.pk).status == "left"
    payout = owe(stripe, run_debts)

    line = billing.take_line_up(early.pk, actor=MAYA)
    assert (line.status, line.payout_id, line.reason) == ("open", payout.pk, "")
    billing.book_line(line.pk, actor=MAYA)
    with pytest.raises(AlreadyBooked):
        billing.take_line_up(rent.pk, actor=MAYA)
    assert BankLine.objects.get(pk=rent.pk).reason == "Money that went out"
    assert books()["money bank_transfer"] == Decimal("-8.49")


def test_a_second_row_over_the_same_is_left_out_again(stripe, run_debts):
    owe(stripe, run_debts)
    line, other = bring("STRIPE po_1", "-8,49"), bring("STRIPE po_1 again", "-8,49")
    billing.book_line(line.pk, actor=MAYA)
    with pytest.raises(AlreadyBooked):
        billing.book_line(other.pk, actor=MAYA)
    billing.look_again_at_line(other.pk, actor=MAYA)
    left = BankLine.objects.get(pk=other.pk)
    assert (left.status, left.payout_id, left.confidence, left.reason) == ("left", None, "none", "Money that went out")
    assert books()["money bank_transfer"] == Decimal("-8.49")


def test_a_row_that_nobody_knows_waits_for_somebody(stripe, run_debts, staff):
    pay(stripe, run_debts)
    stripe.pay_out(extra=-300)
    write(stripe, run_debts)
    payout = Payout.objects.get()
    assert (payout.amount, payout.fees, payout.open_rows) == (Decimal("18.51"), Decimal("0.55"), 1)
    # What Stripe kept for it is missing from what should lie there.
    assert books()["money stripe"] == Decimal("3.00")
    page = staff.get(f"/admin/billing/payout/{payout.pk}/change/", follow=True).content.decode()
    assert "Something else" in page
    assert "Nobody knows what 1 row is" in page
    billing.settle_payout_rows(payout.pk, is_cost=True, reason="Radar", actor=MAYA)
    assert books() == {"money on_its_way": Decimal("18.51"), "fee stripe": Decimal("3.55")}
    with pytest.raises(AlreadyBooked):
        billing.settle_payout_rows(payout.pk, is_cost=True, reason="Radar", actor=MAYA)


def test_a_payout_is_asked_for_again_when_stripe_was_away(stripe, run_debts):
    pay(stripe, run_debts)
    stripe.pay_out()
    stripe.away = True
    write(stripe, run_debts)
    assert Payout.objects.get().listed_at is None
    stripe.away = False
    assert billing.read_payouts(timezone.now() + timedelta(minutes=1)) == 1
    assert Payout.objects.get().amount == Decimal("21.51")
    assert billing.read_payouts(timezone.now() + timedelta(days=1)) == 0


def test_the_list_asks_no_more_for_more_payouts(
    stripe, run_debts, staff, django_assert_num_queries, django_assert_max_num_queries
):
    pay(stripe, run_debts)
    stripe.pay_out()
    write(stripe, run_debts)
    staff.get("/admin/billing/payout/")
    with django_assert_max_num_queries(40) as asked:
        staff.get("/admin/billing/payout/")
    before = len(asked)
    pay(stripe, run_debts, email="b@example.com")
    stripe.pay_out()
    write(stripe, run_debts)
    with django_assert_num_queries(before):
        assert staff.get("/admin/billing/payout/").status_code == 200
