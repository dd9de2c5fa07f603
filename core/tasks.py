"""What workers do: pay debts now, sweep for lost nudges, number events."""

from celery import shared_task
from django.conf import settings

from core import outbox


def nudge(delivery_ids: list[int]) -> None:
    """Wake a worker for fresh debts. A lost nudge costs seconds, never the debt: the sweeper finds it."""
    if not settings.WORKERS_LISTEN:
        return
    try:
        pay_debts.apply_async(args=[delivery_ids], retry=False)
    except Exception:  # the broker may be away: the truth is in the table
        outbox.logger.warning("No broker; debts %s wait for the sweeper", delivery_ids)


@shared_task
def pay_debts(delivery_ids: list[int]) -> int:
    """Pay the debts of one commit, and those they make."""
    return sum(outbox.deliver(delivery_id) for delivery_id in delivery_ids)


@shared_task
def sweep_outbox() -> int:
    """Pay every debt that is due: the ones whose nudge was lost, and the ones to be tried again."""
    return outbox.drain(limit=500)


@shared_task
def sequence_events() -> int:
    """Give committed events their place in the feed."""
    return outbox.sequence_events()
