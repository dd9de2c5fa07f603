"""Facts about work in a warehouse and parcels on their way."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class FulfillmentEvent(Event):
    """Something that happened to the goods of an order; `quiet` ones tell nobody outside."""

    about_type: ClassVar[str] = "orders.order"
    about: ClassVar[str] = "order_id"
    order_id: int
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class FulfillmentPlanned(FulfillmentEvent):
    """A place was told what it will have to do."""

    name: ClassVar[str] = "fulfillment.planned"
    fulfillment_order_id: int


@dataclass(frozen=True, kw_only=True)
class FulfillmentReleased(FulfillmentEvent):
    """Work may begin."""

    name: ClassVar[str] = "fulfillment.released"
    fulfillment_order_id: int


@dataclass(frozen=True, kw_only=True)
class ShortPick(FulfillmentEvent):
    """Units were not where they should be; `missing` maps order lines to units."""

    name: ClassVar[str] = "fulfillment.short_pick"
    fulfillment_order_id: int
    missing: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class ServiceRendered(FulfillmentEvent):
    """A service was done: shipped and delivered in one."""

    name: ClassVar[str] = "fulfillment.service_rendered"
    public: ClassVar[bool] = True
    fulfillment_order_id: int


@dataclass(frozen=True, kw_only=True)
class LabelRequested(FulfillmentEvent):
    """A parcel waits for the label of a carrier outside the house."""

    name: ClassVar[str] = "fulfillment.label_requested"
    shipment_id: int


@dataclass(frozen=True, kw_only=True)
class LabelVoided(FulfillmentEvent):
    """A parcel will not leave: a carrier outside the house must hear it."""

    name: ClassVar[str] = "fulfillment.label_voided"
    shipment_id: int


@dataclass(frozen=True, kw_only=True)
class ShipmentShipped(FulfillmentEvent):
    """A parcel left the building."""

    name: ClassVar[str] = "fulfillment.shipment_shipped"
    public: ClassVar[bool] = True
    shipment_id: int


@dataclass(frozen=True, kw_only=True)
class ShipmentDelivered(FulfillmentEvent):
    """The customer has the parcel."""

    name: ClassVar[str] = "fulfillment.shipment_delivered"
    public: ClassVar[bool] = True
    shipment_id: int


@dataclass(frozen=True, kw_only=True)
class ShipmentFailed(FulfillmentEvent):
    """A parcel did not arrive; `status` says whether it failed, came back or is lost."""

    name: ClassVar[str] = "fulfillment.shipment_failed"
    public: ClassVar[bool] = True
    shipment_id: int
    status: str


@dataclass(frozen=True, kw_only=True)
class GoodsPutBack(FulfillmentEvent):
    """What had been picked for a cancelled order lies in its bin again."""

    name: ClassVar[str] = "fulfillment.goods_put_back"
    fulfillment_order_id: int
