"""Is the process alive, and can it do its work? Asked by load balancers, so without names, logins or HTTPS."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from redis import Redis, RedisError

from core.models import Delivery

GetResponse = Callable[[HttpRequest], HttpResponse]
logger = logging.getLogger(__name__)

# The sweeper runs every few seconds; a debt this old means that nobody pays.
PATIENCE = timedelta(minutes=10)


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process lives. Asks nothing of anybody."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether orders can be taken and worked on now, and if not, why."""
    reasons = [reason for probe in PROBES if (reason := probe())]
    body = {"status": "unavailable" if reasons else "ok", "reasons": reasons}
    response = JsonResponse(body, status=503 if reasons else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def _settings() -> str:
    names = sorted({problem.name for problem in getattr(settings, "SETTINGS_PROBLEMS", [])})
    return f"settings: {', '.join(names)} cannot be used, see manage.py check" if names else ""


def _database() -> str:
    """The database answers, and the oldest debt is not forgotten."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waiting = Delivery.objects.filter(status=Delivery.Status.PENDING).order_by("due_at")
        oldest = waiting.values_list("due_at", flat=True).first()
    except (DatabaseError, ImproperlyConfigured) as error:
        logger.warning("Not ready: %s", error)
        return f"database: {type(error).__name__}"
    age = timezone.now() - oldest if oldest else timedelta()
    if age <= PATIENCE:
        return ""
    return f"debts: the oldest has been due for {int(age.total_seconds())} s; is a worker running?"


def _broker() -> str:
    if not settings.REDIS_URL:
        return ""
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as broker:
            broker.ping()
    except (RedisError, ValueError) as error:
        logger.warning("Not ready: %s", error)
        return f"broker: {type(error).__name__}"
    return ""


PROBES: tuple[Callable[[], str], ...] = (_settings, _database, _broker)


class HealthMiddleware:
    """Answers `/healthz` and `/readyz` before anything that needs a host name, a session or HTTPS."""

    answers: ClassVar[dict[str, GetResponse]] = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer about health, or pass the request on."""
        return self.answers.get(request.path, self.get_response)(request)
