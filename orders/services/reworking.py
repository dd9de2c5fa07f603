"""An order in hand that is made another one: what it was, what is wished for, and what speaks against it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import DomainError
from inventory.services import Changed
from orders import guards
from orders.changing import Refusal, agreement_of
from orders.events import OrderEvent
from orders.models import Order, OrderCharge, OrderLine
from orders.ports import Piece
from orders.wishes import Wish
from pricing import services as pricing

from .promising import country_of, region_of
from .taxing import taxed_day

# Somebody has it in his hands, or walks for it.
PICKED = frozenset({"picked", "packed"})
WALKING = "picking"
LABELLED = "packed"
# What somebody wrote down of the work, and pulls back before it changes.
RELEASED = "released"


@dataclass(kw_only=True)
class Rework:
    """An order in hand with all that hangs on it, what is wished for, and what has become of it so far.

    Once something of it was invoiced or has left, its figures stand: then units are only cancelled, at the price
    that was agreed for them, or what is open is taxed anew. Before that the whole is quoted anew.
    """

    order: Order
    lines: list[OrderLine]
    charges: list[OrderCharge]
    pieces: Sequence[Piece]
    wish: Wish
    actor: Actor
    at: datetime
    reason: str = ""
    refusals: list[Refusal] = field(default_factory=list)
    dropped: list[OrderCharge] = field(default_factory=list)
    cancelled: dict[int, int] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    may_wait: set[int] = field(default_factory=set)
    stock: Changed | None = None
    short: dict[int, int] = field(default_factory=dict)
    facts: list[OrderEvent] = field(default_factory=list)
    credits: dict[int, int] = field(default_factory=dict)
    to_credit: Decimal = Decimal(0)
    # Codes of promotions: of which no use was left, and whose use is given back.
    used_up: list[str] = field(default_factory=list)
    uses_back: list[str] = field(default_factory=list)
    # By the position of a line, the line that what is open of it stands on from now on.
    parted: dict[int, OrderLine] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember what is agreed now."""
        order = self.order
        self.before = agreement_of(order, self.lines, self.charges)
        self.was_open = {line.position: line.open for line in self.lines}
        self.goods_before = self._goods()
        self.lent = any(line.lent for line in self.lines)
        self.waited = {line.position: line.backordered for line in self.lines}
        self.missing_before = guards.payment_missing(order)
        self.over_before = max(Decimal(0), -order.balance_due)
        self.way_before = (order.shipping_method, country_of(order))
        self.region_before = region_of(order)
        self.taxed_before = taxed_day(order)
        self.days_before = (order.requested_delivery_on, order.ship_complete)
        self.stands = bool(order.invoiced_total or any(line.shipped or line.invoiced for line in self.lines))

    @property
    def is_another_way(self) -> bool:
        """Whether it goes another way, to another country, or to a part of one that is taxed apart."""
        region = region_of(self.order)
        if region != self.region_before and any(map(pricing.is_taxed_apart, (region, self.region_before))):
            return True
        return self.way_before != (self.order.shipping_method, country_of(self.order))

    @property
    def is_taxed_anew(self) -> bool:
        """Whether it bears the rates of another day now."""
        return self.taxed_before != taxed_day(self.order)

    @property
    def is_about_goods(self) -> bool:
        """Whether a line is another one now: not where a wish only names what is agreed."""
        return self.goods_before != self._goods()

    def _goods(self) -> dict[int, tuple[int, Decimal]]:
        return {line.position: (line.wanted, line.unit_price) for line in self.lines}

    def refuse(self, pointer: str, code: str, detail: str, **more: str) -> None:
        """Say, beside a field, why it cannot be."""
        self.refusals.append({"pointer": pointer, "code": code, "detail": detail, **more})

    def refuse_all(self, error: DomainError, *, at: str) -> None:
        """Say what an error says of lines beside those that were said under `at`."""
        for fault in error.errors or [{"pointer": at, "code": error.code, "detail": error.message}]:
            self.refuse(fault["pointer"].replace("/lines", at), fault["code"], fault["detail"])


def fewest_of(work: Rework) -> dict[int, int]:
    """Return how many units of each line must stay: they have left, or somebody has them in his hands."""
    found = {line.position: line.shipped for line in work.lines}
    for piece in work.pieces:
        for position, units in piece.units.items() if piece.status in (*PICKED, WALKING) else ():
            found[position] = found.get(position, 0) + units
    return found


def stands_as_it_is() -> str:
    """Say why the figures of an order are not made anew."""
    return _("Something of it is invoiced or has left; place another order for what is added")
