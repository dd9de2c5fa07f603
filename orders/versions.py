"""Earlier versions of an order: what is kept of one, and the order, its lines and charges made of that again.

Kept is every column but the ones by which an order is found, or which only say how a figure was worked out; a column
that is added is kept from then on. What is made again are rows that were never saved: read them, and throw them away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models

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


def kept_of(order: Order) -> "models.QuerySet[OrderVersion]":
    """Return the earlier versions of an order, the newest first, without what they were."""
    return OrderVersion.objects.filter(order=order).defer("record").order_by("-version")


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
