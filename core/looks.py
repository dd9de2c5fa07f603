"""What a list shows, as it stands in an address: filters, search term, sort and columns.

`?view=late-b2b` alone opens a saved view. Whatever else the address says lies on top of it: another
value replaces that of the view, an empty one (`needs=`) takes it away. So an address tells all of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VIEW, SEARCH, SORT, COLUMNS = "view", "q", "o", "columns"
# What turns pages or opens windows, and says nothing about which rows are shown.
PASSING = frozenset({"p", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters"})
LONGEST_VALUE = 200
MOST_FILTERS = 30

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Look:
    """What a list shows; columns and sort are names, and none of them means as usual."""

    filters: dict[str, list[str]] = field(default_factory=dict)
    search: str = ""
    sort: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was asked for at all."""
        return bool(self.filters or self.search or self.sort or self.columns)

    def without(self, names: Iterable[str]) -> "Look":
        """Return it without some filters."""
        gone = set(names)
        left = {name: values for name, values in self.filters.items() if name not in gone}
        return Look(left, self.search, self.sort, self.columns)


def overlay(base: Look, said: Mapping[str, Any]) -> Look:
    """Return what a list shows when an address says something on top of a view."""
    filters = dict(base.filters)
    for name, given in said.items():
        if name in PASSING or name in (VIEW, SEARCH, SORT, COLUMNS):
            continue
        values = texts(given)
        if name in base.filters and not any(values):
            filters.pop(name)
        else:
            filters[name] = values
    return Look(
        filters=filters,
        search=_last(said, SEARCH, base.search).strip(),
        sort=_names(_last(said, SORT, ".".join(base.sort)), "."),
        columns=_names(",".join(texts(said[COLUMNS])) if COLUMNS in said else ",".join(base.columns), ","),
    )


def difference(look: Look, base: Look) -> Pairs:
    """Return what an address has to say on top of a view, so that the list shows this."""
    pairs: Pairs = []
    for name, values in sorted(look.filters.items()):
        if base.filters.get(name) != values:
            pairs += [(name, value) for value in values]
    pairs += [(name, "") for name in sorted(base.filters) if name not in look.filters]
    if look.search != base.search:
        pairs.append((SEARCH, look.search))
    if look.sort != base.sort:
        pairs.append((SORT, ".".join(look.sort)))
    if look.columns != base.columns:
        pairs.append((COLUMNS, ",".join(look.columns)))
    return pairs


def texts(given: Any) -> list[str]:
    """Return a value of an address as the texts it stands for."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        return [str(given)]
    return [value if isinstance(value, str) else ",".join(texts(value)) for value in given]


def named_sort(spelled: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return a sort by names; `-2`, the place of a column, is understood as well. What is unknown is left out."""
    found = []
    for part in spelled:
        sign, name = ("-", part[1:]) if part.startswith("-") else ("", part)
        if name.isascii() and name.isdigit() and len(name) < 4:
            name = names[int(name)] if int(name) < len(names) else ""
        if name in names:
            found.append(sign + name)
    return tuple(dict.fromkeys(found))


def placed_sort(sort: Iterable[str], names: Sequence[str]) -> str:
    """Return a sort by the places of columns, as Django's lists read it."""
    parts = ((part.startswith("-"), part.removeprefix("-")) for part in sort)
    return ".".join(f"{'-' * descending}{names.index(name)}" for descending, name in parts if name in names)


def moved(names: Sequence[str], name: str, step: int) -> list[str]:
    """Return names with one of them moved a place towards the beginning (-1) or the end (1)."""
    found = list(names)
    if name not in found:
        return found
    place = found.index(name)
    found.insert(min(max(place + step, 0), len(found) - 1), found.pop(place))
    return found


def _last(said: Mapping[str, Any], name: str, default: str) -> str:
    return texts(said[name])[-1] if name in said else default


def _names(spelled: str, separator: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in spelled.split(separator) if part))
