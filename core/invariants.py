"""What must always be true: every app registers set-based questions, one command asks them all."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection


@dataclass(frozen=True)
class Invariant:
    """A truth: `rows` counts what is looked at, `breaches` selects the ids of what is wrong (SQL, both engines)."""

    code: str
    name: str
    rows: str
    breaches: str


@dataclass
class Finding:
    """The answer to one invariant; `checked` is None where there is nothing to check yet."""

    code: str
    name: str
    checked: int | None
    breaches: list[str] = field(default_factory=list)
    remark: str = ""


INVARIANTS: list[Invariant] = []
CUSTOM: list[tuple[str, str, Callable[[], Finding]]] = []


def register(*invariants: Invariant) -> None:
    """Add truths of an app."""
    known = {(one.code, one.name) for one in INVARIANTS}
    INVARIANTS.extend(one for one in invariants if (one.code, one.name) not in known)


def register_check(code: str, name: str, check: Callable[[], Finding]) -> None:
    """Add a truth that one SQL statement cannot tell."""
    if (code, name) not in {(known_code, known_name) for known_code, known_name, _ in CUSTOM}:
        CUSTOM.append((code, name, check))


def ask(invariant: Invariant, *, limit: int = 50) -> Finding:
    """Ask the database about one truth; at most `limit` breaches are named."""
    with connection.cursor() as cursor:
        cursor.execute(invariant.rows)
        checked = int(cursor.fetchone()[0])
        cursor.execute(invariant.breaches)
        breaches = [str(row[0]) for row in cursor.fetchmany(limit)]
    return Finding(invariant.code, invariant.name, checked, breaches)
