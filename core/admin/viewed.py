"""A list as somebody opened it: what the address says, on top of the view it names.

Filters and search are applied in one place, `narrowed`: the tabs count with it and the API asks with it
(`/orders/?view=…`), so that both find what the list shows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import FieldListFilter, SimpleListFilter
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.filters import BooleanFieldListFilter, ChoicesFieldListFilter, RelatedFieldListFilter
from django.contrib.admin.options import IS_POPUP_VAR, IncorrectLookupParameters
from django.contrib.admin.utils import (
    build_q_object_from_lookup_parameters,
    label_for_field,
    lookup_spawns_duplicates,
    prepare_lookup_value,
)
from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst

from core.admin.actors import actor_for
from core.looks import (
    COLUMNS,
    PASSING,
    SEARCH,
    SORT,
    VIEW,
    Look,
    Pairs,
    difference,
    named_sort,
    overlay,
    placed_sort,
    texts,
)
from core.models import SavedView
from core.saved_views import SHARE, look_of, may_change, visible
from core.templatetags.back_office_lists import verbose_name_of

NO_SUCH = (
    DisallowedModelAdminLookup,
    IncorrectLookupParameters,
    FieldDoesNotExist,
    FieldError,
    ValidationError,
    ValueError,
    TypeError,
    OverflowError,
)
IN_SIGHT = 6
# Filters whose choices are all there are: a value that none of them has is a thing of the past.
CLOSED = (SimpleListFilter, BooleanFieldListFilter, ChoicesFieldListFilter, RelatedFieldListFilter)


@dataclass(frozen=True)
class Tab:
    """A view of a list in one click: a label and the filter it stands for, as in the address."""

    label: Any
    query: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return its address, by which its count is known as well."""
        return f"?{urlencode(self.query)}"

    @property
    def look(self) -> Look:
        """Return what it shows."""
        return Look({name: [value] for name, value in self.query.items()})


