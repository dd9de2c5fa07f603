"""The counter of returns: everything that doors may ask."""

from returns.decisions import Decision

from .choosing import change_refund_as
from .common import take_order
from .parcels import (
    CAME_BACK,
    NEVER_ARRIVED,
    Back,
    holds_all,
    is_settled,
    refund_parcel,
    refunding,
    send_parcel_again,
    tell_of_parcel_after_all,
    units_in,
)
from .receiving import inspect_return, receive_return, send_return
from .requesting import authorize_return, cancel_return, decline_return, expire_return, request_return
from .resolving import close_return, gives_charges_back, resolve_return
from .through import return_through

__all__ = [
    "CAME_BACK",
    "NEVER_ARRIVED",
    "Back",
    "Decision",
    "holds_all",
    "is_settled",
    "refund_parcel",
    "refunding",
    "send_parcel_again",
    "tell_of_parcel_after_all",
    "units_in",
    "authorize_return",
    "cancel_return",
    "change_refund_as",
    "close_return",
    "decline_return",
    "expire_return",
    "gives_charges_back",
    "inspect_return",
    "receive_return",
    "request_return",
    "resolve_return",
    "return_through",
    "send_return",
    "take_order",
]
