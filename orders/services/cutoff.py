"""Until when customers change their orders themselves: as long as nobody has begun, and not on the last hour."""

from collections.abc import Sequence
from datetime import datetime, time

from django.utils.translation import gettext as _

from core.actors import Actor
from orders.models import Order
from orders.ports import Piece, work_book
from orders.selectors import AWAITING, WAITING

from .promising import calendars_of

# Where a warehouse names no hour until which it takes what leaves the same day.
USUAL = time(12)
CUSTOMERS = frozenset({"customer", "guest"})


def changeable_until(order: Order) -> datetime | None:
    """Return the moment after which only we change an order; none as long as it is not confirmed."""
    if order.status in AWAITING or order.ship_by_on is None:
        return None
    parcels = order.sourcing.get("parcels", [])
    first = min(parcels, key=lambda parcel: str(parcel.get("ships_on")), default={"warehouse": ""})
    calendars = calendars_of({first["warehouse"]})
    calendar = calendars.get(first["warehouse"], calendars[""])
    return datetime.combine(order.ship_by_on, calendar.cut_off or USUAL, tzinfo=calendar.zone)


def why_not_by_customer(order: Order, *, pieces: Sequence[Piece] | None = None, at: datetime) -> str:
    """Say why a customer does not change an order any more, or nothing."""
    if order.status not in WAITING or order.fulfillment_status != Order.Fulfillment.UNFULFILLED:
        return _("It has left, or is closed")
    begun = [one for one in (work_book.pieces(order.pk) if pieces is None else pieces) if one.status != "planned"]
    if begun:
        return _("We have begun to pack it")
    until = changeable_until(order)
    return _("It leaves today; the time for changes is over") if until is not None and at > until else ""


def is_customer(actor: Actor) -> bool:
    """Whether it is a customer who acts."""
    return actor.kind in CUSTOMERS
