"""The house for measuring: a small one is built, every page of it answers, and nothing in it is untrue."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test import override_settings

from benchmarks import copying, house, kin
from benchmarks.questions import Asked
from benchmarks.timing import Browser, measure
from core import invariants
from core.models import User
from orders.models import Order, OrderLine

pytestmark = [pytest.mark.django_db, pytest.mark.postgres, pytest.mark.usefixtures("small_house")]
COUNT = 400


@pytest.fixture(scope="module")
def small_house(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Build it once for the module, and leave nothing behind."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    files: Path = tmp_path_factory.mktemp("bench")
    mail = "django.core.mail.backends.locmem.EmailBackend"
    with (
        django_db_blocker.unblock(),
        override_settings(MEDIA_ROOT=files, EMAIL_BACKEND=mail),
        transaction.atomic(),
    ):
        # Keys are used up by what others tried and took back; numbers of documents must have no gap all the same.
        kin.execute("SELECT nextval(pg_get_serial_sequence('billing_invoice', 'id')) FROM generate_series(1, 7)")
        house.build(COUNT)
        # A server gives its connection back after each request; here it would take the house with it.
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        yield
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        transaction.set_rollback(True)


def test_it_has_as_many_orders_as_were_asked_for_and_almost_all_are_copies() -> None:
    found = Counter(Order.objects.values_list("status", flat=True))
    assert sum(found.values()) == COUNT
    assert found["completed"] > house.OVER
    assert {"draft", "placed", "verified", "confirmed", "fulfilling", "fulfilled"} < set(found)
    assert OrderLine.objects.filter(order__purchase_order_number="PO-BIG-500").count() == 2 * 500


def test_nothing_in_it_is_untrue() -> None:
    findings = [check() for _code, _name, check in invariants.questions()]
    assert [(one.name, one.breaches[:3]) for one in findings if one.breaches] == []
    assert sum(one.checked or 0 for one in findings) > 10 * COUNT


def test_every_key_leads_to_a_row() -> None:
    for table in kin.tables():
        for field in table.columns:
            if field.is_relation:
                lost = kin.execute(
                    f"SELECT COUNT(*) FROM {table.name} t LEFT JOIN {field.related_model._meta.db_table} o "
                    f"ON o.{field.target_field.column} = t.{field.column} "
                    f"WHERE t.{field.column} IS NOT NULL AND o.{field.target_field.column} IS NULL"
                )
                assert lost == [(0,)], f"{table.name}.{field.column}"


def test_every_page_answers_and_finds_what_it_is_asked_for() -> None:
    application = get_wsgi_application()
    browsers = {user.username: Browser(user, application) for user in User.objects.filter(is_staff=True)}
    # Each address is asked twice: to warm up, and to be measured.
    questions = Asked(requests=1).all()
    assert len(questions) > 50
    for question in questions:
        result = measure(question, browsers[question.role])
        assert len(result.answers) == 1


def test_a_table_that_is_forgotten_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(kin.PATHS, "orders.Hold")
    with pytest.raises(LookupError, match=r"orders\.Hold"):
        kin.tables()


def test_a_million_orders_are_almost_all_over() -> None:
    wanted = copying.plan(1_000_000, variants=17)
    assert (wanted.alive, wanted.big) == (48, 30)
