"""Facts about work in a warehouse and parcels on their way."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event
from orders.events import InOrderHistory


@dataclass(frozen=True, kw_only=True)
class WorkEvent(InOrderHistory):
    """Something happened to the work on an order; `quiet` ones tell nobody outside."""

    fulfillment_order_id: int


@dataclass(frozen=True, kw_only=True)
class ParcelEvent(InOrderHistory):
    """Something happened to a parcel of an order; `quiet` ones tell nobody outside."""

    shipment_id: int


@dataclass(frozen=True, kw_only=True)
class FulfillmentPlanned(WorkEvent):
    """A place was told what it will have to do."""

    name: ClassVar[str] = "fulfillment.planned"


@dataclass(frozen=True, kw_only=True)
class FulfillmentRerouted(WorkEvent):
    """Planned work went to another warehouse."""

    name: ClassVar[str] = "fulfillment.rerouted"
    from_warehouse_id: int


@dataclass(frozen=True, kw_only=True)
class FulfillmentReleased(WorkEvent):
    """Work may begin."""

    name: ClassVar[str] = "fulfillment.released"


@dataclass(frozen=True, kw_only=True)
class ShortPick(WorkEvent):
    """Units were not where they should be; `missing` maps order lines to units."""

    name: ClassVar[str] = "fulfillment.short_pick"
    missing: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class ServiceRendered(WorkEvent):
    """A service was done: shipped and delivered in one."""

    name: ClassVar[str] = "fulfillment.service_rendered"
    public: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class LabelRequested(ParcelEvent):
    """A parcel waits for the label of a carrier outside the house."""

    name: ClassVar[str] = "fulfillment.label_requested"


@dataclass(frozen=True, kw_only=True)
class LabelVoided(ParcelEvent):
    """A parcel will not leave: a carrier outside the house must hear it."""

    name: ClassVar[str] = "fulfillment.label_voided"


@dataclass(frozen=True, kw_only=True)
class ShipmentShipped(ParcelEvent):
    """A parcel left the building."""

    name: ClassVar[str] = "fulfillment.shipment_shipped"
    public: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ShipmentDelivered(ParcelEvent):
    """The customer has the parcel."""

    name: ClassVar[str] = "fulfillment.shipment_delivered"
    public: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ShipmentFailed(ParcelEvent):
    """A parcel did not arrive; `status` says whether it failed, came back or is lost."""

    name: ClassVar[str] = "fulfillment.shipment_failed"
    public: ClassVar[bool] = True
    status: str


@dataclass(frozen=True, kw_only=True)
class GoodsPutBack(WorkEvent):
    """What had been picked for a cancelled order lies in its bin again."""

    name: ClassVar[str] = "fulfillment.goods_put_back"


@dataclass(frozen=True, kw_only=True)
class WaveEvent(Event):
    """Something happened to a wave."""

    about_type: ClassVar[str] = "fulfillment.wave"
    about: ClassVar[str] = "wave_id"
    wave_id: int


@dataclass(frozen=True, kw_only=True)
class WavePlanned(WaveEvent):
    """Work was taken from the queue of a warehouse, to be fetched on one walk."""

    name: ClassVar[str] = "fulfillment.wave_planned"
    works: int


@dataclass(frozen=True, kw_only=True)
class WorkLeftWave(WaveEvent):
    """A piece of work is no part of its wave any more; its tote stays empty."""

    name: ClassVar[str] = "fulfillment.work_left_wave"
    work: str
    tote: int
    why: str
