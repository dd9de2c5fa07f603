"""The books of a month as files for an accountant: they say what the ledger says, to the cent."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Any

from django.utils.translation import gettext as _

from billing.ledger_words import account_name
from billing.models import CreditNote, Invoice, LedgerEntry, LedgerTransaction
from billing.services.closing import Month, movements
from core.csvfile import safe_cell
from core.money import plain

AT_ONCE = 2_000


def write_month(month: Month, into: IO[bytes]) -> None:
    """Write journal, documents and the sums of accounts as CSV files into a ZIP, row by row."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, heading, rows in (
            ("journal.csv", _journal_heading(), _journal(month)),
            ("documents.csv", _documents_heading(), _documents(month)),
            ("accounts.csv", [_("Account"), _("Currency"), _("Debit"), _("Credit amount")], _accounts(month)),
        ):
            with archive.open(name, "w") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(heading)
                writer.writerows([safe_cell(cell) for cell in row] for row in rows)


def _journal_heading() -> list[str]:
    return [
        _("Transaction"), _("Date"), _("Kind"), _("Account"), _("Debit"), _("Credit amount"), _("Currency"),
        _("Customer"), _("Invoice"), _("Credit note"), _("Payment"), _("Order"),
    ]  # fmt: skip


def _journal(month: Month) -> Iterable[Sequence[object]]:
    kinds = dict(LedgerTransaction.Kind.choices)
    names: dict[tuple[str, str], str] = {}
    rows = (
        LedgerEntry.objects.filter(
            transaction__entity=month.entity_id, transaction__booked_on__range=(month.first_day, month.last_day)
        )
        .order_by("transaction__booked_on", "transaction_id", "pk")
        .values_list(
            "transaction_id", "booked_on", "transaction__kind", "account__kind", "account__detail", "amount",
            "account__currency", "customer__number", "transaction__invoice__number",
            "transaction__credit_note__number", "transaction__payment__code", "transaction__order__number",
        )
    )  # fmt: skip
    for head, day, kind, account, detail, amount, currency, *links in rows.iterator(chunk_size=AT_ONCE):
        if (name := names.get((account, detail))) is None:
            name = names[account, detail] = account_name(account, detail)
        debit, credit = (plain(amount, currency), "") if amount > 0 else ("", plain(-amount, currency))
        yield head, day, kinds[kind], name, debit, credit, currency, *links


def _documents_heading() -> list[str]:
    return [
        _("Document"), _("Kind"), _("Date"), _("Customer"), _("VAT id"), _("Net"), _("VAT"), _("Rounding"), _("Total"),
        _("Currency"), _("Order"),
    ]  # fmt: skip


def _documents(month: Month) -> Iterable[Sequence[object]]:
    for model, kind in ((Invoice, _("Invoice")), (CreditNote, _("Credit note"))):
        rows: Any = (
            model._default_manager.filter(
                legal_entity=month.entity_id, issued_on__range=(month.first_day, month.last_day)
            )
            .order_by("issued_on", "pk")
            .values_list(
                "number", "issued_on", "buyer", "net_total", "tax_total", "rounding", "total", "currency",
                "order__number",
            )
        )  # fmt: skip
        for number, day, buyer, *amounts, currency, order in rows.iterator(chunk_size=AT_ONCE):
            figures = [plain(amount, currency) for amount in amounts]
            yield number, kind, day, buyer.get("name", ""), buyer.get("vat_id", ""), *figures, currency, order


def _accounts(month: Month) -> Iterable[Sequence[object]]:
    for one in movements(month):
        debit, credit = plain(one.debit, one.currency), plain(one.credit, one.currency)
        yield account_name(one.kind, one.detail), one.currency, debit, credit
