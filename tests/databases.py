"""The test database: migrated once, then copied, because every process and every run wants its own."""

import fcntl
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import connection

# What migrations and the tables they make depend on, beside themselves.
SOURCES = (
    "*/migrations/*.py",
    "*/append_only.py",
    "*/immutability.py",
    "*/*defaults.py",
    "*/roles.py",
    "core/triggers.py",
    "core/words.py",
    "requirements.txt",
)
STALE = 24 * 60 * 60


@contextmanager
def own_database() -> Iterator[None]:
    """Lend this process a migrated database of its own."""
    name = connection.settings_dict["TEST"]["NAME"]
    first_name = connection.settings_dict["NAME"]
    copy = _copy_file if connection.vendor == "sqlite" else _copy_database
    copy(_template(), name)
    _connect_to(name)
    yield
    _send_the_last_home(name)
    connection.creation.destroy_test_db(first_name, verbosity=0)


def _template() -> str:
    """Return the migrated database that others are copied from, making it where nobody has yet."""
    key = _key()
    folder = Path(tempfile.gettempdir())
    on_file = connection.vendor == "sqlite"
    name = str(folder / f"orders-template-{key}.sqlite3") if on_file else f"test_orders_template_{key}"
    ready = folder / f"orders-template-{key}.{_server()}"
    with ready.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (ready.exists() and _exists(name)):
            _forget_old(folder)
            _make(name)
            ready.touch()
    return name


def _server() -> str:
    """Tell apart the servers that keep a template under the same name."""
    place = connection.settings_dict
    return f"{place['HOST']}-{place['PORT']}" if connection.vendor != "sqlite" else "file"


def _exists(name: str) -> bool:
    if connection.vendor == "sqlite":
        return Path(name).exists()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def _make(name: str) -> None:
    before, own = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.settings_dict["TEST"]["NAME"] = own
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _connect_to(before)


def _connect_to(name: str) -> None:
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _send_the_last_home(name: str) -> None:
    """End what a thread or a process of the tests has left open: PostgreSQL removes no database that is in use."""
    if connection.vendor == "postgresql":
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def _copy_file(template: str, name: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{name}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(template, name)


def _copy_database(template: str, name: str) -> None:
    quote = connection.ops.quote_name
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quote(name)}")
        cursor.execute(f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)}")


def _key() -> str:
    """Return a name that changes with whatever the tables are made from."""
    made_from = hashlib.sha256(f"{sys.version}{version('django')}".encode())
    for path in sorted({path for pattern in SOURCES for path in settings.BASE_DIR.glob(pattern)}):
        made_from.update(path.read_bytes())
    return made_from.hexdigest()[:16]


def _forget_old(folder: Path) -> None:
    """Remove the templates that nobody has made anew for a day; a server drops its own with itself."""
    for path in folder.glob("orders-template-*"):
        if path.stat().st_mtime < time.time() - STALE:
            path.unlink(missing_ok=True)
