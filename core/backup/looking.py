"""What is asked of a database before and after it is copied, whatever connection it is asked through."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from core.backup.manifest import BackupRefused, Part
from core.backup.telling import Teller
from core.invariants import questions

Ask = Callable[[str], list[tuple[Any, ...]]]
# The mark of a demo database is a row there. A name, because the demo stands floors above.
DEMO_TABLE = "demo_demodatabase"
FILES_TABLE = "core_attachment"
MIGRATIONS_TABLE = "django_migrations"
FILLED_BY_MIGRATE = frozenset({
    MIGRATIONS_TABLE, "django_content_type", "auth_permission", "sqlite_sequence",
    # The roles that every installation has.
    "auth_group", "auth_group_permissions", "core_role",
    # What stands there from the first day: the weights of the priority, the types of holds, the levels of reminders.
    "orders_priorityweights", "orders_holdtype", "billing_reminderlevel",
})  # fmt: skip


def ask(sql: str) -> list[tuple[Any, ...]]:
    """Ask the database that the settings name."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def counts(ask: Ask, tables: Iterable[str], tell: Teller) -> dict[str, int]:
    """Count the rows of tables."""
    found = {}
    for table in sorted(tables):
        tell.at(f"counting {table}")
        found[table] = int(ask(f'SELECT count(*) FROM "{table}"')[0][0])  # noqa: S608 - a name the database told us
    return found


def occupied(ask: Ask, tables: Iterable[str]) -> list[str]:
    """Return the tables that hold rows, but for those that `migrate` fills."""
    others = sorted(set(tables) - FILLED_BY_MIGRATE)
    return [table for table in others if ask(f'SELECT 1 FROM "{table}" LIMIT 1')]  # noqa: S608


def applied_migrations(ask: Ask, tables: Iterable[str]) -> list[str]:
    """Return the names of the migrations that were applied, as `app.name`."""
    if MIGRATIONS_TABLE not in tables:
        raise BackupRefused("The database holds nothing of this product: there is nothing to back up")
    return sorted({f"{app}.{name}" for app, name in ask("SELECT app, name FROM django_migrations")})


def named_files(ask: Ask, tables: Iterable[str]) -> dict[str, str]:
    """Return the files that rows name, with their checksums."""
    if FILES_TABLE not in tables:
        return {}
    return {str(name): str(checksum) for name, checksum in ask("SELECT file, sha256 FROM core_attachment")}


def is_demo(ask: Ask, tables: Iterable[str]) -> bool:
    """Whether the database was made by the demo."""
    return DEMO_TABLE in tables and bool(ask("SELECT 1 FROM demo_demodatabase LIMIT 1"))


def migrations_of_this_code() -> tuple[set[str], set[str]]:
    """Return the migrations that this code has, and those that it knows: also what was squashed since."""
    on_disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    here = {f"{app}.{name}" for app, name in on_disk}
    squashed = {f"{app}.{name}" for migration in on_disk.values() for app, name in migration.replaces}
    return here, here | squashed


def lost_files(named: dict[str, str], parts: dict[str, Part], folder: str) -> list[str]:
    """Return the files that rows name and that are not there, or not as they were kept."""
    return sorted(name for name, checksum in named.items() if _checksum(parts, f"{folder}/{name}") != checksum)


def _checksum(parts: dict[str, Part], name: str) -> str:
    return parts[name].sha256 if name in parts else ""


def breaches(tell: Teller) -> list[str]:
    """Ask every truth; return those that do not hold, in words."""
    asked = list(questions())
    broken = []
    for number, (code, name, check) in enumerate(asked, start=1):
        tell.at(f"{number}/{len(asked)} {code} {name}")
        if found := check().breaches:
            broken.append(f"{code} {name}: {', '.join(found[:5])}{' …' if len(found) > 5 else ''}")
    return broken


@contextmanager
def working_on(**changes: Any) -> Iterator[None]:
    """Let this process work on another database than the settings name, as the runner of Django's tests does."""
    settings_dict = connection.settings_dict
    before = {name: settings_dict[name] for name in changes}
    _hang_up()
    settings_dict.update(changes)
    try:
        yield
    finally:
        _hang_up()
        settings_dict.update(before)


def _hang_up() -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]
