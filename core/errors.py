"""Domain errors. They know the business, not HTTP."""

from typing import Any


class DomainError(Exception):
    """A rule of the business said no.

    `code` is the stable, machine-readable name; the text is for people; `details` is data
    for the caller. `errors` holds faults of single fields: pointer, code, detail.
    """

    code = "error"

    def __init__(self, message: str, *, errors: list[dict[str, str]] | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors or []
        self.details = details


class Invalid(DomainError):
    """The request can never succeed as written."""

    code = "invalid"


class NotAllowed(DomainError):
    """The actor may not do this."""

    code = "not_allowed"


class Missing(DomainError):
    """There is no such thing, or none that the actor may see."""

    code = "not_found"


class Conflict(DomainError):
    """The request was fine; the current state of the world does not allow it."""

    code = "conflict"


class Overtaken(Conflict):
    """Somebody changed the world between two looks at it: done again, the same work sees what they did.

    `core.service.attempt` does so by itself; a caller meets it only inside a transaction of his own.
    """

    code = "concurrent_change"


class Stale(DomainError):
    """The thing changed since the caller read it."""

    code = "stale"


class KeyReused(DomainError):
    """An idempotency key came back with another request."""

    code = "idempotency_key_reused"


class TooMany(DomainError):
    """The caller asks more often than agreed."""

    code = "too_many_requests"


class TransitionRefused(Conflict):
    """The machine has no such way out of its present state, or a guard holds it."""

    code = "transition_refused"
