"""`./run test`: every check of the project, and a table at the end. The browser walks beside the other tests."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TextIO

from private_servers import NotAvailable, chromium, postgres, private_folder, redis

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CLOSING_LINE = re.compile(r"=+ (.*\b(?:passed|failed|error|errors|skipped|deselected|no tests ran)\b.*) in .*=+")
# One more than there are cores: some tests wait for other processes, and another may work meanwhile.
PROCESSES = os.environ.get("TEST_PROCESSES") or str((os.cpu_count() or 1) + 1)
JOURNEYS = "tests/journeys"
BESIDE = os.environ.get("TEST_PROCESSES") or str(max(1, (os.cpu_count() or 1) // 2))
TESTS_FAILED = 1
NOTHING_COLLECTED = 5
# Journeys that may be asked a second time: more of them than this did not fail by accident.
SECOND_TRIES = 3
NOTHING: Mapping[str, str] = {}


@dataclass
class Result:
    """How one step went."""

    name: str
    seconds: float
    state: str
    note: str = ""


@dataclass
class Gate:
    """Runs the steps that were asked for and remembers how they went."""

    wanted: set[str]
    environment: dict[str, str]
    out: TextIO = field(default_factory=lambda: sys.stdout)
    results: list[Result] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    given_up: bool = False
    child: "subprocess.Popen[str] | None" = None

    def wants(self, *names: str) -> bool:
        """Say whether any of these steps is asked for."""
        return not self.wanted or bool(self.wanted & set(names))

    def step(
        self,
        name: str,
        *command: str,
        hint: str = "",
        empty_is_fine: bool = False,
        settings: Mapping[str, str] = NOTHING,
    ) -> int:
        """Run a command, show what it says, note how it went."""
        if not self.wants(name):
            return 0
        self.say(f"\n=== {name}: {' '.join(command)}")
        started = time.monotonic()
        code, last = self._run(command, settings)
        passed = code == 0 or (empty_is_fine and code == NOTHING_COLLECTED)
        note = last if passed else "; ".join(filter(None, [last, hint or f"exit code {code}"]))
        self.results.append(Result(name, time.monotonic() - started, "ok" if passed else "FAILED", note))
        return code

    def second_try(self, failed: Path, *command: str, settings: Mapping[str, str] = NOTHING) -> None:
        """Ask the few that failed in the last step once more, alone, and say in plain sight which they were."""
        names = sorted(json.loads(failed.read_text())) if failed.exists() else []
        if not 0 < len(names) <= SECOND_TRIES:
            return
        step, started = self.results[-1], time.monotonic()
        self.say(f"\n=== {step.name}, second try: {' '.join(command)}")
        code, last = self._run(command, settings)
        step.seconds += time.monotonic() - started
        step.note = "; second try: ".join(filter(None, [step.note, last]))
        if code == 0:
            step.state = "ok"
            self.remarks += [f"passed only at the second try: {name}" for name in names]

    def _run(self, command: Sequence[str], settings: Mapping[str, str]) -> tuple[int, str]:
        """Run a command and show what it says; returns its exit code, and how pytest closed."""
        last = ""
        if self.given_up:
            return 1, "given up"
        with subprocess.Popen(
            [BIN / command[0], *command[1:]],
            cwd=ROOT,
            env={**self.environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as child:
            self.child = child
            try:
                if self.given_up:
                    child.terminate()
                for line in child.stdout or ():
                    self.say(line, end="")
                    if closing := CLOSING_LINE.search(line):
                        last = closing[1]
            finally:
                if child.poll() is None:
                    child.terminate()
                code = child.wait()
        return code, last

    def say(self, words: str, end: str = "\n") -> None:
        """Show it, or keep it until the others have said theirs."""
        print(words, end=end, file=self.out, flush=True)

    def give_up(self) -> None:
        """Stop what runs, and begin nothing more."""
        self.given_up = True
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()

    def skip(self, name: str, reason: object) -> None:
        """Note a step that cannot run here."""
        if self.wants(name):
            self.say(f"\n=== {name}: skipped, {reason}")
            self.results.append(Result(name, 0, "SKIPPED", str(reason)))

    def report(self) -> int:
        """Print the table; the exit code says whether everything that ran was fine."""
        width = max([len(result.name) for result in self.results], default=4)
        print(f"\n{'step':<{width}}  seconds  result")
        for result in self.results:
            print(f"{result.name:<{width}}  {result.seconds:7.1f}  {result.state:<7}  {result.note}".rstrip())
        for remark in self.remarks:
            print(f"note: {remark}")
        failed = [result.name for result in self.results if result.state == "FAILED"]
        skipped = [result.name for result in self.results if result.state == "SKIPPED"]
        total = time.monotonic() - self.started
        verdict = f"FAILED: {', '.join(failed)}" if failed else "Everything that ran is fine"
        print(f"\n{verdict}; skipped: {', '.join(skipped) or 'nothing'}; {total:.0f} s", flush=True)
        return 1 if failed else 0


# A production server as the guide describes it: `check --deploy` has nothing to say about it.
PRODUCTION = {
    "SECRET_KEY": "checked-but-never-used-" + "".join(chr(97 + number * 7 % 26) for number in range(50)),
    "SITE_URL": "https://orders.example.com",
    "TRUSTED_PROXIES": "1",
    "ALLOWED_HOSTS": "orders.example.com",
    "DATABASE_URL": "postgres://orders@db.example.com/orders",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://orders:secret@mail.example.com:587",
    "TIME_ZONE": "Europe/Berlin",
}


def plain_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which nothing of the machine's own settings shines through."""
    ours = {"DEBUG": "0", "DEMO": "0", "REDIS_URL": "", "EMAIL_URL": "", "EMBEDDED_WORKER": "0"}
    ours |= {"SITE_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": "127.0.0.1,localhost", "TIME_ZONE": "UTC"}
    ours |= {"SECRET_KEY": "for-tests-only", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "default"}
    ours |= {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", "DATA_DIR": str(folder / "data")}
    # Whatever an interrupted test leaves behind goes with our folder.
    (folder / "tmp").mkdir()
    ours["TMPDIR"] = str(folder / "tmp")
    theirs = dict(os.environ)
    # Compiling the same files in each of some hundred processes is a third of all work. Where nothing may be written
    # beside the sources, it is kept in our folder.
    if theirs.pop("PYTHONDONTWRITEBYTECODE", ""):
        ours["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    return {**theirs, **ours}


@contextlib.contextmanager
def reading_ahead(gate: Gate) -> Iterator[None]:
    """Let the second core, which the checks leave idle, compile the tests: else every process of them does it."""
    nothing = subprocess.DEVNULL
    reader = subprocess.Popen(
        [BIN / "pytest", "--collect-only", "-q", "tests"],
        cwd=ROOT,
        env=gate.environment,
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
    )
    try:
        yield
    finally:
        # It helps and decides nothing; whatever is wrong with the tests is said by their own steps.
        with contextlib.suppress(subprocess.TimeoutExpired):
            reader.wait(30)
        reader.kill()
        reader.wait()


def checks(gate: Gate) -> None:
    """Look at the code without running it."""
    gate.step("format", "ruff", "format", "--check", ".", hint="run: .venv/bin/ruff format .")
    gate.step("lint", "ruff", "check", ".", hint="run: .venv/bin/ruff check --fix .")
    gate.step("contracts", "lint-imports", "--no-cache")
    gate.step("types", "mypy", ".")
    gate.step(
        "migrations", "python", "manage.py", "makemigrations", "--check", "--dry-run", hint="a migration is missing"
    )
    gate.step("deploy", "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING", settings=PRODUCTION)


@contextlib.contextmanager
def beside(gate: Gate, name: str, work: Callable[[Gate], None]) -> Iterator[None]:
    """Let a step run in its own time while others do; what it said is shown when all of them are done."""
    said = io.StringIO()
    other = Gate(gate.wanted, gate.environment, out=said)

    def run() -> None:
        try:
            work(other)
        except Exception as error:
            other.results.append(Result(name, 0, "FAILED", repr(error)))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
        if thread.is_alive():
            gate.say(f"\n=== {name}: not done yet")
    except BaseException:
        other.give_up()
        raise
    finally:
        thread.join()
        gate.say(said.getvalue(), end="")
        gate.results += other.results
        gate.remarks += [f"{name} ran beside the others: the total is less than the sum", *other.remarks]


def tests(gate: Gate, folder: Path) -> None:
    """Run the tests: on SQLite, on PostgreSQL with Redis, and beside them in a browser, which leaves cores idle."""
    # Only the journeys need a browser; whoever does not walk them need not read them, and the other way round.
    served = ["--dist", "worksteal", "--ignore", JOURNEYS, "tests"]
    on_sqlite = ["-n", PROCESSES, "-m", "not browser and not postgres", *served]
    # What uses no database is asked on SQLite.
    on_postgres = ["-n", PROCESSES, "-m", "not browser", "--database-only", *served]
    if not gate.wants("postgres", "browser"):
        gate.step("sqlite", "pytest", *on_sqlite)
        return
    with contextlib.ExitStack() as servers:
        urls: dict[str, str] = {}
        for name, start in (("DATABASE_URL", postgres), ("REDIS_URL", redis)):
            try:
                urls[name] = servers.enter_context(start(home_in(folder, name)))
            except NotAvailable as reason:
                missing(gate, start, str(reason))
        theirs = dict(urls)
        if "REDIS_URL" in urls:
            # Every process of the tests takes the database of its number: those of a browser would be the same.
            theirs["REDIS_URL"] = servers.enter_context(redis(home_in(folder, "journeys")))
        try:
            walk = partial(journeys, memory=folder / "pytest", settings={"CHROMIUM": chromium(), **theirs})
        except NotAvailable as reason:
            gate.skip("browser", f"Chromium: {reason}")
            walk = None
        alone = walk is None or not gate.wants("browser") or not gate.wants("sqlite", "postgres")
        if walk and alone:
            walk(gate, processes=PROCESSES)
        with contextlib.nullcontext() if walk is None or alone else beside(gate, "browser", walk):
            gate.step("sqlite", "pytest", *on_sqlite)
            if "DATABASE_URL" in urls:
                gate.step("postgres", "pytest", *on_postgres, settings=urls)


def home_in(folder: Path, name: str) -> Path:
    """Make the folder of a server."""
    home = folder / name.lower()
    home.mkdir()
    return home


def journeys(gate: Gate, memory: Path, settings: Mapping[str, str], processes: str = BESIDE) -> None:
    """Walk through the pages in a browser.

    What fails is walked once more: a browser, its scripts, a server and a database share two cores with whatever else
    the machine does, and a journey that waits in vain there says nothing about the product. One that fails twice does.
    A race or a service has no such excuse: what fails once in a hundred there is a fault, and gets no second try.
    """
    remembered = ["-o", f"cache_dir={memory}", "-m", "browser", JOURNEYS]
    first = ["pytest", "-n", processes, "--dist", "worksteal", *remembered]
    if gate.step("browser", *first, empty_is_fine=True, settings=settings) == TESTS_FAILED:
        gate.second_try(memory / "v/cache/lastfailed", "pytest", "--last-failed", *remembered, settings=settings)


def missing(gate: Gate, start: Callable[..., object], reason: str) -> None:
    """Say in plain sight what could not be had."""
    if start is postgres:
        gate.skip("postgres", f"PostgreSQL: {reason}")
    else:
        gate.remarks.append(f"without Redis ({reason}): the tests that need a broker were skipped")


def stop(signum: int, _frame: FrameType | None) -> None:
    """Leave through the front door, so that every server is stopped."""
    sys.exit(128 + signum)


def main(wanted: list[str]) -> int:
    """Run the whole gate, or the steps named."""
    steps = {"format", "lint", "contracts", "types", "migrations", "deploy", "sqlite", "postgres", "browser"}
    if unknown := set(wanted) - steps:
        print(f"test: no such step: {', '.join(sorted(unknown))}; there are {', '.join(sorted(steps))}")
        return 2
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    with private_folder() as folder:
        gate = Gate(set(wanted), plain_environment(folder))
        try:
            with contextlib.nullcontext() if gate.wanted else reading_ahead(gate):
                checks(gate)
            tests(gate, folder)
        except KeyboardInterrupt:
            gate.results.append(Result("interrupted", 0, "FAILED"))
        return gate.report()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
