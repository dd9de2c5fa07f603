"""What is always true of stock (I1), asked of the whole table at once."""

from core.invariants import Invariant, register

STOCK_ROWS = "SELECT count(*) FROM inventory_stockitem"

register(
    Invariant(
        code="I1",
        name="0 ≤ reserved ≤ on hand − quarantined, per stock row",
        rows=STOCK_ROWS,
        breaches="""
            SELECT id FROM inventory_stockitem
            WHERE reserved < 0 OR quarantined < 0 OR reserved > on_hand - quarantined
            ORDER BY id
        """,
    ),
    Invariant(
        code="I1",
        name="on hand and quarantine = sum of movements, per stock row",
        rows=STOCK_ROWS,
        breaches="""
            SELECT s.id
            FROM inventory_stockitem s
            LEFT JOIN (
                SELECT stock_item_id, SUM(quantity) AS units, SUM(quarantine_quantity) AS quarantine
                FROM inventory_stockmovement GROUP BY stock_item_id
            ) m ON m.stock_item_id = s.id
            WHERE s.on_hand <> COALESCE(m.units, 0) OR s.quarantined <> COALESCE(m.quarantine, 0)
            ORDER BY s.id
        """,
    ),
    Invariant(
        code="I1",
        name="reserved = sum of open allocations, per stock row",
        rows=STOCK_ROWS,
        breaches="""
            SELECT s.id
            FROM inventory_stockitem s
            LEFT JOIN (
                SELECT stock_item_id, SUM(quantity - consumed - released) AS units
                FROM inventory_allocation
                WHERE quantity > consumed + released
                GROUP BY stock_item_id
            ) a ON a.stock_item_id = s.id
            WHERE s.reserved <> COALESCE(a.units, 0)
            ORDER BY s.id
        """,
    ),
)
