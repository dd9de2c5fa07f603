"""A return that is told afterwards: every step at once, each with its line of history."""

from collections.abc import Mapping
from datetime import datetime

from core.actors import Actor
from core.service import service
from core.transitions import advance
from orders import services as orders
from returns.errors import EmptyReturn
from returns.events import ReturnAuthorized, ReturnInspected, ReturnReceived, ReturnRequested
from returns.models import ReturnLine, ReturnRequest

from .common import lines_of, take_order, tell
from .resolving import settle


@service
def return_through(
    order_id: int,
    *,
    quantities: Mapping[int, int],
    warehouse_id: int,
    reason: str = "",
    parcel: str = "",
    disposition: str = ReturnLine.Disposition.RESTOCK,
    with_charges: bool = False,
    actor: Actor,
    at: datetime,
) -> ReturnRequest:
    """Take units ({order line id: units}) back that came back on a day in the past, and refund them.

    Nobody asks whether they were allowed to come: they came. That not more comes back than left the
    building is still refused, by the order. `parcel` is the number of what came back unopened.
    """
    wanted = {line_id: units for line_id, units in quantities.items() if units > 0}
    if not wanted:
        raise EmptyReturn("Say how many units of what came back")
    order = take_order(order_id)
    found = ReturnRequest(
        order=order,
        requested_by=str(actor),
        reason=reason[:300],
        parcel=parcel,
        warehouse_id=warehouse_id,
        created_at=at,
        authorized_at=at,
        received_at=at,
        resolved_at=at,
    )
    advance(found, "authorize", "receive", "inspect", "resolve", actor=actor, at=at)
    ReturnLine.objects.bulk_create(
        ReturnLine(
            return_request=found,
            order_line_id=line_id,
            quantity=units,
            received=units,
            disposition=disposition,
            resolution=ReturnLine.Resolution.REFUND,
        )
        for line_id, units in wanted.items()
    )
    reference = str(found.number)
    orders.record_return_request(
        order.pk, open_returns_delta=1, authorized=wanted, returned=wanted, reference=reference, actor=actor, at=at
    )
    for kind in (ReturnRequested, ReturnAuthorized):
        tell(kind, found, actor=actor, at=at)
    tell(ReturnReceived, found, complete=True, units=sum(wanted.values()), actor=actor, at=at)
    tell(ReturnInspected, found, actor=actor, at=at)
    settle(found, lines_of(found), with_charges=with_charges, actor=actor, at=at)
    return found
