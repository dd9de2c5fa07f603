"""The dossier of an order, handed to who may take it out of the house."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_POST

from core.admin.actors import actor_for
from core.sight import seen
from desk import dossier
from desk.panels import TAKES
from desk.views.gate import staff_with
from orders import services
from orders.models import Order


@staff_with("orders.view_order", TAKES)
@require_POST
def take(request: HttpRequest, number: str) -> HttpResponseBase:
    """Write down who takes it, then hand it out piece by piece."""
    rows = seen(Order.objects.select_related("channel", "customer"))
    order = rows.filter(number=number.strip().upper()).first()
    if order is None:
        raise Http404
    services.note_dossier(order.pk, actor=actor_for(request))
    answer = FileResponse(dossier.file_of(order), as_attachment=True, filename=f"{order.number}.zip")
    answer.headers["Content-Type"] = "application/zip"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
