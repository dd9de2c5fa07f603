"""What comes back, on the first screen of the day."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import today
from core.admin.links import page_of
from core.sight import seen
from returns.models import ReturnRequest

from .returns import OPERATE

ROWS = 8
Status = ReturnRequest.Status
# What a return waits for at the hands of somebody here, and the step that answers it.
WAITS = {
    Status.REQUESTED: ("authorize", gettext_lazy("wants to send something back"), gettext_lazy("Answer")),
    Status.RECEIVED: ("inspect", gettext_lazy("is back and waits to be looked at"), gettext_lazy("Inspect")),
    Status.INSPECTED: ("resolve", gettext_lazy("was looked at and waits for its money"), gettext_lazy("Settle")),
}


@today.todo(order=35, permission=OPERATE)
def returns_waiting() -> list[today.Todo]:
    """Name the returns that wait for somebody here, the oldest first."""
    rows = seen(ReturnRequest.objects.filter(status__in=list(WAITS))).select_related("order").order_by("pk")
    return [_todo(found) for found in rows[:ROWS]]


def _todo(found: ReturnRequest) -> today.Todo:
    step, said, action = WAITS[Status(found.status)]
    return today.Todo(
        text=_("%(number)s · %(who)s · %(said)s")
        % {"number": found.number, "who": found.order.customer_name, "said": said},
        detail=str(found.order),
        action=str(action),
        url=today.step_of("admin:returns_returnrequest_do", found.pk, step),
        beside=True,
        page=page_of(found),
        tone="info",
        rank=3,
    )
