"""Answers that stay open: one thread of each process holds them all, and none of those that serve pages.

The web server hands a connection over (`gunicorn.socket`, as Rack's hijacking does for Action Cable) once the head of
its answer is due. From then on the hub writes to it: what happened, who else is there, and every ten seconds a sign of
life. It reads the log once for all of them, twice a second and only while somebody listens; where it cannot, it lets
everybody go, and the pages ask for themselves (docs/adr/0021).
"""

import errno
import json
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn

from django.db import close_old_connections
from django.db.models import Max
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from core import onlookers
from core.marks import Mark, marks_of, together
from core.models import BrowserSession, EventRecord, Notice
from core.stopping import stopping

logger = logging.getLogger(__name__)
LOOK = 0.5
BEAT = 10.0
# A sign-out is noticed after so many seconds.
SIGN_IN = 5.0
# So many streams a process holds, and so many one browser: more pages ask instead of listening.
MOST = 300
MOST_OF_ONE = 12
# A browser that vanished without a word has not taken what was written so many milliseconds ago.
UNANSWERED = 15_000
BATCH = 1000
# Among so many notices a bell finds what is new, and what was read elsewhere.
NOTICES = 200


@dataclass(eq=False)
class Stream:
    """One open page: what it wants to hear of, what it has heard, and who sits in front of it."""

    threads: tuple[str, ...]
    mark: Mark
    owner: str
    session_key: str
    onlooker: onlookers.Onlooker | None
    until: float
    bell: int = 0
    connection: socket.socket | None = None
    here: list[onlookers.Onlooker] = field(default_factory=list)


class HandedOver(StreamingHttpResponse):
    """An answer whose connection leaves the web server's hands in the moment its head is due."""

    def __init__(self, connection: socket.socket, stream: Stream, *, hello: dict[str, Any]) -> None:
        self.stream, self.hello = stream, hello
        super().__init__(map(self._hand_over, [connection]), content_type="text/event-stream; charset=utf-8")
        # Neither caches nor proxies keep any of it back.
        self.headers["Cache-Control"] = "no-store, no-transform"
        self.headers["X-Accel-Buffering"] = "no"

    def _hand_over(self, connection: socket.socket) -> NoReturn:
        """Take the connection along, and let the server believe that its reader is gone."""
        self.stream.connection = _taken(connection)
        lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in self.headers.items()), "Connection: close"]
        head = "\r\n".join([*lines, *(f"Set-Cookie: {one.OutputString()}" for one in self.cookies.values())])
        hello = message("hello", self.hello, self.stream.mark)
        if _write(self.stream, f"{head}\r\n\r\nretry: 2000\n".encode("latin-1") + hello):
            hub.take(self.stream)
        raise BrokenPipeError(errno.EPIPE, "the connection was handed over")


class Log:
    """Reads what was committed since it was read last, whatever order the commits came in.

    Entries that have their place in the feed are read from there. Those that wait for it are few; they are known by
    their ids.
    """

    def __init__(self) -> None:
        self.position = EventRecord.objects.aggregate(last=Max("position"))["last"] or 0
        self.known = {pk for pk, _thread in self._waiting()}

    def fresh(self) -> list[tuple[int, str]]:
        """Return id and history of each new entry."""
        # In this order: what gets its place in between is found the next time.
        placed = EventRecord.objects.filter(position__gt=self.position).order_by("position")
        rows = list(placed.values_list("pk", "thread", "position")[:BATCH])
        waiting = self._waiting()
        found = {pk: thread for pk, thread, _position in rows} | dict(waiting)
        fresh = [(pk, thread) for pk, thread in found.items() if pk not in self.known]
        self.known |= {pk for pk, _thread in waiting}
        self.known -= {pk for pk, _thread, _position in rows}
        if rows:
            self.position = rows[-1][2]
        return fresh

    @staticmethod
    def _waiting() -> list[tuple[int, str]]:
        return list(EventRecord.objects.filter(position=None).order_by("-pk").values_list("pk", "thread")[:BATCH])


