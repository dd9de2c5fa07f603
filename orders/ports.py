"""What a floor above does for us within our own transaction: it connects itself, we never import it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.actors import Actor
from orders.errors import NoPaymentBook
from orders.inputs import PaymentInput
from orders.models import Order


class PaymentBook(Protocol):
    """Writes down money that came with an order. The order's own figures already count it."""

    def __call__(
        self, order: Order, payments: Sequence[PaymentInput], *, actor: Actor, at: datetime | None
    ) -> None: ...


class Port:
    """A place where one floor above plugs in."""

    def __init__(self) -> None:
        self._book: PaymentBook | None = None

    def connect(self, book: PaymentBook) -> PaymentBook:
        """Say who keeps the payments; usable as a decorator."""
        self._book = book
        return book

    def keep(self, order: Order, payments: Sequence[PaymentInput], *, actor: Actor, at: datetime | None) -> None:
        """Have the payments written down in the transaction that places the order."""
        if not payments:
            return
        if self._book is None:
            raise NoPaymentBook("Payments cannot be taken with an order here")
        self._book(order, payments, actor=actor, at=at)


payment_book = Port()
