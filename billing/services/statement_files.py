"""The statement of a customer's account as files, and what is open on it: every row, however many there are."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from billing import statements
from billing.services.month_export import as_file
from billing.services.month_tables import Amount, Cells

# What a table is handed out as, and what a browser is told it is.
FILE_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def statement_file(kind: str, account: statements.Account, first: date, last: date) -> bytes:
    """Return every posting of a period as a file, `csv` or `xlsx`, in the language that is active."""
    rows = _postings(account, first, last)
    return as_file(kind, "statement", _("Statement of account"), statements.heading(), rows)


def open_items_file(kind: str, account: statements.Account, day: date) -> bytes:
    """Return everything that is open at the end of a day as a file; its sum is the balance."""
    return as_file(kind, "open", _("Open items"), statements.open_heading(), _open(account, day))


def _postings(account: statements.Account, first: date, last: date) -> Iterator[Cells]:
    """Yield the balance before, then each line."""
    currency = account.currency
    before = statements.page(account, first, last, limit=1).opening
    yield first, _("Balance brought forward"), "", "", None, Amount(before, currency), currency
    for line in statements.every_line(account, first, last):
        one = line.transaction
        order = str(one.order.number) if one.order else ""
        amounts = (Amount(line.amount, currency), Amount(line.balance, currency))
        yield one.booked_on, line.words, line.document, order, *amounts, currency


def _open(account: statements.Account, day: date) -> Iterator[Cells]:
    for item in statements.every_open_item(account, day):
        invoice, amount = item.invoice, Amount(item.amount, account.currency)
        if invoice is None:
            yield _("Paid, and not used for an invoice"), None, None, None, amount, account.currency
        else:
            yield str(invoice.number), invoice.issued_on, invoice.due_on, item.days, amount, account.currency
