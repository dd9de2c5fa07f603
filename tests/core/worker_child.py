"""A web process with a worker inside, to be started and killed by a test."""

import os
import sys
import time
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "orders_project.settings"
django.setup()

from core import outbox, worker  # noqa: E402 - only now are the apps loaded
from tests.core.conftest import Rang  # noqa: E402
from tests.core.test_outbox import make_a_row  # noqa: E402

outbox.LEASE = timedelta(seconds=1)


def work(event: Rang) -> None:
    """Leave a row, and take a while."""
    make_a_row()
    time.sleep(0.02)


def speak(event: Rang) -> None:
    """Say it to the world: here, a file that only grows."""
    with open(sys.argv[1], "a") as world:
        world.write(f"{event.times}\n")


outbox.handles(Rang)(work)
outbox.handles(Rang, outside=True)(speak)


def main() -> None:
    """Work until somebody ends it."""
    supervisor = worker.start()
    while supervisor is not None and supervisor.is_alive():
        time.sleep(0.1)
