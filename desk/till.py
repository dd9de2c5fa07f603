"""The till: which shop sells here, and at whose prices; chosen once per device and kept in its session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.sight import limited_to
from inventory import selectors as stock
from inventory.models import Warehouse
from pricing import selectors as prices
from pricing.models import Channel, ShippingMethod

KEPT_AS = "till"
USUAL_CHANNEL = "walk_in"


@dataclass(frozen=True)
class Till:
    """Goods leave from one shelf, at the prices of one channel, and are carried away by who bought them."""

    warehouse: Warehouse
    channel: Channel
    method: ShippingMethod


def open_till(session: Any) -> Till | None:
    """Return the till of a device; where there is only one place that can sell, nobody is asked."""
    kept = session.get(KEPT_AS)
    if isinstance(kept, Mapping):
        return _till(str(kept.get("warehouse", "")), str(kept.get("channel", "")))
    places, channels = shops(), prices_offered()
    return _till(places[0].code, channels[0].code) if len(places) == 1 and channels else None


def keep_till(session: Any, *, warehouse: str, channel: str) -> Till | None:
    """Remember which shop this device stands in."""
    if (till := _till(warehouse, channel)) is not None:
        session[KEPT_AS] = {"warehouse": till.warehouse.code, "channel": till.channel.code}
    return till


def shops() -> list[Warehouse]:
    """Return the places that may sell over the counter, of those that the reader is limited to."""
    mine = limited_to("warehouse")
    return [place for place in stock.active_warehouses() if mine is None or place.code in mine]


def prices_offered() -> list[Channel]:
    """Return the channels a shop may sell by: those with prices, the one for walk-ins first."""
    mine = limited_to("channel")
    sells = [channel for channel in prices.channels() if channel.price_list_id is not None]
    found = [channel for channel in sells if mine is None or channel.code in mine]
    return sorted(found, key=lambda channel: channel.code != USUAL_CHANNEL)


def _till(warehouse: str, channel: str) -> Till | None:
    place = next((one for one in shops() if one.code == warehouse), None)
    known = next((one for one in prices_offered() if one.code == channel), None)
    method = next((one for one in prices.shipping_methods() if one.pickup), None)
    if place is None or known is None or method is None:
        return None
    return Till(place, known, method)
