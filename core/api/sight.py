"""What a key limited to channels sees of things that many orders share, such as customers and movements.

The apps above say which of them have to do with the orders of channels; the app that shows them asks here.
"""

from collections import defaultdict
from collections.abc import Callable

from django.db.models import Q

Condition = Callable[[frozenset[str] | None], Q]
CONDITIONS: dict[str, list[Condition]] = defaultdict(list)


def belonging(kind: str) -> Callable[[Condition], Condition]:
    """Register when a record of a kind (`app.model`) has to do with an order of channels; None: with any order."""

    def register(condition: Condition) -> Condition:
        CONDITIONS[kind].append(condition)
        return condition

    return register


def belongs(kind: str, channels: frozenset[str] | None) -> Q:
    """Return the condition of records that have to do with an order of channels; where nobody registered, of none."""
    found = Q(pk__in=[])
    for condition in CONDITIONS[kind]:
        found |= condition(channels)
    return found
