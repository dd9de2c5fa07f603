"""A worker that is killed while it writes the files of a month, to be started by a test."""

import os
import signal
import sys
from importlib import import_module
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "orders_project.settings"
django.setup()

from core import outbox  # noqa: E402 - only now are the apps loaded


def die(*_given: Any, **_named: Any) -> None:
    """End as a process that is out of memory ends: without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    import_module("billing.services.book_exports").write_month = die
    outbox.deliver(int(sys.argv[1]))
