"""Payments that a bank asks back, for the tests of disputes: told by Stripe, and what the books say then."""

from decimal import Decimal

from django.db.models import Sum
from django.test import Client

from billing.models import Dispute, LedgerEntry, Payment
from orders.models import OrderException
from tests.billing.checkouts import begin, come_back
from tests.factories.billing import place, ship_all

HOOK = "/hooks/payments/stripe/"
ALL = Decimal("22.06")


def paid_by_card(stripe, run_debts, **given) -> Payment:
    """Return a payment of 22.06 EUR for an order that is completed."""
    order = place(terms="prepaid", **given)
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    ship_all(order)
    run_debts()
    stripe.events.clear()
    return Payment.objects.get(pk=payment.pk)


def write(stripe, run_debts, *events, times: int = 1) -> None:
    """Let Stripe's messages come in, all that there are unless some are named."""
    browser = Client()
    for event in (events or list(stripe.events)) * times:
        assert browser.post(HOOK, **stripe.signed(event)).status_code == 204
    run_debts()


def on(kind: str) -> Decimal:
    """Return what stands on the accounts of a kind."""
    found = LedgerEntry.objects.filter(account__kind=kind).aggregate(sum=Sum("amount"))["sum"]
    return round(Decimal(found or 0), 3)


def books() -> tuple[Decimal, ...]:
    """Return what the ledger keeps as money, disputed, lost, owed, and prepaid."""
    return tuple(on(kind) for kind in ("money", "dispute", "bad_debt", "receivable", "prepayment"))


def exceptions() -> list[tuple[str, str]]:
    """Return the exceptions about disputes, with how they stand."""
    return list(OrderException.objects.filter(category="dispute").order_by("pk").values_list("title", "status"))


def lose(stripe, run_debts) -> Dispute:
    stripe.dispute("pi_1")
    stripe.decide("dp_1", "lost")
    write(stripe, run_debts)
    return Dispute.objects.get()
