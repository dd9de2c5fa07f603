"""Who does it: every change names its actor."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

request_id: ContextVar[str] = ContextVar("request_id", default="")


# As many characters as the log keeps of who it was; a user name may have more.
LONGEST = 120


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts: `staff:maya`, `customer:C-000045`, `api:shop`, `system`.

    `can` holds what the actor may do beyond the ordinary (scopes, permissions).
    """

    kind: str
    name: str = ""
    can: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"[:LONGEST] if self.name else self.kind


SYSTEM = Actor("system")


@contextmanager
def within_request(identifier: str) -> Iterator[None]:
    """Tie everything written inside to one request (or job), for the log and the history."""
    token = request_id.set(identifier)
    try:
        yield
    finally:
        request_id.reset(token)


class Everything(frozenset[str]):
    """The set that holds every scope and permission, also those that do not exist yet."""

    def __contains__(self, _: object) -> bool:
        return True

    def issuperset(self, _: object) -> bool:
        """Say yes."""
        return True

    __ge__ = issuperset


EVERYTHING = Everything({"*"})
