"""What is usual: how often and how much of a product, and by a customer, was ordered in a year; kept by the night."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from core.service import service
from orders.models import CustomerHabit, OrderLine, OrderStatus, ProductHabit

YEAR = timedelta(days=365)
AT_ONCE = 1_000
# What was held or called off says nothing about what is usual.
ACCEPTED = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING, OrderStatus.FULFILLED, OrderStatus.COMPLETED)


def note_habits(now: datetime | None = None) -> int:
    """Work out anew what is usual of every product and customer. Returns of how many something is known."""
    since = (now or timezone.now()) - YEAR
    lines = OrderLine.objects.filter(order__placed_at__gte=since, order__status__in=ACCEPTED).order_by()
    return _note(lines, "product", ProductHabit) + _note(
        lines.filter(order__customer__isnull=False), "order__customer", CustomerHabit
    )


def _note(lines: "QuerySet[OrderLine]", by: str, model: Any) -> int:
    """Read everything in one statement, and write only what has changed."""
    known = dict(_known(model))
    found = lines.values_list(by).annotate(lines=Count("pk"), most=Max("quantity"))
    fresh, seen = [], set()
    for key, count, most in found.iterator(chunk_size=AT_ONCE):
        seen.add(key)
        if known.get(key) != (count, most):
            fresh.append(model(pk=key, lines=count, most=most))
    gone = [key for key in known if key not in seen]
    for start in range(0, max(len(fresh), len(gone)), AT_ONCE):
        _keep(model, fresh[start : start + AT_ONCE], gone[start : start + AT_ONCE])
    return len(seen)


@service
def _keep(model: Any, fresh: list[Any], gone: list[int]) -> None:
    """Write some of what has changed, and let go what nobody orders any more."""
    if fresh:
        model.objects.bulk_create(
            fresh, update_conflicts=True, unique_fields=[model._meta.pk.name], update_fields=["lines", "most"]
        )
    if gone:
        model.objects.filter(pk__in=gone).delete()


def _known(model: Any) -> list[tuple[int, tuple[int, int]]]:
    rows = model.objects.values_list("pk", "lines", "most")
    return [(key, (lines, most)) for key, lines, most in rows.iterator(chunk_size=AT_ONCE)]
