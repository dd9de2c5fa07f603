"""A house with orders, its backup, and houses to restore into."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from core import outbox
from core.backup.manifest import BackupRefused
from core.backup.programs import program
from core.files import keep_file
from tests.backup.houses import House, Street, command, sums
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop
from tests.scenarios import confirmed_order, delivered_order, placed_order, shipped_order


@dataclass(frozen=True)
class Kept:
    """A house, what was in it, and the backup that was made of it."""

    house: House
    archive: Path
    sums: dict[str, Any]
    holds: dict[str, str]
    out: str
    err: str


@pytest.fixture
def _django_db_helper(street: Street, django_db_blocker: Any) -> Iterator[None]:
    """Open no transaction around a test, as `django_db` else does: these tests work elsewhere."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def street(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Street]:
    """Lend the tests houses of their own."""
    if connection.vendor == "postgresql" and not shutil.which("pg_dump"):
        pytest.skip("pg_dump is not installed")
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            try:
                program("pg_dump", connection.pg_version)
            except BackupRefused as reason:
                pytest.skip(reason.message)
        built = Street(tmp_path_factory.mktemp("street"))
    yield built
    with django_db_blocker.unblock():
        connection.close()
        built.tear_down()


@pytest.fixture(scope="session")
def kept(street: Street, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Furnish a house with orders in several states, their papers and a debt, and back it up."""
    mail = "django.core.mail.backends.locmem.EmailBackend"
    with django_db_blocker.unblock():
        house = street.copy("furnished")
        with override_settings(EMAIL_BACKEND=mail), house.open():
            make_shop()
            make_seller()
            for make in (confirmed_order, shipped_order, delivered_order):
                make(email=f"{make.__name__}@example.com")
            outbox.drain()
            keep_file(name="letter.pdf", content=b"%PDF letter", content_type="application/pdf")
            # Its debts are still due when the backup is made.
            placed_order({"TEA-1": 3})
            archive = tmp_path_factory.mktemp("archives") / "kept.tar.gz"
            out, err = command("backup", str(archive))
            figures = sums()
        return Kept(house, archive, figures, house.holds(), out, err)


@pytest.fixture(scope="session")
def shop_of_others(street: Street, django_db_blocker: Any) -> House:
    """Return a house that is only copied."""
    with django_db_blocker.unblock():
        house = street.copy("others")
        with house.open():
            make_shop()
            keep_file(name="theirs.pdf", content=b"%PDF theirs", content_type="application/pdf")
    return house


@pytest.fixture(scope="session")
def last_step() -> str:
    """Return the migration that a house of yesterday lacks: the last of billing."""
    [(_app, name)] = MigrationLoader(None).graph.leaf_nodes("billing")
    return name


@pytest.fixture(scope="session")
def house_of_yesterday(street: Street, kept: Kept, last_step: str, django_db_blocker: Any) -> House:
    """Return a house whose database is a step behind the code, and that is only copied."""
    with django_db_blocker.unblock():
        house = street.copy("yesterday", of=kept.house)
        graph = MigrationLoader(None).graph
        [before] = [name for app, name in graph.node_map["billing", last_step].parents if app == "billing"]
        with house.open():
            command("migrate", "billing", before)
    return house


@pytest.fixture
def older(street: Street, house_of_yesterday: House) -> House:
    """Return a house whose database is a step behind the code."""
    return street.copy("older", of=house_of_yesterday)


@pytest.fixture
def oldest(street: Street, kept: Kept) -> House:
    """Return a house from before anything was said of the documents that were there: most migrations are to come."""
    house = street.copy("oldest", of=kept.house)
    with house.open():
        command("migrate", "billing", "0001_initial")
    return house


@pytest.fixture
def lived_in(street: Street, shop_of_others: House) -> House:
    """Return a house in which somebody works already."""
    return street.copy("lived_in", of=shop_of_others)


@pytest.fixture
def empty(street: Street) -> House:
    """Return a house without a table."""
    return street.empty()
