"""The house carrier: our own van. Its tracking numbers are made here and can be checked by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy
from stdnum import luhn

from fulfillment.models import Shipment

from .base import CarrierEvent, Label, read_events

PREFIX = "HC"


class HouseCarrier:
    """Delivers by our own people; nothing is asked over the wire."""

    code = "house"
    name = gettext_lazy("House delivery")
    outside = False
    types_number = False

    def create_label(self, shipment: Shipment) -> Label:
        """Return the number of the parcel; the label itself is drawn when it is printed."""
        return Label(tracking_number=tracking_number(shipment.fulfillment_order_id, shipment.position))

    def void_label(self, shipment: Shipment) -> None:
        """Nothing to take back: nobody outside knows the number."""

    def parse_events(self, message: Mapping[str, Any]) -> Sequence[CarrierEvent]:
        """Read what the driver's device said."""
        return read_events(message)


def tracking_number(fulfillment_order_id: int, position: int) -> str:
    """Return the tracking number of the nth parcel of a piece of work, with a check digit (Luhn, ISO/IEC 7812-1).

    It is known before the parcel has a row, so writing the parcel takes one statement.
    """
    digits = f"{fulfillment_order_id:08d}{position:03d}"
    return f"{PREFIX}{digits}{luhn.calc_check_digit(digits)}"


def is_tracking_number(text: str) -> bool:
    """Whether this can be one of our numbers: a wrong digit or two swapped ones are noticed."""
    digits = text.removeprefix(PREFIX)
    return text.startswith(PREFIX) and len(digits) >= 12 and digits.isdecimal() and luhn.is_valid(digits)
