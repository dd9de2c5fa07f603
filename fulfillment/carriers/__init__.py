"""Who carries parcels: one module per carrier, found by its code."""

from fulfillment.errors import UnknownCarrier

from .base import Carrier, CarrierEvent, Label
from .house import HouseCarrier
from .manual import ManualCarrier

CARRIERS: dict[str, Carrier] = {}


def register(carrier: Carrier) -> None:
    """Make a carrier known under its code."""
    CARRIERS[carrier.code] = carrier


def carrier_for(code: str) -> Carrier:
    """Return a carrier. Raises UnknownCarrier when nobody registered it."""
    try:
        return CARRIERS[code]
    except KeyError:
        raise UnknownCarrier(f"No carrier is called {code!r}", known=sorted(CARRIERS)) from None


register(HouseCarrier())
register(ManualCarrier())

__all__ = ["CARRIERS", "Carrier", "CarrierEvent", "Label", "carrier_for", "register"]
