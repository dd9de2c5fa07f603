"""What an order would be if it were placed now: nothing is written, tied or locked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from core.actors import SYSTEM, Actor
from inventory.models import Product
from orders import outlook, promise, verification
from orders.derivation import restate
from orders.inputs import OrderInput
from orders.models import Order, OrderCharge, OrderLine
from pricing import services as pricing

from .approving import why_approve_discount
from .buyer import look_at_buyer
from .checking import check
from .composing import Composed, arrange, goods_key_of_input, require_sense
from .prioritizing import weigh
from .promising import dated, estimate
from .sourcing import foresee_stock


@dataclass(frozen=True, kw_only=True)
class Preview:
    """An order as it would be. `short` is by position, `free` by product, as much as all warehouses have.

    `room` names the lines for which too many units wait already, with how many more may.

    `approval` says why its discount needs somebody who agrees.

    `split` are its parcels as if each went as soon as it could.
    """

    order: Order
    lines: list[OrderLine]
    charges: list[OrderCharge]
    products: dict[int, Product]
    backorder: dict[int, bool]
    short: dict[int, int]
    room: dict[int, int]
    free: dict[int, int]
    checks: list[dict[str, Any]]
    split: list[promise.Parcel]
    approval: str = ""

    def split_of(self, line: OrderLine) -> list[promise.Parcel]:
        """Return the parcels of a line as they would come if the order did not wait for its last unit."""
        return [parcel for parcel in self.split if str(line.position) in parcel["lines"]]

    @property
    def refused(self) -> list[OrderLine]:
        """Return the lines that would be refused: units are missing, and nobody said that they may wait."""
        return [line for line in self.lines if line.position in self.short and not self.backorder[line.position]]


def preview_order(given: OrderInput, *, at: datetime | None = None, actor: Actor = SYSTEM) -> Preview:
    """Price an order and foresee its stock and days, by the same steps as `place_order`. Raises what that raises."""
    when = at or timezone.now()
    require_sense(given)
    channel = pricing.channel_by_code(given.channel)
    buyer = look_at_buyer(given, channel, goods_key=goods_key_of_input(given), at=when)
    composed = arrange(given, buyer, at=when, by="" if actor == SYSTEM else str(actor))
    order, lines = composed.order, composed.lines
    weigh(order, customer=buyer.customer, at=when)
    short, free = foresee_stock(order, lines, backorder=composed.backorder, at=when)
    split = dated(order.sourcing["parcels"], channel=channel, requested_on=order.requested_delivery_on, at=when)
    estimate(order, lines, at=when)
    restate(order, lines=lines, charges=composed.charges)
    room = _room(composed, short)
    missing = {line.sku: short[line.position] for line in lines if line.position in short}
    return Preview(
        order=order,
        lines=lines,
        charges=composed.charges,
        products=composed.products,
        backorder={**composed.backorder, **dict.fromkeys(room, False)},
        room=room,
        short=short,
        free=free,
        approval=why_approve_discount(order, lines, composed.charges, actor=actor),
        split=split,
        checks=[*check(composed, at=when), *verification.stock_result(missing, channel.checks)],
    )


def _room(composed: Composed, short: Mapping[int, int]) -> dict[int, int]:
    """Return, by position, how many units more may wait where a line would exceed that. Nobody's word is asked."""
    asking = [line for line in composed.lines if short.get(line.position) and line.position not in composed.may_wait]
    limits = {one.product_id: one.product.backorder_limit for one in asking if one.product.backorder}
    limits = {pk: limit for pk, limit in limits.items() if limit is not None}
    figures, missing = outlook.figures(limits), outlook.missing_units(asking, short)
    rooms = {pk: outlook.room(limit, figures[pk].waiting) for pk, limit in limits.items()}
    return {
        line.position: rooms[line.product_id]
        for line in asking
        if line.product_id in rooms and missing[line.product_id] > rooms[line.product_id]
    }
