"""What was ordered before, read with the customer in one statement: for duplicates, habits and signs of a risk.

The rows come as JSON in a column of the customer, so that looking back costs no statement of its own.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Coalesce, JSONObject

from customers.addresses import PostalAddress
from orders.models import CustomerHabit, Order, OrderLine, OrderStatus, ProductHabit
from orders.verification import LONGEST_HOURS, Earlier, Habit

# More orders than this within the span tell nothing new: a duplicate is among the last, and many is many.
MOST_EARLIER = 20
LOOK_BACK = timedelta(hours=LONGEST_HOURS)
GONE = (OrderStatus.DRAFT, OrderStatus.CANCELLED, OrderStatus.EXPIRED)


class Rows(Subquery):
    """The rows of a query with one JSON object each, as one text; null where there are none."""

    output_field = TextField()
    template = '(SELECT CAST(json_agg(_rows."row") AS text) FROM (%(subquery)s) _rows)'

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Say it as SQLite does."""
        template = '(SELECT json_group_array(json(_rows."row")) FROM (%(subquery)s) _rows)'
        return self.as_sql(compiler, connection, template=template, **extra)


@dataclass(frozen=True, kw_only=True)
class Before:
    """What is known of before an order: the last orders nearby, and what is usual."""

    earlier: tuple[Earlier, ...] = ()
    is_first: bool = False
    habits: dict[str, Habit] = field(default_factory=dict)
    habit: Habit | None = None


def tokens_of(goods: Iterable[tuple[str, int]]) -> list[str]:
    """Return each product with its units as a word: what two orders have in common is counted by them."""
    units: dict[str, int] = {}
    for sku, quantity in goods:
        units[sku.strip().upper()] = units.get(sku.strip().upper(), 0) + quantity
    return [f"{sku} {quantity}" for sku, quantity in units.items()]


def looking_back(
    rows: QuerySet[Any],
    *,
    customer: Any,
    address_key: Any,
    tokens: Any,
    skus: Any,
    since: Any,
    until: Any,
) -> QuerySet[Any]:
    """Add to rows what was ordered before by a customer or to an address, and what is usual."""
    theirs = Q(address_key=address_key) if customer is None else Q(customer=customer) | Q(address_key=address_key)
    near = _alike(Order.objects.filter(theirs, placed_at__range=(since, until)), tokens).exclude(status__in=GONE)
    habits = ProductHabit.objects.filter(product__sku__in=skus).values(
        row=JSONObject(sku="product__sku", lines="lines", most="most")
    )
    row = JSONObject(
        id="pk",
        number="number",
        at="placed_at",
        customer="customer_id",
        email="email",
        shared=Coalesce(F("shared"), 0),
        lines=Coalesce(F("count_of_lines"), 0),
        address="shipping_address",
    )
    rows = rows.annotate(near=Rows(near.order_by("-placed_at", "-pk").values(row=row)[:MOST_EARLIER]))
    rows = rows.annotate(usual=Rows(habits))
    if customer is None:
        return rows
    own = CustomerHabit.objects.filter(customer=customer).values(row=JSONObject(lines="lines", most="most"))
    any_order = Order.objects.filter(customer=customer).exclude(status=OrderStatus.DRAFT).order_by()
    return rows.annotate(own=Rows(own[:1]), any_order=Subquery(any_order.values("pk")[:1]))


def _alike(orders: QuerySet[Order], tokens: Any) -> QuerySet[Any]:
    """Count the lines of orders, and those that are among the tokens."""
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by()
    word = Func("sku", "quantity", template="(%(expressions)s)", arg_joiner=" || ' ' || ", output_field=CharField())
    shared = lines.alias(token=word).filter(token__in=tokens)
    number = IntegerField()
    return orders.annotate(
        count_of_lines=Subquery(lines.values("order").annotate(n=Count("pk")).values("n"), output_field=number),
        shared=Subquery(shared.values("order").annotate(n=Count("pk")).values("n"), output_field=number),
    )


def before_of(
    found: Any, *, customer_id: int | None, email: str, tokens: Sequence[str], but: Iterable[int] = ()
) -> Before:
    """Read what `looking_back` added, without the orders named by `but`."""
    apart = set(but)
    near = [row for row in _rows(found.near) if row["id"] not in apart]
    own = _rows(getattr(found, "own", None))
    return Before(
        earlier=tuple(_earlier(row, customer_id, email, len(tokens)) for row in near),
        is_first=getattr(found, "any_order", None) is None,
        habits={row["sku"]: Habit(lines=row["lines"], most=row["most"]) for row in _rows(found.usual)},
        habit=Habit(lines=own[0]["lines"], most=own[0]["most"]) if own else None,
    )


def _rows(text: str | None) -> list[Any]:
    found: list[Any] = json.loads(text) if text else []
    return found


def _earlier(row: Mapping[str, Any], customer_id: int | None, email: str, count: int) -> Earlier:
    address = row["address"]
    return Earlier(
        number=row["number"],
        at=_moment(row["at"]),
        share=Decimal(min(row["shared"], count)) / max(row["lines"], count, 1),
        same_customer=customer_id is not None and row["customer"] == customer_id,
        same_email=bool(email) and row["email"] == email,
        address=PostalAddress.from_dict(json.loads(address) if isinstance(address, str) else address),
    )


def _moment(text: str) -> datetime:
    """Read a moment; SQLite keeps it in UTC and does not say so."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
