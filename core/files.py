"""Files that belong to records: kept under their checksum, so that a crash leaves no half file."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction

from core.errors import DomainError
from core.models import Attachment

# What is only being written, and belongs to no row yet.
PART_PREFIX = ".part-"


class FileDamaged(DomainError):
    """The bytes in the store are missing, or are not the ones that were kept."""

    code = "file_damaged"


def keep_file(*, name: str, content: bytes, content_type: str, thread: str = "") -> Attachment:
    """Keep the bytes, then the row that names them."""
    checksum = hashlib.sha256(content).hexdigest()
    place = f"{checksum[:2]}/{checksum}"
    _store(place, content)
    return Attachment.objects.create(
        thread=thread, name=name[:200], content_type=content_type, file=place, size=len(content), sha256=checksum
    )


def keep_large_file(*, name: str, source: IO[bytes], content_type: str, thread: str = "") -> Attachment:
    """Keep what is too large for memory: read from `source` piece by piece, then the row that names it."""
    source.seek(0)
    checksum = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
    size = source.tell()
    place = f"{checksum[:2]}/{checksum}"
    source.seek(0)
    if not (default_storage.exists(place) and default_storage.size(place) == size):
        if _is_local():
            _write(Path(default_storage.path(place)), partial(shutil.copyfileobj, source))
        else:
            default_storage.save(place, File(source))
    return Attachment.objects.create(
        thread=thread, name=name[:200], content_type=content_type, file=place, size=size, sha256=checksum
    )


def open_file(attachment: Attachment) -> IO[bytes]:
    """Open a large file to be handed out piece by piece. Raises FileDamaged when it is gone or cut off."""
    place = str(attachment.file.name)
    try:
        if default_storage.size(place) == attachment.size:
            opened: IO[bytes] = default_storage.open(place, "rb")
            return opened
    except OSError:
        pass
    raise FileDamaged(f"{attachment.name} cannot be read", attachment=attachment.pk)


def read_file(attachment: Attachment) -> bytes:
    """Return the bytes as they were kept. Raises FileDamaged when they are not what they were."""
    try:
        with default_storage.open(str(attachment.file.name), "rb") as stored:
            content = bytes(stored.read())
    except OSError:
        raise FileDamaged(f"{attachment.name} cannot be read", attachment=attachment.pk) from None
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise FileDamaged(f"{attachment.name} is not what was kept", attachment=attachment.pk)
    return content


def drop_file(attachment: Attachment) -> None:
    """Forget a file; its bytes go with the last row that names them."""
    place = str(attachment.file.name)
    attachment.delete()
    if not Attachment.objects.filter(file=place).exists():
        transaction.on_commit(partial(default_storage.delete, place))


def _store(place: str, content: bytes) -> None:
    if default_storage.exists(place) and default_storage.size(place) == len(content):
        return
    if _is_local():
        _write_whole(Path(default_storage.path(place)), content)
        return
    default_storage.save(place, ContentFile(content))


def _is_local() -> bool:
    return isinstance(default_storage, FileSystemStorage) or hasattr(default_storage, "base_location")


def _write_whole(path: Path, content: bytes) -> None:
    _write(path, lambda part: part.write(content))


def _write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write beside the place and move there at the end: readers see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART_PREFIX, delete=False) as part:
        try:
            fill(part)
            part.flush()
            os.fsync(part.fileno())
            os.chmod(part.name, 0o640)
            os.replace(part.name, path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
