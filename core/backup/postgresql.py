"""A PostgreSQL database: dumped from one snapshot, restored into a schema aside, swapped in one transaction."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any

from django.db import DatabaseError, connection, transaction

from core.backup import looking
from core.backup.looking import ask
from core.backup.manifest import BackupRefused, Snapshot
from core.backup.programs import program
from core.backup.telling import Teller, megabytes

SCHEMA, ASIDE, REPLACED = "public", "restored_aside", "replaced_by_restore"
PATIENCE = "10s"
LEAVING = 20
# What belongs to the server it came from, and need not exist on another.
PLAIN = ("--no-owner", "--no-privileges", "--no-comments")
# A dump makes the schema that it came from. So, unseen by everybody else, the old one steps aside for a moment.
BEFORE = f"""
SET client_min_messages = warning;
BEGIN;
DROP SCHEMA IF EXISTS {ASIDE} CASCADE;
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
ALTER SCHEMA {SCHEMA} RENAME TO {REPLACED};
"""
AFTER = f"""
ALTER SCHEMA {SCHEMA} RENAME TO {ASIDE};
ALTER SCHEMA {REPLACED} RENAME TO {SCHEMA};
COMMIT;
"""
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
      AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
LACKING = f"""
    SELECT quote_ident(current_user), quote_ident(current_database())
    FROM pg_namespace WHERE nspname = '{SCHEMA}' AND NOT (
        has_database_privilege(current_database(), 'CREATE') AND pg_has_role(current_user, nspowner, 'USAGE')
    )
