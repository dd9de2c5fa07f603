"""The statement of a customer's account, read from the ledger: what was owed, what moved, what is owed, what is open.

An account is one customer with one seller in one currency: receivables and prepayments together. A payment that is
matched to an invoice moves nothing on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from billing import postings
from billing.method_names import method_name
from billing.models import Invoice, LedgerAccount, LedgerEntry, LedgerTransaction
from billing.payment_words import known_as, with_words
from core import seat
from core.money import round_amount

PER_PAGE = 50
# Sums of a database without decimals are nothing below this.
LEAST = Decimal("0.0004")
SOMETHING = Q(sum__gt=LEAST) | Q(sum__lt=-LEAST)
ON_ACCOUNT = (postings.RECEIVABLE, postings.PREPAYMENT)
Place = tuple[date, int]
Kind = LedgerTransaction.Kind


@dataclass(frozen=True)
class Account:
    """Whose account, with which seller, in which currency."""

    customer_id: int
    entity_id: int
    currency: str


@dataclass(frozen=True)
class Line:
    """A posting on an account: what it adds to the debt, and the debt after it."""

    transaction: LedgerTransaction
    amount: Decimal
    balance: Decimal

    @property
    def place(self) -> str:
        """Return where it stands, as an address names it."""
        return f"{self.transaction.booked_on:%Y-%m-%d}.{self.transaction.pk}"

    @property
    def document(self) -> str:
        """Return the number of what it is about, or else what the customer knows it by."""
        one = self.transaction
        if one.kind in (Kind.CREDIT_NOTE, Kind.REFUND) and one.credit_note:
            return str(one.credit_note.number)
        if one.payment is not None:
            return known_as(one, one.payment)
        return str(one.invoice.number if one.invoice else one.order.number if one.order else one.text)

    @property
    def words(self) -> str:
        """Say what it is, in the language that is active."""
        one = self.transaction
        kind = str(LedgerTransaction.Kind(one.kind).label)
        if one.payment is not None and one.kind == LedgerTransaction.Kind.PAYMENT:
            return f"{kind}, {method_name(one.payment.method)}"
        return kind


@dataclass(frozen=True)
class Open:
    """What is open of an invoice on a day; what was paid without one has none, and is below nothing."""

    invoice: Invoice | None
    amount: Decimal
    days: int


@dataclass(frozen=True)
class OpenPage:
    """A page of what is open, how much there is of it in all, and where the next one begins (0: this is the last)."""

    items: list[Open]
    count: int
    next: int = 0


@dataclass(frozen=True)
class Page:
    """A page of a statement: the balance before it, its lines, and where the next one begins."""

    opening: Decimal
    lines: list[Line] = field(default_factory=list)
    next: str = ""


def accounts_of(customer_id: int) -> list[Account]:
    """Return the accounts of a customer, the seller of new documents first."""
    rows = (
        LedgerEntry.objects.filter(customer=customer_id, account__kind__in=ON_ACCOUNT)
        .order_by("-account__entity__is_default", "account__entity", "account__currency")
        .values_list("account__entity__is_default", "account__entity", "account__currency")
        .distinct()
    )
    return [Account(customer_id, entity, currency) for _default, entity, currency in rows]


def usual_period() -> tuple[date, date]:
    """Return the days that a statement is about where nobody says: this month and the two before it."""
    today = seat.today()
    first = today.replace(day=1)
    for _month in range(2):
        first = (first - timedelta(days=1)).replace(day=1)
    return first, today


def entries_on(account: Account) -> "QuerySet[LedgerEntry]":
    """Return what was ever posted on an account."""
    ours = LedgerAccount.objects.filter(
        entity=account.entity_id, currency=account.currency, kind__in=ON_ACCOUNT
    ).values("pk")
    return LedgerEntry.objects.filter(customer=account.customer_id, account__in=ours)


def balance(account: Account, day: date) -> Decimal:
    """Return what is owed at the end of a day; below nothing, the customer has it with us."""
    return _sum(entries_on(account).filter(booked_on__lte=day), account)


def _sum(rows: "QuerySet[LedgerEntry]", account: Account) -> Decimal:
    found = rows.aggregate(sum=Sum("amount"))["sum"]
    return round_amount(Decimal(found or 0), account.currency)


def page(account: Account, first: date, last: date, *, after: str = "", limit: int = PER_PAGE) -> Page:
    """Return a page of the lines of a period, the oldest first, in three statements whatever came before."""
    place = read_place(after)
    rows = entries_on(account)
    if place is None:
        before, rows = rows.filter(booked_on__lt=first), rows.filter(booked_on__range=(first, last))
    else:
        day, key = place
        before = rows.filter(Q(booked_on__lt=day) | Q(booked_on=day, transaction__lte=key))
        rows = rows.filter(booked_on__range=(max(first, day), last)).exclude(booked_on=day, transaction__lte=key)
    sums: Any = rows.order_by("booked_on", "transaction").values_list("transaction").annotate(sum=Sum("amount"))
    found = list(sums.filter(SOMETHING).values_list("transaction", "sum")[: limit + 1])
    rows_of = LedgerTransaction.objects.select_related("invoice", "credit_note", "payment", "order")
    heads = with_words(rows_of).in_bulk([key for key, _amount in found[:limit]])
    opening = reached = _sum(before, account)
    lines = []
    for key, sum_ in found[:limit]:
        amount = round_amount(Decimal(sum_), account.currency)
        reached += amount
        lines.append(Line(heads[key], amount, reached))
    return Page(opening, lines, lines[-1].place if len(found) > limit else "")


def read_place(text: str) -> Place | None:
    """Return the place that an address names; nothing for what is none."""
    day, _dot, key = text.partition(".")
    try:
        return (date.fromisoformat(day), int(key)) if key.isascii() and key.isdigit() and len(key) < 19 else None
    except ValueError:
        return None


def every_line(account: Account, first: date, last: date) -> Iterator[Line]:
    """Yield all lines of a period, page by page."""
    after = ""
    while True:
        found = page(account, first, last, after=after, limit=1_000)
        yield from found.lines
        if not (after := found.next):
            return


def open_items(account: Account, day: date, *, start: int = 0, limit: int = PER_PAGE) -> OpenPage:
    """Return a page of what makes up the balance of a day: invoices, those due first before the others, then the rest.

    All pages together are the balance. Two statements; a third counts where there is more than this page.
    """
    sums = entries_on(account).filter(booked_on__lte=day).order_by().values_list("invoice").annotate(sum=Sum("amount"))
    open_ = sums.filter(SOMETHING)
    # What has no invoice comes last, whatever the database thinks of nothing.
    places = (F("invoice__due_on").asc(nulls_last=True), F("invoice").asc(nulls_last=True))
    found = list(open_.order_by(*places).values_list("invoice", "sum")[start : start + limit + 1])
    invoices = Invoice.objects.in_bulk([key for key, _sum_ in found[:limit] if key])
    items = []
    for key, sum_ in found[:limit]:
        invoice = invoices.get(key) if key else None
        late = (day - invoice.due_on).days if invoice is not None and invoice.due_on else 0
        items.append(Open(invoice, round_amount(Decimal(sum_), account.currency), max(0, late)))
    if len(found) <= limit:
        return OpenPage(items, start + len(items) if items else open_.count() * bool(start))
    return OpenPage(items, open_.count(), start + limit)


def read_start(text: str) -> int:
    """Return where the page of open items begins that an address names by its number; the first where it is none."""
    return (int(text) - 1) * PER_PAGE if text.isascii() and text.isdigit() and 0 < int(text[:7]) < 1_000_000 else 0


def every_open_item(account: Account, day: date) -> Iterator[Open]:
    """Yield all that is open on a day, page by page."""
    start = 0
    while True:
        found = open_items(account, day, start=start, limit=1_000)
        yield from found.items
        if not (start := found.next):
            return


def heading() -> list[str]:
    """Return what the columns of a statement as a file are called."""
    return [_("Date"), _("Kind"), _("Document"), _("Order"), _("Amount"), _("Balance"), _("Currency")]


def open_heading() -> list[str]:
    """Return what the columns of the open items as a file are called."""
    return [_("Document"), _("Date"), _("Due"), _("Days overdue"), _("Open"), _("Currency")]
