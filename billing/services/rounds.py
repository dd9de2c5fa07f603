"""Rounds in which providers are asked about many payments, by a clock."""

import time
from collections.abc import Callable, Iterable

from billing.errors import UnknownGateway
from billing.gateways import ProviderSilent
from billing.models import Payment

# As long as one round of questions may take, in seconds.
ROUND = 10.0


def ask_about_each(
    payments: Iterable[Payment], *, postpone: Callable[[Payment], bool], ask: Callable[[int], object]
) -> int:
    """Ask about payments whose time has come, each of which `postpone` takes for us. Returns about how many.

    A provider that does not answer is left alone until the next round, and a slow one does not keep the worker.
    """
    end = time.monotonic() + ROUND
    silent: set[str] = set()
    asked = 0
    for payment in payments:
        if time.monotonic() > end:
            break
        if payment.gateway in silent or not postpone(payment):
            continue
        try:
            ask(payment.pk)
        except (ProviderSilent, UnknownGateway):
            # Silent, or not connected any more: its payments wait, those of others do not.
            silent.add(payment.gateway)
            continue
        asked += 1
    return asked
