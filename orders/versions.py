"""Earlier versions of an order: what is kept of one, and the order, its lines and charges made of that again.

What is agreed is kept whenever it changes. A version that ended otherwise, with a step or because somebody else looks
after the order, is what the next one that was kept says; its status is the one that the history tells.

Kept is every column but the ones by which an order is found, or which only say how a figure was worked out; a column
that is added is kept from then on. What is made again are rows that were never saved: read them, and throw them away.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models

from core.models import EventRecord
from orders.models import Order, OrderCharge, OrderLine, OrderVersion

M = TypeVar("M", bound=models.Model)
NOT_KEPT = frozenset(
    {
        *("name_key", "surname_key", "phone_key", "goods_key", "address_key", "rank", "updated_at"),
        *("explanation", "sourcing", "checks", "priority_parts", "blocked_transitions"),
    }
)


@dataclass(frozen=True)
class Version:
    """An order at one time; `ended_at` is None for what it is now."""

    number: int
    order: Order
    lines: list[OrderLine]
    charges: list[OrderCharge]
    ended_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True)
class End:
    """What ended a version: a change of the agreement, or a step, which says from which status."""

    version: int
    name: str
    at: datetime
    by: str
    source: str
    transition: str


CHANGES = ("orders.amended", "orders.preferences_changed", "orders.party_corrected")
PLACED = "place"


def record_of(order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> dict[str, Any]:
    """Return what is kept of an order, as JSON: amounts with all their decimals, days and moments as text."""
    return {
        "order": _columns(order),
        "lines": [_columns(line) for line in lines],
        "charges": [_columns(charge) for charge in charges],
    }


def now(order: Order) -> Version:
    """Return what an order is."""
    lines = list(OrderLine.objects.filter(order=order).order_by("position"))
    charges = list(OrderCharge.objects.filter(order=order).order_by("position"))
    return Version(order.version, order, lines, charges)


def past(kept: OrderVersion) -> Version:
    """Return what an order was."""
    record = kept.record
    return Version(
        number=kept.version,
        order=_made(Order, record["order"]),
        lines=[_made(OrderLine, line) for line in record["lines"]],
        charges=[_made(OrderCharge, charge) for charge in record["charges"]],
        ended_at=kept.ended_at,
        ended_by=kept.ended_by,
    )


def ends_of(order: Order) -> list[End]:
    """Return what ended the versions of an order since it was placed, the first one first; in one statement."""
    told = models.Q(name__in=CHANGES) | ~models.Q(transition="")
    rows = EventRecord.objects.filter(told, thread=order.history_thread(), subject_type=order._meta.label_lower)
    names = ("payload", "name", "at", "actor", "source", "transition")
    ends = [
        End(payload["version"], *more)
        for payload, *more in rows.order_by("pk").values_list(*names)
        if payload.get("version") is not None
    ]
    placed = max((one.version for one in ends if one.transition == PLACED), default=-1)
    return [one for one in ends if one.version > placed]


def opened(order: Order, number: int, ends: Sequence[End]) -> Version | None:
    """Return what an order was in a version, or nothing where it had none, or was not placed yet."""
    if number == order.version:
        return now(order)
    if not ends or not ends[0].version <= number < order.version:
        return None
    kept = OrderVersion.objects.filter(order=order, version__gte=number).order_by("version").first()
    agreed = past(kept) if kept is not None else now(order)
    later = [one for one in ends if one.version >= number]
    was = copy.copy(agreed.order)
    if step := next((one for one in later if one.source), None):
        vars(was)["status"] = step.source
    ended_at, ended_by = (later[0].at, later[0].by) if later else (agreed.ended_at, agreed.ended_by)
    return replace(agreed, number=number, order=was, ended_at=ended_at, ended_by=ended_by)


def _columns(row: models.Model) -> dict[str, Any]:
    return {field.attname: _value(field, row) for field in row._meta.concrete_fields if field.name not in NOT_KEPT}


def _value(field: Any, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    if isinstance(field, models.DecimalField) and value is not None:
        return f"{value:.{field.decimal_places}f}"
    # To the microsecond, which Django's own JSON cuts off.
    return value.isoformat() if isinstance(value, date) else value


def _made(model: type[M], columns: Mapping[str, Any]) -> M:
    """Return a row of its columns; what is no column any more is left out."""
    known = {field.attname: field for field in model._meta.concrete_fields}
    row = model()
    for name, value in columns.items():
        if name in known:
            # A protected status is set as the database would.
            vars(row)[name] = known[name].to_python(value)
    return row
