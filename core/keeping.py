"""Few rows that every request needs, kept in the process for a while."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import transaction

T = TypeVar("T")


class Kept(Generic[T]):
    """What `read` returns, read anew after `max_age` seconds, and at once in the process that calls `forget`."""

    def __init__(self, read: Callable[[], T], *, max_age: float) -> None:
        self.read, self.max_age = read, max_age
        self._known: tuple[float, T] | None = None

    def get(self) -> T:
        """Return it, at most `max_age` seconds old. It is shared between threads: read it, never write it."""
        known = self._known
        if known is not None and time.monotonic() - known[0] < self.max_age:
            return known[1]
        fresh = self.read()
        self._known = (time.monotonic(), fresh)
        return fresh

    def forget(self) -> None:
        """Read it anew: now, and once more when the change that asks for it is committed."""
        self.drop()
        transaction.on_commit(self.drop)

    def drop(self) -> None:
        """Read it anew at the next question."""
        self._known = None
