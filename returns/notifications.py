"""What customers read about their returns."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format

from core.models import OutgoingMail
from customers.addresses import PostalAddress
from orders.letters import picture_of, write_to_buyer
from returns import selectors
from returns.events import ReturnRefundAsChanged
from returns.models import ReturnLine, ReturnRequest


def send_requested(return_id: int) -> OutgoingMail | None:
    """Confirm what the customer asked for, with day and time, to keep."""
    found = _read(return_id)
    if _was_here(found):
        return None
    asked_at = timezone.localtime(found.created_at)
    with translation.override(found.order.language):
        moment = date_format(asked_at, "DATETIME_FORMAT")
    return _send("return_requested", found, {"moment": moment, "items": _items(found, "quantity")})


def send_instructions(return_id: int) -> OutgoingMail | None:
    """Tell the customer how to send it back, and where to."""
    found = _read(return_id)
    if _was_here(found):
        return None
    warehouse = selectors.goes_to(found)
    address = PostalAddress.from_dict(warehouse.address if warehouse else {}).lines()
    policy = selectors.policy_of(found.order)
    more = {
        "items": _items(found, "quantity"),
        "address": address or ([warehouse.name] if warehouse else []),
        "instructions": policy.instructions if policy else "",
    }
    return _send("return_authorized", found, more)


def send_declined(return_id: int) -> OutgoingMail | None:
    """Tell the customer why it cannot come back."""
    return _send("return_declined", _read(return_id), {})


def send_refund_as_changed(event: ReturnRefundAsChanged) -> OutgoingMail | None:
    """Tell the customer that what goes back is not what was chosen, and why; each change once."""
    as_credit = event.refund_as == ReturnRequest.RefundAs.CREDIT
    more = {"as_credit": as_credit, "why": event.reason}
    return _send("return_refund_as_changed", _read(event.return_id), more, part=f":{event.moment}")


def send_received(return_id: int, *, units: int) -> OutgoingMail | None:
    """Tell the customer what is here; a second part has a mail of its own."""
    found = _read(return_id)
    complete = all(line.received == line.quantity for line in found.lines.all())
    more = {"items": _items(found, "received"), "complete": complete}
    return _send("return_received", found, more, part=f":{units}")


def _was_here(found: ReturnRequest) -> bool:
    """Whether the goods were here when the return was written down: nobody is told to send them."""
    return found.received_at is not None and found.received_at == found.created_at


def _read(return_id: int) -> ReturnRequest:
    return selectors.return_rows().get(pk=return_id)


def _items(found: ReturnRequest, field: str) -> list[dict[str, Any]]:
    lines: list[ReturnLine] = [line for line in found.lines.all() if getattr(line, field)]
    return [
        {
            "name": line.order_line.name,
            "units": getattr(line, field),
            "image": picture_of(line.order_line.product),
        }
        for line in lines
    ]


def _send(template: str, found: ReturnRequest, more: Mapping[str, Any], *, part: str = "") -> OutgoingMail | None:
    context = {"return": found, "number": found.number, **more}
    return write_to_buyer(found.order, template, context, key=f"{template}:{found.number}{part}")
