"""Reads the environment without stumbling: a bad value is noted, and `core.checks` explains it."""

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ

DATABASE_EXAMPLES = "postgres://user:password@host:5432/orders or sqlite:////srv/orders/db.sqlite3"
TRUE_OR_FALSE = frozenset({"1", "0", "true", "false", "yes", "no", "on", "off", "y", "n", "ok", ""})


@dataclass(frozen=True)
class Problem:
    """A value that cannot be used, in words for the person who wrote it."""

    name: str
    message: str
    hint: str


class Environment(environ.Env):
    """The environment variables; `problems` holds those that could not be understood.

    What replaces a bad value never works by accident: a database that refuses every query,
    a mail server that does not exist.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Problem] = []

    def _note(self, name: str, message: str, hint: str) -> None:
        self.problems.append(Problem(name, message, hint))

    def bool(self, var: str, default: Any = False) -> Any:
        """Read a switch."""
        value = os.environ.get(var)
        if value is None:
            return default
        if value.strip().lower() not in TRUE_OR_FALSE:
            self._note(var, f"{var} is {value!r}, which is neither on nor off", f"Set {var}=1 or {var}=0.")
            return default
        return super().bool(var, default=default)

    def int(self, var: str, default: Any = 0) -> Any:
        """Read a whole number."""
        value = os.environ.get(var, "").strip()
        if not value:
            return default
        if not value.isdecimal():
            self._note(var, f"{var} is {value!r}, which is not a whole number", f"The default is {default}.")
            return default
        return int(value)

    def database(self, var: str, *, default: str) -> dict[str, Any]:
        """Read the address of a database; empty means the default."""
        url = os.environ.get(var, "").strip() or default
        hint = f"Write it like {DATABASE_EXAMPLES}."
        try:
            scheme, host, path = urlsplit(url).scheme, urlsplit(url).hostname, urlsplit(url).path
            known = {"sqlite", "postgres", "postgresql"}
            if scheme not in known:
                self._note(var, f"{var} starts with {scheme!r}; {', '.join(sorted(known))} are known", hint)
            elif scheme == "sqlite" and host:
                self._note(var, f"{var} has too few slashes: {host!r} reads as a host name", hint)
            elif scheme != "sqlite" and not path.strip("/"):
                self._note(var, f"{var} names no database", hint)
            else:
                return dict(self.db_url_config(url))
        except ValueError as error:
            # Not the value itself: it may hold a password.
            self._note(var, f"{var} cannot be read: {error}", hint)
        return {"ENGINE": "django.db.backends.dummy", "NAME": ""}

    def mail(self, var: str) -> dict[str, Any]:
        """Read the address of a mail server; empty means that nothing is sent."""
        url = os.environ.get(var, "").strip()
        if not url:
            return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
        try:
            if (scheme := urlsplit(url).scheme) in self.EMAIL_SCHEMES:
                return dict(self.email_url_config(url))
            message = f"{var} starts with {scheme!r}; {', '.join(sorted(self.EMAIL_SCHEMES))} are known"
        except ValueError as error:
            message = f"{var} cannot be read: {error}"
        self._note(var, message, "Write it like smtp+tls://user:password@mail.example.com:587.")
        return {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "unknown.invalid"}

    def time_zone(self, var: str, *, default: str = "UTC") -> str:
        """Read the name of a time zone."""
        name = os.environ.get(var, "").strip() or default
        if name in available_timezones():
            return name
        self._note(var, f"{var} is {name!r}, which is no known time zone", "Write it like Europe/Berlin.")
        return default
