"""The tables that an accountant gets of a month, row by row: journal, documents, money and accounts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from billing import postings
from billing.ledger_words import account_name
from billing.models import CreditNote, Invoice, LedgerEntry, LedgerTransaction
from billing.services.batch import Part, Whole
from billing.services.charts import Numbers
from billing.services.closing import Month, movements

AT_ONCE = 2_000
# Which columns of the journal lead to what DATEV reads.
JOURNAL = (
    "transaction_id", "booked_on", "transaction__kind", "account__kind", "account__detail", "amount",
    "account__currency", "customer__number", "transaction__invoice__number", "transaction__credit_note__number",
    "transaction__payment__code", "transaction__order__number", "customer_id", "transaction__invoice_id",
)  # fmt: skip


AMOUNTS = ("net_total", "tax_total", "rounding", "total")


@dataclass(frozen=True)
class Amount:
    """A figure of a table in its currency."""

    value: Decimal
    currency: str


Cell = str | int | date | Amount | None
Cells = Sequence[Cell]


def journal_heading() -> list[str]:
    """Return what the columns of the journal are called."""
    return [
        _("Transaction"), _("Date"), _("Kind"), _("Account"), _("Debit"), _("Credit amount"), _("Currency"),
        _("Customer"), _("Invoice"), _("Credit note"), _("Payment"), _("Order"),
    ]  # fmt: skip


def entries_of(month: Month) -> Any:
    """Return the entries of a month, in the sequence of the journal."""
    return LedgerEntry.objects.filter(
        transaction__entity=month.entity_id, transaction__booked_on__range=(month.first_day, month.last_day)
    )


def transactions(month: Month) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the entries of each transaction (`JOURNAL`), one transaction after the other, without keeping them."""
    rows = entries_of(month).order_by("transaction__booked_on", "transaction_id", "pk").values_list(*JOURNAL)
    for _head, found in groupby(rows.iterator(chunk_size=AT_ONCE), key=lambda row: row[0]):
        yield list(found)


class Journal:
    """Says the entries of a transaction as cells, and as DATEV reads them."""

    def __init__(self) -> None:
        self.kinds = {value: str(label) for value, label in LedgerTransaction.Kind.choices}
        self.names: dict[tuple[str, str], str] = {}

    def cells(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Cells]:
        """Return a row of the table for each entry."""
        for head, day, kind, account, detail, amount, currency, *links in rows:
            if (name := self.names.get((account, detail))) is None:
                name = self.names[account, detail] = account_name(account, detail)
            said = Amount(abs(amount), currency)
            debit, credit = (said, None) if amount > 0 else (None, said)
            yield head, day, self.kinds[kind], name, debit, credit, currency, *links[:5]

    def whole(self, rows: Sequence[tuple[Any, ...]], vat_ids: dict[int, str]) -> Whole:
        """Return a transaction for a batch."""
        first = rows[0]
        kind, invoice, note, order = first[2], first[8], first[9], first[11]
        return Whole(
            kind=kind,
            day=first[1],
            currency=first[6],
            document=str((note if kind == LedgerTransaction.Kind.CREDIT_NOTE else invoice) or ""),
            order=str(order or ""),
            vat_id=vat_ids.get(first[13], "") if first[13] else "",
            parts=[Part(row[3], row[4], row[5], row[12]) for row in rows],
        )


def vat_ids_of(month: Month) -> dict[int, str]:
    """Return the VAT ids under which something went abroad without tax, by invoice."""
    abroad = Q(account__detail__contains=":K:") | Q(account__detail__contains=":AE:")
    keys = entries_of(month).filter(abroad, account__kind=postings.REVENUE).order_by().values("transaction__invoice")
    rows = Invoice.objects.filter(pk__in=keys).values_list("pk", "buyer__vat_id")
    return {pk: str(vat_id or "") for pk, vat_id in rows.iterator(chunk_size=AT_ONCE)}


