"""A competitor who comes at the worst moment: just before one function of ours runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from tests.racing import Outcome

# How long somebody is given who may have to wait for our lock; then we go on and see how they end.
A_MOMENT = 0.5
PATIENCE = 30


class Competitor:
    """Somebody else's work, in a thread and on a connection of its own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.outcome = Outcome(error=TimeoutError("it never ended"))
        self.thread: threading.Thread | None = None
        self.had_to_wait = False

    def come(self) -> None:
        """Begin, once; return when the work is done, or when it clearly has to wait for us."""
        if self.thread is not None:
            return
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.thread.join(A_MOMENT)
        self.had_to_wait = self.thread.is_alive()

    def end(self) -> Outcome:
        """Wait for the end, and say how it was."""
        assert self.thread is not None, "the moment never came"
        self.thread.join(PATIENCE)
        return self.outcome

    def _run(self) -> None:
        try:
            self.outcome = Outcome(value=self.work())
        except BaseException as error:
            self.outcome = Outcome(error=error)
        finally:
            connections.close_all()


@contextmanager
def just_before(place: Any, name: str, work: Callable[[], Any]) -> Iterator[Competitor]:
    """Let somebody do `work` just before `place.name` is called for the first time."""
    competitor, ours = Competitor(work), getattr(place, name)

    def first(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is not competitor.thread:
            competitor.come()
        return ours(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, name, first)
        yield competitor
        competitor.end()
