"""Goods come back, and somebody looks at them."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from core.actors import Actor
from core.service import service
from core.transitions import advance
from core.updating import update_each
from inventory.models import Warehouse
from orders import services as orders
from returns.decisions import Decision
from returns.errors import DecisionMissing, EmptyReturn, OtherWarehouse, ReceivedTooMany, UnknownLine, UnknownWarehouse
from returns.events import ReturnInspected, ReturnReceived, ReturnSent
from returns.models import ReturnLine, ReturnRequest

from .common import lines_of, take_return, tell


@service
def send_return(return_id: int, *, actor: Actor, at: datetime | None = None) -> ReturnRequest:
    """Note that the customer has sent it."""
    found = take_return(return_id)
    advance(found, "travel", actor=actor, at=at)
    tell(ReturnSent, found, actor=actor, at=at)
    return found


@service
def receive_return(
    return_id: int,
    *,
    warehouse_id: int,
    received: Mapping[int, int] | None = None,
    actor: Actor,
    at: datetime | None = None,
) -> ReturnRequest:
    """Take units ({return line id: units}) in at a warehouse; without `received`, all that is still missing.

    Raises ReceivedTooMany, OtherWarehouse, EmptyReturn and UnknownLine.
    """
    when = at or timezone.now()
    found = take_return(return_id)
    lines = lines_of(found)
    coming = {line.pk: line.quantity - line.received for line in lines} if received is None else received
    _require_possible(found, lines, coming, warehouse_id)
    arrived = [line for line in lines if coming.get(line.pk)]
    for line in arrived:
        line.received += coming[line.pk]
    complete = all(line.received == line.quantity for line in lines)
    found.warehouse_id = warehouse_id
    found.received_at = when
    advance(found, "receive" if complete else "receive_in_part", actor=actor, at=when)
    update_each(ReturnLine, ["received"], [[line.pk, line.received] for line in arrived])
    orders.record_return_request(
        found.order_id,
        returned={line.order_line_id: coming[line.pk] for line in arrived},
        reference=str(found.number),
        actor=actor,
        at=when,
    )
    units = sum(line.received for line in lines)
    tell(ReturnReceived, found, complete=complete, units=units, actor=actor, at=when)
    return found


def _require_possible(
    found: ReturnRequest, lines: list[ReturnLine], coming: Mapping[int, int], warehouse_id: int
) -> None:
    known = {line.pk: line for line in lines}
    if strangers := sorted(set(coming) - set(known)):
        raise UnknownLine(f"{found} has no such line", lines=[str(pk) for pk in strangers])
    if any(units < 0 for units in coming.values()) or not any(coming.values()):
        raise EmptyReturn("Say how many units came back")
    if not Warehouse.objects.filter(pk=warehouse_id).exists():
        raise UnknownWarehouse("There is no such warehouse")
    if found.received_at and found.warehouse_id != warehouse_id:
        raise OtherWarehouse("The first part of this return came to another warehouse", warehouse=found.warehouse_id)
    for pk, units in coming.items():
        line = known[pk]
        if units > line.quantity - line.received:
            raise ReceivedTooMany(
                f"Only {line.quantity - line.received} of {line.order_line.sku} are still expected",
                sku=line.order_line.sku,
                expected=line.quantity - line.received,
                received=units,
            )


@service
def inspect_return(
    return_id: int, *, decisions: Mapping[int, Decision], actor: Actor, at: datetime | None = None
) -> ReturnRequest:
    """Decide about every line of which something came back ({return line id: Decision}).

    What never came is free to be claimed again. Raises DecisionMissing.
    """
    when = at or timezone.now()
    found = take_return(return_id)
    lines = lines_of(found)
    here = {line.pk for line in lines if line.received}
    if here != set(decisions):
        raise DecisionMissing("Decide about each line of which something came back, and about no other one")
    decided = [line for line in lines if line.pk in here]
    for line in decided:
        decision = decisions[line.pk]
        line.disposition, line.resolution, line.note = decision.disposition, decision.resolution, decision.note[:300]
    advance(found, "inspect", actor=actor, at=when)
    update_each(
        ReturnLine,
        ["disposition", "resolution", "note"],
        [[line.pk, line.disposition, line.resolution, line.note] for line in decided],
    )
    if missing := {
        line.order_line_id: line.received - line.quantity for line in lines if line.received < line.quantity
    }:
        orders.record_return_request(
            found.order_id, authorized=missing, reference=str(found.number), actor=actor, at=when
        )
    tell(ReturnInspected, found, actor=actor, at=when)
    return found