class Bells:
    """Finds out for whom a notice is new, or was read; by the newest of all, whatever order the commits came in."""

    def __init__(self) -> None:
        self.known = self._newest()
        # Whoever listens first may have asked a moment before.
        fresh = Notice.objects.filter(pk__in=self.known, at__gt=timezone.now() - timedelta(seconds=SIGN_IN))
        self.last = set(fresh.values_list("user", flat=True))

    def rung(self) -> set[int]:
        """Return whose notices are not what they were; each twice, for who arrived meanwhile."""
        before, self.known = self.known, self._newest()
        fresh = {notice[0] for pk, notice in self.known.items() if before.get(pk) != notice}
        self.last, both = fresh, fresh | self.last
        return both

    @staticmethod
    def _newest() -> dict[int, tuple[int, bool]]:
        rows = Notice.objects.order_by("-pk").values_list("pk", "user", "read_at")[:NOTICES]
        return {pk: (user, read_at is None) for pk, user, read_at in rows}


class Hub:
    """Holds the streams of this process, in a thread that is there as long as anybody listens."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process = 0
        self.arrivals: list[Stream] = []
        self.streams: set[Stream] = set()
        self.selector: selectors.BaseSelector = selectors.SelectSelector()
        self.log: Log | None = None
        self.bells: Bells | None = None
        self.beat_at = self.asked_at = 0.0

    def is_full(self, owner: str) -> bool:
        """Whether a page has to ask for itself, because too many listen already."""
        held = [*self.streams, *self.arrivals]
        return len(held) >= MOST or sum(one.owner == owner for one in held) >= MOST_OF_ONE

    def take(self, stream: Stream) -> None:
        """Hold a connection from now on."""
        with self.lock:
            self._be_there()
            self.arrivals.append(stream)

    def _be_there(self) -> None:
        """Have a thread in this process: a fork takes none along."""
        if self.process != os.getpid():
            self.process = os.getpid()
            self.selector, self.streams, self.arrivals = selectors.DefaultSelector(), set(), []
            self.log = self.bells = None
            threading.Thread(target=self._run, name="streams", daemon=True).start()

    def _run(self) -> None:
        while not stopping.is_set():
            self._wait(LOOK)
            try:
                self.turn()
            except Exception:
                logger.exception("Nothing can be told to open pages now; they ask for themselves")
                self._let_all_go()
            finally:
                close_old_connections()
            with self.lock:
                if not self.streams and not self.arrivals:
                    self.process, self.log, self.bells = 0, None, None
                    self.selector.close()
                    return

    def _wait(self, seconds: float) -> None:
        """Wait for the next look; meanwhile notice who leaves."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self.streams:
                time.sleep(left)
                return
            for key, _event in self.selector.select(left):
                self._hear(key.data)

    def _hear(self, stream: Stream) -> None:
        """A page says nothing: whatever comes from there is its end, or is thrown away."""
        try:
            if stream.connection is not None and stream.connection.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._let_go(stream)

    def turn(self) -> None:
        """Tell everybody what happened since the last turn."""
        with self.lock:
            arrivals, self.arrivals = self.arrivals, []
        for stream in arrivals:
            self.streams.add(stream)
            if stream.connection is not None:
                self.selector.register(stream.connection, selectors.EVENT_READ, stream)
        if self.log is None:
            self.log = Log()
        self._tell_changes(self.log.fresh(), [one for one in self.streams if one not in arrivals])
        self._catch_up(arrivals)
        self._tell_presence()
        self._ring()
        now = time.monotonic()
        if now > self.asked_at + SIGN_IN:
            self.asked_at = now
            self._let_strangers_go()
        if now > self.beat_at + BEAT:
            self.beat_at = now
            self._send(self.streams, message("beat", {}))

    def _tell_changes(self, fresh: list[tuple[int, str]], streams: Iterable[Stream]) -> None:
        """Say to each page which of its histories went on."""
        if not fresh:
            return
        changed: dict[str, list[int]] = {}
        for pk, thread in fresh:
            changed.setdefault(thread, []).append(pk)
        for stream in streams:
            new = [pk for thread in set(stream.threads) & changed.keys() for pk in changed[thread]]
            if new:
                stream.mark = stream.mark.after(new)
                rows = [place for place, thread in enumerate(stream.threads) if thread in changed]
                self._send([stream], message("changed", {"rows": rows}, stream.mark))

    def _catch_up(self, arrivals: list[Stream]) -> None:
        """Say what happened between the making of an answer and its arrival here."""
        if not arrivals:
            return
        marks = marks_of({thread for one in arrivals for thread in one.threads})
        for stream in arrivals:
            now = together(marks[thread] for thread in set(stream.threads) if thread in marks)
            if now != stream.mark:
                stream.mark = now
                self._send([stream], message("changed", {"rows": []}, now))

    def _tell_presence(self) -> None:
        seen = [one for one in self.streams if one.onlooker]
        onlookers.board.listen((one.threads[0], one.onlooker) for one in seen if one.onlooker)
        looking = onlookers.board.everywhere() if seen else {}
        for stream in seen:
            if stream.onlooker is None:
                continue
            here = onlookers.board.others(stream.threads[0], stream.onlooker, looking)
            if here != stream.here:
                stream.here = here
                self._send([stream], message("here", [one.told() for one in here]))

    def _ring(self) -> None:
        """Say to the pages of somebody that there is a notice, or one less; they ask for the count."""
        listening = [one for one in self.streams if one.bell]
        if not listening:
            self.bells = None
            return
        self.bells = self.bells or Bells()
        if rung := self.bells.rung():
            self._send([one for one in listening if one.bell in rung], message("bell", {}))

    def _let_strangers_go(self) -> None:
        """End what belongs to browsers that are signed out by now, and to pages of yesterday."""
        keys = {one.session_key for one in self.streams if one.session_key}
        rows = BrowserSession.objects.filter(expire_date__gt=timezone.now(), user__is_active=True)
        found = rows.filter(pk__in=keys) if keys else None
        signed_in = set(found.values_list("pk", flat=True)) if found is not None else set()
        for stream in [*self.streams]:
            if stream.until < time.time() or (stream.session_key and stream.session_key not in signed_in):
                self._send([stream], message("over", {}))
                self._let_go(stream)

    def _send(self, streams: Iterable[Stream], said: bytes) -> None:
        for stream in [*streams]:
            if not _write(stream, said):
                self._let_go(stream)

    def _let_go(self, stream: Stream) -> None:
        self.streams.discard(stream)
        if stream.connection is not None:
            self.selector.unregister(stream.connection)
            stream.connection.close()
            stream.connection = None

    def _let_all_go(self) -> None:
        for stream in [*self.streams]:
            self._let_go(stream)
        self.log = self.bells = None


def connection_of(request: HttpRequest) -> socket.socket | None:
    """Return the connection of a request, where the web server can do without it: plain HTTP/1.1 on gunicorn."""
    found = request.META.get("gunicorn.socket")
    is_plain = type(found) is socket.socket and request.META.get("SERVER_PROTOCOL", "HTTP/1.1") == "HTTP/1.1"
    return found if is_plain else None


def message(event: str, data: Any, mark: Mark | None = None) -> bytes:
    """Return what a page hears, as server-sent events are written."""
    said = f"event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n"
    return f"{said}id: {mark}\n\n".encode() if mark is not None else f"{said}\n".encode()


def _taken(connection: socket.socket) -> socket.socket:
    """Leave the server an empty shell: what it does to that touches the connection no more."""
    taken = socket.socket(fileno=connection.detach())
    taken.setblocking(False)
    if taken.family in (socket.AF_INET, socket.AF_INET6):
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED)
    return taken


def _write(stream: Stream, said: bytes) -> bool:
    """Write, without waiting; False where it cannot be: a page that lags so far behind begins anew."""
    if stream.connection is None:
        return False
    try:
        return stream.connection.send(said) == len(said)
    except OSError:
        return False


hub = Hub()
