"""The two questions of a load balancer."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from core.health import PATIENCE
from core.models import Delivery, EventRecord


@pytest.fixture
def debt():
    """Return a maker of debts that have been due for a while."""

    def make(*, due_for: timedelta, status: str = Delivery.Status.PENDING) -> Delivery:
        event = EventRecord.objects.create(name="core.tested", actor="system")
        due_at = timezone.now() - due_for
        return Delivery.objects.create(event=event, handler="nobody", status=status, due_at=due_at)

    return make


def test_health_is_answered_without_database_host_name_or_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["orders.example.com"]

    response = client.get("/healthz", headers={"host": "10.0.0.7:8000"})

    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_when_database_answers_and_no_debt_is_old(client, settings, debt):
    settings.SECURE_SSL_REDIRECT = True
    settings.REDIS_URL = ""
    debt(due_for=PATIENCE / 2)
    debt(due_for=PATIENCE * 2, status=Delivery.Status.DONE)
    debt(due_for=PATIENCE * 2, status=Delivery.Status.DEAD)

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ok", "reasons": []})
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_old_debt_means_that_nobody_pays(client, settings, debt):
    settings.REDIS_URL = ""
    debt(due_for=PATIENCE + timedelta(seconds=5))

    response = client.get("/readyz")

    assert response.status_code == 503
    [reason] = response.json()["reasons"]
    assert reason.startswith("debts: the oldest has been due for 60")


def test_database_that_does_not_answer_is_named_without_its_secrets(client, settings, monkeypatch):
    settings.REDIS_URL = ""
    monkeypatch.setattr(connection, "cursor", broken)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "reasons": ["database: OperationalError"]}


@pytest.mark.django_db
def test_broker_that_does_not_answer_is_named(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["reasons"] == ["broker: ConnectionError"]


def broken(*_args: object) -> None:
    """Stand in for a database that is away."""
    raise OperationalError("connection to postgres://orders:secret@db failed")
