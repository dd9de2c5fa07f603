"""On which days a place works, as people write it and as it is stored. Pure.

Stored are `open_days` as ["mon", …] and `closures` as [{"from": "2026-12-24", "until": "2026-12-26", "name": "…"}].
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_CLOSURES = 100
# Nobody closes a warehouse for longer and goes on selling from it.
LONGEST_CLOSURE = 120
LONGEST_NAME = 80

DAY = r"(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})"
LINE = re.compile(rf"^{DAY}(?:\s*(?:–|—|-|to|until|bis)\s*{DAY})?(?:[\s,:]+(.*))?$", re.IGNORECASE)


class NotAClosure(ValueError):
    """Something that says no days; `line` is what was written."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


def read_closures(text: str) -> list[dict[str, str]]:
    """Read one closure per line: a day or two, and what it is called. Raises NotAClosure."""
    return [_read(line) for line in filter(None, (part.strip() for part in text.splitlines()))]


def write_closures(closures: Sequence[Mapping[str, Any]]) -> str:
    """Write closures as people read and change them."""
    return "\n".join(
        (one["from"] if one["from"] == one["until"] else f"{one['from']} – {one['until']}")
        + f" {one['name']}".rstrip()
        for one in closures
    )


def tidied(closures: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return closures in their stored form, the earliest first. Raises NotAClosure."""
    rows = []
    for one in closures:
        if not isinstance(one, Mapping) or set(one) - {"from", "until", "name"}:
            raise NotAClosure(str(one))
        first = _day(str(one.get("from", "")), str(one))
        last = _day(str(one.get("until") or one.get("from", "")), str(one))
        name = str(one.get("name", "")).strip()
        if not 0 <= (last - first).days < LONGEST_CLOSURE or len(name) > LONGEST_NAME or "\x00" in name:
            raise NotAClosure(write_closures([{"from": f"{first}", "until": f"{last}", "name": name[:LONGEST_NAME]}]))
        rows.append({"from": first.isoformat(), "until": last.isoformat(), "name": name})
    return sorted(rows, key=lambda row: (row["from"], row["until"], row["name"]))


def _read(line: str) -> dict[str, str]:
    found = LINE.match(line)
    if found is None:
        raise NotAClosure(line)
    first = _day(found[1], line)
    last = _day(found[2], line) if found[2] else first
    return tidied([{"from": first.isoformat(), "until": last.isoformat(), "name": found[3] or ""}])[0]


def _day(text: str, line: str) -> date:
    """Read a day as it is written in either of our languages."""
    try:
        if "." in text:
            day, month, year = map(int, text.split("."))
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        raise NotAClosure(line) from None
