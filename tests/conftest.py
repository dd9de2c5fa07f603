"""What every test stands on. Rows are made by services and factories, never by fixtures on disk."""

import gc
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import override_settings
from django.utils import translation

from tests import databases, racing, visits

# Pages, papers, words, sums and who may in, each tested on SQLite. On PostgreSQL every page is opened by the crawls,
# and what is done there is done by services, which are asked on both.
FACES = re.compile(
    r"/(portal|demo|reports)/"
    r"|/(billing|core|customers|fulfillment|inventory|orders|pricing|returns)/test_(admin\w*|mails?|documents|page)\.py$"
    r"|/core/test_(bulk_pages|security_page|second_step|two_steps|signing_in|first_administrator|commands)\.py$"
    r"|/desk/test_(walk_in_pages|park\w+|first_start|new_customer|new_order|edit_order|by_mail|roles|shipping)\.py$"
    r"|/core/test_(api_access|saved_views|sentences)\.py$|/inventory/test_counting_pages\.py$"
    r"|/fulfillment/test_wave_pages\.py$|/returns/test_sums\.py$"
    r"|/orders/test_(saved_views\w*|routing_admin|standing|decision_words)\.py$|/billing/test_notices\.py$"
    r"|/tests/test_(api_scopes|back_office_forms|back_office_sight|limits|limits_of_people|page_weight)\.py$"
)
# What takes long is begun first, so that nobody waits for one of them alone at the end.
LONG = re.compile(
    r"/(races|benchmarks|backup|demo|machine)/|/tests/test_\w+\.py$|/test_(import_orders|worker|accessible)\.py$"
)
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server", "django_db_reset_sequences"}


