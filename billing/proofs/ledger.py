"""Random operations on money, through services: after every thousand of them the ledger balances.

Orders are billed, paid in part, in full and too much, credited, refunded, written off and expected again, in several
currencies. Looked at is each transaction and each currency, what documents and payments add up to, and every invariant
of money (I3, I4, I10).
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from billing.models import CreditNote, Invoice, LedgerAccount, LedgerEntry, Payment, Refund
from billing.proofs.asking import Asked
from billing.proofs.trial import Shop
from billing.services import (
    credit_invoice,
    expect_again,
    invoice_order,
    issue_credit_note,
    issue_invoice,
    record_payment,
    request_refund,
    settle_refund,
    write_off_difference,
    write_off_invoice,
)
from core import invariants
from core.actors import SYSTEM
from core.errors import DomainError
from core.money import Money, quantum, round_amount

EVERY = 1_000
MOST_TOLD = 20
TRUTHS = {"I3", "I4", "I10"}
OF_SALES = ("revenue", "tax", "rounding")


def prove(asked: Asked) -> dict[str, Any]:
    """Do that many operations on the database of this process, which is there for that, and look in between."""
    soak = Soak(asked.seed)
    faults: list[str] = []
    looked = 0
    for number in range(1, asked.cases + 1):
        soak.go_on()
        if number % EVERY == 0 or number == asked.cases:
            looked += 1
            faults += [f"after {number:,} operations: {said}" for said in faults_now()]
            asked.tell(f"{number:,} of {asked.cases:,} done, {len(faults)} faults")
    return {
        "operations": asked.cases,
        "seed": asked.seed,
        "done": dict(sorted(soak.done.items())),
        "refused": soak.refused,
        "times_looked": looked,
        "entries": LedgerEntry.objects.count(),
        "currencies": LedgerAccount.objects.order_by().values("currency").distinct().count(),
        "faults": len(faults),
        "met": not faults,
        "told": faults[:MOST_TOLD],
    }


class Soak:
    """Somebody who does whatever can be done with money."""

    def __init__(self, seed: int) -> None:
        """Begin with a shop that has sold nothing."""
        self.shop = Shop(seed=seed)
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        self.invoices: list[int] = []
        self.done: Counter[str] = Counter()
        self.refused = 0
        self.number = 0

    def go_on(self) -> None:
        """Do the next thing; what the services refuse leaves no trace."""
        what: Callable[[Invoice], None]
        self.number += 1
        what = self.dice.choices(
            (self.pay, self.credit, self.refund, self.write_off, self.expect), (40, 25, 20, 10, 5)
        )[0]
        if not self.invoices or self.dice.random() < 0.3:
            order, _kind = self.shop.order()
            self.invoices.append(issue_invoice(invoice_order(order.pk, actor=SYSTEM).pk).pk)
            self.done["invoice"] += 1
            return
        invoice = Invoice.objects.get(pk=self.dice.choice(self.invoices[-60:]))
        try:
            what(invoice)
        except DomainError:
            self.refused += 1
        else:
            self.done[what.__name__] += 1

    def pay(self, invoice: Invoice) -> None:
        """Let money come in: some of what is open, all of it, nearly, or too much."""
        wanted = invoice.open_amount or invoice.total
        part = self.dice.choice((Decimal("0.3"), Decimal(1), Decimal(1), Decimal("1.2")))
        amount = round_amount(wanted * part, invoice.currency) - self.dice.choice((0, 0, 1)) * quantum(
            invoice.currency
        )
        method = self.dice.choice(("cash", "bank_transfer", "card_terminal"))
        record_payment(invoice.order_id, method=method, amount=amount, reference=f"M-{self.number}", actor=SYSTEM)

    def credit(self, invoice: Invoice) -> None:
        """Take units back, or all that is left."""
        rows = invoice.lines.filter(order_line__isnull=False)
        units = {row.pk: self.dice.randint(0, row.quantity // 2 + 1) for row in rows}
        note = credit_invoice(
            invoice.pk, quantities=None if self.dice.random() < 0.2 else units, reference=f"C-{self.number}",
            actor=SYSTEM,
        )  # fmt: skip
        issue_credit_note(note.pk)

    def refund(self, invoice: Invoice) -> None:
        """Send some of what came in back."""
        share = self.dice.randint(1, 100)
        amount = round_amount((invoice.paid_total or invoice.total) * share / 100, invoice.currency)
        found = request_refund(
            invoice.order_id, amount=Money(amount, invoice.currency), reference=f"R-{self.number}", actor=SYSTEM
        )
        for one in found:
            settle_refund(one.pk)

    def write_off(self, invoice: Invoice) -> None:
        """Wait no longer for what is open."""
        if self.dice.random() < 0.5:
            write_off_invoice(invoice.pk, reason="Gone", actor=SYSTEM)
        else:
            write_off_difference(invoice.pk, actor=SYSTEM)

    def expect(self, invoice: Invoice) -> None:
        """Wait again for what was written off."""
        expect_again(invoice.pk, reason="Found", actor=SYSTEM)


def faults_now() -> list[str]:
    """Return what is wrong with the ledger at this moment."""
    return [*of_sums(), *_of_accounts(), *of_truths()]


def of_sums() -> list[str]:
    """Add up every transaction and every currency, exactly: no database rounds in between."""
    by_cause: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    by_currency: dict[str, Decimal] = defaultdict(Decimal)
    rows = LedgerEntry.objects.values_list("transaction__source", "account__currency", "amount")
    for source, currency, amount in rows.iterator():
        by_cause[source, currency] += amount
        by_currency[currency] += amount
    faults = [f"{source} is off by {rest} {currency}" for (source, currency), rest in by_cause.items() if rest]
    return faults + [f"all in {currency} is off by {rest}" for currency, rest in by_currency.items() if rest]


def _of_accounts() -> list[str]:
    """Compare accounts with what documents and payments say, currency by currency."""
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for kind, currency, amount in LedgerEntry.objects.values_list("account__kind", "account__currency", "amount"):
        balances[kind, currency] += amount
    came = _sums(Payment.objects.values_list("currency").annotate(Sum("captured")))
    went = _sums(Refund.objects.filter(status=Refund.Status.SUCCEEDED).values_list("currency").annotate(Sum("amount")))
    billed = _sums(Invoice.objects.exclude(number=None).values_list("currency").annotate(Sum("total")))
    credited = _sums(CreditNote.objects.exclude(number=None).values_list("currency").annotate(Sum("total")))
    faults = []
    for currency in sorted({currency for _, currency in balances}):
        sold = sum((balances[kind, currency] for kind in OF_SALES), Decimal(0))
        if -sold != billed[currency] - credited[currency]:
            faults.append(f"sales say {-sold} {currency}, documents {billed[currency] - credited[currency]}")
        if balances["money", currency] != came[currency] - went[currency]:
            there = came[currency] - went[currency]
            faults.append(f"money says {balances['money', currency]} {currency}, payments {there}")
    return faults


def _sums(rows: Iterable[tuple[str, Any]]) -> dict[str, Decimal]:
    return defaultdict(Decimal, {currency: Decimal(amount or 0) for currency, amount in rows})


def of_truths() -> list[str]:
    """Ask every invariant of money."""
    found = [check() for code, _name, check in invariants.questions() if code in TRUTHS]
    return [f"{one.code} {one.name}: {', '.join(one.breaches[:3])}" for one in found if one.breaches]
