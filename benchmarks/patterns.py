"""The rows of a few orders laid out as patterns: what differs from copy to copy is left open.

A column that points at a row of the same order holds that row's place among its kind; words that name
rows (`SO-000017`, `"shipment_id": 9`, `orders.order:17`) become `⟦1⟧`, with beside them which row is meant.
"""

from typing import Any

from django.db import connection, models

from benchmarks.kin import NAMED, Name, Names, Table, execute, is_text, words_of


def lay_out(tables: list[Table]) -> None:
    """Write the patterns of all orders that there are."""
    execute("CREATE TABLE bench.kind (kind int PRIMARY KEY, name text)")
    for table in tables:
        execute("INSERT INTO bench.kind VALUES (%s, %s)", table.index, table.name)
    execute("CREATE TABLE bench.kin (kind int, pk bigint, pattern bigint, place int, PRIMARY KEY (kind, pk))")
    names = Names(tables)
    numbers: dict[str, int] = {}
    for table in sorted(tables, key=lambda one: one.label == "inventory.StockMovement"):
        _list_rows(table, names, numbers)
    for table in tables:
        execute(
            f"CREATE TABLE {table.pattern} AS SELECT k.pattern AS _pattern, k.place AS _place, t.* "
            f"FROM {table.name} t JOIN bench.kin k ON k.kind = {table.index} AND k.pk = t.id"
        )
        _open_keys(table, {one.model: one for one in tables})
        Words(table, names).leave_open()
    _describe()


def _list_rows(table: Table, names: Names, numbers: dict[str, int]) -> None:
    """Give every row its place among its kind, within its order."""
    words = words_of(table)
    places: dict[int, int] = {}
    listed: list[tuple[int, int, int]] = []
    for pk, order in table.orders(numbers).items():
        place = places[order] = places.get(order, -1) + 1
        listed.append((pk, order, place))
        names.learn(table, order, place, pk, words.get(pk, []))
        numbers.update(dict.fromkeys(words.get(pk, []), order))
    if listed:
        execute(
            f"INSERT INTO bench.kin SELECT {table.index}, * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])",
            *map(list, zip(*listed, strict=True)),
        )


def _open_keys(table: Table, known: dict[Any, Table]) -> None:
    """Put places where keys of rows of the same order stood."""
    for field in table.columns:
        if field.is_relation and field.related_model in known:
            execute(
                f"UPDATE {table.pattern} p SET {field.column} = k.place FROM bench.kin k "
                f"WHERE k.kind = {known[field.related_model].index} AND k.pk = p.{field.column}"
            )
    if table.label == "core.EventRecord":
        execute(f"ALTER TABLE {table.pattern} ADD COLUMN _subject int")
        for one in known.values():
            execute(
                f"UPDATE {table.pattern} p SET subject_id = k.place, _subject = {one.index} FROM bench.kin k "
                f"WHERE p.subject_type = %s AND k.kind = {one.index} AND k.pk = p.subject_id",
                one.model._meta.label_lower,
            )


class Words:
    """The words in one table that name rows."""

    def __init__(self, table: Table, names: Names) -> None:
        self.table = table
        self.names = names
        self.fields = [field for field in table.columns if is_text(field)]

    def leave_open(self) -> None:
        """Write marks where names stand, and beside each row which rows they name."""
        columns = ", ".join(f'"{field.column}"::text' for field in self.fields)
        if not columns:
            return
        changed: dict[str, list[tuple[int, int, str | None]]] = {}
        named: dict[tuple[int, int], list[Name]] = {}
        for order, place, *texts in execute(f"SELECT _pattern, _place, {columns} FROM {self.table.pattern}"):
            found: list[Name] = []
            for field, text in zip(self.fields, texts, strict=True):
                marked = self._marked(order, text, found)
                if marked != text:
                    changed.setdefault(field.column, []).append((order, place, marked))
            if found:
                named[order, place] = found
        for column, rows in changed.items():
            self._write(column, rows)
        self._write_names(named)

    def _marked(self, order: int, text: str | None, found: list[Name]) -> str | None:
        def mark(match: Any) -> str:
            name = self.names.meant(order, match)
            if name is None:
                return str(match[0])
            if name not in found:
                found.append(name)
            stays = match[0].rstrip("0123456789") if name.digits != 20 else match[0][: match[0].index("_") + 1]
            return f"{stays}⟦{found.index(name) + 1}⟧"

        return NAMED.sub(mark, text) if text else text

    def _write(self, column: str, rows: list[tuple[int, int, str | None]]) -> None:
        execute(f'ALTER TABLE {self.table.pattern} ALTER COLUMN "{column}" TYPE text USING "{column}"::text')
        execute(
            f'UPDATE {self.table.pattern} p SET "{column}" = n.said '
            "FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS n(pattern, place, said) "
            "WHERE p._pattern = n.pattern AND p._place = n.place",
            *map(list, zip(*rows, strict=True)),
        )

    def _write_names(self, named: dict[tuple[int, int], list[Name]]) -> None:
        for number in range(1, max(map(len, named.values()), default=0) + 1):
            execute(
                f"ALTER TABLE {self.table.pattern} "
                f"ADD COLUMN _kind{number} int, ADD COLUMN _row{number} int, ADD COLUMN _digits{number} int"
            )
            rows = [(*key, *vars(found[number - 1]).values()) for key, found in named.items() if len(found) >= number]
            execute(
                f"UPDATE {self.table.pattern} p "
                f"SET _kind{number} = n.kind, _row{number} = n.meant, _digits{number} = n.digits "
                "FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[]) "
                "AS n(pattern, place, kind, meant, digits) WHERE p._pattern = n.pattern AND p._place = n.place",
                *map(list, zip(*rows, strict=True)),
            )


def _describe() -> None:
    """Say of each pattern when it was placed, when it ended, how long it took, and whether it is still alive."""
    execute(
        """CREATE TABLE bench.pattern AS
        SELECT o.id, COALESCE(o.placed_at, o.created_at) AS placed_at,
            COALESCE(o.completed_at, o.cancelled_at, o.placed_at) AS ended_at, o.status = 'completed' AS completed,
            NOT (o.status IN ('completed', 'cancelled', 'expired')
                AND o.open_returns + o.open_exceptions + o.active_holds = 0) AS is_alive,
            (SELECT COUNT(*) FROM orders_orderline l WHERE l.order_id = o.id)::int AS lines
        FROM orders_order o"""
    )


def date_back(tables: list[Table]) -> None:
    """Let nothing of an order that is over have happened after its end, as if it had been written down then."""
    for table in tables:
        for field in table.columns:
            if isinstance(field, models.DateTimeField):
                moment = "placed_at" if field.column == "created_at" else "ended_at"
                execute(
                    f"UPDATE {table.pattern} p SET {field.column} = o.{moment} + interval '1 second' "
                    f"FROM bench.pattern o WHERE o.id = p._pattern AND NOT o.is_alive "
                    f"AND p.{field.column} > o.ended_at + interval '9 days'"
                )


def columns_of(table: Table) -> set[str]:
    """Return the columns that a pattern really has."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table.pattern} LIMIT 0")
        return {column.name for column in cursor.description or ()}
