"""The store credit of one customer: what there is, and what became of it, as the ledger tells it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.models import LedgerAccount, LedgerEntry, LedgerTransaction, StoreCredit
from core.money import Money, round_amount
from customers.models import Customer
from orders.models import Order

Kind = LedgerTransaction.Kind


@dataclass(frozen=True)
class Movement:
    """Credit that was added, or (below nothing) taken; `order` is what it was for, if any."""

    day: date
    amount: Money
    words: str
    order: Order | None


def credits_of(customer: Customer) -> list[StoreCredit]:
    """Return what a customer has, by currency; nothing of what was used up long ago and is not held."""
    return list(StoreCredit.objects.filter(customer=customer).order_by("currency"))


def entries_of(customer: Customer) -> "QuerySet[LedgerEntry]":
    """Return what the ledger says about the credit of a customer, the latest first."""
    kept = LedgerAccount.objects.filter(kind=LedgerAccount.Kind.STORE_CREDIT).values("pk")
    rows = LedgerEntry.objects.filter(customer=customer, account__in=kept)
    return rows.select_related("account", "transaction__order").order_by("-booked_on", "-pk")


def movement(entry: LedgerEntry) -> Movement:
    """Return an entry as its customer sees it: what is added counts up."""
    currency = entry.account.currency
    amount = Money(round_amount(-Decimal(entry.amount), currency), currency)
    head = entry.transaction
    if head.kind == Kind.PAYMENT:
        words = _("Used for an order")
    elif head.kind == Kind.REFUND:
        words = _("Given back from an order")
    else:
        words = head.text or (_("Given to you") if amount.amount > 0 else _("Taken back"))
    return Movement(entry.booked_on, amount, words, head.order)
