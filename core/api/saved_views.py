"""Saved views in the API: `?view=<slug>` shows the rows that the list of the back office shows under it."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from core.admin.site import site
from core.admin.viewed import NO_SUCH, narrowed
from core.api.parsers import fault
from core.errors import Invalid
from core.looks import VIEW
from core.saved_views import look_of, visible


def narrowed_by_view(request: Request, rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Return the rows that the view shows which the request names. Raises Invalid where there is no such view."""
    if VIEW not in request.query_params:
        return rows
    slug = request.query_params[VIEW]
    view = visible(rows.model._meta.label_lower, request.user.pk).filter(slug=slug[:60]).first()
    if view is None or view.slug != slug:
        raise _refused("unknown_view", "There is no such view of this list, or it is not shared")
    try:
        return narrowed(site.get_model_admin(rows.model), request, rows, look_of(view))
    except NO_SUCH:
        raise _refused("outdated_view", "This view has a filter that does not exist any more; save it anew") from None


def _refused(code: str, text: str) -> Invalid:
    return Invalid(text, errors=[{**fault(f"/{VIEW}", code, text), "in": "query"}])
