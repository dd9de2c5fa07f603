"""Lists of a million rows, without counting them."""

from functools import cached_property

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format

CAP = 10_000


def capped_count(rows: "QuerySet", cap: int = CAP) -> int:
    """Count rows, but stop after `cap`: one more than `cap` means "many"."""
    return rows.order_by()[: cap + 1].count()


def spoken(count: int, cap: int = CAP) -> str:
    """Write a capped count for people: 412, or 10,000+."""
    return f"{number_format(cap, force_grouping=True)}+" if count > cap else number_format(count, force_grouping=True)


class CappedPaginator(Paginator):
    """Pages through the first `CAP` rows; whoever needs more narrows the list by search or filter.

    Neither COUNT over a whole table nor a deep OFFSET: both grow with the table.
    """

    @cached_property
    def count(self) -> int:
        """Return the number of rows, up to the cap."""
        if isinstance(self.object_list, QuerySet):
            return min(capped_count(self.object_list), CAP)
        return len(self.object_list)

    @cached_property
    def is_capped(self) -> bool:
        """Whether there may be more rows than are counted."""
        return self.count >= CAP

    @property
    def spoken_count(self) -> str:
        """Return the count in words for people."""
        return spoken(CAP + 1 if self.is_capped else self.count)


class BackOfficeChangeList(ChangeList):
    """A list that says plainly what it shows."""

    def __init__(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        super().__init__(request, *args, **kwargs)
        self.title = self.opts.verbose_name_plural[:1].upper() + self.opts.verbose_name_plural[1:]
