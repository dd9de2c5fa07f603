"""The programs of PostgreSQL: of those installed, the one that fits the server best."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from core.backup.manifest import BackupRefused

# Where Debian, Red Hat and Homebrew keep several versions side by side.
HOMES = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


def program(name: str, server: int) -> str:
    """Return the path of the oldest that is not older than the server (its `pg_version`).

    Raises BackupRefused, which names what to install.
    """
    wanted = server // 10_000
    found = {version: path for path in reversed(list(_candidates(name))) if (version := _version(path))}
    if suitable := [version for version in found if version >= wanted]:
        return found[min(suitable)]
    what = f"{name} of PostgreSQL {wanted} or newer is needed"
    have = f"{name} {max(found)} is older than the server, {wanted}" if found else f"{name} is missing"
    raise BackupRefused(f"{have}: {what}. On Debian and Ubuntu: apt install postgresql-client-{wanted}")


def _candidates(name: str) -> Iterator[str]:
    """Find every one of that name; those on the PATH come first."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += [folder for home, versions in HOMES for folder in sorted(Path(home).glob(versions))]
    for folder in folders:
        if os.access(folder / name, os.X_OK) and (folder / name).is_file():
            yield str(folder / name)


def _version(path: str) -> int:
    """Return the major version it says, 0 where it says none."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(number[1]) if number else 0
