"""A demo stays a demo, real data stays real."""

from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import connection

from demo.models import DemoDatabase
from tests.backup.conftest import Kept
from tests.backup.houses import House, Street, command, contents, sums

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(street: Street) -> House:
    """Return a house that the demo made."""
    house = street.copy("demo")
    with house.open():
        DemoDatabase.objects.create(stage="Ready", ready=True)
    if connection.vendor == "sqlite":
        house.marker().write_text("ready\n")
    return house


def backup_of(house: House, folder: Path) -> Path:
    with house.open():
        command("backup", str(folder / "a.tar.gz"))
    return folder / "a.tar.gz"


def test_a_demo_that_is_restored_is_a_demo(demo: House, empty: House, tmp_path: Path) -> None:
    archive = backup_of(demo, tmp_path)
    assert b'"demo": true' in contents(archive)["manifest.json"]
    with empty.open():
        _, err = command("restore", str(archive))
        with pytest.raises(SystemExit):
            command("refuse_demo")
    assert "./run serve refuses it" in err
    assert empty.holds() == demo.holds()
    if connection.vendor == "sqlite":
        assert empty.marker().read_text() == "ready\n"


def test_real_data_over_a_demo_is_real(kept: Kept, demo: House) -> None:
    with demo.open():
        command("restore", str(kept.archive), "--force")
        assert sums() == kept.sums
        command("refuse_demo")
    # Else the next `./run demo --fresh` would take it for its own and delete it.
    assert not demo.marker().exists()


def test_a_demo_never_replaces_real_data(demo: House, lived_in: House, tmp_path: Path) -> None:
    archive, before = backup_of(demo, tmp_path), lived_in.holds()
    with lived_in.open(), pytest.raises(CommandError, match="The archive is of a demo, and the data in .* is real"):
        command("restore", str(archive), "--force")
    assert lived_in.holds() == before
    assert not lived_in.marker().exists()


def test_a_demo_replaces_a_demo(demo: House, tmp_path: Path) -> None:
    archive, before = backup_of(demo, tmp_path), demo.holds()
    with demo.open():
        DemoDatabase.objects.update(stage="Changed")
        command("restore", str(archive), "--force")
    assert demo.holds() == before


def test_a_restore_that_fails_leaves_the_marker(kept: Kept, demo: House, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has a file beside it")

    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("core.backup.sqlite.Sqlite._overwrite", fail)
    with demo.open(), pytest.raises(OSError, match="no room"):
        command("restore", str(kept.archive), "--force")
    assert demo.marker().read_text() == "ready\n"
