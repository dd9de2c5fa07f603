"""From the wish of a customer to our answer."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from core.actors import Actor
from core.service import service
from core.transitions import advance
from orders import services as orders
from orders.models import Order
from returns import selectors
from returns.eligibility import Answer
from returns.errors import EmptyReturn, NotReturnable, UnknownLine, WithdrawalCannotBeDeclined
from returns.events import ReturnAuthorized, ReturnCancelled, ReturnDeclined, ReturnExpired, ReturnRequested
from returns.models import ReturnLine, ReturnRequest

from .choosing import check_refund_as
from .common import lines_of, take_order, take_return, tell, units_of


@service
def request_return(
    order_id: int,
    *,
    quantities: Mapping[int, int],
    reason: str = "",
    note: str = "",
    refund_as: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> ReturnRequest:
    """Write down that units of order lines ({line id: units}) are to come back.

    `refund_as` is what the customer chose to have back (ReturnRequest.RefundAs), where he was asked.
    Raises NotReturnable when more is wanted than may come back, EmptyReturn, UnknownLine and CreditNotOffered.
    """
    when = at or timezone.now()
    order, staff = take_order(order_id), selectors.is_staff(actor)
    answer = _require_returnable(order, quantities, staff=staff, at=when)
    check_refund_as(order, refund_as, staff=staff)
    found = ReturnRequest(
        order=order,
        requested_by=str(actor),
        reason=reason[:300],
        customer_note=note,
        is_withdrawal=answer.is_withdrawal and not order.quiet,
        refund_as=refund_as,
        created_at=when,
    )
    found.save(force_insert=True)
    ReturnLine.objects.bulk_create(
        ReturnLine(return_request=found, order_line_id=line_id, quantity=units)
        for line_id, units in quantities.items()
        if units
    )
    orders.record_return_request(order.pk, open_returns_delta=1, reference=str(found.number), actor=actor, at=when)
    tell(ReturnRequested, found, refund_as=refund_as, actor=actor, at=when)
    return found


def _require_returnable(order: Order, quantities: Mapping[int, int], *, staff: bool, at: datetime) -> Answer:
    """Ask the rules, under the lock of the order: what another request claimed meanwhile is taken."""
    if any(units < 0 for units in quantities.values()) or not any(quantities.values()):
        raise EmptyReturn("Say how many units of what are to come back")
    lines = {line.pk: line for line in selectors.lines_with_claims(order)}
    if strangers := sorted(set(quantities) - set(lines)):
        raise UnknownLine(f"{order} has no such line", lines=[str(pk) for pk in strangers])
    answer = selectors.judge_lines(order, lines.values(), staff=staff, at=at)
    too_many = [
        {
            "line": str(one.key),
            "sku": lines[one.key].sku,
            "requested": quantities[one.key],
            "returnable": one.quantity,
            "reason": one.reason or "not_so_many",
            "detail": selectors.why_not(one.reason),
        }
        for one in answer.lines
        if quantities.get(one.key, 0) > one.quantity
    ]
    if too_many:
        first = too_many[0]
        text = first["detail"] or f"Only {first['returnable']} of {first['sku']} can be returned"
        raise NotReturnable(str(text), lines=too_many)
    return answer


@service
def authorize_return(
    return_id: int, *, warehouse_id: int | None = None, actor: Actor, at: datetime | None = None
) -> ReturnRequest:
    """Let the customer send it back, to a warehouse if it is known already."""
    when = at or timezone.now()
    found = take_return(return_id)
    found.warehouse_id = warehouse_id or found.warehouse_id
    found.authorized_at = when
    advance(found, "authorize", actor=actor, at=when)
    orders.record_return_request(
        found.order_id, authorized=units_of(lines_of(found)), reference=str(found.number), actor=actor, at=when
    )
    tell(ReturnAuthorized, found, actor=actor, at=when)
    return found


@service
def decline_return(return_id: int, *, reason: str, actor: Actor, at: datetime | None = None) -> ReturnRequest:
    """Say no, and why. Raises WithdrawalCannotBeDeclined where a consumer has a right to it."""
    found = take_return(return_id)
    if found.is_withdrawal:
        raise WithdrawalCannotBeDeclined("A consumer who withdraws in time needs no reason and cannot be refused")
    found.decline_reason = reason[:300]
    return _end(found, "decline", ReturnDeclined, note=reason, actor=actor, at=at)


@service
def cancel_return(return_id: int, *, reason: str = "", actor: Actor, at: datetime | None = None) -> ReturnRequest:
    """Note that the customer keeps it after all; the units may be claimed again."""
    return _end(take_return(return_id), "cancel", ReturnCancelled, note=reason, actor=actor, at=at)


@service
def expire_return(return_id: int, *, actor: Actor, at: datetime | None = None) -> ReturnRequest:
    """Note that what was authorized never came; the units may be claimed again."""
    return _end(take_return(return_id), "expire", ReturnExpired, note="", actor=actor, at=at)


def _end(
    found: ReturnRequest,
    transition: str,
    kind: type[ReturnDeclined | ReturnCancelled | ReturnExpired],
    *,
    note: str,
    actor: Actor,
    at: datetime | None,
) -> ReturnRequest:
    """End a return of which nothing came."""
    when = at or timezone.now()
    was_authorized = found.status != ReturnRequest.Status.REQUESTED
    advance(found, transition, actor=actor, note=note, at=when)
    freed = units_of(lines_of(found)) if was_authorized else {}
    orders.record_return_request(
        found.order_id,
        open_returns_delta=-1,
        authorized={line_id: -units for line_id, units in freed.items()},
        reference=str(found.number),
        actor=actor,
        at=when,
    )
    tell(kind, found, actor=actor, at=when)
    return found