def pytest_configure(config: pytest.Config) -> None:
    """Make the tests independent of this machine: its keys, its files, its other test runs."""
    settings.SECRET_KEY = "for-tests-only"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.WORKERS_LISTEN = False
    if settings.REDIS_URL:
        # Each process of the tests has a database of Redis to itself.
        number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        settings.REDIS_URL = settings.CELERY_BROKER_URL = f"{settings.REDIS_URL.rpartition('/')[0]}/{number}"
        settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as in production: threads that race need the locks that the memory database lacks.
        name = str(Path(tempfile.gettempdir()) / f"orders-tests-{os.getpid()}.sqlite3")
    else:
        name = os.environ.get("TEST_DB_NAME") or f"test_orders_{os.getpid()}"
    database["TEST"] = {**database.get("TEST", {}), "NAME": name}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `./run test` ask its second database only what has to do with a database."""
    parser.addoption("--database-only", action="store_true", help="leave out pages, and tests that use no database")


def uses_the_database(item: pytest.Item) -> bool:
    """Say whether a test asks for the database, by its mark or by its fixtures."""
    return bool(item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))


def is_asked_twice(item: pytest.Item) -> bool:
    """Say whether a test says something else on a second database."""
    shows = FACES.search(item.path.as_posix()) and "postgres" not in item.keywords
    return uses_the_database(item) and not shows


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, where there is only SQLite, what needs PostgreSQL, and put the long ones to the front."""
    items.sort(key=lambda item: LONG.search(item.path.as_posix()) is None)
    if config.getoption("--database-only"):
        kept = {item for item in items if is_asked_twice(item)}
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    if connection.vendor != "postgresql":
        for item in items:
            if "postgres" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL"))


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not among what was loaded and collected: that took a twentieth of all work."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Let each process begin with a copy of the migrated database."""
    with django_db_blocker.unblock(), databases.own_database():
        yield
        import_module("tests.standing").standing.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Close the shop of other tests before whatever this one stands on is made."""
    import_module("tests.standing").standing.leave(item)


@pytest.fixture(autouse=True)
def _standing_shop(request: pytest.FixtureRequest) -> None:
    """Let the shop stand before a test that asks for it, and before whatever else the test stands on."""
    standing = import_module("tests.standing").standing
    if standing.is_wanted_by(request.node):
        request.getfixturevalue("django_db_setup")
        standing.open(request.node, request.getfixturevalue("django_db_blocker").unblock)


@pytest.fixture
def _django_db_helper(_standing_shop: None, _django_db_helper: None) -> None:
    """Have the transaction of a test, which `django_db` and `db` open, inside that of the shop."""


class Calendar:
    """The clock by which settings are kept in the process: it stands still in a test; the next has its own hour."""

    hour = 0

    def monotonic(self) -> float:
        """Return the hour of this test, in seconds."""
        return self.hour * 3600.0


@pytest.fixture(scope="session", autouse=True)
def _calendar() -> Iterator[Calendar]:
    """Let nothing that a test counts or sees depend on how busy the machine is."""
    calendar = Calendar()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.keeping.time", calendar)
        for limit in ("BUDGET_S", "SLOW_S", "LONGEST_MS"):
            patch.setattr(f"core.admin.view_counts.{limit}", 60_000)
        yield calendar


@pytest.fixture(scope="session", autouse=True)
def _files() -> Iterator[Path]:
    """Lend the tests a folder, and clear it away."""
    with tempfile.TemporaryDirectory(prefix="orders-files-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def lasting(django_db_setup: None, django_db_blocker: Any, _files: Path, _calendar: Calendar) -> Iterator[None]:
    """Hold a transaction open around all tests of a module, for a world that is built once and undone at the end.

    Each test has a savepoint of its own in it. Only for modules in which every test stands on that world and none
    commits.
    """
    _calendar.hour += 1
    cache.clear()
    translation.activate(settings.LANGUAGE_CODE)
    around = transaction.atomic()
    # As around a test: what may stand in no other transaction stands in this one.
    around._from_testcase = True
    mail = "django.core.mail.backends.locmem.EmailBackend"
    files = override_settings(MEDIA_ROOT=_files / uuid.uuid4().hex, EMAIL_BACKEND=mail)
    with django_db_blocker.unblock(), files, around:
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _own_world(request: pytest.FixtureRequest, settings: Any, _files: Path, _calendar: Calendar) -> None:
    """Give each test files, a mailbox and a cache of its own, and nothing that was kept for another."""
    _calendar.hour += 1
    # The folder is made by the first file; most tests write none. A lasting world has its own.
    if "lasting" not in request.fixturenames:
        settings.MEDIA_ROOT = _files / uuid.uuid4().hex
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    # A request leaves the language of its reader behind.
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session", autouse=True)
def _tables_can_be_emptied() -> Iterator[None]:
    """Let tests that commit clear up behind themselves, when nobody is asking any more."""
    from django.test import TransactionTestCase

    emptying = import_module("tests.emptying")
    flush = TransactionTestCase._fixture_teardown

    def teardown(case: Any) -> None:
        visits.wait_for_the_last()
        emptying.empty(partial(flush, case))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        visits.count(patch)
        yield


@pytest.fixture
def run_debts() -> Callable[[], int]:
    """Pay every debt that is due, and those they make, as a worker would; returns how many."""
    from core import outbox

    return outbox.drain


@pytest.fixture
def concurrently() -> Callable[..., list[racing.Outcome]]:
    """Run jobs at the same moment in threads of their own."""
    return racing.concurrently


@pytest.fixture
def provider(settings: Any) -> Iterator[Any]:
    """Open a payment provider over real HTTP, and lead the customers to it."""
    with import_module("tests.provider").running() as found:
        settings.DEMO_PROVIDER_URL = found.url
        settings.DEMO_PROVIDER_SECRET = import_module("tests.provider").SECRET
        yield found


@pytest.fixture
def stripe(settings: Any) -> Iterator[Any]:
    """Open a Stripe of our own over real HTTP, and lead the customers to it."""
    fake = import_module("billing.proofs.stripe")
    with fake.running() as found:
        settings.STRIPE_API_URL = settings.STRIPE_FILES_URL = settings.STRIPE_PAGE_ORIGIN = found.url
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = fake.KEY, fake.SECRET
        yield found


@pytest.fixture
def shop(db: None) -> Any:
    """Return the smallest world in which an order can be placed."""
    return import_module("tests.standing").standing.lend()


@pytest.fixture
def make_api(db: None) -> Callable[..., Any]:
    """Make API clients whose key may do only what is named, on the channel `api`: `make_api("orders:read")`."""

    def make(*scopes: str) -> Any:
        client = import_module("rest_framework.test").APIClient()
        name = f"tests of {' '.join(scopes)}"
        _key, plain = import_module("core.api.keys").create_api_key(name, scopes=scopes, channels=["api"])
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
        return client

    return make


@pytest.fixture
def api(db: None) -> Any:
    """Return an API client with a key that may do everything on the channel `api`."""
    client = import_module("rest_framework.test").APIClient()
    _key, plain = import_module("core.api.keys").create_api_key("tests", scopes=["*"], channels=["api"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


@pytest.fixture
def staff(db: None, django_user_model: Any) -> Any:
    """Return a browser in which a superuser is signed in."""
    client = import_module("django.test").Client()
    maya = django_user_model.objects.create_superuser("maya", "maya@example.com", "secret")
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    return client
