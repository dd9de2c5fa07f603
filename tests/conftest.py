"""What every test stands on. Rows are made by services and factories, never by fixtures on disk."""

import os
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection


def pytest_configure(config: pytest.Config) -> None:
    """Make the tests independent of this machine: its keys, its files, its other test runs."""
    settings.SECRET_KEY = "for-tests-only"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = Path(tempfile.gettempdir()) / f"orders-tests-{os.getpid()}"
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as in production: threads that race need the locks that the memory database lacks.
        name = str(Path(tempfile.gettempdir()) / f"orders-tests-{os.getpid()}.sqlite3")
    else:
        name = f"test_orders_{os.getpid()}"
    database["TEST"] = {**database.get("TEST", {}), "NAME": name}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, where there is only SQLite, what needs PostgreSQL."""
    if connection.vendor != "postgresql":
        for item in items:
            if "postgres" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL"))
