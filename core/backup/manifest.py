"""What an archive says of itself: by whom and when it was made, of what, and the checksum of every part."""

import json
import subprocess
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from core.errors import DomainError

FORMAT = 2
# From this format on an archive ends with a seal (core.backup.archive).
SEALED = 2
FILE = "manifest.json"


class BackupRefused(DomainError):
    """It was not done, and nothing was changed; the text says why and what helps."""

    code = "backup_refused"


@dataclass(frozen=True)
class Part:
    """One file of the archive."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """The database at one moment: its copy, and what was asked of the same moment."""

    path: Path
    server: str
    migrations: list[str]
    rows: dict[str, int]
    files: dict[str, str]
    demo: bool


@dataclass(frozen=True)
class Manifest:
    """The last file of an archive: one without it is not whole."""

    format: int
    version: str
    made_at: str
    engine: str
    server: str
    demo: bool
    secret_key: str
    migrations: list[str]
    rows: dict[str, int]
    parts: dict[str, Part]

    def as_json(self) -> bytes:
        """Return it for people and machines."""
        return json.dumps(asdict(self), indent=1).encode()

    def has_our_secret_key(self) -> bool:
        """Whether what was signed and encrypted then can be read with the SECRET_KEY of now."""
        ours = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        return any(constant_time_compare(self.secret_key, secret_key_mark(secret)) for secret in ours)


def read_manifest(content: bytes) -> Manifest:
    """Read it. Raises BackupRefused where it is none of ours, or of a later kind."""
    try:
        said: dict[str, Any] = json.loads(content)
        if said["format"] > FORMAT:
            raise BackupRefused(f"It was made by a later version, {said['version']}; upgrade this one first")
        parts = {name: Part(**part) for name, part in said.pop("parts").items()}
        return Manifest(parts=parts, **said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupRefused(f"Its {FILE} cannot be read ({error})") from None


def secret_key_mark(secret: str) -> str:
    """Return what tells one SECRET_KEY from another without telling the key."""
    return salted_hmac("core.backup", "mark", secret=secret, algorithm="sha256").hexdigest()[:16]


def code_version() -> str:
    """Return the version of this code, with its commit where there is one."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    try:
        command = ["git", "-C", str(settings.BASE_DIR), "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        commit = ""
    return f"{project['version']} ({commit})" if commit else str(project["version"])
