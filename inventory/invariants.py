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
    Invariant(
        code="I1",
        name="parts of a kit are tied together, whole kits in each warehouse",
        rows="SELECT count(*) FROM inventory_allocation WHERE kit_id IS NOT NULL AND quantity > consumed + released",
        breaches="""
            SELECT reservation_id
            FROM (
                SELECT a.reservation_id, a.key, s.warehouse_id, a.stock_item_id, MAX(a.per) AS per,
                    SUM(a.quantity - a.consumed - a.released) AS units
                FROM inventory_allocation a JOIN inventory_stockitem s ON s.id = a.stock_item_id
                WHERE a.kit_id IS NOT NULL AND a.quantity > a.consumed + a.released
                GROUP BY a.reservation_id, a.key, s.warehouse_id, a.stock_item_id
            ) part
            GROUP BY reservation_id, key, warehouse_id
            HAVING MIN(units / per) <> MAX(units / per) OR SUM(units % per) <> 0
            ORDER BY reservation_id
        """,
    ),
)

# Out of the source as sent, into the destination as received or lost; a transfer that was given up leaves nothing.
MOVED = """
    SELECT l.id, t.status, l.quantity, l.received, l.lost, l.in_transit,
        COALESCE((
            SELECT SUM(m.quantity) FROM inventory_stockmovement m JOIN inventory_stockitem s ON s.id = m.stock_item_id
            WHERE m.reference = t.number AND m.reference <> '' AND m.kind = 'transfer'
                AND s.product_id = l.product_id AND s.warehouse_id = t.source_id
        ), 0) AS gone,
        COALESCE((
            SELECT SUM(m.quantity) FROM inventory_stockmovement m JOIN inventory_stockitem s ON s.id = m.stock_item_id
            WHERE m.reference = t.number AND m.reference <> '' AND m.kind = 'transfer'
                AND s.product_id = l.product_id AND s.warehouse_id = t.destination_id
        ), 0) AS come
    FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
"""

register(
    Invariant(
        code="I1",
        name="sent = received + in transit + lost, per line of a transfer",
        rows="SELECT count(*) FROM inventory_transferline",
        breaches=f"""
            SELECT id FROM ({MOVED}) moved
            WHERE gone <> CASE WHEN status IN ('sent', 'received') THEN -quantity ELSE 0 END
                OR come <> received + lost
                OR in_transit <> (status = 'sent' AND quantity > received + lost)
                OR (status = 'received' AND quantity <> received + lost)
            ORDER BY id
        """,  # noqa: S608 - our own words
    )
)
