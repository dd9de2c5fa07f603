"""What a floor above does for us, in our own transaction or on our paper: it connects itself, we never import it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from django.db.models import Exists, Q

from core.actors import Actor
from core.models import Attachment
from orders.errors import NoPaymentBook
from orders.inputs import PaymentInput
from orders.models import Order


class PaymentBook(Protocol):
    """Writes down money that came with an order. The order's own figures already count it."""

    def __call__(
        self, order: Order, payments: Sequence[PaymentInput], *, actor: Actor, at: datetime | None
    ) -> None: ...


class PaymentBookPort:
    """Where the keeper of payments plugs in."""

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


# Says where the money for an order goes, as (label, value), in the language that is active.
PaymentDetails = Callable[[Order], Sequence[tuple[str, str]]]


class PaymentDetailsPort:
    """Where the owner of bank accounts plugs in."""

    def __init__(self) -> None:
        self._tell: PaymentDetails | None = None

    def connect(self, tell: PaymentDetails) -> PaymentDetails:
        """Say who knows the bank accounts; usable as a decorator."""
        self._tell = tell
        return tell

    def of(self, order: Order) -> list[tuple[str, str]]:
        """Return where the money for an order goes; nothing where nobody knows."""
        return list(self._tell(order)) if self._tell is not None else []


# Says whether a customer can pay online on the page of the order.
OnlinePayment = Callable[[Order], bool]


class OnlinePaymentPort:
    """Where the owner of payment providers plugs in."""

    def __init__(self) -> None:
        self._offers: OnlinePayment | None = None

    def connect(self, offers: OnlinePayment) -> OnlinePayment:
        """Say who knows the providers; usable as a decorator."""
        self._offers = offers
        return offers

    def is_offered(self, order: Order) -> bool:
        """Return whether the page of the order lets the customer pay; not where nobody knows."""
        return self._offers is not None and self._offers(order)


# Draws a quotation that is offered, and keeps it for the mail.
QuotationPaper = Callable[[Order], Sequence[Attachment]]


class QuotationPaperPort:
    """Where the writer of papers plugs in."""

    def __init__(self) -> None:
        self._draw: QuotationPaper | None = None

    def connect(self, draw: QuotationPaper) -> QuotationPaper:
        """Say who draws papers; usable as a decorator."""
        self._draw = draw
        return draw

    def of(self, order: Order) -> list[Attachment]:
        """Return the quotation on paper; nothing where nobody draws any."""
        return list(self._draw(order)) if self._draw is not None else []


# Says how many pieces of work each warehouse has for a day, by its id.
Workload = Callable[[], Mapping[int, int]]


class WorkloadPort:
    """Where the planner of work plugs in."""

    def __init__(self) -> None:
        self._tell: Workload | None = None

    def connect(self, tell: Workload) -> Workload:
        """Say who knows the work; usable as a decorator."""
        self._tell = tell
        return tell

    def today(self) -> Mapping[int, int]:
        """Return the work of today by warehouse; nothing where nobody knows."""
        return self._tell() if self._tell is not None else {}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Work of a warehouse on an order that has not left: units by the position of their line. Services have none."""

    number: str
    status: str
    warehouse_id: int | None
    units: Mapping[int, int]


class WorkBook(Protocol):
    """Knows the work on an order. Whoever changes the order asks with `lock`, before he locks the order itself."""

    def pieces(self, order_id: int, *, lock: bool) -> Sequence[Piece]:
        """Return the work that has not left."""

    def follow(self, order_id: int, *, actor: Actor, at: datetime) -> None:
        """Make the work what the order, in hand, asks for now."""

    def part(self, order_id: int, lines: Mapping[int, int]) -> None:
        """Have what has not left of some lines, by their id, stand on other lines of the order, in hand."""


class WorkBookPort:
    """Where the planner of work plugs in: nobody picks, in between, what is not wanted any more."""

    def __init__(self) -> None:
        self._book: WorkBook | None = None

    def connect(self, book: WorkBook) -> WorkBook:
        """Say who knows the work."""
        self._book = book
        return book

    def pieces(self, order_id: int, *, lock: bool = False) -> list[Piece]:
        """Return the work on an order that has not left; nothing where nobody knows of any."""
        return list(self._book.pieces(order_id, lock=lock)) if self._book is not None else []

    def follow(self, order_id: int, *, actor: Actor, at: datetime) -> None:
        """Have the work changed as its order was."""
        if self._book is not None:
            self._book.follow(order_id, actor=actor, at=at)

    def part(self, order_id: int, lines: Mapping[int, int]) -> None:
        """Have the work on what has not left of some lines be for other lines."""
        if self._book is not None and lines:
            self._book.part(order_id, lines)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An invoice that stands, with what of it was not taken back; a draft has no number yet."""

    number: str
    total: Decimal
    currency: str


