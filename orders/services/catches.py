"""What became of what the checks found: told by the night for orders that are over, forgotten after some years."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from core.service import service
from orders.models import CheckCatch, OrderStatus

S, Outcome = OrderStatus, CheckCatch.Outcome
KEPT_FOR = timedelta(days=3 * 366)
AT_ONCE = 1_000
# What left the house as it was had nothing to be stopped for.
ENDS: dict[str, tuple[str, ...]] = {
    Outcome.PASSED: (S.FULFILLED, S.COMPLETED),
    Outcome.STOPPED: (S.CANCELLED, S.EXPIRED),
}


def settle_catches() -> int:
    """Say how findings ended whose order is over, some at a time. Returns how many."""
    done = 0
    for outcome, statuses in ENDS.items():
        while ids := _some(CheckCatch.objects.filter(outcome=Outcome.OPEN, order__status__in=statuses)):
            done += _end(ids, outcome)
    return done


def forget_catches(now: datetime | None = None) -> int:
    """Forget findings that are too old to be counted, some at a time. Returns how many."""
    gone, before = 0, (now or timezone.now()) - KEPT_FOR
    while ids := _some(CheckCatch.objects.filter(at__lt=before).order_by("at")):
        gone += _forget(ids)
    return gone


def _some(rows: "QuerySet[CheckCatch]") -> list[int]:
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


@service
def _end(ids: Collection[int], outcome: str) -> int:
    return CheckCatch.objects.filter(pk__in=ids, outcome=Outcome.OPEN).update(outcome=outcome)


@service
def _forget(ids: Collection[int]) -> int:
    return CheckCatch.objects.filter(pk__in=ids).delete()[0]
