"""`./run upgrade`: a backup first, then everything that the code of now needs, and the way back when it fails."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command as real_call
from django.core.management.base import CommandError
from django.db import connection

from billing import immutability
from core.models import Delivery
from tests.backup.conftest import Kept
from tests.backup.houses import House, Street, command, contents, sums

pytestmark = pytest.mark.django_db

UPGRADE = "core.management.commands.upgrade"


def way_back(error: Any, house: House) -> Path:
    """Return the archive that a failed upgrade names."""
    [archive] = (house.folder / "backups").iterdir()
    assert f"./run restore --force {archive}" in str(error.value)
    assert "git checkout <the version you came from>" in str(error.value)
    return archive


def test_it_backs_up_migrates_and_checks(older: House, kept: Kept, last_step: str) -> None:
    with older.open():
        out, err = command("upgrade")
        assert immutability.in_place(connection) == immutability.NAMES
        assert sums() == kept.sums
    archive = Path(out.strip())
    assert archive.parent == older.folder / "backups"
    assert f"billing.{last_step}".encode() not in contents(archive)["manifest.json"]
    assert f"Migrated: billing.{last_step}" in err
    with older.open():
        command("migrate", "--check")
    assert err.endswith("Everything that must always be true is true.\nUp to date. Start ./run serve again.\n")


def test_done_again_it_changes_nothing(lived_in: House) -> None:
    before = lived_in.holds()
    with lived_in.open():
        command("upgrade")
        _, err = command("upgrade")
    assert lived_in.holds() == before
    assert "The database was up to date already." in err


def test_an_empty_database_is_made_ready(empty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(f"{UPGRADE}.call_command", lambda name, **options: called.append(name))
    monkeypatch.setattr(f"{UPGRADE}.breaches", lambda tell: [])
    with empty.open():
        out, err = command("upgrade")
    assert (out, called[0]) == ("", "migrate")
    assert not (empty.folder / "backups").exists()
    assert "The database is empty: there is nothing to back up." in err


def test_without_a_backup_nothing_is_changed(older: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = older.holds()
    (older.folder / "backups").mkdir()
    (older.folder / "backups" / ".backup-at-work").write_text("in the way")
    with older.open(), pytest.raises(CommandError, match="Without a backup nothing was changed."):
        command("upgrade")
    assert older.holds() == before


def test_a_failed_migration_says_how_to_go_back_and_that_works(
    older: House, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, *arguments: Any, **options: Any) -> None:
        if name == "migrate":
            Delivery.objects.all().delete()
            raise RuntimeError("no room")
        real_call(name, *arguments, **options)

    monkeypatch.setattr(f"{UPGRADE}.call_command", fail)
    with older.open(), pytest.raises(CommandError, match="^Migrating the database failed: no room") as error:
        command("upgrade")
    archive = way_back(error, older)
    with older.open():
        command("restore", "--force", str(archive))
        assert sums() == kept.sums
    assert older.holds()["core_delivery"] == kept.holds["core_delivery"]


def test_static_files_are_collected_where_they_are_used(
    lived_in: House, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(f"{UPGRADE}.call_command", lambda name, **options: called.append(name))
    settings.STATIC_ROOT = tmp_path / "staticfiles"
    with lived_in.open():
        command("upgrade")
        settings.STATIC_ROOT.mkdir()
        command("upgrade")
    assert called == ["migrate", "migrate", "collectstatic"]


def test_a_truth_that_does_not_hold_afterwards_is_named(street: Street, kept: Kept) -> None:
    house = street.empty("broken")
    with house.open():
        command("restore", str(kept.archive))
        Delivery.objects.filter(status="pending").update(status="dead", last_error="")
        with pytest.raises(CommandError, match="what was given up says why") as error:
            command("upgrade")
    way_back(error, house)
