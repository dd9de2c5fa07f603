"""Facts about goods that come back. `quiet` facts of imported history tell nobody outside."""

from dataclasses import dataclass
from typing import ClassVar

from orders.events import InOrderHistory


@dataclass(frozen=True, kw_only=True)
class ReturnEvent(InOrderHistory):
    """Something happened to one return."""

    public: ClassVar[bool] = True
    return_id: int
    return_number: str


@dataclass(frozen=True, kw_only=True)
class ReturnRequested(ReturnEvent):
    """Somebody wants to give something back."""

    name: ClassVar[str] = "returns.return_requested"
    refund_as: str = ""


@dataclass(frozen=True, kw_only=True)
class ReturnAuthorized(ReturnEvent):
    """It may be sent back."""

    name: ClassVar[str] = "returns.return_authorized"


@dataclass(frozen=True, kw_only=True)
class ReturnDeclined(ReturnEvent):
    """It may not."""

    name: ClassVar[str] = "returns.return_declined"


@dataclass(frozen=True, kw_only=True)
class ReturnRefundAsChanged(ReturnEvent):
    """What goes back becomes something else than was chosen: `money` or `credit`, and why."""

    name: ClassVar[str] = "returns.return_refund_as_changed"
    refund_as: str
    reason: str
    moment: str


@dataclass(frozen=True, kw_only=True)
class ReturnSent(ReturnEvent):
    """The customer sent it."""

    name: ClassVar[str] = "returns.return_sent"


@dataclass(frozen=True, kw_only=True)
class ReturnReceived(ReturnEvent):
    """Goods came back: so many units by now, and whether that is all of them."""

    name: ClassVar[str] = "returns.return_received"
    units: int
    complete: bool


@dataclass(frozen=True, kw_only=True)
class ReturnInspected(ReturnEvent):
    """Somebody looked at the goods and decided."""

    name: ClassVar[str] = "returns.return_inspected"


@dataclass(frozen=True, kw_only=True)
class ReturnResolved(ReturnEvent):
    """Goods and credit are settled; `refund` is the money that goes back."""

    name: ClassVar[str] = "returns.return_resolved"
    refund: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class ReturnClosed(ReturnEvent):
    """The money is on its way; nothing is left to do."""

    name: ClassVar[str] = "returns.return_closed"


@dataclass(frozen=True, kw_only=True)
class ReturnCancelled(ReturnEvent):
    """The customer keeps it after all."""

    name: ClassVar[str] = "returns.return_cancelled"


@dataclass(frozen=True, kw_only=True)
class ReturnExpired(ReturnEvent):
    """It was authorized and never came."""

    name: ClassVar[str] = "returns.return_expired"
