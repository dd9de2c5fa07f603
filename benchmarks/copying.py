"""Orders by the million: the patterns copied by SQL, each copy with its own day, buyer and kind of goods."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from benchmarks.kin import Table, execute
from benchmarks.patterns import columns_of
from inventory.models import Product, StockItem

YEARS = 3
# What was placed later may not be over yet, unless it was over the same day.
OPEN_DAYS = 14
# Orders of the one customer who orders all the time, among a thousand.
FAITHFUL = 20
# As core.words folds the names that are made here.
FOLDED = "translate(lower(w.name), 'äöüéèá', 'aoueea')"
# What is not copied as it is; `p` is the pattern, `c` the copy, `w` its buyer, `id` the key of the new row.
INSTEAD: Mapping[str, Mapping[str, str]] = {
    "billing.LedgerEntry": {"customer_id": "CASE WHEN p.customer_id IS NULL THEN NULL ELSE w.id END"},
    "orders.Order": {
        "customer_id": "CASE WHEN p.customer_id IS NULL THEN NULL ELSE w.id END",
        "customer_name": "w.name",
        "email": "w.email",
        "name_key": FOLDED,
        "surname_key": rf"regexp_replace({FOLDED}, '^(.*) (\S+)$', '\2 \1')",
        "phone": "w.phone",
        "phone_key": r"reverse(regexp_replace(w.phone, '\D', '', 'g'))",
        "shipping_address": "w.address",
        "external_reference": "CASE WHEN c.n % 3 = 0 THEN 'WEB-' || (500000 + c.n) ELSE '' END",
        "purchase_order_number": "CASE WHEN p.purchase_order_number = '' OR p.purchase_order_number LIKE 'PO-BIG%' "
        "THEN p.purchase_order_number ELSE 'PO-' || (100000 + c.n) END",
        "rank": "p.rank + c.n",
    },
    "orders.Draft": {"token": "md5('draft' || {id})::uuid"},
    "orders.OrderException": {"dedupe_key": "p.dedupe_key || '/' || c.n"},
    "fulfillment.FulfillmentOrder": {"rank": "p.rank + c.n", "wave_id": "NULL", "tote": "NULL"},
    "fulfillment.Shipment": {"tracking_number": "'HC' || lpad({id}::text, 12, '0')"},
    "fulfillment.TrackingEvent": {"event_id": "p.event_id || '/' || c.n"},
    "billing.Invoice": {
        "buyer": "{buyer} || jsonb_build_object('name', w.name, 'email', w.email)",
        "place": "NULL",
    },
    "billing.CreditNote": {"place": "NULL"},
    # What a provider calls a payment, he calls no other.
    "billing.Payment": {"reference": "{reference} || CASE WHEN p.reference LIKE 'ck\\_%' THEN '/' || c.n ELSE '' END"},
    "core.EventRecord": {
        "position": "{id}",
        "subject_id": "CASE WHEN p._subject IS NULL THEN NULL ELSE c.base[p._subject] + p.subject_id END",
    },
}


@dataclass(frozen=True)
class Plan:
    """How many orders, and of what kind."""

    orders: int
    variants: int
    # Copies of each order that is on the line right now, and of each that was built to be big.
    alive: int
    big: int


def plan(count: int, *, variants: int) -> Plan:
    """Return a plan in which almost everything is over, and some thousands of a million are alive."""
    return Plan(count, variants, alive=max(1, round(count / 21_000)), big=30 if count >= 10_000 else 1)


def draw_lots(wanted: Plan, tables: list[Table], *, big: list[int]) -> int:
    """Write down every copy: its pattern, its moment, its buyer, and where its rows begin. Returns how many."""
    execute("SELECT setseed(0.42)")
    _write_moments(wanted, big)
    counts, sums = [], []
    for table in tables:
        execute(
            f"ALTER TABLE bench.pattern ADD COLUMN k{table.index} int NOT NULL DEFAULT 0, "
            f"ADD COLUMN s{table.index} bigint NOT NULL DEFAULT 0"
        )
        execute(
            f"UPDATE bench.pattern o SET k{table.index} = n.rows FROM "
            f"(SELECT pattern, COUNT(*) AS rows FROM bench.kin WHERE kind = {table.index} GROUP BY pattern) n "
            "WHERE n.pattern = o.id"
        )
        counts.append(f"k{table.index}")
        sums.append(
            f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {table.name}) + SUM(k{table.index}) OVER w - k{table.index}"
        )
    execute(
        f"""CREATE UNLOGGED TABLE bench.copy AS
        SELECT m.n, m.pattern, m.variant, m.customer, m.at - o.placed_at AS shift,
            m.at::date - o.placed_at::date AS days, ARRAY[{", ".join(sums)}]::bigint[] AS base
        FROM bench.moment m JOIN bench.pattern o ON o.id = m.pattern
        WINDOW w AS (ORDER BY m.n ROWS UNBOUNDED PRECEDING)"""
    )
    execute("ANALYZE bench.copy")
    return int(execute("SELECT COUNT(*) FROM bench.copy")[0][0])


def _write_moments(wanted: Plan, big: list[int]) -> None:
    """Choose patterns with many lines more often; what is alive happened when its pattern did."""
    alive = execute("SELECT COUNT(*) FROM bench.pattern WHERE is_alive AND NOT id = ANY(%s)", big)[0][0]
    over = wanted.orders - execute("SELECT COUNT(*) FROM bench.pattern")[0][0]
    over = max(0, over - alive * wanted.alive - len(big) * wanted.big)
    weight = "CASE WHEN completed THEN LEAST(lines * lines, 16) ELSE 1 END"
    weighed = f"SELECT array_agg(id) FROM bench.pattern, generate_series(1, {weight})"
    is_done = "NOT is_alive AND NOT id = ANY(%s)"
    quick = "ended_at < placed_at + interval '3 hours'"
    moments = f"""
        CREATE UNLOGGED TABLE bench.moment AS
        SELECT row_number() OVER (ORDER BY at, pattern) AS n, pattern, at, variant, customer FROM (
            SELECT d.at, CASE WHEN d.at < now() - interval '{OPEN_DAYS} days'
                    THEN l.usual[1 + floor(random() * cardinality(l.usual))]
                    ELSE l.quick[1 + floor(random() * cardinality(l.quick))] END AS pattern,
                floor(random() * {wanted.variants})::int AS variant, random() AS customer
            FROM (
                SELECT now() - interval '3 hours'
                    - interval '{YEARS * 365} days' * ((i + random()) / {max(over, 1)}) AS at
                FROM generate_series(0, {over - 1}) AS i
            ) d, (SELECT ({weighed} WHERE {is_done}) AS usual,
                         ({weighed} WHERE {is_done} AND {quick}) AS quick) l
            UNION ALL
            SELECT o.placed_at - interval '40 minutes' * random(), o.id, floor(random() * {wanted.variants})::int,
                random()
            FROM bench.pattern o, generate_series(1, {wanted.alive}) WHERE o.is_alive AND NOT o.id = ANY(%s)
            UNION ALL
            SELECT o.placed_at - interval '40 minutes' * random(), o.id, 0, random()
            FROM bench.pattern o, generate_series(1, {wanted.big}) WHERE o.id = ANY(%s)
        ) chosen"""
    execute(moments, big, big, big, big)
    execute(
        f"""UPDATE bench.moment SET customer = CASE WHEN n % 1000 BETWEEN 1 AND {FAITHFUL} THEN 0
        ELSE 1 + floor(power(customer, 2) * (SELECT MAX(place) FROM bench.buyer)) END"""
    )


def insert(table: Table) -> str:
    """Return the statement that copies all rows of a table."""
    there = columns_of(table)
    fields = table.columns
    key = f"(c.base[{table.index}] + p._place)"
    values = [_value(table, field, there) for field in fields]
    numbers = [int(name.removeprefix("_kind")) for name in there if name.startswith("_kind")]
    said = ", ".join(_said(number) for number in sorted(numbers)) or "1 AS nothing"
    own = INSTEAD.get(table.label, {})
    for place, field in enumerate(fields):
        if field.column in own:
            values[place] = own[field.column].replace("{id}", key).replace(f"{{{field.column}}}", values[place])
    buyer = "JOIN bench.buyer w ON w.place = c.customer" if any("w." in text for text in own.values()) else ""
    names = ", ".join(f'"{field.column}"' for field in fields)
    # The rows of one copy lie together, and the copies in the order of their days.
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} FROM bench.copy c "
        f"JOIN {table.pattern} p ON p._pattern = c.pattern {buyer} CROSS JOIN LATERAL (SELECT {said}) s"
    )


def _said(number: int) -> str:
    row = f"(c.base[p._kind{number}] + p._row{number})::text"
    return f"COALESCE(lpad({row}, GREATEST(length({row}), p._digits{number}), '0'), '') AS said{number}"


def _value(table: Table, field: Any, there: set[str]) -> str:
    """Return what stands in a column of a copy."""
    column = f'p."{field.column}"'
    if field.primary_key:
        return f"(c.base[{table.index}] + p._place)"
    if field.is_relation:
        return _related(field, column)
    if isinstance(field, models.DateTimeField):
        return f"{column} + c.shift"
    if isinstance(field, models.DateField):
        return f"{column} + c.days"
    if field.column == "sku":
        return f"{column} || CASE WHEN c.variant = 0 OR {column} = '' THEN '' ELSE '-' || c.variant END"
    for number in range(1, _marks(table, field.column) + 1):
        column = f"replace({column}, '⟦{number}⟧', s.said{number})"
    if column != f'p."{field.column}"' and isinstance(field, models.JSONField):
        return f"({column})::jsonb"
    return column


def _related(field: Any, column: str) -> str:
    if field.related_model in (Product, StockItem):
        return f"{column} + c.variant * {stride(field.related_model)}"
    kinds = execute(
        "SELECT COALESCE(MAX(kind), 0) FROM bench.kind WHERE name = %s", field.related_model._meta.db_table
    )
    return f"c.base[{kinds[0][0]}] + {column}" if kinds[0][0] else column


def stride(model: Any) -> int:
    """Return how far apart the variants of a product or of its stock are."""
    return int(execute("SELECT step FROM bench.stride WHERE name = %s", model._meta.db_table)[0][0])


def _marks(table: Table, column: str) -> int:
    """Return the highest mark in a column of a pattern."""
    found = execute(
        f"""SELECT COALESCE(MAX(mark::int), 0) FROM {table.pattern},
        LATERAL (SELECT (regexp_matches("{column}"::text, '⟦(\\d+)⟧', 'g'))[1] AS mark) m"""
    )
    return int(found[0][0])


def copy_rows(statements: list[str], *, at_once: int) -> None:
    """Copy everything; with several connections at once where it is worth it."""
    if at_once < 2:
        for statement in statements:
            _run_freely(statement)
        return
    # The one that is longer than all others first, in as many parts as there are connections.
    *others, longest = sorted(statements, key=lambda one: one.startswith("INSERT INTO core_eventrecord"))
    parts = [f"{longest} WHERE c.n % {at_once} = {part}" for part in range(at_once)]
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(_run_and_close, [*parts, *others]))


def _run_freely(statement: str) -> None:
    """Run it without the triggers: keys are right by construction, and issued documents are written whole."""
    execute("SET session_replication_role = replica")
    try:
        execute(statement)
    finally:
        execute("SET session_replication_role = origin")


def _run_and_close(statement: str) -> None:
    try:
        _run_freely(statement)
    finally:
        connection.close()
