"""What it costs."""

from .channel import Channel
from .price_list import Price, PriceList
from .promotion import Promotion, Redemption
from .shipping import ShippingMethod, ShippingRate, Transit, Zone
from .tax import DistanceSales, TaxRate, TaxRegistration

__all__ = [
    "Channel",
    "DistanceSales",
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