@dataclass
class OpenList:
    """A list as somebody opened it."""

    admin: Any
    request: HttpRequest
    look: Look
    passing: dict[str, list[str]]
    view: SavedView | None = None
    views: list[SavedView] = field(default_factory=list)
    unknown: str = ""
    lost: list[str] = field(default_factory=list)

    @property
    def base(self) -> Look:
        """Return what the view shows that is open; nothing special if none is."""
        return look_of(self.view) if self.view else Look()

    @property
    def changed(self) -> bool:
        """Whether the list shows something else than the view that is open."""
        return self.view is not None and self.look != self.base

    @property
    def may_change(self) -> bool:
        """Whether the reader may change the view that is open."""
        return self.view is not None and may_change(self.view, actor_for(self.request))

    @property
    def may_share(self) -> bool:
        """Whether the reader may share what he saves."""
        return bool(self.request.user.has_perm(SHARE))

    @property
    def is_own(self) -> bool:
        """Whether the view that is open belongs to the reader."""
        return self.view is not None and self.view.owner_id == self.request.user.pk

    @property
    def whole(self) -> str:
        """Return all that the list shows, for a form that saves it."""
        return urlencode(difference(self.look, Look()), safe=",")

    @property
    def carried(self) -> Pairs:
        """Return what a form for another search term has to carry."""
        return [pair for pair in self.pairs(self.look) if pair[0] != SEARCH]

    @property
    def carried_without_columns(self) -> Pairs:
        """Return what a form for other columns has to carry."""
        return [pair for pair in self.pairs(self.look) if pair[0] != COLUMNS]

    @property
    def usual_columns(self) -> str:
        """Return the address of the same rows with the columns of the list."""
        return self.address(Look(self.look.filters, self.look.search, self.look.sort))

    def pairs(self, look: Look) -> Pairs:
        """Return what an address of this list says to show something."""
        named = [(VIEW, self.view.slug)] if self.view else []
        return named + difference(look, self.base) + [(k, v) for k, values in self.kept_passing() for v in values]

    def address(self, look: Look, more: Pairs | None = None) -> str:
        """Return the address of this list that shows something."""
        return f"?{urlencode(self.pairs(look) + (more or []), safe=',')}"

    def address_of(self, params: Mapping[str, Any], names: list[str]) -> str:
        """Return the address for what Django's list would ask for, where sorting goes by the places of columns."""
        said = {name: value for name, value in params.items() if name not in PASSING and name != SORT}
        look = overlay(Look(columns=self.look.columns), said)
        sort = named_sort(str(texts(params[SORT])[-1]).split("."), names) if params.get(SORT) else ()
        pages = [(name, text) for name, value in params.items() if name in ("p", "all") for text in texts(value)]
        return self.address(Look(look.filters, look.search, sort, look.columns), pages)

    def kept_passing(self) -> Iterable[tuple[str, list[str]]]:
        """Return what belongs to the window, not to the list."""
        return ((name, values) for name, values in self.passing.items() if name in (IS_POPUP_VAR, "_to_field"))

    def as_query(self) -> QueryDict:
        """Return the address as Django's list reads it: the view resolved, the sort by places."""
        query = QueryDict(mutable=True)
        for name, values in {**self.passing, **self.look.filters}.items():
            query.setlist(name, values)
        if self.look.search:
            query[SEARCH] = self.look.search
        if self.look.sort:
            query[SORT] = placed_sort(self.look.sort, names_in_place(self.admin, self.request, self.look))
        return query

    def tabs(self) -> list[dict[str, Any]]:
        """Return the saved views as tabs; those beyond the first few stand in a menu, unless one of them is open."""
        return [
            {
                "label": view.name,
                "url": address_of_view(view),
                "open": view == self.view,
                "changed": view == self.view and self.changed,
                "shared": view.shared,
                "tucked": place >= IN_SIGHT and view != self.view,
            }
            for place, view in enumerate(self.views)
        ]

    def columns(self) -> list[dict[str, Any]]:
        """Return the columns to choose from: those that are shown in their order, then the others."""
        every = {name_of(column): column for column in self.admin.every_column(self.request)}
        shown = [name_of(column) for column in self.admin.get_list_display(self.request)]
        pinned = self.admin.pinned_columns(self.request)
        names = [*shown, *(name for name in every if name not in shown)]
        return [
            {
                "name": name,
                "label": _label(self.admin, every[name]),
                "shown": name in shown,
                "pinned": name in pinned,
                "first": name == shown[0],
            }
            for name in names
        ]


def address_of_view(view: SavedView) -> str:
    """Return the address, within its list, that opens a view."""
    return f"?{VIEW}={view.slug}"


def open_list(admin: Any, request: HttpRequest, said: Mapping[str, list[str]] | None = None) -> OpenList:
    """Return what somebody asked for, in one statement for the views of the list."""
    params = dict(request.GET.lists()) if said is None else dict(said)
    passing = {name: values for name, values in params.items() if name in PASSING}
    keeps = admin.may_keep_views() and IS_POPUP_VAR not in params
    views = list(visible(table_of(admin), request.user.pk)) if keeps else []
    slug = texts(params.get(VIEW) or [""])[-1]
    view = next((one for one in views if one.slug == slug), None)
    look = overlay(look_of(view) if view else Look(), params)
    look, lost = known(admin, request, look)
    return OpenList(admin, request, look, passing, view, views, unknown="" if view else slug, lost=lost)


def known(admin: Any, request: HttpRequest, look: Look) -> tuple[Look, list[str]]:
    """Return a look with the columns that there are, and the names of those that there are no more."""
    usual = [name_of(column) for column in admin.usual_columns(request)]
    every = [name_of(column) for column in admin.every_column(request)]
    there = [name for name in look.columns if name in every]
    lost = [spoken_name(admin, request, name) for name in look.columns if name not in every]
    columns = tuple(dict.fromkeys([usual[0], *there, *admin.pinned_columns(request)])) if there else ()
    if list(columns) == usual:
        columns = ()
    names = names_in_place(admin, request, Look(columns=columns))
    return Look(look.filters, look.search, named_sort(look.sort, names), columns), lost


