"""The counter of orders: everything the floors above may ask."""

from .exceptions import close_exception, close_exceptions, open_exception, reopen_exception, take_exception
from .holds import expire_hold, place_hold, release_hold, reopen_order, waive_check
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
from .settlement import complete_order, confirm_order, verify_order

__all__ = [
    "close_exception",
    "close_exceptions",
    "complete_order",
    "confirm_order",
    "expire_hold",
    "open_exception",
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
    "take_exception",
    "verify_order",
    "waive_check",
]
