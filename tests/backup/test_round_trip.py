"""What was backed up comes back: every row, every sum, every file."""

import io
import json
import stat
import threading
import uuid
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management.base import CommandError, OutputWrapper
from django.db import connection, connections
from django.test import override_settings
from django.utils import timezone

from billing import immutability
from core.actors import SYSTEM
from core.backup import places, sqlite
from core.backup.making import make_backup
from core.backup.telling import Teller
from core.files import keep_file
from core.models import Attachment
from inventory import services as inventory
from inventory.models import Product, Warehouse
from orders.models import Order
from tests.backup.conftest import Kept
from tests.backup.houses import House, Street, command, contents, sums
from tests.scenarios import confirmed_order

pytestmark = pytest.mark.django_db


def test_everything_comes_back_and_everything_that_must_be_true_is_true(kept: Kept, empty: House) -> None:
    with empty.open():
        out, err = command("restore", str(kept.archive))
        assert sums() == kept.sums
        assert command("check_invariants")[0].endswith("\n0 breaches\n")
        assert command("verify_documents")[0].endswith("\n2 documents, 0 faults\n")
    assert empty.holds() == kept.holds
    assert kept.sums["orders"][0] == 4
    assert kept.sums["invoices"][0] == 2
    assert len(empty.stored()) > 1
    assert out == ""
    assert "Everything that must always be true is true." in err
    assert "debts were due then" in err


def test_a_backup_says_its_place_on_stdout_and_only_its_owner_may_read_it(kept: Kept) -> None:
    assert kept.out == f"{kept.archive}\n"
    assert stat.S_IMODE(kept.archive.stat().st_mode) == 0o600
    assert [path.name for path in kept.archive.parent.iterdir()] == ["kept.tar.gz"]
    assert "SECRET_KEY is not in it" in kept.err


def test_without_a_name_it_goes_to_the_backups_of_the_data(kept: Kept) -> None:
    with kept.house.open() as house:
        (house.folder / "secret_key").write_text("the-key-of-this-house")
        out, _ = command("backup")
    archive = Path(out.strip())
    assert archive.parent == kept.house.folder / "backups"
    assert stat.S_IMODE(archive.parent.stat().st_mode) == 0o700
    assert datetime.strptime(archive.name, "%Y-%m-%d-%H%M%S.tar.gz").date() == timezone.localdate()  # noqa: DTZ007
    names = list(contents(archive))
    assert {name.split("/")[0] for name in names[1:-1]} == {"files"}
    assert not any(b"the-key-of-this-house" in content for content in contents(archive).values())


def test_a_relative_name_is_meant_from_where_the_command_was_called(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLED_FROM", str(tmp_path))
    with kept.house.open():
        assert command("backup", "a.tar.gz")[0] == f"{tmp_path}/a.tar.gz\n"
        folder, _ = command("backup", ".")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.tar.gz", Path(folder.strip()).name])


def test_the_manifest_tells_what_is_in_it(kept: Kept) -> None:
    parts = contents(kept.archive)
    database = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}[connection.vendor]
    assert (list(parts)[0], list(parts)[-1]) == (database, "manifest.json")
    said = json.loads(parts["manifest.json"])
    assert said["engine"] == connection.vendor
    assert said["server"].startswith({"sqlite": "SQLite 3.", "postgresql": "PostgreSQL "}[connection.vendor])
    assert said["version"].startswith("0.1.0")
    assert said["demo"] is False
    assert said["rows"]["orders_order"] == 4
    assert "billing.0002_documents_never_change" in said["migrations"]
    assert said["parts"].keys() == parts.keys() - {"manifest.json"}
    assert said["parts"][database]["size"] == len(parts[database])
    files = {name.removeprefix("files/"): content for name, content in parts.items() if name.startswith("files/")}
    assert files == dict(kept.house.stored())


def test_a_backup_replaces_one_of_the_same_name_whole(kept: Kept, tmp_path: Path) -> None:
    place = tmp_path / "daily.tar.gz"
    place.write_text("yesterday")
    with kept.house.open():
        command("backup", str(place))
        command("backup", str(place))
    assert list(contents(place)) == list(contents(kept.archive))


def test_nothing_to_back_up_is_said_and_nothing_is_made(empty: House, tmp_path: Path) -> None:
    with empty.open(), pytest.raises(CommandError, match="nothing to back up"):
        command("backup", str(tmp_path / "a.tar.gz"))
    assert list(tmp_path.iterdir()) == []
    assert not Path(empty.database).exists()