def names_in_place(admin: Any, request: HttpRequest, look: Look) -> list[str]:
    """Return the names of the columns as Django's list counts them, the box to tick among them."""
    boxes = ["action_checkbox"] if admin.get_actions(request) else []
    return [*boxes, *(look.columns or [name_of(column) for column in admin.usual_columns(request)])]


def narrowed(admin: Any, request: Any, rows: "QuerySet[Any]", look: Look) -> "QuerySet[Any]":
    """Return the rows that a list shows with these filters and this search term.

    Raises one of NO_SUCH for a filter that does not exist (any more).
    """
    left = dict(look.filters)
    for name, values in left.items():
        if not all(admin.lookup_allowed(name, value, request) for value in values):
            raise DisallowedModelAdminLookup(f"Filtering by {name} not allowed")
    for declared in admin.get_list_filter(request):
        spec = _with_rules_of_its_own(admin, request, declared, left)
        if spec is not None and spec.has_output():
            found = spec.queryset(request, rows)
            rows = rows if found is None else found
    lookups: dict[str, Any] = {name: prepare_lookup_value(name, values) for name, values in left.items()}
    twice = any(lookup_spawns_duplicates(admin.opts, name) for name in lookups)
    rows = rows.filter(build_q_object_from_lookup_parameters(lookups))
    if look.search:
        rows, doubled = admin.get_search_results(request, rows, look.search)
        twice = twice or doubled
    return rows.distinct() if twice else rows


def _with_rules_of_its_own(admin: Any, request: Any, declared: Any, left: dict[str, list[str]]) -> Any:
    """Return a filter that decides itself what it finds; the plain ones are look-ups, and cost no statement so."""
    if isinstance(declared, list | tuple):
        path, kind = declared
        if kind.queryset is FieldListFilter.queryset:
            return None
        return kind(admin.opts.get_field(path), request, left, admin.model, admin, field_path=path)
    if not callable(declared):
        return None
    name = getattr(declared, "parameter_name", None)
    return declared(request, left, admin.model, admin) if name is None or name in left else None


def outdated(opened: OpenList, specs: Iterable[Any], changelist: Any) -> list[str]:
    """Return the filters whose value is none of the choices there are (any more)."""
    found = []
    for spec in specs:
        names = set(opened.look.filters).intersection(spec.expected_parameters())
        closed = isinstance(spec, CLOSED) and not getattr(spec, "takes_any_value", False)
        if names and closed and not any(choice["selected"] for choice in spec.choices(changelist)):
            found += sorted(names)
    return found


def impossible(opened: OpenList) -> list[str]:
    """Return the filters that the list cannot even look for."""
    # PostgreSQL takes no NUL, not even to look for it.
    rows, found = opened.admin.get_queryset(opened.request), []
    for name, values in opened.look.filters.items():
        try:
            if any("\0" in value for value in values):
                raise ValueError("NUL")
            narrowed(opened.admin, opened.request, rows, Look({name: values}))
        except NO_SUCH:
            found.append(name)
    return found


def spoken_name(admin: Any, request: HttpRequest, name: str) -> str:
    """Say what a filter or a column is called, as far as it is still known."""
    titles = {
        getattr(one, "parameter_name", None): getattr(one, "title", "") for one in admin.get_list_filter(request)
    }
    title = titles.get(name) or verbose_name_of(admin.model, name.split("__")[0])
    return str(capfirst(title or name.replace("__", " ").replace("_", " ")))


def table_of(admin: Any) -> str:
    """Return the name under which views of a list are kept."""
    return str(admin.opts.label_lower)


def name_of(column: Any) -> str:
    """Return the name of a column: of its field, or of the function that shows it."""
    return column if isinstance(column, str) else str(getattr(column, "__name__", column))


def _label(admin: Any, column: Any) -> str:
    path = getattr(column, "field_path", "")
    text = verbose_name_of(admin.model, path) if path else ""
    return str(capfirst(text or str(label_for_field(column, admin.model, admin))))
