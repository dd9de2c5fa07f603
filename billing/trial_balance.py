"""The trial balance: each account of a seller in one currency, its balance before a period, what moved, and after.

Balances are carried from the first entry on: nothing is closed at the end of a year, so all accounts together are
nothing on any day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from billing.ledger_words import account_name
from billing.models import LedgerAccount, LedgerEntry
from core import seat
from core.money import round_amount

PLACES = {kind: place for place, kind in enumerate(LedgerAccount.Kind.values)}


@dataclass(frozen=True)
class Row:
    """An account in a period. Balances are above nothing on the debit side, below nothing on the credit side."""

    account_id: int
    kind: str
    detail: str
    opening: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def closing(self) -> Decimal:
        """Return the balance at the end of the period."""
        return self.opening + self.debit - self.credit

    @property
    def name(self) -> str:
        """Name the account, in the language that is active."""
        return account_name(self.kind, self.detail)


@dataclass(frozen=True)
class Totals:
    """All accounts together: before and after they are nothing, and debits are credits."""

    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal

    @property
    def is_even(self) -> bool:
        """Whether it adds up, as whatever is written twice must."""
        return not self.opening and not self.closing and self.debit == self.credit


def usual_period() -> tuple[date, date]:
    """Return the days that it is about where nobody says: this year so far."""
    today = seat.today()
    return today.replace(month=1, day=1), today


def currencies_of(entity_id: int) -> list[str]:
    """Return in which currencies anything was ever written into the books of a seller."""
    rows = LedgerAccount.objects.filter(entity=entity_id).order_by("currency")
    return list(rows.values_list("currency", flat=True).distinct())


def sums(entity_id: int, currency: str, first: date, last: date) -> "QuerySet[LedgerEntry, Any]":
    """Return the statement that sums each account up; it reads the index of balances and no entry."""
    ours = LedgerAccount.objects.filter(entity=entity_id, currency=currency)
    before, during = Q(booked_on__lt=first), Q(booked_on__gte=first)
    return (
        LedgerEntry.objects.filter(account__in=ours, booked_on__lte=last)
        .order_by()
        .values("account", "account__kind", "account__detail")
        .annotate(
            opening=Sum("amount", filter=before),
            debit=Sum("amount", filter=during & Q(amount__gt=0)),
            credit=Sum("amount", filter=during & Q(amount__lt=0)),
        )
    )


def rows(entity_id: int, currency: str, first: date, last: date) -> list[Row]:
    """Return every account on which anything was ever written, in the order of the chart; in one statement."""

    def exact(sum_: Decimal | None) -> Decimal:
        return round_amount(Decimal(sum_ or 0), currency)

    found = [
        Row(
            one["account"],
            one["account__kind"],
            one["account__detail"],
            exact(one["opening"]),
            exact(one["debit"]),
            -exact(one["credit"]),
        )
        for one in sums(entity_id, currency, first, last)
    ]
    return sorted(found, key=lambda one: (PLACES.get(one.kind, len(PLACES)), one.detail, one.account_id))


def totals(found: Iterable[Row]) -> Totals:
    """Add accounts up."""
    found = list(found)
    nothing = Decimal(0)
    return Totals(
        sum((one.opening for one in found), start=nothing),
        sum((one.debit for one in found), start=nothing),
        sum((one.credit for one in found), start=nothing),
        sum((one.closing for one in found), start=nothing),
    )