def documents_heading() -> list[str]:
    """Return what the columns of the documents are called."""
    return [
        _("Document"), _("Kind"), _("Date"), _("Customer"), _("VAT id"), _("Net"), _("VAT"), _("Rounding"), _("Total"),
        _("Currency"), _("Order"), _("Invoice"),
    ]  # fmt: skip


def issued_in(month: Month, model: Any) -> Any:
    """Return the invoices, or credit notes, that were issued in a month."""
    days = (month.first_day, month.last_day)
    return model._default_manager.filter(legal_entity=month.entity_id, issued_on__range=days, number__isnull=False)


def documents(month: Month) -> Iterator[Cells]:
    """Yield a row for each invoice and credit note; those that credit are below nothing."""
    names = (
        "number",
        "issued_on",
        "buyer",
        "net_total",
        "tax_total",
        "rounding",
        "total",
        "currency",
        "order__number",
    )
    for model, kind, sign in ((Invoice, _("Invoice"), 1), (CreditNote, _("Credit note"), -1)):
        more = ("invoice__number",) if model is CreditNote else ()
        rows = issued_in(month, model).order_by("issued_on", "pk").values_list(*names, *more)
        for number, day, buyer, *amounts, currency, order, invoice in (
            row if more else (*row, "") for row in rows.iterator(chunk_size=AT_ONCE)
        ):
            figures = [Amount(sign * amount, currency) for amount in amounts]
            yield number, kind, day, buyer.get("name", ""), buyer.get("vat_id", ""), *figures, currency, order, invoice


def money_heading() -> list[str]:
    """Return what the columns of the payments are called."""
    return [
        _("Date"), _("Kind"), _("Account"), _("Amount"), _("Currency"), _("Payment"), _("Reference"), _("Refund"),
        _("Order"), _("Invoice"),
    ]  # fmt: skip


def money(month: Month) -> Iterator[Cells]:
    """Yield a row for whatever moved money: payments, refunds, fees and payouts; what went out is below nothing."""
    kinds = {value: str(label) for value, label in LedgerTransaction.Kind.choices}
    rows = (
        entries_of(month)
        .filter(account__kind=postings.MONEY)
        .order_by("transaction__booked_on", "transaction_id", "pk")
        .values_list(
            "booked_on", "transaction__kind", "account__detail", "amount", "account__currency",
            "transaction__payment__code", "transaction__payment__reference", "transaction__refund__code",
            "transaction__order__number", "transaction__invoice__number",
        )
    )  # fmt: skip
    for day, kind, detail, amount, currency, *links in rows.iterator(chunk_size=AT_ONCE):
        yield day, kinds[kind], account_name(postings.MONEY, detail), Amount(amount, currency), currency, *links


def accounts_heading() -> list[str]:
    """Return what the columns of the accounts are called."""
    return [_("Account"), _("Number"), _("Currency"), _("Debit"), _("Credit amount")]


def accounts(month: Month, numbers: Numbers) -> Iterator[Cells]:
    """Yield what moved on each account, with its number at the accountant."""
    for one in movements(month):
        number = numbers.of(one.kind, one.detail) if numbers.profile else None
        yield (
            account_name(one.kind, one.detail),
            number.number if number else "",
            one.currency,
            Amount(one.debit, one.currency),
            Amount(one.credit, one.currency),
        )


def customers_heading() -> list[str]:
    """Return what the columns of the customers' accounts are called."""
    return [_("Number"), _("Customer"), _("Name")]


def customers(month: Month, numbers: Numbers) -> Iterator[Cells]:
    """Yield the customers that a month is about, with their accounts."""
    rows = entries_of(month).filter(account__kind=postings.RECEIVABLE, customer__isnull=False).order_by("customer")
    found = rows.values_list("customer", "customer__number", "customer__company", "customer__name").distinct()
    for pk, number, company, name in found.iterator(chunk_size=AT_ONCE):
        yield numbers.debtor(pk) or "", number, company or name
