"""What only PostgreSQL has: programs of its own, other connections, rights, a schema aside."""

import os
from pathlib import Path

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import connection

from core.backup import looking, programs
from tests.backup.conftest import Kept
from tests.backup.houses import House, command, sums
from tests.racing import database_url

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder in which programs are looked for."""
    monkeypatch.setattr(programs, "HOMES", ())
    monkeypatch.setattr(programs.os, "get_exec_path", lambda: [str(tmp_path / "bin")])
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def install(folder: Path, name: str, version: str) -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {version}"\n')
    path.chmod(0o755)
    return str(path)


def test_a_missing_pg_dump_is_named(kept: Kept, installed: Path, tmp_path: Path) -> None:
    major = connection.pg_version // 10000
    with kept.house.open(), pytest.raises(CommandError) as error:
        command("backup", str(tmp_path / "a.tar.gz"))
    assert str(error.value) == (
        f"pg_dump is missing: pg_dump of PostgreSQL {major} or newer is needed. "
        f"On Debian and Ubuntu: apt install postgresql-client-{major}"
    )
    assert not (tmp_path / "a.tar.gz").exists()


def test_a_pg_dump_that_is_older_than_the_server_is_named(kept: Kept, installed: Path, tmp_path: Path) -> None:
    install(installed, "pg_dump", "9.6.24")
    with kept.house.open(), pytest.raises(CommandError, match=r"^pg_dump 9 is older than the server, \d+: "):
        command("backup", str(tmp_path / "a.tar.gz"))


def test_of_several_the_oldest_that_is_new_enough_is_taken(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = installed.parent / "home"
    home.mkdir()
    monkeypatch.setattr(programs, "HOMES", ((str(home), "*/bin"),))
    install(installed, "pg_dump", "18.1")
    for version in ("14.9", "16.2", "17.0"):
        (home / version).mkdir()
        install(home / version / "bin", "pg_dump", version)
    assert programs.program("pg_dump", 15_00_04) == str(home / "16.2/bin/pg_dump")
    assert programs.program("pg_dump", 18_00_01) == str(installed / "pg_dump")


def test_others_who_work_on_it_are_asked_to_stop(kept: Kept, lived_in: House) -> None:
    alone = pytest.raises(CommandError, match="1 other connection works on lived_in_.*: stop ./run serve")
    with lived_in.open(), psycopg.connect(database_url()), alone:
        command("restore", str(kept.archive), "--force")
    with lived_in.open():
        command("restore", str(kept.archive), "--force")
        assert sums() == kept.sums


def test_a_program_that_fails_is_quoted_and_nothing_is_touched(
    kept: Kept, lived_in: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lived_in.holds()
    real = programs.program("psql", connection.pg_version)
    for name, script in {
        "pg_restore": 'echo "SELECT 1;"; echo disk on fire >&2; exit 1',
        "psql": f'exec "{real}" "$@"',
        "pg_dump": "echo disk on fire >&2; exit 1",
    }.items():
        path = tmp_path / name
        said = f"{name} (PostgreSQL) {connection.pg_version // 10000}.1"
        path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "{said}"; exit; }}\n{script}\n')
        path.chmod(0o755)
    monkeypatch.setattr(programs.os, "get_exec_path", lambda: [str(tmp_path), *os.environ["PATH"].split(":")])
    monkeypatch.setattr(programs, "HOMES", ())
    with lived_in.open():
        with pytest.raises(CommandError, match="disk on fire. Nothing was changed"):
            command("restore", str(kept.archive), "--force")
        with pytest.raises(CommandError, match="pg_dump failed: disk on fire"):
            command("backup", str(tmp_path / "a.tar.gz"))
    assert lived_in.holds() == before
    assert not (tmp_path / "a.tar.gz").exists()


def test_only_one_schema_is_left_and_later_rows_get_new_numbers(kept: Kept, lived_in: House) -> None:
    with lived_in.open():
        command("restore", str(kept.archive), "--force")
        schemas = looking.ask("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1")
        assert schemas == [("information_schema",), ("public",)]
        [(last,)] = looking.ask("SELECT max(id) FROM core_eventrecord")
        [(next_one,)] = looking.ask("SELECT nextval(pg_get_serial_sequence('core_eventrecord', 'id'))")
        assert next_one == last + 1
        assert looking.ask("SELECT has_schema_privilege('public', 'public', 'USAGE')") == [(True,)]


def test_an_extension_of_the_administrator_stays(kept: Kept, lived_in: House) -> None:
    with lived_in.open():
        if not looking.ask("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"):
            pytest.skip("the server has no extension to try it with")
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION pg_trgm")
        command("restore", str(kept.archive), "--force")
        assert looking.ask("SELECT similarity('mug', 'mug')") == [(1.0,)]


def test_a_role_without_the_rights_is_told_what_to_grant(street: object, kept: Kept, empty: House) -> None:
    role = f"clerk_{os.getpid()}"
    known = dict(connection.settings_dict)
    with empty.open(), connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'clerk'")
    try:
        told = pytest.raises(CommandError, match=f"ALTER SCHEMA public OWNER TO {role}; GRANT CREATE ON DATABASE")
        with looking.working_on(NAME=empty.database, USER=role, PASSWORD="clerk"), told:
            command("restore", str(kept.archive))
        with empty.open(), connection.cursor() as cursor:
            cursor.execute(f"ALTER SCHEMA public OWNER TO {role}")
            cursor.execute(f"GRANT CREATE ON DATABASE {empty.database} TO {role}")
        with looking.working_on(NAME=empty.database, USER=role, PASSWORD="clerk"):
            command("restore", str(kept.archive))
            assert sums() == kept.sums
    finally:
        assert connection.settings_dict["USER"] == known["USER"]
        with empty.open(), connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {role} CASCADE")
            cursor.execute(f"DROP ROLE {role}")