"""  # noqa: S608 - our own names
EXTENSIONS = f"""
    SELECT quote_ident(extname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE nspname = '{REPLACED}'
"""  # noqa: S608 - our own names


class Postgresql:
    """A server somewhere; its own programs dump and restore."""

    vendor = "postgresql"
    title = "PostgreSQL"
    part = "database.dump"

    def __init__(self, tell: Teller) -> None:
        self.tell = tell

    @property
    def where(self) -> str:
        """Name the database for people."""
        known = connection.settings_dict
        return f"{known['NAME']} on {known['HOST'] or 'this machine'}"

    def snapshot(self, folder: Path) -> Snapshot:
        """Dump the database as it stands at this moment; what is counted is counted at the same."""
        dump, version = folder / self.part, connection.pg_version  # type: ignore[attr-defined]
        pg_dump = program("pg_dump", version)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            [(moment, schema)] = ask("SELECT pg_export_snapshot(), current_schema()")
            tables = set(connection.introspection.table_names())
            migrations = looking.applied_migrations(ask, tables)
            if schema != SCHEMA:
                raise BackupRefused(f"The tables lie in the schema {schema}; only {SCHEMA} can be backed up")
            # Without a question for a password, which nobody would answer at night; packed with the archive.
            options = ["--no-password", "--format=custom", "--compress=0", *PLAIN]
            self._dump([pg_dump, *options, f"--schema={SCHEMA}", f"--snapshot={moment}", f"--file={dump}"], dump)
            return Snapshot(
                path=dump,
                server=f"PostgreSQL {version // 10000}.{version % 10000}",
                migrations=migrations,
                rows=looking.counts(ask, tables, self.tell),
                files=looking.named_files(ask, tables),
                demo=looking.is_demo(ask, tables),
            )

    def _dump(self, command: list[str], dump: Path) -> None:
        with TemporaryFile() as errors, _running(command, stderr=errors) as pg_dump:
            while pg_dump.poll() is None:
                time.sleep(0.05)
                self.tell.at(f"{megabytes(dump.stat().st_size if dump.exists() else 0)} of the database")
            if pg_dump.returncode:
                raise BackupRefused(f"pg_dump failed: {_last_words(errors)}")

    def occupied(self) -> list[str]:
        """Return the tables that hold data."""
        return looking.occupied(ask, connection.introspection.table_names())

    def is_demo(self) -> bool:
        """Whether the database that is there was made by the demo."""
        return looking.is_demo(ask, connection.introspection.table_names())

    def refuse_company(self) -> None:
        """Refuse while a server works on it: what it wrote meanwhile would be lost."""
        # Without a pool: its second connection would be company, too.
        with looking.working_on(OPTIONS=_without_pool()):
            if others := _others():
                raise BackupRefused(
                    f"{others} other connection{'s work' if others > 1 else ' works'} on {self.where}: "
                    "stop ./run serve and its workers first. Nothing was changed"
                )
        for role, database in ask(LACKING):
            raise BackupRefused(
                f"To restore beside what is there, {role} must own the schema {SCHEMA} and may make another one. "
                f"As an administrator of the server: ALTER SCHEMA {SCHEMA} OWNER TO {role}; "
                f"GRANT CREATE ON DATABASE {database} TO {role}. Nothing was changed"
            )

    @contextmanager
    def aside(self, dump: Path) -> Iterator["PostgresqlAside"]:
        """Restore into a schema beside the one in use; what is left of it goes in the end."""
        try:
            self._restore(dump)
            yield PostgresqlAside(self)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP SCHEMA IF EXISTS {ASIDE} CASCADE")

    def _restore(self, dump: Path) -> None:
        """Let pg_restore write SQL and psql read it, in one transaction that ends only if both were content."""
        version = connection.pg_version  # type: ignore[attr-defined]
        reading = [program("pg_restore", version), "--file=-", *PLAIN, str(dump)]
        writing = [program("psql", version), "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1"]
        with TemporaryFile() as errors:
            with (
                _running(reading, stdout=subprocess.PIPE, stderr=errors) as source,
                _running(writing, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors) as target,
            ):
                try:
                    self._pass_on(source, target, version)
                except BrokenPipeError:
                    source.kill()
                failed = target.wait() or source.wait()
            if failed:
                raise BackupRefused(f"The database cannot be restored: {_last_words(errors)}. Nothing was changed")

    def _pass_on(self, source: Any, target: Any, version: int) -> None:
        with target.stdin as sql:
            sql.write(BEFORE.encode())
            for line in source.stdout:
                # A later pg_restore sets what earlier servers do not know.
                if not line.startswith(b"SET transaction_timeout") or version >= 17_00_00:
                    sql.write(line)
                if line.startswith(b"SELECT pg_catalog.set_config"):
                    break
            copyfileobj(source.stdout, _Told(sql, self.tell))
            if source.wait() == 0:
                sql.write(AFTER.encode())


class PostgresqlAside:
    """The restored schema while it is looked at, before anybody else sees it."""

    def __init__(self, engine: Postgresql) -> None:
        self.engine = engine

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let Django work on it."""
        options = _without_pool()
        options["options"] = f"{options.get('options', '')} -c search_path={ASIDE}".strip()
        with looking.working_on(OPTIONS=options):
            self.engine.tell.at("gathering statistics")
            tables = connection.introspection.table_names()
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE " + ", ".join(f'"{table}"' for table in tables))
            yield

    def take_over(self, *, demo: bool) -> None:
        """Put it in the place of what is there. The mark of a demo is in its tables."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                cursor.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {REPLACED}")
                cursor.execute(f"ALTER SCHEMA {ASIDE} RENAME TO {SCHEMA}")
                # As every server has it at first: other roles may look up names, and need rights for the rest.
                cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC")
                for (extension,) in ask(EXTENSIONS):
                    cursor.execute(f"ALTER EXTENSION {extension} SET SCHEMA {SCHEMA}")
                cursor.execute(f"DROP SCHEMA {REPLACED} CASCADE")
        except DatabaseError as error:
            raise BackupRefused(f"{self.engine.where} could not be replaced ({error})") from None
        self.engine.tell.say(f"{self.engine.where} was replaced")


class _Told:
    """Passes bytes on and says how many."""

    def __init__(self, target: IO[bytes], tell: Teller) -> None:
        self.target, self.tell, self.size = target, tell, 0

    def write(self, chunk: bytes) -> None:
        self.target.write(chunk)
        self.size += len(chunk)
        self.tell.at(f"{megabytes(self.size)} restored")


@contextmanager
def _running(command: list[str], **pipes: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of PostgreSQL on our database; it does not outlive the block."""
    if not command[0].endswith("pg_restore"):
        options, secrets = connection.client.settings_to_cmd_args_env(connection.settings_dict, command[1:])
        command, environment = [command[0], *options[1:]], {**os.environ, **(secrets or {})}
    else:
        environment = {**os.environ}
    with subprocess.Popen(command, env=environment, **{"stdin": subprocess.DEVNULL, **pipes}) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _without_pool() -> dict[str, Any]:
    return {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}


def _others() -> int:
    """Return how many others stay; the server takes a moment to see that somebody has left."""
    for _ in range(LEAVING):
        if not (others := int(ask(OTHERS)[0][0])):
            break
        time.sleep(0.1)
    return others


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return " / ".join(lines[-3:]) or "it did not say why"
