"""What happens to exceptions, told in the history of their order, or else in their own."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event
from orders.events import InOrderHistory


@dataclass(frozen=True, kw_only=True)
class ExceptionEvent(Event):
    """Something about an exception, which may be about no order at all."""

    about_type: ClassVar[str] = "orders.order"
    about: ClassVar[str] = "order_id"
    exception_id: int
    order_id: int | None
    quiet: bool = False

    def thread(self) -> str:
        """Return the history of the order, or else its own."""
        return super().thread() if self.order_id else f"orders.orderexception:{self.exception_id}"


@dataclass(frozen=True, kw_only=True)
class ExceptionOpened(ExceptionEvent):
    """Something went wrong and waits for a person."""

    name: ClassVar[str] = "orders.exception_opened"
    category: str


@dataclass(frozen=True, kw_only=True)
class ExceptionClosed(ExceptionEvent):
    """Somebody solved or dismissed it."""

    name: ClassVar[str] = "orders.exception_closed"
    resolution: str = ""


@dataclass(frozen=True, kw_only=True)
class ExceptionRecurred(ExceptionEvent):
    """It was seen again: while it was open, or soon after it was closed."""

    name: ClassVar[str] = "orders.exception_recurred"
    times: int
    was_closed: bool


@dataclass(frozen=True, kw_only=True)
class ExceptionReopened(ExceptionEvent):
    """Somebody says that it was not solved after all."""

    name: ClassVar[str] = "orders.exception_reopened"
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExceptionTaken(ExceptionEvent):
    """Somebody sees to it."""

    name: ClassVar[str] = "orders.exception_taken"
    owner: str


@dataclass(frozen=True, kw_only=True)
class ExceptionHandedOver(ExceptionEvent):
    """It goes to a colleague or back to a queue, with a word."""

    name: ClassVar[str] = "orders.exception_handed_over"
    to: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ExceptionTold(ExceptionEvent):
    """The customer was told what is going on."""

    name: ClassVar[str] = "orders.exception_told"
    comment_id: int


@dataclass(frozen=True, kw_only=True)
class ExceptionNarrowed(ExceptionEvent):
    """A part of it is solved."""

    name: ClassVar[str] = "orders.exception_narrowed"
    solved: str


@dataclass(frozen=True, kw_only=True)
class CausesMoved(InOrderHistory):
    """Something changed about an order with open exceptions: their causes may be gone."""

    name: ClassVar[str] = "orders.causes_moved"
