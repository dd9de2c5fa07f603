"""System checks that explain bad settings before they hurt: `./run manage check`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

IDS = {
    "DATABASE_URL": "core.E001",
    "SECRET_KEY": "core.E002",
    "SITE_URL": "core.E003",
    "REDIS_URL": "core.E004",
    "EMAIL_URL": "core.E005",
    "TIME_ZONE": "core.E006",
    "TRUSTED_PROXIES": "core.E009",
}
OTHER = "core.E007"
MOST_PROXIES = 9
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Explain every setting that cannot work."""
    return [
        *_unreadable(),
        *_secret_key(),
        *_site_url(),
        *_proxies(),
        *_redis_url(),
        *_sqlite(),
        *_demo(),
    ]


def _error(name: str, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=IDS.get(name, OTHER))


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _unreadable() -> list[CheckMessage]:
    """Repeat what the settings noted while they read the environment."""
    problems = getattr(settings, "SETTINGS_PROBLEMS", [])
    return [_error(problem.name, problem.message, problem.hint) for problem in problems]


def _secret_key() -> list[CheckMessage]:
    try:
        if settings.SECRET_KEY:
            return []
    except ImproperlyConfigured:
        pass
    make_one = "python3 -c 'import secrets; print(secrets.token_urlsafe(60))'"
    return [_error("SECRET_KEY", "SECRET_KEY is not set", f"Put one into the environment or into .env: {make_one}")]


def _site_url() -> list[CheckMessage]:
    """The address people use: links in mails are made from it."""
    parts = _split(settings.SITE_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        hint = "Write it like https://orders.example.com."
        return [_error("SITE_URL", f"SITE_URL is {settings.SITE_URL!r}, which is not a web address", hint)]
    hosts = settings.ALLOWED_HOSTS
    served = (
        "*" in hosts
        or parts.hostname in hosts
        or any(host.startswith(".") and f".{parts.hostname}".endswith(host) for host in hosts)
    )
    if served:
        return _encryption(parts)
    message = f"SITE_URL is on {parts.hostname}, which ALLOWED_HOSTS does not name: its links would be refused"
    return [Warning(message, hint=f"Set ALLOWED_HOSTS={parts.hostname}.", id="core.W001")]


def _encryption(parts: SplitResult) -> list[CheckMessage]:
    """Who is reached from elsewhere without HTTPS shows passwords to everybody on the way."""
    if parts.scheme == "https" or parts.hostname in LOCAL:
        return []
    message = f"SITE_URL is http://{parts.hostname}: passwords and sessions travel where anybody can read them"
    hint = "Put a proxy with HTTPS in front, and set SITE_URL=https://... and TRUSTED_PROXIES=1."
    return [Warning(message, hint=hint, id="core.W003")]


def _proxies() -> list[CheckMessage]:
    """The number decides whom we believe what a request says of itself."""
    if settings.TRUSTED_PROXIES > MOST_PROXIES:
        message = f"TRUSTED_PROXIES is {settings.TRUSTED_PROXIES}: it is a number of proxies, not an address or a port"
        return [_error("TRUSTED_PROXIES", message, "One nginx in front: TRUSTED_PROXIES=1. None: TRUSTED_PROXIES=0.")]
    parts = _split(settings.SITE_URL)
    if settings.TRUSTED_PROXIES or parts.scheme != "https" or not parts.hostname:
        return []
    message = "SITE_URL is https://, but TRUSTED_PROXIES is 0: every page would redirect to itself"
    hint = "HTTPS ends at a proxy. Count the proxies in front, usually TRUSTED_PROXIES=1."
    return [_error("TRUSTED_PROXIES", message, hint)]


def _redis_url() -> list[CheckMessage]:
    if not settings.REDIS_URL:
        return []
    parts = _split(settings.REDIS_URL)
    if parts.scheme in ("redis", "rediss") and parts.hostname or parts.scheme == "unix" and parts.path:
        return []
    hint = "Write it like redis://127.0.0.1:6379/0, or leave it empty for the worker inside the web process."
    return [_error("REDIS_URL", "REDIS_URL is not the address of a Redis", hint)]


def _sqlite() -> list[CheckMessage]:
    """SQLite is one file with one writer: fine for one process, slow for several."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return []
    found: list[CheckMessage] = []
    name = str(database["NAME"])
    folder = Path(name).parent
    if not name.startswith((":memory:", "file:")) and not os.access(folder, os.W_OK):
        found.append(_error("DATABASE_URL", f"DATABASE_URL: {folder} is no folder we may write to", "Make it first."))
    processes = os.environ.get("WEB_WORKERS", "")
    if settings.REDIS_URL or (processes.isdecimal() and int(processes) > 1):
        message = "SQLite is shared by several processes: they wait for each other at every write"
        found.append(Warning(message, hint="Set DATABASE_URL to a PostgreSQL database.", id="core.W002"))
    return found


def _demo() -> list[CheckMessage]:
    """The demo signs anybody in; it belongs on this machine only."""
    if settings.DEMO and _split(settings.SITE_URL).hostname not in LOCAL:
        hint = "Unset DEMO, or use ./run demo, which serves on 127.0.0.1."
        return [Error("DEMO is on, but SITE_URL is not on this machine", hint=hint, id="core.E008")]
    return []
