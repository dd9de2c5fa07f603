"""Filters of lists: what is not known is refused, so that a typo never returns everything."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from core.api.pagination import PARAMETERS
from core.api.parsers import fault
from core.api.saved_views import narrowed_by_view
from core.errors import Invalid
from core.looks import VIEW


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter by `filterset_class`; an unknown parameter or a bad value is a 400 that names it.

    A view that reads other parameters itself names them in `extra_parameters`; one with `saved_views = True`
    also shows what the back office keeps under `?view=<slug>`.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Return the rows that the parameters ask for."""
        filterset_class = self.get_filterset_class(view, queryset)
        names = filterset_class.base_filters if filterset_class else ()
        keeps_views = getattr(view, "saved_views", False)
        refuse_unknown(
            request, {*names, *PARAMETERS, *getattr(view, "extra_parameters", ()), *([VIEW] if keeps_views else [])}
        )
        rows = narrowed_by_view(request, queryset) if keeps_views else queryset
        if filterset_class is None:
            return rows
        filterset = self.get_filterset(request, rows, view)
        if not filterset.is_valid():
            raise bad_parameters(filterset.errors.get_json_data())
        return filterset.qs


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """Raise Invalid for query parameters that this address does not know, or that come twice."""
    known = set(known)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        there_are = f"There are: {', '.join(sorted(known))}"
        faults = {name: [{"code": "unknown_parameter", "message": there_are}] for name in unknown}
        raise bad_parameters(faults)


def bad_parameters(faults: dict[str, list[dict[str, str]]]) -> Invalid:
    """Return the error that names each wrong query parameter."""
    errors = [
        {**fault(f"/{_printable(name)}", one["code"] or "invalid", one["message"]), "in": "query"}
        for name, found in faults.items()
        for one in found
    ]
    return Invalid("A query parameter is not valid: see errors", errors=errors)


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()[:100]
