"""Tables of the floor: work at one place, waves of it, and parcels that leave."""

from .parcels import Shipment, ShipmentLine, TrackingEvent
from .waves import MOST_TOTES, Wave
from .work import FulfillmentLine, FulfillmentOrder

__all__ = ["MOST_TOTES", "FulfillmentLine", "FulfillmentOrder", "Shipment", "ShipmentLine", "TrackingEvent", "Wave"]
