"""One company for all tests of the demo: its six months are a tenth as long, its morning is whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import translation

from demo import story, world
from demo.models import DemoDatabase

COMPLETED, ENDED = 106, 4


@pytest.fixture(scope="package")
def kettle(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Move in once for this folder, and leave nothing behind."""
    if connection.vendor != "sqlite":
        pytest.skip("the demo lives on SQLite")
    files: Path = tmp_path_factory.mktemp("demo")
    mail = "django.core.mail.backends.locmem.EmailBackend"
    with (
        django_db_blocker.unblock(),
        override_settings(
            MEDIA_ROOT=files, EMAIL_BACKEND=mail, DEMO=True, DEMO_PROVIDER_URL="http://provider.example"
        ),
        transaction.atomic(),
    ):
        DemoDatabase.objects.create(stage="Moving in")
        with translation.override("en"):
            world.move_in()
            story.tell(completed=COMPLETED, ended=ENDED)
        DemoDatabase.objects.update(ready=True)
        yield
        transaction.set_rollback(True)
