"""A filter by the values that a column has, each by its name instead of its code.

    list_filter = [worded_filter("colour", colour_name)]

For codes that are no choices of their field: what an import brings is offered as well.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter
from django.utils.text import capfirst


class WordedFilter(AllValuesFieldListFilter):
    """By the values there are; see `worded_filter`."""

    words: Callable[[str], str]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Name each value; the first choice is all of them."""
        everything, *values = super().choices(changelist)
        yield everything
        yield from ({**one, "display": capfirst(type(self).words(str(one["display"])))} for one in values)


def worded_filter(path: str, words: Callable[[str], str]) -> tuple[str, type[WordedFilter]]:
    """Make a filter of a field whose values are named by a function."""
    return path, type("WordedFilter", (WordedFilter,), {"words": staticmethod(words)})
