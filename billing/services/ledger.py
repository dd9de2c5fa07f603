"""The ledger has one door: what is posted balances, is new, and is dated into no closed month."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import DatabaseError
from django.utils import timezone

from billing.append_only import CLOSED
from billing.errors import MonthClosed
from billing.models import ClosedMonth, LedgerAccount, LedgerEntry, LedgerTransaction
from billing.postings import Leg, Posting
from billing.services.sellers import forget_sellers
from core import seat
from core.actors import Actor
from core.errors import Overtaken
from core.inserting import insert_rows
from core.keeping import Kept
from core.often import Remembered
from core.service import service

Key = tuple[int, str, str, str]
NAMES = ("entity_id", "kind", "detail", "currency")
# An account may be rolled back with the transaction that makes it; one as old as this is there for good.
SETTLED_AFTER = timedelta(minutes=5)
DAY = timedelta(days=1)


def _read_accounts() -> dict[Key, int]:
    return _by_key(LedgerAccount.objects.filter(created_at__lt=timezone.now() - SETTLED_AFTER))


def _by_key(rows: Iterable[LedgerAccount]) -> dict[Key, int]:
    return {(one.entity_id, one.kind, one.detail, one.currency): one.pk for one in rows}


def _read_closed() -> dict[int, date]:
    found: dict[int, date] = {}
    rows = ClosedMonth.objects.filter(reopened_at=None).order_by("last_day")
    found.update(rows.values_list("entity_id", "last_day"))
    return found


_accounts = Kept(_read_accounts, max_age=300.0)
_closed = Kept(_read_closed, max_age=5.0)


def forget() -> None:
    """Look anew which accounts there are, what is closed and who sells."""
    _accounts.forget()
    _closed.forget()
    forget_sellers()


def closed_through(entity_id: int) -> date | None:
    """Return the last day that is closed, if any."""
    return _closed.get().get(entity_id)


def open_day(entity_id: int, day: date) -> date:
    """Return the day on which something is dated that happened on `day`: today, where its month is closed."""
    through = closed_through(entity_id)
    return day if through is None or day > through else max(seat.today(), through + DAY)


def open_moment(entity_id: int, at: datetime) -> datetime:
    """Return the moment at which something is dated: now, where its month is closed."""
    return at if open_day(entity_id, seat.day_of(at)) == seat.day_of(at) else timezone.now()


def refuse_closed(entity_id: int, day: date) -> None:
    """Raise MonthClosed for a day into which nothing is dated any more."""
    through = closed_through(entity_id)
    if through is not None and day <= through:
        raise MonthClosed(
            f"The books are closed up to {through:%Y-%m-%d}; nothing is dated {day:%Y-%m-%d}",
            closed_through=through.isoformat(),
        )


@service
def post(*found: Posting, actor: Actor) -> list[LedgerTransaction]:
    """Write causes into the ledger, in the transaction that made them true. Each is taken once (`source`).

    Raises ValueError where a posting does not add up to nothing, and MonthClosed where its day is closed.
    """
    wanted = [posting for posting in found if posting.legs]
    if not wanted:
        return []
    for posting in wanted:
        if posting.rest:
            raise ValueError(f"{posting.source} does not balance: {posting.rest}")
        refuse_closed(posting.entity_id, posting.booked_on)
    accounts = _account_ids({_key(posting, leg) for posting in wanted for leg in posting.legs})
    rows = [
        LedgerTransaction(
            entity_id=posting.entity_id,
            kind=posting.kind,
            source=posting.source,
            booked_on=posting.booked_on,
            currency=posting.currency,
            text=posting.text[:200],
            actor=str(actor)[:100],
            **{f"{name}_id": pk for name, pk in posting.links.items()},
        )
        for posting in wanted
    ]
    try:
        insert_rows(rows)
        insert_rows(
            [
                LedgerEntry(
                    transaction=row,
                    account_id=accounts[_key(posting, leg)],
                    booked_on=posting.booked_on,
                    customer_id=leg.customer_id,
                    invoice_id=leg.invoice_id,
                    amount=leg.amount,
                )
                for row, posting in zip(rows, wanted, strict=True)
                for leg in posting.legs
            ]
        )
    except DatabaseError as error:
        if CLOSED not in str(error):
            raise
        # Somebody closed the month a moment ago; done again, this sees it.
        _closed.drop()
        raise Overtaken("The month was closed in this moment") from error
    return rows


def _key(posting: Posting, leg: Leg) -> Key:
    return posting.entity_id, leg.kind, leg.detail, posting.currency


def _account_ids(keys: set[Key]) -> dict[Key, int]:
    """Return the accounts, and open those that are new."""
    known = _accounts.get()
    if keys <= known.keys():
        return known
    found = _look_up(keys)
    if missing := sorted(keys - found.keys()):
        # In one order, and a twin's are taken as they are: two who open the same accounts do not deadlock.
        rows = [LedgerAccount(**dict(zip(NAMES, key, strict=True))) for key in missing]
        LedgerAccount.objects.bulk_create(rows, ignore_conflicts=True)
        found = _look_up(keys)
    return found


_OF_SELLER = Remembered(
    lambda entity_id, kinds, details, currencies: LedgerAccount.objects.filter(
        entity=entity_id, kind__in=kinds, detail__in=details, currency__in=currencies
    )
)


def _look_up(keys: set[Key]) -> dict[Key, int]:
    entities, kinds, details, currencies = (set(part) for part in zip(*keys, strict=True))
    wanted = {"kinds": kinds, "details": details, "currencies": currencies}
    return _by_key(one for entity in entities for one in _OF_SELLER.rows(entity_id=entity, **wanted))
