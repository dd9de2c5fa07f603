"""How returns are found from the one search box."""

from django.utils.translation import gettext_lazy as _

from core.admin.links import page_of
from core.admin.searching import LIMIT, Hit, finder
from core.sight import seen
from returns.models import ReturnRequest


@finder(permission="returns.view_returnrequest", order=48)
def find_returns(term: str) -> list[Hit]:
    """Find returns by number."""
    rows = seen(ReturnRequest.objects.filter(number=term.upper())).select_related("order")[:LIMIT]
    return [
        Hit(
            str(found),
            page_of(found),
            detail=str(found.order),
            kind=_("Return"),
            status=found.status,
            status_label=found.get_status_display(),  # type: ignore[attr-defined]
        )
        for found in rows
    ]
