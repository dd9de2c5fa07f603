"""The counter of orders: everything the floors above may ask."""

from .availability import Availability, availability
from .backorders import fill_backorders, fill_order, lose_allocations
from .cancellation import cancel_order, expire_order, expire_unpaid
from .drafts import discard_draft, place_draft, save_draft
from .exceptions import close_exception, close_exceptions, open_exception, reopen_exception, take_exception
from .holds import expire_hold, expire_holds, place_hold, release_hold, reopen_order, waive_check
from .placement import place_order
from .progress import (
    record_credit,
    record_delivery,
    record_invoice,
    record_passage,
    record_payment,
    record_release,
    record_return_request,
    record_shipment,
)
from .remarks import add_comment, require_version, set_priority, update_preferences
from .settlement import complete_order, confirm_order, verify_order

__all__ = [
    "Availability",
    "add_comment",
    "availability",
    "cancel_order",
    "close_exception",
    "close_exceptions",
    "complete_order",
    "confirm_order",
    "discard_draft",
    "expire_hold",
    "expire_holds",
    "expire_order",
    "expire_unpaid",
    "fill_backorders",
    "fill_order",
    "lose_allocations",
    "open_exception",
    "place_draft",
    "place_hold",
    "place_order",
    "record_credit",
    "record_delivery",
    "record_invoice",
    "record_passage",
    "record_payment",
    "record_release",
    "record_return_request",
    "record_shipment",
    "release_hold",
    "reopen_exception",
    "reopen_order",
    "require_version",
    "save_draft",
    "set_priority",
    "take_exception",
    "update_preferences",
    "verify_order",
    "waive_check",
]
