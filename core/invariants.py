"""What must always be true: every app registers set-based questions, one command asks them all."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

NAMED = 50
SINCE = re.compile(r"/\*\s*since\s+([\w.]+)\s*\*/")


@dataclass(frozen=True)
class Invariant:
    """A truth: `rows` counts what is looked at, `breaches` selects the ids of what is wrong (SQL, both engines).

    Where the SQL says `/* since e.recorded_at */`, `--since` puts `AND e.recorded_at >= …`. Both
    statements may take `parameters`, as `%(name)s`.
    """

    code: str
    name: str
    rows: str
    breaches: str
    parameters: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)


@dataclass
class Finding:
    """The answer to one invariant; `checked` is None where there is nothing to check yet."""

    code: str
    name: str
    checked: int | None
    breaches: list[str] = field(default_factory=list)
    remark: str = ""


Check = Callable[[], Finding]
INVARIANTS: list[Invariant] = []
CUSTOM: list[tuple[str, str, Check]] = []
# Truths that are known only when every app is loaded, e.g. one for each machine.
DERIVED: list[Callable[[], list[Invariant]]] = []


def register(*invariants: Invariant) -> None:
    """Add truths of an app."""
    known = {(one.code, one.name) for one in INVARIANTS}
    INVARIANTS.extend(one for one in invariants if (one.code, one.name) not in known)


def register_check(code: str, name: str, check: Check) -> None:
    """Add a truth that one SQL statement cannot tell."""
    if (code, name) not in {(known_code, known_name) for known_code, known_name, _ in CUSTOM}:
        CUSTOM.append((code, name, check))


def register_derived(derive: Callable[[], list[Invariant]]) -> None:
    """Add truths that are worked out from what all apps brought along."""
    if derive not in DERIVED:
        DERIVED.append(derive)


def questions(*, since: datetime | None = None) -> Iterator[tuple[str, str, Check]]:
    """Return every truth as code, name and the call that checks it, in the order of their codes."""
    found: list[tuple[str, str, Check]] = list(CUSTOM)
    for invariant in [*INVARIANTS, *(one for derive in DERIVED for one in derive())]:
        found.append((invariant.code, invariant.name, _asking(invariant, since)))
    return iter(sorted(found, key=lambda one: (int(one[0].strip("I") or 0), one[1])))


def _asking(invariant: Invariant, since: datetime | None) -> Check:
    return lambda: ask(invariant, since=since)


def ask(invariant: Invariant, *, limit: int = NAMED, since: datetime | None = None) -> Finding:
    """Ask the database about one truth; at most `limit` breaches are named."""
    parameters = dict(invariant.parameters)
    if since is not None:
        parameters["since"] = connection.ops.adapt_datetimefield_value(since)
    with connection.cursor() as cursor:
        checked = int(_run(cursor, invariant.rows, parameters, since).fetchone()[0])
        breaches = [str(row[0]) for row in _run(cursor, invariant.breaches, parameters, since).fetchmany(limit)]
    return Finding(invariant.code, invariant.name, checked, breaches)


def _run(cursor: Any, sql: str, parameters: dict[str, Any], since: datetime | None) -> Any:
    text = SINCE.sub(r"AND \1 >= %(since)s" if since is not None else "", sql)
    # Without parameters a percent sign is a percent sign.
    cursor.execute(text, parameters if "%(" in text else None)
    return cursor
