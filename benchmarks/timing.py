"""How long the server works for one answer: the whole way through the middleware, the page and its statements."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from benchmarks.kin import execute

WARM = 3
SLOW_MS = 20.0


@dataclass(frozen=True)
class Question:
    """A page that is asked for again and again: who asks, for what, and what must not take longer."""

    name: str
    role: str
    addresses: tuple[str, ...]
    goal_ms: float | None = None
    # Words that the answer to the address of the same place has to hold; empty: nobody looks.
    holds: tuple[str, ...] = ()
    # Whether nothing of it may be remembered from the answer before.
    fresh: bool = False


@dataclass
class Answer:
    """One answer."""

    ms: float
    cpu_ms: float
    statements: int
    sql_ms: float
    size: int
    held: bool


@dataclass
class Result:
    """All answers to a question."""

    question: Question
    answers: list[Answer]
    slow: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def percentile(self, share: float, of: str = "ms") -> float:
        """Return the value that this share of the answers does not exceed."""
        values = sorted(getattr(one, of) for one in self.answers)
        return float(values[min(len(values) - 1, round(share * (len(values) - 1)))])

    @property
    def met(self) -> bool | None:
        """Whether the goal is met, if there is one."""
        return None if self.question.goal_ms is None else self.percentile(0.95) <= self.question.goal_ms

    def as_dict(self) -> dict[str, Any]:
        """Return it as figures."""
        figures: dict[str, Any] = {
            "page": self.question.name,
            "role": self.question.role,
            "requests": len(self.answers),
            "p50_ms": round(self.percentile(0.5), 1),
            "p95_ms": round(self.percentile(0.95), 1),
            "least_ms": round(self.percentile(0), 1),
            "cpu_p50_ms": round(self.percentile(0.5, "cpu_ms"), 1),
            "database_p50_ms": round(self.percentile(0.5, "sql_ms"), 1),
            "statements": max(one.statements for one in self.answers),
            "kilobytes": round(max(one.size for one in self.answers) / 1000, 1),
            "goal_ms": self.question.goal_ms,
            "met": self.met,
        }
        if self.question.holds:
            figures["found"] = sum(one.held for one in self.answers)
        return figures


class Browser:
    """Somebody who is signed in, without a browser: requests go straight to the application."""

    def __init__(self, user: Any, application: Callable[..., Iterable[bytes]]) -> None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        self.application = application

    def ask(self, address: str) -> tuple[str, bytes]:
        """Return the status, and the answer to the last byte; of a redirect, where it leads."""
        path, _mark, query = address.partition("?")
        environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "127.0.0.1"}
        setup_testing_defaults(environ)
        environ |= {"HTTP_COOKIE": self.cookie, "HTTP_ACCEPT_LANGUAGE": "en", "REMOTE_ADDR": "127.0.0.1"}
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_error: Any) -> None:
            said[:] = [status, dict(headers).get("Location", "").encode()]

        found = self.application(environ, start)
        try:
            body = b"".join(found)
        finally:
            if hasattr(found, "close"):
                found.close()
        return said[0], said[1] or body


class Stopwatch:
    """Counts the statements of an answer, and remembers the slow ones."""

    def __init__(self) -> None:
        self.count = 0
        self.ms = 0.0
        self.slow: dict[str, tuple[float, Any]] = {}

    def __call__(self, run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run a statement."""
        began = time.perf_counter()
        try:
            return run(sql, params, many, context)
        finally:
            took = (time.perf_counter() - began) * 1000
            self.count += 1
            self.ms += took
            if took > max(SLOW_MS, self.slow.get(sql, (0.0, None))[0]):
                self.slow[sql] = (took, params)


def measure(question: Question, browser: Browser) -> Result:
    """Ask for every address once, after a few that warm up."""
    result = Result(question, [])
    holds = question.holds or ("",) * len(question.addresses)
    for address in question.addresses[-WARM:]:
        browser.ask(address)
    for address, wanted in zip(question.addresses, holds, strict=True):
        if question.fresh:
            cache.clear()
        watch = Stopwatch()
        with connection.execute_wrapper(watch):
            cpu, began = time.process_time(), time.perf_counter()
            status, body = browser.ask(address)
            took, busy = time.perf_counter() - began, time.process_time() - cpu
        if status[:3] not in ("200", "302"):
            raise LookupError(f"{question.role} asked for {address} and was told {status}")
        held = wanted.encode() in body
        result.answers.append(Answer(took * 1000, busy * 1000, watch.count, watch.ms, len(body), held))
        result.slow |= watch.slow
    return result


def explain(result: Result) -> list[str]:
    """Return the plans of the statements that were slow."""
    told = []
    for sql, (ms, params) in sorted(result.slow.items(), key=lambda one: -one[1][0]):
        if sql.lstrip().upper().startswith(("SELECT", "(SELECT")):
            plan = "\n".join(line for (line,) in execute_with(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", params))
            told.append(f"{result.question.name}: {ms:.0f} ms\n{sql}\n{plan}\n")
    return told


def execute_with(sql: str, params: Any) -> list[Any]:
    """Run a statement with the parameters it was run with."""
    return execute(sql, *(params or ()))
