"""What every carrier can do, whoever drives the van."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.dateparse import parse_datetime

from fulfillment.errors import UnreadableMessage
from fulfillment.models import Shipment

# What a carrier may say that moves a parcel; anything else is written down and moves nothing.
MOVES = ("in_transit", "out_for_delivery", "delivered", "delivery_failed", "returned_to_sender", "lost")


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a carrier gives for a parcel. Empty `pdf`: the label is ours and is drawn when it is printed."""

    tracking_number: str = ""
    tracking_url: str = ""
    pdf: bytes = b""


@dataclass(frozen=True, kw_only=True)
class CarrierEvent:
    """One thing a carrier said about a parcel, in our words."""

    event_id: str
    status: str
    at: datetime
    tracking_number: str = ""
    description: str = ""
    location: str = ""


class Carrier(Protocol):
    """A way to hand a parcel to somebody.

    `outside`: its labels come over the wire, so they are asked for after the commit, with the
    number of the shipment as a key that makes a second call harmless.
    """

    code: str
    name: Any
    outside: bool
    types_number: bool

    def create_label(self, shipment: Shipment) -> Label:
        """Return the label of a parcel; the same parcel gets the same label."""
        ...

    def void_label(self, shipment: Shipment) -> None:
        """Take the label back: the parcel stays here."""
        ...

    def parse_events(self, message: Mapping[str, Any]) -> Sequence[CarrierEvent]:
        """Read a message of the carrier. Raises UnreadableMessage."""
        ...


def read_events(message: Mapping[str, Any]) -> list[CarrierEvent]:
    """Read our own form of a message: one event, or a list of them under `events`."""
    events = message.get("events", [message])
    if not isinstance(events, list):
        raise UnreadableMessage("`events` is a list")
    return [_read_event(event) for event in events]


def _read_event(event: Any) -> CarrierEvent:
    if not isinstance(event, Mapping):
        raise UnreadableMessage("An event is an object")
    at = event.get("at")
    try:
        moment = parse_datetime(at) if isinstance(at, str) else at
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise UnreadableMessage("`at` is a moment with its time zone, as in RFC 3339")
    if not event.get("event_id") or not event.get("status"):
        raise UnreadableMessage("An event has an `event_id` and a `status`")
    words = {name: str(event.get(name) or "") for name in ("tracking_number", "description", "location")}
    return CarrierEvent(event_id=str(event["event_id"]), status=str(event["status"]), at=moment, **words)
