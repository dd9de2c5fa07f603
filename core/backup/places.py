"""Where things are put, by one command at a time, so that a crash leaves no half of them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from django.conf import settings
from django.db import connection
from django.utils import timezone

from core.backup.archive import FILES
from core.backup.manifest import BackupRefused
from core.backup.postgresql import Postgresql
from core.backup.sqlite import Sqlite
from core.backup.telling import Teller

Engine = Sqlite | Postgresql
ENGINES: dict[str, type[Sqlite] | type[Postgresql]] = {one.vendor: one for one in (Sqlite, Postgresql)}
ENDING = ".tar.gz"
BENCH = ".backup-at-work"


def engine_in_use(tell: Teller) -> Engine:
    """Return what knows how to copy and replace the database that the settings name."""
    for problem in getattr(settings, "SETTINGS_PROBLEMS", []):
        raise BackupRefused(f"{problem.message}. {problem.hint}")
    return ENGINES[connection.vendor](tell)


def named_by_the_caller(given: str) -> Path:
    """Return a path as the caller means it: `./run` works in a folder of its own and says where it was called."""
    return (Path(os.environ.get("CALLED_FROM", "")) / Path(given).expanduser()).absolute()


def place_for_archive(given: str | None) -> Path:
    """Return where an archive goes: the file or the folder that was named, or DATA_DIR/backups."""
    name = f"{timezone.localtime():%Y-%m-%d-%H%M%S}{ENDING}"
    if given is None:
        folder = Path(settings.DATA_DIR).absolute() / "backups"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BackupRefused(f"{folder} cannot be made ({error})") from None
        return folder / name
    place = named_by_the_caller(given)
    return place / name if place.is_dir() else place


@contextmanager
def bench(folder: Path) -> Iterator[Path]:
    """Lend a place to work in on the same disk, ours alone; what a killed command left there is cleared away.

    Raises BackupRefused while another command works there.
    """
    place = folder / BENCH
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupRefused(f"{folder} cannot be written to ({error})") from None
    door = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in place.iterdir():
                rmtree(left, ignore_errors=True)
            mine = Path(mkdtemp(dir=place))
        except (BlockingIOError, FileNotFoundError):
            raise BackupRefused(
                f"Another backup or restore works in {folder}: wait for it. Nothing was done"
            ) from None
        try:
            yield mine
        finally:
            rmtree(place, ignore_errors=True)
    finally:
        os.close(door)


def put_files_back(unpacked: Path, root: Path, tell: Teller) -> tuple[int, int]:
    """Put files where they are missing or not what they were; none is removed. Returns how many, and of how many."""
    put = total = 0
    for source in sorted((unpacked / FILES).rglob("*")):
        if not source.is_file():
            continue
        target = root / source.relative_to(unpacked / FILES)
        total += 1
        tell.at(f"{total} files")
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o640)
        source.replace(target)
        put += 1
    # The database that names them comes next; it must not reach the disk before them.
    os.sync()
    return put, total
