"""Lists of a million rows, without counting them, and as fast on the last page as on the first."""

import base64
import binascii
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.text import capfirst

from core import keyset
from core.admin.viewed import OpenList, name_of

# Beyond it the number says nothing to anybody, and counting would take longer than the page.
CAP = 1_000
NEXT, BEFORE = "n", "b"
LONGEST_PLACE = 2000


def capped_count(rows: "QuerySet", cap: int = CAP) -> int:
    """Count rows, but stop after `cap`: one more than `cap` means "many"."""
    return rows.order_by()[: cap + 1].count()


class CappedPaginator(Paginator):
    """Counts the first `CAP` rows: a COUNT over a whole table grows with the table.

    Where a list is sorted by what is worked out for each row, it also pages, through these rows alone.
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
        """Return the count for people: 412, or 1,000+."""
        return number_format(self.count, force_grouping=True) + ("+" if self.is_capped else "")


class Place:
    """Where a page begins: after, or before, a row; and how many rows were read on the way to it, where known."""

    def __init__(self, direction: str = NEXT, offset: int | None = 0, values: Sequence[Any] | None = None) -> None:
        self.direction = direction
        self.offset = offset
        self.values = values

    def spelled(self, order: str) -> str:
        """Return it as it stands in an address."""
        packed = json.dumps([order, self.direction, self.offset, self.values], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_place(text: str, order: str, keys: Sequence[keyset.Key]) -> Place:
    """Return the place that an address names; the first page for what is none of this list."""
    try:
        if len(text) > LONGEST_PLACE:
            return Place()
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        known, direction, offset, values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        sensible = offset is None or (type(offset) is int and 0 <= offset < 2**31)
        if known != order or direction not in (NEXT, BEFORE) or not sensible:
            return Place()
        return Place(direction, offset, None if values is None else keyset.read_position(values, keys))
    except (binascii.Error, ValueError, TypeError, OverflowError, ValidationError, RecursionError):
        return Place()


class BackOfficeChangeList(ChangeList):
    """A list that says plainly what it shows, and whose addresses name the view that is open.

    It is read by keyset where it is sorted by plain columns. `offset` is the number of rows before the page
    (None: nobody counted), `neighbors` the addresses of the pages around it.
    """

    offset: int | None = 0
    neighbors: dict[str, str]

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.opened: OpenList | None = getattr(request, "opened_list", None)
        super().__init__(request, *args, **kwargs)
        request.shown_list = self  # type: ignore[attr-defined]
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> "QuerySet[Any]":
        """Leave out what no list shows."""
        found = super().get_queryset(request, exclude_parameters)
        return found.defer(*self.model_admin.list_defer)  # type: ignore[attr-defined]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page that the address names, and one row more to see whether another follows."""
        self.neighbors = {}
        keys = self._keys()
        if keys is None:
            super().get_results(request)
            self.offset = (self.page_num - 1) * self.list_per_page
            around = {"before": self.page_num - 1, "after": self.page_num + 1}
            known = {name: page for name, page in around.items() if 1 <= page <= self.paginator.num_pages}
            self.neighbors = {name: self.get_query_string({PAGE_VAR: page}) for name, page in known.items()}
            return
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count, self.full_result_count = self.paginator.count, None
        self.show_full_result_count = self.can_show_all = False
        self.show_admin_actions = bool(self.result_count)
        order = ",".join(("-" if key.descending else "") + key.name for key in keys)
        place = read_place(request.GET.get(PAGE_VAR, ""), order, keys)
        backwards = place.direction == BEFORE
        asked: dict[str, Any] = {
            "backwards": backwards,
            "limit": self.list_per_page + 1,
            "scattered": bool(self.query),
        }
        found = keyset.read_on(self.queryset, keys, place.values, **asked)
        more, page = len(found) > self.list_per_page, found[: self.list_per_page]
        if backwards:
            page.reverse()
        self.result_list = page
        self._look_around(page, keys, order, place, more=more)

    def _keys(self) -> list[keyset.Key] | None:
        """Return the plain columns that the list is sorted by; None where it is sorted by something else."""
        spelled = self.queryset.query.order_by
        if not spelled or not all(isinstance(part, str) for part in spelled):
            return None
        keys = [keyset.key_of(self.queryset, str(part)) for part in spelled]
        if any(key.field is None or key.field.is_relation for key in keys):
            return None
        return keyset.with_tie_break(keys, self.queryset)

    def _look_around(
        self, page: list[Any], keys: Sequence[keyset.Key], order: str, place: Place, *, more: bool
    ) -> None:
        """Name the pages before and after this one, and the first and the last."""
        backwards = place.direction == BEFORE
        has_next = (place.values is not None and bool(page)) if backwards else more
        has_before = more if backwards else place.values is not None and bool(page)
        self.offset = self._offset(page, place, has_before=has_before, has_next=has_next)
        self.multi_page = has_next or has_before
        if has_next:
            after = None if self.offset is None else self.offset + len(page)
            self.neighbors["after"] = self._address(order, NEXT, after, keyset.position_of(page[-1], keys))
            self.neighbors["last"] = self._address(order, BEFORE, None, None)
        if has_before:
            self.neighbors["before"] = self._address(order, BEFORE, self.offset, keyset.position_of(page[0], keys))
            self.neighbors["first"] = self.get_query_string(remove=[PAGE_VAR])

    def _offset(self, page: list[Any], place: Place, *, has_before: bool, has_next: bool) -> int | None:
        if not has_before:
            return 0
        if not has_next and not self.paginator.is_capped:
            return max(self.result_count - len(page), 0)
        if place.offset is None or place.direction == NEXT:
            return place.offset
        return max(place.offset - len(page), 0)

    def _address(self, order: str, direction: str, offset: int | None, values: Sequence[Any] | None) -> str:
        return str(self.get_query_string({PAGE_VAR: Place(direction, offset, values).spelled(order)}))

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return the address of this list with other parameters: what differs from the open view, by name."""
        if self.opened is None:
            return str(super().get_query_string(new_params, remove))
        gone = tuple(remove or ())
        params = {name: value for name, value in self.filter_params.items() if not name.startswith(gone)}
        params |= new_params or {}
        asked = {name: value for name, value in params.items() if value is not None}
        return self.opened.address_of(asked, [name_of(column) for column in self.list_display])
