"""A restore that is killed at any moment leaves the old database and its files."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from core.backup import places
from tests.backup.conftest import Kept
from tests.backup.houses import House, command
from tests.racing import database_url

pytestmark = pytest.mark.django_db

EVERYWHERE = ["compared", "after the files"]
HERE = {"sqlite": ["half of the pages"], "postgresql": ["half of the dump", "before the commit"]}


@pytest.mark.race
@pytest.mark.parametrize("moment", [*EVERYWHERE, *sorted({one for ones in HERE.values() for one in ones})])
def test_a_restore_that_is_killed_leaves_what_was_there(kept: Kept, lived_in: House, moment: str) -> None:
    if moment not in EVERYWHERE + HERE[connection.vendor]:
        pytest.skip(f"{connection.vendor} has no such moment")
    before, theirs = lived_in.holds(), lived_in.stored()
    with lived_in.open():
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "DATA_DIR": str(lived_in.folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "PYTHONWARNINGS": "ignore",
        }
    child = [sys.executable, "-c", "from tests.backup.killed_child import main; main()", str(kept.archive), moment]
    killed = subprocess.run(
        child, cwd=settings.BASE_DIR, env=environment, timeout=240, check=False, capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    wait_until_gone(environment["DATABASE_URL"])
    now = lived_in.holds()
    assert {name for name in now if now[name] != before[name]} <= {"files"}
    assert set(theirs) <= set(lived_in.stored())
    with lived_in.open():
        assert command("check_invariants")[0].endswith("\n0 breaches\n")
        # What it left is in nobody's way.
        command("restore", str(kept.archive), "--force")
        assert not Path(lived_in.folder / places.BENCH).exists()
    now = lived_in.holds()
    assert {name for name in now if now[name] != kept.holds[name]} == {"files"}


def wait_until_gone(url: str) -> None:
    """Let the server notice that the programs of the killed process have ended."""
    if connection.vendor == "sqlite":
        return
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    deadline = time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as alone:
        while alone.execute(others).fetchone() != (0,):
            assert time.monotonic() < deadline, "somebody stays connected"
            time.sleep(0.05)
