"""What customers read about their parcels."""

from typing import Any

from core.models import OutgoingMail
from fulfillment import selectors
from fulfillment.carriers import carrier_for
from fulfillment.models import Shipment
from fulfillment.wording import long_day
from orders.letters import picture_of, write_to_buyer
from orders.models import Order, OrderLine


def send_shipped(shipment_id: int) -> OutgoingMail | None:
    """Tell the customer what is in this parcel, what follows, and where to follow it."""
    shipment = _read(shipment_id)
    lines = list(OrderLine.objects.filter(order=shipment.order_id).select_related("product").order_by("position"))
    follows = [
        {
            "name": rest.line.name,
            "units": rest.units,
            "image": picture_of(rest.line.product),
            "day": long_day(rest.promised_on, shipment.order.language),
        }
        for rest in selectors.following(shipment, lines)
    ]
    return _send("shipped", shipment, {"follows": follows})


def send_delivered(shipment_id: int) -> OutgoingMail | None:
    """Tell the customer that the parcel is there."""
    shipment = _read(shipment_id)
    complete = shipment.order.fulfillment_status == Order.Fulfillment.DELIVERED
    return _send("delivered", shipment, {"complete": complete})


def _read(shipment_id: int) -> Shipment:
    return selectors.with_contents(selectors.parcels()).get(pk=shipment_id)


def _send(template: str, shipment: Shipment, more: dict[str, Any]) -> OutgoingMail | None:
    order = shipment.order
    context = {
        "shipment": shipment,
        "expected": long_day(shipment.estimated_delivery_on, order.language),
        "carrier": carrier_for(shipment.carrier).name,
        "contents": [
            {
                "name": line.order_line.name,
                "parts": line.order_line.spoken_parts,
                "units": line.quantity,
                "image": picture_of(line.order_line.product),
            }
            for line in shipment.lines.all()
        ],
        **more,
    }
    return write_to_buyer(order, template, context, key=f"{template}:{shipment.number}")
