"""One tar.gz: the database, the files, and last the manifest with their checksums; behind it a seal.

The checksums say that the content is right. That is not yet every byte: of what gzip writes some say nothing of the
content (when, by what), and some can be another and still say the same. So a seal stands at the end, the checksum of
all bytes before it. To other programs it is an empty member of gzip with a comment.
"""

import gzip
import hashlib
import io
import os
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from core.backup.manifest import FILE, SEALED, BackupRefused, Manifest, Part, read_manifest
from core.backup.telling import Teller, megabytes
from core.files import PART_PREFIX

CHUNK = 1 << 20
FILES = "files"
DATABASES = ("database.sqlite3", "database.dump")
# A header with a comment (RFC 1952), the comment, and nothing compressed, with its checksum and its length.
SEAL = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff", b"\0\x03\0" + bytes(8)


class Measured:
    """Reads a file and remembers its size and checksum."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.size, self.digest = source, 0, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Read on."""
        chunk = self.source.read(size)
        self.size += len(chunk)
        self.digest.update(chunk)
        return chunk

    def part(self) -> Part:
        """Return what was read so far as a part."""
        return Part(self.size, self.digest.hexdigest())


class Sealed:
    """Writes a file, and at its end the seal of all that was written."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target, self.digest = target, hashlib.sha256()

    def write(self, chunk: bytes, /) -> int:
        """Write on."""
        self.digest.update(chunk)
        return self.target.write(chunk)

    def flush(self) -> None:
        """Keep nothing back."""
        self.target.flush()

    def seal(self) -> None:
        """Write the seal, and see that all of it reaches the disk."""
        self.target.write(_seal(self.digest.hexdigest()))
        self.flush()
        os.fsync(self.target.fileno())


def _seal(checksum: str) -> bytes:
    head, tail = SEAL
    return head + checksum.encode() + tail


def pack(
    target: Path, database: Path, files: Path, describe: Callable[[dict[str, Part]], Manifest], tell: Teller
) -> Manifest:
    """Write an archive; `describe` makes the manifest of the parts that it turned out to have."""
    parts: dict[str, Part] = {}
    done = 0
    with target.open("xb") as written:
        sealed = Sealed(written)
        with (
            gzip.GzipFile(fileobj=cast(IO[bytes], sealed), mode="wb", compresslevel=6) as packed,
            tarfile.open(fileobj=packed, mode="w") as tar,
        ):
            for name, path in [(database.name, database), *_files_under(files)]:
                parts[name] = _add(tar, name, path)
                done += parts[name].size
                tell.at(f"{len(parts)} parts, {megabytes(done)}")
            manifest = describe(parts)
            content = manifest.as_json()
            tar.addfile(_entry(FILE, len(content)), io.BytesIO(content))
        sealed.seal()
    return manifest


def _files_under(root: Path) -> Iterator[tuple[str, Path]]:
    """Find the files of the business; what is only being written belongs to no row yet."""
    for path in sorted(root.rglob("*")):
        if not path.name.startswith(PART_PREFIX) and stat.S_ISREG(path.lstat().st_mode):
            yield f"{FILES}/{path.relative_to(root).as_posix()}", path


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _add(tar: tarfile.TarFile, name: str, path: Path) -> Part:
    with path.open("rb") as source:
        measured = Measured(source)
        tar.addfile(_entry(name, os.fstat(source.fileno()).st_size), measured)
    return measured.part()


def unpack(archive: Path, folder: Path, tell: Teller) -> Manifest:
    """Unpack into an empty folder of ours, and compare every part with its checksum.

    Raises BackupRefused where a byte is not what it was, a part is missing or one was added.
    """
    try:
        total = archive.stat().st_size
        with archive.open("rb") as packed:
            found = dict(_parts(packed, folder, lambda: tell.at(f"{megabytes(packed.tell())} of {megabytes(total)}")))
    except (gzip.BadGzipFile, EOFError, zlib.error, tarfile.TarError) as error:
        raise BackupRefused(f"It is damaged or no archive ({error})") from None
    except OSError as error:
        raise BackupRefused(f"It cannot be unpacked ({error})") from None
    if found.pop(FILE, None) is None:
        raise BackupRefused(f"It is not whole: {FILE}, which is written last, is missing")
    manifest = read_manifest((folder / FILE).read_bytes())
    _compare(manifest.parts, found)
    if manifest.format >= SEALED and not _has_its_seal(archive):
        raise BackupRefused("It is damaged: its seal is not that of its bytes")
    return manifest


def _has_its_seal(archive: Path) -> bool:
    """Whether a file ends with the seal of all that stands before it."""
    digest = hashlib.sha256()
    size = archive.stat().st_size - len(_seal(digest.hexdigest()))
    with archive.open("rb") as packed:
        while chunk := packed.read(min(CHUNK, size - packed.tell())):
            digest.update(chunk)
        return packed.read() == _seal(digest.hexdigest())


def _parts(packed: IO[bytes], folder: Path, progress: Callable[[], None]) -> Iterator[tuple[str, Part]]:
    with gzip.GzipFile(fileobj=packed) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
        for member in tar:
            path = folder / _safe_name(member)
            path.parent.mkdir(parents=True, exist_ok=True)
            measured = Measured(cast(IO[bytes], tar.extractfile(member)))
            # A second part of the same name would replace the first, unseen: "x" refuses it.
            with path.open("xb") as target:
                while chunk := measured.read(CHUNK):
                    target.write(chunk)
                    progress()
            yield member.name, measured.part()
        # The checksum of the whole stands behind the end of the tar.
        while plain.read(CHUNK):
            progress()


def _safe_name(member: tarfile.TarInfo) -> str:
    """Return the name of a part.

    Stricter than the data filter of tarfile, which early Pythons 3.11 lack: regular files alone, where we put some.
    """
    parts = PurePosixPath(member.name).parts
    ours = member.name in (FILE, *DATABASES) or (len(parts) > 1 and parts[0] == FILES)
    if not member.isreg() or not ours or ".." in parts or "\0" in member.name or "\\" in member.name:
        raise BackupRefused(f"It holds {member.name!r}, which no backup of ours holds")
    return member.name


def _compare(wanted: dict[str, Part], found: dict[str, Part]) -> None:
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise BackupRefused(f"It is not whole: {name} is missing")
        if name not in wanted:
            raise BackupRefused(f"It holds {name!r}, which its {FILE} does not name")
        if wanted[name] != found[name]:
            raise BackupRefused(f"{name} is not what was backed up: its checksum differs")