def test_two_at_once_do_not_get_in_each_others_way(kept: Kept, tmp_path: Path) -> None:
    with kept.house.open():
        with places.bench(tmp_path), pytest.raises(CommandError, match="Another backup or restore works in"):
            command("backup", str(tmp_path / "a.tar.gz"))
        command("backup", str(tmp_path / "a.tar.gz"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_what_a_killed_backup_left_is_cleared_away(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / places.BENCH / "left").mkdir(parents=True)
    (tmp_path / places.BENCH / "left" / "database.sqlite3").write_text("half")
    with kept.house.open():
        command("backup", str(tmp_path / "a.tar.gz"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_a_file_that_is_missing_is_told_when_it_could_still_be_found(lived_in: House, tmp_path: Path) -> None:
    [(name, _content)] = lived_in.stored()
    (lived_in.files / name).unlink()
    (lived_in.files / ".part-abc").write_bytes(b"half")
    with lived_in.open():
        _, err = command("backup", str(tmp_path / "a.tar.gz"))
    assert f"1 files that the database names are missing or damaged in {lived_in.files}" in err
    assert name in err
    assert not any(part.startswith("files/") for part in contents(tmp_path / "a.tar.gz"))


class Slow(Teller):
    """Makes every step of a backup long enough for others to write in between."""

    def at(self, text: str) -> None:
        """Wait a moment."""
        threading.Event().wait(0.005)


@pytest.mark.race
def test_a_backup_while_orders_are_being_placed_is_of_one_moment(
    street: Street, lived_in: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the files are copied before the database, or the pages without a transaction around them."""
    monkeypatch.setattr(sqlite, "PAGES", 5)
    archive, placed, done = tmp_path / "busy.tar.gz", [], threading.Event()

    def work() -> None:
        try:
            while not done.is_set():
                paper = keep_file(name="slip.pdf", content=uuid.uuid4().bytes, content_type="application/pdf")
                placed.append((confirmed_order().pk, paper.pk))
        finally:
            connections.close_all()

    with lived_in.open():
        # However fast orders are placed, the goods outlast the backup.
        units = dict.fromkeys(
            Product.objects.filter(sku__in=["MUG-RED", "TEA-1"]).values_list("pk", flat=True), 100_000
        )
        for place in Warehouse.objects.all():
            inventory.receive_stock(warehouse_id=place.pk, units=units, actor=SYSTEM)
        desk = threading.Thread(target=work)
        desk.start()
        try:
            while len(placed) < 2:
                threading.Event().wait(0.01)
            before = len(placed)
            manifest = make_backup(archive, Slow(OutputWrapper(io.StringIO())))
            after = len(placed)
        finally:
            done.set()
            desk.join()
    assert after > before + 1, "orders were placed meanwhile"
    assert before <= manifest.rows["orders_order"] <= after + 1

    twin = street.empty("twin")
    with twin.open():
        command("restore", str(archive))
        assert Order.objects.count() == manifest.rows["orders_order"]
        for paper in Attachment.objects.all():
            assert (twin.files / paper.file.name).exists()


@pytest.mark.parametrize("key", ["for-tests-only", "another-key"])
def test_another_secret_key_is_noticed(kept: Kept, empty: House, key: str) -> None:
    with empty.open(), override_settings(SECRET_KEY=key):
        _, err = command("restore", str(kept.archive))
    assert ("SECRET_KEY is another one than that of the backup" in err) == (key == "another-key")


def test_an_older_state_is_migrated(oldest: House, kept: Kept, empty: House, tmp_path: Path) -> None:
    with oldest.open():
        assert immutability.in_place(connection) == []
        figures = sums()
        command("backup", str(tmp_path / "old.tar.gz"))
    with empty.open():
        _, err = command("restore", str(tmp_path / "old.tar.gz"))
        assert immutability.in_place(connection) == immutability.NAMES
        assert sums() == figures == kept.sums
        command("migrate", "--check")
    assert "migrations bring it up to date" in err
    # What the upgrade writes itself carries the moment at which it was written: its numbers, and what it says.
    anew = ("django_migrations", "billing_ledgeraccount", "billing_ledgertransaction")
    after = empty.holds()
    assert after == kept.holds | {table: after[table] for table in anew}
    assert [after[table].split()[0] for table in anew[1:]] == [kept.holds[table].split()[0] for table in anew[1:]]
