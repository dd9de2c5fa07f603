"""Discounts that somebody gives by hand: as far as their role goes, and above that with approval."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group

from core.actors import Actor
from orders.models import Hold, Order, OrderCharge, OrderLine
from orders.sentences import DISCOUNT_OVER_LIMIT

from .checking import list_prices_of

APPROVES = "orders.approve_change"
BLOCKS = ["verify", "confirm", "release"]


def why_approve_discount(
    order: Order, lines: Sequence[OrderLine], charges: Iterable[OrderCharge], *, actor: Actor
) -> str:
    """Say why somebody else has to agree to what is given by hand, or nothing.

    What counts is all that was decided for this order: prices below the list, discounts on lines, and one on the
    whole. What a promotion takes off was decided before.
    """
    if actor.kind != "staff" or APPROVES in actor.can:
        return ""
    limit = share_of(order.channel.discount_limits, actor)
    if limit is None:
        return ""
    worth, given = _given(order, lines, charges, list_prices_of(order, lines))
    if not worth or given * 100 <= worth * limit:
        return ""
    share = (given * 100 / worth).quantize(Decimal("0.1"))
    return DISCOUNT_OVER_LIMIT(share=f"{share.normalize():f} %", limit=f"{limit.normalize():f} %")


def hold_for_approval(reason: str, *, actor: Actor, at: datetime) -> list[Hold]:
    """Return, unsaved, the hold of an order whose discount waits for somebody who may agree."""
    if not reason:
        return []
    return [Hold(kind=Hold.Kind.APPROVAL, reason=reason, blocks=BLOCKS, placed_by=str(actor), created_at=at)]


def share_of(limits: Mapping[str, Any], actor: Actor) -> Decimal | None:
    """Return the share of the goods that a person may take off: the most of their roles; None is no limit."""
    if not limits:
        return None
    roles = list(Group.objects.filter(user__username=actor.name).values_list("name", flat=True))
    known = [Decimal(limits[role]) for role in roles if role in limits]
    return max(known) if known and len(known) == len(roles) else None


def _given(
    order: Order,
    lines: Sequence[OrderLine],
    charges: Iterable[OrderCharge],
    list_prices: Mapping[int, Decimal],
) -> tuple[Decimal, Decimal]:
    """Return what the goods cost by the list, and what is taken off by hand, in the terms of the prices."""
    worth = given = Decimal(0)
    for line in lines:
        listed = max(line.unit_price, list_prices.get(line.product_id, line.unit_price))
        worth += listed * line.quantity
        given += (listed - line.unit_price) * line.quantity
    by_hand: list[Mapping[str, Any]] = [one for one in order.explanation if one["code"] == "line_discount"]
    given -= sum((Decimal(one["amount"]) for one in by_hand), start=Decimal(0))
    given -= sum((one.amount for one in charges if one.kind == OrderCharge.Kind.DISCOUNT), start=Decimal(0))
    return worth, given
