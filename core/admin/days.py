"""A filter by day: a span that moves along (the last seven days), or from one day to another.

    list_filter = [day_filter("placed_at", "placed", _("placed"))]

Days begin and end at midnight where the reader is, and the menu says where that is.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.admin import ListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.reader import spoken_date

Span = tuple[date | None, date | None]
# How many days back a span begins, and how many days back it ends.
SPANS: dict[str, tuple[Any, int, int]] = {
    "today": (_("Today"), 0, 0),
    "yesterday": (_("Yesterday"), 1, 1),
    "7d": (_("Last 7 days"), 6, 0),
    "30d": (_("Last 30 days"), 29, 0),
}


class DayFilter(ListFilter):
    """By the day of a moment; see `day_filter`."""

    template = "admin/parts/day_filter.html"
    column = ""
    name = ""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.said = {name: str(params.pop(name)[-1]) for name in self.expected_parameters() if name in params}
        self.carried: list[tuple[str, str]] = []

    def has_output(self) -> bool:
        """Always offered."""
        return True

    def expected_parameters(self) -> list[str]:
        """Return the name of a span, and of its ends."""
        return [self.name, f"{self.name}_from", f"{self.name}_to"]

    @property
    def place(self) -> str:
        """Name the time zone in which days begin and end."""
        return timezone.get_current_timezone_name()

    @property
    def first(self) -> str:
        """Return the first day, as it was typed."""
        return self.said.get(f"{self.name}_from", "")

    @property
    def last(self) -> str:
        """Return the last day, as it was typed."""
        return self.said.get(f"{self.name}_to", "")

    def span(self) -> Span:
        """Return the days that are meant. Raises ValueError for what is none."""
        if (known := self.said.get(self.name, "")) in SPANS:
            _label, begins, ends = SPANS[known]
            today = timezone.localdate()
            return today - timedelta(days=begins), today - timedelta(days=ends)
        if known:
            raise ValueError(f"No such span: {known}")
        return (
            date.fromisoformat(self.first) if self.first else None,
            date.fromisoformat(self.last) if self.last else None,
        )

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return the rows of those days."""
        try:
            first, last = self.span()
            if first is not None:
                queryset = queryset.filter(**{f"{self.column}__gte": _midnight(first)})
            if last is not None:
                queryset = queryset.filter(**{f"{self.column}__lt": _midnight(last + timedelta(days=1))})
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error
        return queryset

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Offer the spans; the days that were typed come last."""
        own = self.expected_parameters()
        if changelist.opened is not None:
            self.carried = changelist.opened.pairs(changelist.opened.look.without(own))
        none = dict.fromkeys(own)
        yield {
            "selected": not self.said,
            "query_string": changelist.get_query_string(none),
            "display": gettext("Any time"),
        }
        for name, (label, _begins, _ends) in SPANS.items():
            address = changelist.get_query_string({**none, self.name: name})
            yield {"selected": self.said.get(self.name) == name, "query_string": address, "display": label}
        if self.first or self.last:
            yield {"selected": True, "query_string": "", "display": self._spoken(), "typed": True}

    def _spoken(self) -> str:
        first, last = self.span()
        if first and last:
            return spoken_date(first) if first == last else f"{spoken_date(first)} – {spoken_date(last)}"
        if first:
            return gettext("from %(day)s") % {"day": spoken_date(first)}
        return gettext("until %(day)s") % {"day": spoken_date(last)} if last else ""


def day_filter(column: str, name: str, title: Any) -> type[DayFilter]:
    """Return a filter by the day of a moment, called `name` in the address."""
    return type("DayFilterOf", (DayFilter,), {"column": column, "name": name, "title": title})


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
