"""Where an order stands, as a customer thinks of it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from orders.models import Order


@dataclass(frozen=True)
class Step:
    """One step on the way to the customer: done, the present one, or still to come."""

    name: str
    state: str
    at: datetime | date | None


def steps_of(order: Order) -> list[Step]:
    """Return the steps of an order; an order that ended early shows that instead."""
    if order.status in ("cancelled", "expired"):
        ended = _("Cancelled") if order.status == "cancelled" else _("Expired")
        return [Step(_("Ordered"), "done", order.placed_at), Step(ended, "ended", order.cancelled_at)]
    reached = [
        (_("Ordered"), order.placed_at),
        (_("Confirmed"), order.confirmed_at),
        (_("Being prepared"), order.released_at),
        (_("On its way"), order.shipped_at),
        (_("Delivered"), order.delivered_at),
    ]
    steps: list[Step] = []
    for name, at in reached:
        waiting = any(step.state == "now" for step in steps)
        state = "done" if at and not waiting else ("later" if waiting else "now")
        steps.append(Step(name, state, at))
    return steps
