"""Lists of a million rows, without counting them."""

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.text import capfirst

from core.admin.viewed import OpenList, name_of

CAP = 10_000


def capped_count(rows: "QuerySet", cap: int = CAP) -> int:
    """Count rows, but stop after `cap`: one more than `cap` means "many"."""
    return rows.order_by()[: cap + 1].count()


class CappedPaginator(Paginator):
    """Pages through the first `CAP` rows; whoever needs more narrows the list by search or filter.

    Neither COUNT over a whole table nor an OFFSET that grows with the table.
    """

    def page(self, number: Any) -> Page:
        """Return a page. Which rows are on a later one is asked of an index, what they hold only of themselves."""
        number = self.validate_number(number)
        rows = self.object_list
        if number == 1 or not isinstance(rows, QuerySet):
            return super().page(number)
        first = (number - 1) * self.per_page
        keys = list(rows.values_list("pk", flat=True)[first : min(first + self.per_page, self.count)])
        return self._get_page(rows.filter(pk__in=keys), number, self)  # type: ignore[attr-defined,no-any-return]

    @cached_property
    def _found(self) -> int:
        rows = self.object_list
        return capped_count(rows, CAP) if isinstance(rows, QuerySet) else len(rows)

    @cached_property
    def count(self) -> int:
        """Return the number of rows that can be paged through."""
        return min(self._found, CAP)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return self._found > CAP

    @property
    def spoken_count(self) -> str:
        """Return the count for people: 412, or 10,000+."""
        return number_format(self.count, force_grouping=True) + ("+" if self.is_capped else "")


class BackOfficeChangeList(ChangeList):
    """A list that says plainly what it shows, and whose addresses name the view that is open."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.opened: OpenList | None = getattr(request, "opened_list", None)
        super().__init__(request, *args, **kwargs)
        request.shown_list = self  # type: ignore[attr-defined]
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> "QuerySet[Any]":
        """Leave out what no list shows."""
        found = super().get_queryset(request, exclude_parameters)
        return found.defer(*self.model_admin.list_defer)  # type: ignore[attr-defined]

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return the address of this list with other parameters: what differs from the open view, by name."""
        if self.opened is None:
            return str(super().get_query_string(new_params, remove))
        gone = tuple(remove or ())
        params = {name: value for name, value in self.filter_params.items() if not name.startswith(gone)}
        params |= new_params or {}
        asked = {name: value for name, value in params.items() if value is not None}
        return self.opened.address_of(asked, [name_of(column) for column in self.list_display])
