"""What it costs."""

from .channel import Channel
from .price_list import Price, PriceList
from .promotion import Promotion, Redemption
from .shipping import ShippingMethod, ShippingRate, Transit, Zone
from .tax import TaxRate, TaxRegistration

__all__ = [
    "Channel",
    "Price",
    "PriceList",
    "Promotion",
    "Redemption",
    "ShippingMethod",
    "ShippingRate",
    "TaxRate",
    "TaxRegistration",
    "Transit",
    "Zone",
]
