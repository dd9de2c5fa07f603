"""Keeps a debt in hand for as long as its handler runs: who speaks to a slow world is not overtaken."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)


@contextmanager
def renewing(renew: Callable[[], bool], *, every: float, longest: float) -> Iterator[None]:
    """Call `renew` every so many seconds while the block runs, until it says no or the longest time is over.

    A process that is killed renews nothing: others take over when its last lease ends. One that hangs
    lets go after the longest time, so nothing is held for ever.
    """
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(renew, done, every, longest), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        # Nothing is renewed any more when the outcome is written down.
        keeper.join()


def _keep(renew: Callable[[], bool], done: threading.Event, every: float, longest: float) -> None:
    try:
        for _ in range(int(longest / every)):
            if done.wait(every) or not _renewed(renew):
                return
    finally:
        connection.close()


def _renewed(renew: Callable[[], bool]) -> bool:
    """Renew; a database that is away for a moment is asked again, because the lease outlasts several tries."""
    try:
        return renew()
    except DatabaseError as error:
        logger.warning("A lease could not be renewed: %s", error)
        connection.close()
        return True
