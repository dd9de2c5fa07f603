"""The counter of the desk: what it does with the help of several apps at once, each in one transaction."""

from .first_start import (
    dismiss_first_start,
    place_test_order,
    reopen_first_start,
    ship_test_order,
    take_test_order_back,
)

__all__ = [
    "dismiss_first_start",
    "place_test_order",
    "reopen_first_start",
    "ship_test_order",
    "take_test_order_back",
]
