"""The counter of returns: everything that doors may ask."""

from returns.decisions import Decision

from .receiving import inspect_return, receive_return, send_return
from .requesting import authorize_return, cancel_return, decline_return, expire_return, request_return
from .resolving import close_return, gives_charges_back, resolve_return
from .through import return_through

__all__ = [
    "Decision",
    "authorize_return",
    "cancel_return",
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
]
