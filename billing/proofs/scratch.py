"""A database of its own for what writes: made beside the configured one, and dropped. Real data is never touched.

The proof runs in a process of its own that knows no other database, no broker, and no files but those in a folder that
goes.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.db import connection
from django.db.utils import ProgrammingError

from billing.proofs.apart import address_of

PREFIX = "proof_scratch_"


class NotAllowed(Exception):
    """The user of the database may not make another one."""


def is_scratch() -> bool:
    """Whether we are connected to a database that was made for a proof."""
    return Path(str(connection.settings_dict["NAME"])).name.startswith(PREFIX)


def run_apart(arguments: Sequence[str]) -> int:
    """Run `manage.py` with these arguments on a database of its own; return its exit code. Raises NotAllowed."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, _database(Path(folder)) as url:
        own = {"DATABASE_URL": url, "DATA_DIR": folder, "REDIS_URL": "", "EMBEDDED_WORKER": "0", "EMAIL_URL": ""}
        own |= {"SECRET_KEY": settings.SECRET_KEY, "DEMO": "0"}
        environment = {**os.environ, **own}
        subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=True)  # noqa: S603
        return subprocess.run([*manage, *arguments], env=environment, check=False).returncode  # noqa: S603


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    name = f"{PREFIX}{token_hex(4)}"
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / name}.sqlite3"
        return
    quoted = connection.ops.quote_name(name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {quoted}")
    except ProgrammingError as error:
        raise NotAllowed(f"This proof needs a database of its own, and may not make one: {error}") from error
    try:
        yield address_of(name)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted} WITH (FORCE)")
