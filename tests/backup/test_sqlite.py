"""What only SQLite has: a file that others have open, a log beside it, a file that is no database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import connection

from core.backup import sqlite
from tests.backup.conftest import Kept
from tests.backup.houses import House, command, sums

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_sqlite(street: object) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("is about SQLite")


def test_who_has_it_open_sees_the_new_data(kept: Kept, lived_in: House) -> None:
    """Fails when the file is replaced by another: who has it open would go on with the old one."""
    with closing(sqlite3.connect(lived_in.database)) as reader:
        assert reader.execute("SELECT count(*) FROM orders_order").fetchone() == (0,)
        with lived_in.open():
            command("restore", str(kept.archive), "--force")
        assert reader.execute("SELECT count(*) FROM orders_order").fetchone() == (4,)


def test_writes_of_the_old_log_are_not_played_into_the_new_data(kept: Kept, lived_in: House) -> None:
    with closing(sqlite3.connect(lived_in.database)) as writer, writer:
        writer.execute("UPDATE inventory_product SET name = 'from the log'")
        writer.commit()
        assert Path(f"{lived_in.database}-wal").stat().st_size
        with lived_in.open():
            command("restore", str(kept.archive), "--force")
    now = lived_in.holds()
    assert {name for name in now if now[name] != kept.holds[name]} == {"files"}


def test_what_is_still_in_the_log_is_backed_up(lived_in: House, tmp_path: Path) -> None:
    with closing(sqlite3.connect(lived_in.database)) as writer:
        writer.execute("UPDATE inventory_product SET name = 'from the log'")
        writer.commit()
        with lived_in.open():
            command("backup", str(tmp_path / "a.tar.gz"))
    with lived_in.open():
        command("restore", str(tmp_path / "a.tar.gz"), "--force")
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT name FROM inventory_product")
            assert cursor.fetchall() == [("from the log",)]


def test_a_writer_who_does_not_let_go_is_waited_for_and_then_named(
    kept: Kept, lived_in: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 2)
    monkeypatch.setattr(sqlite, "PAUSE", 0.01)
    before = lived_in.holds()
    with closing(sqlite3.connect(lived_in.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with lived_in.open(), pytest.raises(CommandError, match="stop ./run serve first"):
            command("restore", str(kept.archive), "--force")
        writer.execute("ROLLBACK")
    now = lived_in.holds()
    assert {name for name in now if now[name] != before[name]} <= {"files"}


def test_a_file_that_is_no_database_is_kept_aside(kept: Kept, lived_in: House) -> None:
    Path(lived_in.database).write_bytes(b"scratched disk " * 1000)
    with lived_in.open():
        with pytest.raises(CommandError, match="a file that is no readable database"):
            command("restore", str(kept.archive))
        command("restore", str(kept.archive), "--force")
        assert sums() == kept.sums
    [aside] = [path for path in lived_in.folder.iterdir() if ".unreadable-" in path.name]
    assert aside.read_bytes() == b"scratched disk " * 1000


def test_a_database_in_the_archive_that_is_damaged_is_refused(kept: Kept, lived_in: House, tmp_path: Path) -> None:
    """A backup of a damaged disk has the right checksum of the wrong bytes."""
    damaged = bytearray(Path(kept.house.database).read_bytes())
    damaged[4096 * 3 : 4096 * 60] = bytes(4096 * 57)
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(bytes(damaged))
    with lived_in.open(), pytest.raises(Exception, match="The database in the archive is damaged"):
        sqlite.Sqlite(kept_quiet()).aside(copy).__enter__()


def kept_quiet() -> object:
    """Return a teller that says nothing."""

    class Quiet:
        def at(self, text: str) -> None:
            """Say nothing."""

    return Quiet()
