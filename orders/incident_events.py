"""Facts about incidents: what is still to be done about them, and whom they concern."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event
from orders.events import InOrderHistory


@dataclass(frozen=True, kw_only=True)
class IncidentEvent(Event):
    """Something about an incident, told in its own history."""

    about_type: ClassVar[str] = "orders.incident"
    about: ClassVar[str] = "incident_id"
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class IncidentFound(IncidentEvent):
    """Somebody wrote down what is wrong with many orders."""

    name: ClassVar[str] = "orders.incident_found"


@dataclass(frozen=True, kw_only=True)
class IncidentTold(IncidentEvent):
    """So many orders get an exception, their customers a mail, and where asked a new day."""

    name: ClassVar[str] = "orders.incident_told"
    orders: int


@dataclass(frozen=True, kw_only=True)
class IncidentEnded(IncidentEvent):
    """It is over: its exceptions are closed together."""

    name: ClassVar[str] = "orders.incident_ended"
    resolution: str


@dataclass(frozen=True, kw_only=True)
class IncidentDue(IncidentEvent):
    """Orders of an incident wait their turn."""

    name: ClassVar[str] = "orders.incident_due"
    turn: int = 0


@dataclass(frozen=True, kw_only=True)
class IncidentConcerns(InOrderHistory):
    """The customer of an order is to be told of an incident, once for all his orders."""

    name: ClassVar[str] = "orders.incident_concerns"
    incident_id: int
