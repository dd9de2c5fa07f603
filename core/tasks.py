"""What workers do: pay debts now, sweep for lost nudges, number events, clear away what is old."""

import threading

from celery import shared_task
from django.conf import settings

from core import bell, housekeeping, outbox
from core.nudging import Messenger
from core.stopping import stopping

# Set where this process has a worker of its own.
worker_here = threading.Event()


def _tell(delivery_ids: list[int]) -> None:
    pay_debts.apply_async(args=[delivery_ids], retry=False)


messenger = Messenger(_tell)


def nudge(delivery_ids: list[int]) -> None:
    """Wake a worker for fresh debts. A lost nudge costs seconds, never the debt: the sweeper finds it.

    Where nobody listens it does nothing.
    """
    if worker_here.is_set():
        messenger.tell_now(delivery_ids)
    elif settings.WORKERS_LISTEN:
        messenger.pass_on(delivery_ids)


def wake() -> None:
    """Ask for a sweep now."""
    for task in (sweep_outbox, sequence_events):
        task.apply_async(retry=False, expires=60)


@shared_task
def pay_debts(delivery_ids: list[int]) -> int:
    """Pay the debts of one commit, and those they make."""
    paid = 0
    for delivery_id in delivery_ids:
        if stopping.is_set():
            break
        paid += outbox.deliver(delivery_id)
    return paid


@shared_task
def sweep_outbox() -> int:
    """Pay every debt that is due: the ones whose nudge was lost, and the ones to be tried again."""
    return outbox.drain(limit=500, enough=stopping.is_set)


@shared_task
def sequence_events() -> int:
    """Give committed events their place in the feed."""
    return outbox.sequence_events()


@shared_task
def clear_away() -> int:
    """Delete what has served its time."""
    return housekeeping.clear_away()


@shared_task
def mail_notices() -> int:
    """Mail the notices that nobody read in time."""
    return bell.mail_notices()
