"""What integrations add to pages: the rows of a file that were not taken, on the page of their exception."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.panels import panel
from core.reader import retold
from integrations.services.refused import REFUSED
from orders.models import OrderException
from orders.panels.exception import EXCEPTION

VIEW = "integrations.view_importbatch"


@panel(EXCEPTION, order=20)
def rows_not_taken(request: HttpRequest, exception: OrderException) -> tuple[str, dict[str, Any]] | None:
    """Name the first of the rows with why, and lead to the import that holds all of them."""
    if exception.category != REFUSED:
        return None
    return "integrations/panels/refused.html", {
        "title": _("Rows that were not taken"),
        "rows": [(row["line"], retold(row["reason"])) for row in exception.payload.get("rows", ())],
        "batch": exception.payload.get("batch") if request.user.has_perm(VIEW) else None,
    }
