"""The month of the books: what it says, what is still open in it, and closing it for good."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import OperationalError, connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from billing.errors import MonthNotClosed, MonthNotOver, StillPosting
from billing.models import (
    ClosedMonth,
    CreditNote,
    Invoice,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    LegalEntity,
)
from billing.services import ledger
from core import seat
from core.actors import Actor
from core.keeping import Kept
from core.money import plain, round_amount
from core.service import note_change, service

# How long closing waits for those who are writing at the moment; everybody else waits behind it.
PATIENCE = "3s"


@dataclass(frozen=True)
class Month:
    """A month of a seller's books."""

    entity_id: int
    first_day: date

    @property
    def last_day(self) -> date:
        """Return the day before the next month."""
        return (self.first_day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)

    @property
    def is_over(self) -> bool:
        """Whether its last day is behind us."""
        return self.last_day < seat.today()

    @property
    def is_closed(self) -> bool:
        """Whether nothing is dated into it any more: a later month closes it as well."""
        closed = ClosedMonth.objects.filter(entity=self.entity_id, reopened_at=None, last_day__gte=self.last_day)
        return closed.exists()


@dataclass(frozen=True)
class AccountOfMonth:
    """What moved on an account in a month."""

    kind: str
    detail: str
    currency: str
    debit: Decimal
    credit: Decimal


def movements(month: Month) -> list[AccountOfMonth]:
    """Return what moved in a month, account by account; debits and credits of a currency are the same sum."""
    sums = {
        row["account"]: row
        for row in LedgerEntry.objects.filter(
            account__in=LedgerAccount.objects.filter(entity=month.entity_id),
            booked_on__range=(month.first_day, month.last_day),
        )
        .order_by()
        .values("account")
        .annotate(debit=Sum("amount", filter=Q(amount__gt=0)), credit=Sum("amount", filter=Q(amount__lt=0)))
    }
    accounts = LedgerAccount.objects.filter(pk__in=sums).order_by("currency", "pk")
    return [
        AccountOfMonth(
            one.kind,
            one.detail,
            one.currency,
            round_amount(Decimal(sums[one.pk]["debit"] or 0), one.currency),
            round_amount(-Decimal(sums[one.pk]["credit"] or 0), one.currency),
        )
        for one in accounts
    ]


def _read_months_to_close() -> list[tuple[int, str]]:
    last_day = seat.today().replace(day=1) - timedelta(days=1)
    closed = ClosedMonth.objects.filter(reopened_at=None, last_day__gte=last_day).values("entity")
    written = LedgerTransaction.objects.filter(
        entity=OuterRef("pk"), booked_on__range=(last_day.replace(day=1), last_day)
    )
    sellers = LegalEntity.objects.filter(Exists(written)).exclude(pk__in=closed).order_by("-is_default", "pk")
    return list(sellers.values_list("pk", "name"))


_to_close = Kept(_read_months_to_close, max_age=60.0)


def months_to_close() -> list[tuple[Month, str]]:
    """Return last month of the sellers who have it open and something in it, with their names; a minute old."""
    first_day = (seat.today().replace(day=1) - timedelta(days=1)).replace(day=1)
    return [(Month(pk, first_day), name) for pk, name in _to_close.get()]


def drafts_of(month: Month) -> tuple["QuerySet[Invoice]", "QuerySet[CreditNote]"]:
    """Return the papers of a month that have no number yet; they would be dated later, once it is closed."""
    end = seat.began(month.last_day + timedelta(days=1))
    drafts = {"legal_entity": month.entity_id, "number__isnull": True, "created_at__lt": end}
    return Invoice.objects.filter(**drafts), CreditNote.objects.filter(**drafts)


def _figures(month: Month) -> dict[str, Any]:
    heads = LedgerTransaction.objects.filter(
        entity=month.entity_id, booked_on__range=(month.first_day, month.last_day)
    )
    counts = dict(heads.order_by().values_list("currency").annotate(n=Count("pk")))
    turned: dict[str, Decimal] = {}
    for one in movements(month):
        turned[one.currency] = turned.get(one.currency, Decimal(0)) + one.debit
    return {
        currency: {"transactions": counts.get(currency, 0), "debits": plain(sum_, currency)}
        for currency, sum_ in sorted(turned.items())
    }


@service
def close_month(month: Month, *, actor: Actor) -> ClosedMonth:
    """Close a month, and all before it: nothing is dated into them any more. Closing twice changes nothing.

    Raises MonthNotOver, and StillPosting where somebody writes into the books for longer than we wait.
    """
    if not month.is_over:
        raise MonthNotOver("A month is closed when it is over", last_day=month.last_day.isoformat())
    if known := ClosedMonth.objects.filter(
        entity=month.entity_id, reopened_at=None, last_day__gte=month.last_day
    ).first():
        return known
    _wait_for_writers()
    closed = ClosedMonth.objects.create(
        entity_id=month.entity_id,
        first_day=month.first_day,
        last_day=month.last_day,
        closed_by=str(actor)[:100],
        figures=_figures(month),
    )
    note_change(closed, "billing.month.closed", actor=actor, after={"month": str(closed)})
    ledger.forget()
    _to_close.forget()
    return closed


def _wait_for_writers() -> None:
    """Let those finish who write into the ledger; who comes after sees that the month is closed."""
    if connection.vendor != "postgresql":
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute("LOCK TABLE billing_ledgertransaction IN SHARE ROW EXCLUSIVE MODE")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "55P03":
            raise
        raise StillPosting("Something is being written into the books; try again in a moment") from error


@service
def reopen_month(entity_id: int, *, reason: str, actor: Actor) -> ClosedMonth:
    """Open the month again that was closed last, and none before it. It stays on record who did, and why.

    Raises MonthNotClosed.
    """
    rows = ClosedMonth.objects.filter(entity=entity_id, reopened_at=None).order_by("-last_day")
    closed = rows.select_for_update(of=("self",)).first()
    if closed is None:
        raise MonthNotClosed("No month is closed")
    closed.reopened_at = timezone.now()
    closed.reopened_by = str(actor)[:100]
    closed.reason = reason[:300]
    closed.save(update_fields=["reopened_at", "reopened_by", "reason"])
    note_change(closed, "billing.month.reopened", actor=actor, before={"month": str(closed)}, note=reason[:300])
    _keep_the_one_before(closed, actor=actor)
    ledger.forget()
    _to_close.forget()
    return closed


def _keep_the_one_before(opened: ClosedMonth, *, actor: Actor) -> None:
    """Close the month before by itself, where it was closed only together with the one that is open again."""
    last_day = opened.first_day - timedelta(days=1)
    before = Month(opened.entity_id, last_day.replace(day=1))
    closed = ClosedMonth.objects.filter(entity=opened.entity_id, reopened_at=None, last_day__gte=last_day)
    written = LedgerTransaction.objects.filter(entity=opened.entity_id, booked_on__lte=last_day)
    if closed.exists() or not written.exists():
        return
    kept = ClosedMonth.objects.create(
        entity_id=opened.entity_id,
        first_day=before.first_day,
        last_day=last_day,
        closed_at=opened.closed_at,
        closed_by=opened.closed_by,
        figures=_figures(before),
    )
    note_change(kept, "billing.month.closed", actor=actor, after={"month": str(kept)})
