"""Who looks at a record at this moment, and who is editing it. Kept for seconds, and nowhere written down.

Each process of the web server pins what it knows to a place of its own in the cache and reads the places of the
others, so nobody writes over anybody. A place that is not renewed empties itself: so does a process that is gone.
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from core.presence import initials

PLACES = 32
# What a process pinned up is forgotten after so many seconds, and pinned up anew after so many.
KEPT = 15
RENEWED = 5
# A page that asks has looked away when it does not ask for so long.
ASKS_AGAIN = 25


@dataclass(frozen=True)
class Onlooker:
    """A member of staff on the page of a record."""

    user_id: int
    name: str
    is_editing: bool

    def told(self) -> dict[str, Any]:
        """Return what colleagues are told."""
        return {"name": self.name, "initials": initials(self.name), "editing": self.is_editing}


Looking = dict[str, dict[int, Onlooker]]


class Board:
    """What this process knows of who looks at what, and what the others have pinned up."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process = 0
        self.place = ""
        self.listening: Looking = {}
        self.asking: dict[tuple[str, int], tuple[Onlooker, float]] = {}
        self.pinned: tuple[Looking, float] = ({}, 0.0)

    def listen(self, streams: Iterable[tuple[str, Onlooker]]) -> None:
        """Take down who listens now."""
        self.listening = _gathered(streams)
        self._pin()

    def ask(self, thread: str, onlooker: Onlooker) -> list[Onlooker]:
        """Note somebody whose page asks instead of listening; returns who else is there."""
        with self.lock:
            self.asking[thread, onlooker.user_id] = (onlooker, time.monotonic() + ASKS_AGAIN)
        self._pin()
        return self.others(thread, onlooker, self.everywhere())

    def everywhere(self) -> Looking:
        """Return who looks at what, in every process, in one question to the cache."""
        self._begin()
        pinned = [one for key, one in cache.get_many(_places()).items() if key != self.place]
        people = [
            (thread, one) for board in [*pinned, self._here()] for thread, by in board.items() for one in by.values()
        ]
        return _gathered(people)

    @staticmethod
    def others(thread: str, me: Onlooker, looking: Looking) -> list[Onlooker]:
        """Return who looks at a record beside me: who is editing it first, then by name."""
        there = [one for one in looking.get(thread, {}).values() if one.user_id != me.user_id]
        return sorted(there, key=lambda one: (not one.is_editing, one.name, one.user_id))

    def _here(self) -> Looking:
        now = time.monotonic()
        with self.lock:
            self.asking = {key: kept for key, kept in self.asking.items() if kept[1] > now}
            asking = [(thread, one) for (thread, _user), (one, _until) in self.asking.items()]
        listening = [(thread, one) for thread, by in self.listening.items() for one in by.values()]
        return _gathered([*listening, *asking])

    def _pin(self) -> None:
        """Pin up what is new at once, and what is not before it is forgotten."""
        self._begin()
        now, here = time.monotonic(), self._here()
        if here != self.pinned[0] or (here and now > self.pinned[1] + RENEWED):
            self.pinned = (here, now)
            cache.set(self.place, here, KEPT)

    def _begin(self) -> None:
        """Find a place that is free, once in a process: a fork has to have its own."""
        if self.process == os.getpid():
            return
        with self.lock:
            free = (key for key in _places() if cache.add(key, {}, KEPT))
            self.place = next(free, _places()[os.getpid() % PLACES])
            self.process, self.pinned = os.getpid(), ({}, 0.0)


def seen(people: Iterable[Onlooker]) -> str:
    """Return what changes when somebody comes, goes, or begins to edit."""
    said = repr([(one.user_id, one.is_editing) for one in people])
    return hashlib.sha256(said.encode()).hexdigest()[:8]


def _gathered(people: Iterable[tuple[str, Onlooker]]) -> Looking:
    """Return each person once for a record: who edits in one window and reads in another edits."""
    found: Looking = {}
    for thread, one in people:
        there = found.setdefault(thread, {})
        if one.is_editing or one.user_id not in there:
            there[one.user_id] = one
    return found


def _places() -> list[str]:
    return [f"onlookers:{number}" for number in range(PLACES)]


board = Board()
