"""A SQLite database: copied while others work on it, replaced in one transaction of its own."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from urllib.parse import quote

from django.db import connection
from django.utils import timezone

from core.backup import looking
from core.backup.looking import Ask
from core.backup.manifest import BackupRefused, Snapshot
from core.backup.telling import Teller, megabytes

# Pages that are copied before the others are told how far it is.
PAGES = 500
PATIENCE, PAUSE = 40, 0.25
UNREADABLE = "a file that is no readable database"


class Sqlite:
    """One file beside its log of writes, both of which SQLite alone may touch."""

    vendor = "sqlite"
    title = "SQLite"
    part = "database.sqlite3"

    def __init__(self, tell: Teller) -> None:
        self.tell = tell
        self.path = Path(str(connection.settings_dict["NAME"]))
        if str(self.path).startswith((":memory:", "file:")):
            raise BackupRefused("A database in memory cannot be backed up or restored")

    @property
    def where(self) -> str:
        """Name the database for people."""
        return str(self.path)

    def snapshot(self, folder: Path) -> Snapshot:
        """Copy the database as it stands at this moment."""
        copy = folder / self.part
        if not self.path.exists():
            raise BackupRefused(f"{self.path} does not exist: there is nothing to back up")
        try:
            with closing(_connect(self.path)) as source, closing(_connect(copy, "rwc")) as target:
                # A transaction of our own for the whole copy: without it every write of others would start it over.
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                source.backup(target, pages=PAGES, progress=self._progress, sleep=PAUSE)
                # One file, without a log beside it.
                target.execute("PRAGMA journal_mode=DELETE")
                return _described(target, copy, self.tell)
        except sqlite3.Error as error:
            raise BackupRefused(f"{self.path} cannot be copied ({error})") from None

    def occupied(self) -> list[str]:
        """Return the tables that hold data."""
        if not self.path.exists() or not self.path.stat().st_size:
            return []
        try:
            with closing(_connect(self.path)) as there:
                return looking.occupied(_asking(there), _tables(there))
        except sqlite3.OperationalError as error:
            raise BackupRefused(f"{self.path} cannot be read ({error})") from None
        except sqlite3.DatabaseError:
            return [UNREADABLE]

    def is_demo(self) -> bool:
        """Whether the database that is there was made by the demo."""
        if not self.path.exists():
            return False
        try:
            with closing(_connect(self.path)) as there:
                return looking.is_demo(_asking(there), _tables(there))
        except sqlite3.DatabaseError:
            return self._marker.exists()

    def refuse_company(self) -> None:
        """Nothing to refuse: who has the file open sees the old data until the last page of the new is written."""

    @contextmanager
    def aside(self, dump: Path) -> Iterator["SqliteAside"]:
        """Check what was unpacked: it is the side place."""
        try:
            with closing(_connect(dump)) as unpacked:
                self.tell.at("checking the pages of the database")
                [(verdict,), *_] = unpacked.execute("PRAGMA quick_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            verdict = str(error)
        if verdict != "ok":
            raise BackupRefused(f"The database in the archive is damaged ({verdict})")
        yield SqliteAside(self, dump)

    @property
    def _marker(self) -> Path:
        """What `./run` looks at: beside a database of the demo lies a file that says so."""
        return self.path.with_name(f"{self.path.name}.demo")

    def _progress(self, status: int, remaining: int, total: int) -> None:
        self.tell.at(f"{100 * (total - remaining) // max(total, 1)} % of the database")

    def replace(self, dump: Path, *, demo: bool) -> None:
        """Put a database in the place of ours, whole or not at all, and the marker of the demo where it belongs."""
        marker = self._marker.read_bytes() if self._marker.exists() else None
        if not demo:
            # First: a marker beside real data would let `./run demo --fresh` delete it.
            self._marker.unlink(missing_ok=True)
        try:
            if UNREADABLE in self.occupied():
                self._set_aside_and_move(dump)
            else:
                self._overwrite(dump)
        except BaseException:
            if marker is not None:
                self._marker.write_bytes(marker)
            raise
        if demo:
            self._marker.write_text("ready\n")

    def _overwrite(self, dump: Path) -> None:
        """Write every page in one transaction of SQLite.

        Not by renaming: the old log of writes would stay beside the new file, and who has the old file open would go
        on writing where nobody reads. Killed half-way, the transaction is rolled back by whoever opens the file next.
        """
        try:
            with closing(_connect(dump)) as source, closing(_connect(self.path, "rwc", timeout=0)) as target:
                source.backup(target, pages=PAGES, progress=_impatient(self._progress), sleep=PAUSE)
                target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise BackupRefused(f"{self.path} could not be replaced ({error})") from None

    def _set_aside_and_move(self, dump: Path) -> None:
        """Keep what nobody can read under another name, with its log, and move the new file to its place."""
        new = self.path.with_name(f"{self.path.name}.restoring")
        copyfile(dump, new)
        for ending in ("-wal", "-shm", "-journal", ""):
            old = self.path.with_name(f"{self.path.name}{ending}")
            if old.exists():
                old.rename(self.path.with_name(f"{self.path.name}.unreadable-{_stamp()}{ending}"))
        new.rename(self.path)
        self.tell.say(f"What could not be read is kept beside it as {self.path.name}.unreadable-…")


class SqliteAside:
    """The restored database while it is looked at, before anybody else sees it."""

    def __init__(self, engine: Sqlite, dump: Path) -> None:
        self.engine, self.dump = engine, dump

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let Django work on it."""
        with looking.working_on(NAME=str(self.dump)):
            yield

    def take_over(self, *, demo: bool) -> None:
        """Put it in the place of what is there."""
        self.engine.replace(self.dump, demo=demo)
        self.engine.tell.say(f"{self.engine.where} was replaced: {megabytes(self.dump.stat().st_size)}")


def _connect(path: Path, mode: str = "rw", *, timeout: float = 20) -> sqlite3.Connection:
    """Open a file that is there; never make one by looking."""
    place = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(place, uri=True, timeout=timeout, isolation_level=None)


def _asking(there: sqlite3.Connection) -> Ask:
    return lambda sql: there.execute(sql).fetchall()


def _tables(there: sqlite3.Connection) -> set[str]:
    return {name for (name,) in there.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _described(there: sqlite3.Connection, copy: Path, tell: Teller) -> Snapshot:
    tables, ask = _tables(there) - {"sqlite_sequence"}, _asking(there)
    return Snapshot(
        path=copy,
        server=f"SQLite {sqlite3.sqlite_version}",
        migrations=looking.applied_migrations(ask, tables),
        rows=looking.counts(ask, tables, tell),
        files=looking.named_files(ask, tables),
        demo=looking.is_demo(ask, tables),
    )


def _impatient(progress: Callable[[int, int, int], None]) -> Callable[[int, int, int], None]:
    """Give up when others do not let go: by itself the copy would ask for ever."""
    waited = 0

    def watch(status: int, remaining: int, total: int) -> None:
        nonlocal waited
        waited += status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if waited > PATIENCE:
            raise BackupRefused("Somebody else is writing to the database: stop ./run serve first")
        progress(status, remaining, total)

    return watch


def _stamp() -> str:
    now: datetime = timezone.localtime()
    return f"{now:%Y%m%d-%H%M%S}"
