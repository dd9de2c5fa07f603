"""What cannot be restored is refused in a clear sentence, and nothing is touched."""

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection

from core.backup import looking
from core.models import Delivery
from tests.backup.conftest import Kept
from tests.backup.houses import House, command, contents, packed, repacked, sums

pytestmark = pytest.mark.django_db

SIZE = 40


@contextmanager
def untouched(house: House) -> Iterator[None]:
    """Assert that a house is what it was, to the last row and file, and that nothing is left lying about."""
    before = house.holds()
    with house.open():
        yield
    assert house.holds() == before
    names = {"files", Path(house.database).name} if connection.vendor == "sqlite" else {"files"}
    assert {path.name for path in house.folder.iterdir() if not path.name.endswith(("-wal", "-shm"))} == names
    if connection.vendor == "postgresql":
        with house.open():
            assert ("restored_aside",) not in looking.ask("SELECT nspname FROM pg_namespace")


def refused(archive: Path, *options: str) -> str:
    """Try to restore; return what is said."""
    with pytest.raises(CommandError) as error:
        command("restore", str(archive), *options)
    assert "Nothing was changed" in str(error.value)
    return str(error.value)


def test_a_byte_that_was_changed_anywhere_is_found_and_nothing_is_touched(
    kept: Kept, lived_in: House, tmp_path: Path
) -> None:
    whole = kept.archive.read_bytes()
    bad = tmp_path / "bad.tar.gz"
    with untouched(lived_in):
        # Every byte that says when and by what it was packed, what it holds, and some of its seal, and the last.
        for place in {*range(10), *range(10, len(whole), len(whole) // SIZE), *range(len(whole) - 85, len(whole), 7)}:
            bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert "cannot be restored. " in refused(bad, "--force")


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_ends_too_early_is_refused(kept: Kept, lived_in: House, tmp_path: Path, share: float) -> None:
    whole = kept.archive.read_bytes()
    (tmp_path / "half.tar.gz").write_bytes(whole[: int(len(whole) * share)])
    with untouched(lived_in):
        refused(tmp_path / "half.tar.gz", "--force")


def test_a_byte_that_says_the_same_as_before_is_found(kept: Kept, lived_in: House, tmp_path: Path) -> None:
    parts = contents(kept.archive)
    same = [packed(tmp_path / name, parts, sealed=False).read_bytes() for name in ("a.tar.gz", "b.tar.gz")]
    seal = packed(tmp_path / "c.tar.gz", parts).read_bytes()[len(same[0]) :]
    (tmp_path / "other.tar.gz").write_bytes(same[1][:4] + bytes(4) + same[1][8:] + seal)
    assert contents(tmp_path / "other.tar.gz") == parts
    with untouched(lived_in):
        assert "It is damaged: its seal is not that of its bytes" in refused(tmp_path / "other.tar.gz", "--force")
        assert "It is damaged: its seal is not that of its bytes" in refused(tmp_path / "a.tar.gz", "--force")


def test_an_archive_from_before_there_were_seals_is_restored(kept: Kept, empty: House, tmp_path: Path) -> None:
    archive = repacked(kept.archive, tmp_path / "old.tar.gz", first_format, sealed=False)
    with empty.open():
        command("restore", str(archive))
    assert empty.holds() == kept.holds


def first_format(manifest: dict[str, Any]) -> None:
    manifest["format"] = 1


def one_byte(parts: dict[str, bytes]) -> None:
    name = next(iter(parts))
    parts[name] = parts[name][:-1] + bytes([parts[name][-1] ^ 1])


def one_file_less(parts: dict[str, bytes]) -> None:
    del parts[next(name for name in parts if name.startswith("files/"))]


def one_file_more(parts: dict[str, bytes]) -> None:
    parts["files/ab/unknown"] = b"x"


def no_manifest(parts: dict[str, bytes]) -> None:
    del parts["manifest.json"]


def no_json(parts: dict[str, bytes]) -> None:
    parts["manifest.json"] = b"{"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (one_byte, "is not what was backed up: its checksum differs"),
        (one_file_less, "It is not whole: files/"),
        (one_file_more, "which its manifest.json does not name"),
        (no_manifest, "It is not whole: manifest.json, which is written last, is missing"),
        (no_json, "Its manifest.json cannot be read"),
    ],
)
def test_parts_that_are_not_what_the_manifest_says_are_refused(
    kept: Kept, lived_in: House, tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    parts = contents(kept.archive)
    change(parts)
    with untouched(lived_in):
        assert said in refused(packed(tmp_path / "a.tar.gz", parts), "--force")


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """Return what a malicious archive holds."""
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.size = kind, link, 3 if kind == tarfile.REGTYPE else 0
    return found


@pytest.mark.parametrize(
    "member",
    [
        entry("../outside"),
        entry("files/../../outside"),
        entry("/tmp/outside"),
        entry("files"),
        entry("other"),
        entry("files\\..\\outside"),
        entry("files/link", tarfile.SYMTYPE, "/etc"),
        entry("files/link", tarfile.LNKTYPE, "../outside"),
        entry("files/pipe", tarfile.FIFOTYPE),
        entry("files/folder", tarfile.DIRTYPE),
    ],
    ids=lambda member: f"{member.name} {member.type.decode()}",
)
def test_nothing_is_unpacked_where_it_does_not_belong(
    kept: Kept, lived_in: House, tmp_path: Path, member: tarfile.TarInfo
) -> None:
    evil = packed(tmp_path / "evil.tar.gz", contents(kept.archive), member)
    with untouched(lived_in):
        assert "which no backup of ours holds" in refused(evil, "--force")
    assert not list(lived_in.folder.parent.rglob("outside"))


def test_the_same_part_twice_is_refused(kept: Kept, lived_in: House, tmp_path: Path) -> None:
    first = next(iter(contents(kept.archive)))
    evil = packed(tmp_path / "evil.tar.gz", contents(kept.archive), entry(first))
    with untouched(lived_in):
        assert "File exists" in refused(evil, "--force")


def test_data_is_replaced_only_when_forced(kept: Kept, lived_in: House) -> None:
    theirs = lived_in.stored()
    with untouched(lived_in):
        said = refused(kept.archive)
        assert f"There is data in {connection.settings_dict['NAME']}" in said
        assert "core_attachment" in said
        assert "--force" in said
    with lived_in.open():
        command("restore", str(kept.archive), "--force")
        assert sums() == kept.sums
    now = lived_in.holds()
    assert {name for name in now if now[name] != kept.holds[name]} == {"files"}, "files are only ever added"
    assert sorted(lived_in.stored()) == sorted([*kept.house.stored(), *theirs])


def test_restoring_twice_is_harmless(kept: Kept, empty: House) -> None:
    for options in ([], ["--force"]):
        with empty.open():
            command("restore", str(kept.archive), *options)
        assert empty.holds() == kept.holds


def test_a_database_that_was_only_migrated_counts_as_empty(street: Any, kept: Kept) -> None:
    fresh = street.copy("fresh")
    with fresh.open():
        command("restore", str(kept.archive))
    assert fresh.holds() == kept.holds


def test_a_file_that_is_damaged_is_put_right(kept: Kept, empty: House) -> None:
    name, content = kept.house.stored()[0]
    (empty.files / name).parent.mkdir(parents=True)
    (empty.files / name).write_bytes(content[:-1])
    with empty.open():
        _, err = command("restore", str(kept.archive))
    assert (empty.files / name).read_bytes() == content
    assert f"{len(kept.house.stored())} files are in {empty.files}" in err


def other_engine(manifest: dict[str, Any]) -> None:
    manifest["engine"] = "postgresql" if connection.vendor == "sqlite" else "sqlite"


def newer_product(manifest: dict[str, Any]) -> None:
    manifest["version"] = "9.0.0"
    manifest["migrations"].append("orders.0999_something_new")


def newer_format(manifest: dict[str, Any]) -> None:
    manifest["format"] = 3


def more_rows(manifest: dict[str, Any]) -> None:
    manifest["rows"]["orders_order"] += 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_engine, "Set DATABASE_URL to a database of "),
        (newer_product, "The archive is of a newer product, 9.0.0; this is 0.1.0"),
        (newer_product, "does not know orders.0999_something_new."),
        (newer_format, "It was made by a later version"),
        (more_rows, "Rows are missing in orders_order."),
    ],
)
def test_an_archive_of_another_world_is_refused(
    kept: Kept, lived_in: House, tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    with untouched(lived_in):
        assert said in refused(repacked(kept.archive, tmp_path / "a.tar.gz", change), "--force")


def test_no_file_is_no_archive(lived_in: House, tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("hello")
    with untouched(lived_in):
        assert "is no file" in refused(tmp_path / "nowhere.tar.gz", "--force")
        assert "It is damaged or no archive" in refused(tmp_path / "text.tar.gz", "--force")


def test_a_breach_in_the_archive_stops_it_unless_forced(
    street: Any, kept: Kept, lived_in: House, tmp_path: Path
) -> None:
    broken = street.empty("broken")
    with broken.open():
        command("restore", str(kept.archive))
        Delivery.objects.filter(status="pending").update(status="dead", last_error="")
        command("backup", str(tmp_path / "broken.tar.gz"))
    twin = street.empty("twin")
    with twin.open():
        assert "what was given up says why" in refused(tmp_path / "broken.tar.gz")
        assert connection.introspection.table_names() == []
    with lived_in.open():
        _, err = command("restore", str(tmp_path / "broken.tar.gz"), "--force")
        assert sums() == kept.sums
    assert "Attention, it is not all as it must be:\n  I5 what was given up says why" in err


def test_a_migration_that_fails_leaves_what_was_there(
    kept: Kept, lived_in: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no room")

    def older(manifest: dict[str, Any]) -> None:
        manifest["migrations"].remove("billing.0002_documents_never_change")

    archive = repacked(kept.archive, tmp_path / "old.tar.gz", older)
    monkeypatch.setattr("core.backup.restoring.call_command", fail)
    with untouched(lived_in):
        assert "It could not be migrated (RuntimeError: no room)" in refused(archive, "--force")