@dataclass(frozen=True)
class Billed:
    """What invoices, and drafts of them, say of a line or of a part of a charge: units, net, and total with tax."""

    units: int
    net: Decimal
    total: Decimal


@dataclass(frozen=True)
class AllBilled:
    """What stands on the invoices of an order: lines by id, charges by position, category and rate of tax."""

    lines: Mapping[int, Billed] = field(default_factory=dict)
    charges: Mapping[tuple[int, str, Decimal], Billed] = field(default_factory=dict)


class PaperBook(Protocol):
    """Knows what was billed for an order."""

    def of(self, order: Order) -> Sequence[Paper]:
        """Return the invoices that stand, and drafts of them."""

    def take_back(self, order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
        """Take all of them back, in the transaction that cancels the order; a draft is discarded."""

    def redraw(self, order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
        """Make drafts of what is billed in advance follow their order, in the transaction that edits it."""

    def billed(self, order: Order) -> AllBilled:
        """Return what stands on invoices, whatever was credited since."""

    def worth(self, order: Order, units: Mapping[int, int]) -> Decimal:
        """Return what the invoices give back for units, by the id of their line."""

    def take_back_part(
        self, order: Order, units: Mapping[int, int], *, reference: str, reason: str, actor: Actor, at: datetime
    ) -> None:
        """Take units back, in the transaction that edits the order."""


class PaperBookPort:
    """Where the writer of invoices plugs in."""

    def __init__(self) -> None:
        self._book: PaperBook | None = None

    def connect(self, book: PaperBook) -> PaperBook:
        """Say who writes the invoices."""
        self._book = book
        return book

    def of(self, order: Order) -> list[Paper]:
        """Return the invoices of an order that stand; nothing where nobody writes any, or none was written."""
        return list(self._book.of(order)) if self._book is not None else []

    def take_back(self, order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
        """Have all of them taken back, and drafts discarded: of these the order knows nothing yet."""
        if self._book is not None:
            self._book.take_back(order, reason=reason, actor=actor, at=at)

    def redraw(self, order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
        """Have drafts of what is billed in advance say what is agreed now."""
        if self._book is not None:
            self._book.redraw(order, reason=reason, actor=actor, at=at)

    def billed(self, order: Order) -> AllBilled:
        """Return what stands on the invoices of an order; nothing where nobody writes any."""
        return self._book.billed(order) if self._book is not None else AllBilled()

    def worth(self, order: Order, units: Mapping[int, int]) -> Decimal:
        """Return what the invoices of an order give back for some of its units."""
        return self._book.worth(order, units) if self._book is not None and units else Decimal(0)

    def take_back_part(
        self, order: Order, units: Mapping[int, int], *, reference: str, reason: str, actor: Actor, at: datetime
    ) -> None:
        """Have some units taken back; the same reference twice does so once."""
        if self._book is not None and units:
            self._book.take_back_part(order, units, reference=reference, reason=reason, actor=actor, at=at)


class ParcelBook(Protocol):
    """Knows by whom parcels are carried."""

    def carriers(self) -> Sequence[str]:
        """Return the codes of those who carry parcels."""

    def carried_by(self, carrier: str, *, with_delivered: bool) -> Exists:
        """Return the condition that an order has a parcel with a carrier: on its way, or delivered as well."""

    def left_from(self, reference: str) -> str:
        """Return the country that a parcel left, by its number; nothing where it is none."""


class ParcelBookPort:
    """Where the keeper of parcels plugs in."""

    def __init__(self) -> None:
        self._book: ParcelBook | None = None

    def connect(self, book: ParcelBook) -> ParcelBook:
        """Say who knows the parcels."""
        self._book = book
        return book

    def carriers(self) -> list[str]:
        """Return who carries parcels; nobody where there are none."""
        return list(self._book.carriers()) if self._book is not None else []

    def carried_by(self, carrier: str, *, with_delivered: bool) -> Q | Exists:
        """Return the condition that an order has a parcel with a carrier; none has where there are no parcels."""
        if self._book is None:
            return Q(pk__in=())
        return self._book.carried_by(carrier, with_delivered=with_delivered)

    def left_from(self, reference: str) -> str:
        """Return the country that a parcel left; nothing where nobody knows of it."""
        return self._book.left_from(reference) if self._book is not None else ""


paper_book = PaperBookPort()
parcel_book = ParcelBookPort()
work_book = WorkBookPort()
workload = WorkloadPort()
payment_book = PaymentBookPort()
payment_details = PaymentDetailsPort()
online_payment = OnlinePaymentPort()
quotation_paper = QuotationPaperPort()
