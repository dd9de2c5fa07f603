"""What is always true of orders (I1 to I3), asked of the whole table at once."""

from core.invariants import Invariant, register

ORDERS = "SELECT count(*) FROM orders_order o WHERE 1 = 1 /* since o.updated_at */"
LINES = """
    SELECT count(*) FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
    WHERE 1 = 1 /* since o.updated_at */
"""
MOVED = ("shipped", "delivered", "cancelled", "return_authorized", "returned", "invoiced", "credited")
SUMS = ", ".join(f"SUM(CASE WHEN kind = '{kind}' THEN quantity ELSE 0 END) AS {kind}" for kind in MOVED)

# How many parts a line has: the quotes of a name in JSON are never those of a key.
PARTS = """(LENGTH(CAST(l.parts AS text)) - LENGTH(REPLACE(CAST(l.parts AS text), '"per"', ''))) / 5"""

# What the lines and charges of each order add up to, once for all derived statuses.
TALLY = """
    SELECT o.*, COALESCE(l.wanted, 0) AS wanted, COALESCE(l.shipped, 0) AS units_shipped,
        COALESCE(l.delivered, 0) AS units_delivered, COALESCE(l.invoiced, 0) AS units_invoiced,
        COALESCE(l.returned, 0) AS units_returned, COALESCE(l.goods_open, 0) AS goods_open,
        COALESCE(l.allocated, 0) AS units_allocated, COALESCE(l.backordered, 0) AS units_backordered,
        COALESCE(c.live, 0) AS charges_live, COALESCE(c.invoiced, 0) AS charges_invoiced,
        ROUND(o.total - o.cancelled_total - o.credited_total - o.written_off_total, 3) AS due
    FROM orders_order o
    LEFT JOIN (
        SELECT order_id, SUM(quantity - cancelled) AS wanted, SUM(shipped) AS shipped, SUM(delivered) AS delivered,
            SUM(invoiced) AS invoiced, SUM(returned) AS returned,
            SUM(CASE WHEN kind IN ('stocked', 'kit') THEN quantity - cancelled - shipped ELSE 0 END) AS goods_open,
            SUM(CASE WHEN kind IN ('stocked', 'kit') THEN allocated ELSE 0 END) AS allocated,
            SUM(CASE WHEN kind IN ('stocked', 'kit') THEN backordered ELSE 0 END) AS backordered
        FROM orders_orderline GROUP BY order_id
    ) l ON l.order_id = o.id
    LEFT JOIN (
        SELECT order_id, COUNT(*) AS live, SUM(CASE WHEN invoiced THEN 1 ELSE 0 END) AS invoiced
        FROM orders_ordercharge WHERE NOT cancelled AND total <> 0 GROUP BY order_id
    ) c ON c.order_id = o.id
    WHERE 1 = 1 /* since o.updated_at */
"""
ALLOCATION = """CASE
    WHEN wanted = 0 THEN 'unallocated'
    WHEN units_allocated = goods_open THEN 'allocated'
    WHEN units_allocated > 0 THEN 'partial'
    WHEN units_backordered > 0 THEN 'backordered'
    ELSE 'unallocated' END"""
FULFILLMENT = """CASE
    WHEN units_shipped = 0 THEN 'unfulfilled'
    WHEN units_shipped < wanted THEN 'partially_shipped'
    WHEN units_delivered = units_shipped THEN 'delivered'
    WHEN units_delivered > 0 THEN 'partially_delivered'
    ELSE 'shipped' END"""
PAYMENT = """CASE
    WHEN refunded_total <> 0 AND refunded_total >= paid_total THEN 'refunded'
    WHEN refunded_total <> 0 THEN 'partially_refunded'
    WHEN paid_total <> 0 AND paid_total = due THEN 'paid'
    WHEN paid_total <> 0 AND paid_total > due THEN 'overpaid'
    WHEN paid_total <> 0 THEN 'partially_paid'
    WHEN authorized_total <> 0 AND authorized_total >= due THEN 'authorized'
    WHEN total = 0 AND placed_at IS NOT NULL THEN 'paid'
    ELSE 'unpaid' END"""
INVOICE = """CASE
    WHEN units_invoiced + charges_invoiced = 0 THEN 'not_invoiced'
    WHEN units_invoiced + charges_invoiced >= wanted + charges_live THEN 'invoiced'
    ELSE 'partially_invoiced' END"""
RETURN = """CASE
    WHEN units_returned > 0 AND units_returned = units_shipped THEN 'returned'
    WHEN units_returned > 0 THEN 'partially_returned'
    WHEN open_returns > 0 THEN 'requested'
    ELSE 'none' END"""


def _derived(column: str, expression: str) -> Invariant:
    return Invariant(
        code="I2" if column != "payment_status" else "I3",
        name=f"{column.replace('_', ' ')} follows from the figures, per order",
        rows=ORDERS,
        breaches=f"SELECT id FROM ({TALLY}) t WHERE {column} <> {expression} ORDER BY id",  # noqa: S608 - our own words
    )


TRUTHS = (
    Invariant(
        code="I1",
        name="allocated = open allocations of the order's reservation, per order line",
        rows=LINES,
        breaches=f"""
            SELECT l.id
            FROM orders_orderline l
            JOIN orders_order o ON o.id = l.order_id
            LEFT JOIN (
                SELECT reservation_id, key, MIN(units) AS fewest, MAX(units) AS most, COUNT(*) AS parts
                FROM (
                    SELECT t.reservation_id, t.key, s.product_id,
                        SUM((t.quantity - t.consumed - t.released) / t.per) AS units
                    FROM inventory_allocation t JOIN inventory_stockitem s ON s.id = t.stock_item_id
                    WHERE t.quantity > t.consumed + t.released
                    GROUP BY t.reservation_id, t.key, s.product_id
                ) tied
                GROUP BY reservation_id, key
            ) a ON a.reservation_id = o.reservation_id AND a.key = l.position
            WHERE o.status <> 'cancelled' AND (
                l.allocated < COALESCE(a.most, 0) OR COALESCE(a.fewest, 0) <> COALESCE(a.most, 0)
                OR (a.parts IS NOT NULL AND a.parts <> CASE l.kind WHEN 'kit' THEN {PARTS} ELSE 1 END)
                OR (l.allocated > COALESCE(a.fewest, 0) AND NOT EXISTS (
                    -- Units that are gone are gone at once; until their order has heard of it, its line says more.
                    SELECT 1 FROM core_delivery d
                    WHERE d.status = 'pending' AND d.handler = 'orders.handlers.lose_allocations'
                ))
            ) /* since o.updated_at */
            ORDER BY l.id
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="I2",
        name="ordered = cancelled + open + shipped, and nothing beyond it, per order line",
        rows=LINES,
        breaches="""
            SELECT l.id
            FROM orders_orderline l
            JOIN orders_order o ON o.id = l.order_id
            WHERE NOT (
                l.allocated >= 0 AND l.backordered >= 0 AND l.cancelled >= 0 AND l.returned >= 0
                AND l.allocated + l.backordered <= l.quantity - l.cancelled - l.shipped
                AND l.delivered <= l.shipped
                AND l.returned <= l.return_authorized AND l.return_authorized <= l.shipped
                AND l.invoiced - l.credited <= l.quantity - l.cancelled
            ) /* since o.updated_at */
            ORDER BY l.id
        """,
    ),
    Invariant(
        code="I2",
        name="every open unit of a placed order is allocated or backordered, per order line",
        rows=LINES,
        breaches="""
            SELECT l.id
            FROM orders_orderline l
            JOIN orders_order o ON o.id = l.order_id
            WHERE o.status IN ('placed', 'verified', 'confirmed', 'fulfilling') AND l.kind IN ('stocked', 'kit')
                AND l.allocated + l.backordered <> l.quantity - l.cancelled - l.shipped /* since o.updated_at */
            ORDER BY l.id
        """,
    ),
    Invariant(
        code="I2",
        name="figures = sum of movements, per order line",
        rows=LINES,
        breaches=f"""
            SELECT l.id
            FROM orders_orderline l
            JOIN orders_order o ON o.id = l.order_id
            LEFT JOIN (
                SELECT line_id, {SUMS}
                FROM orders_movement GROUP BY line_id
            ) m ON m.line_id = l.id
            WHERE ({" OR ".join(f"l.{k} <> COALESCE(m.{k}, 0)" for k in MOVED)}) /* since o.updated_at */
            ORDER BY l.id
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="I3",
        name="balance due = total − cancelled − credited − written off − paid + refunded, per order",
        rows=ORDERS,
        breaches="""
            SELECT o.id FROM orders_order o
            WHERE (
                ROUND(o.balance_due - o.total + o.cancelled_total + o.credited_total + o.written_off_total
                    + o.paid_total - o.refunded_total, 3) <> 0
                OR ROUND(o.refunded_total, 3) > ROUND(o.paid_total + o.overdrawn_total, 3)
            ) /* since o.updated_at */
            ORDER BY o.id
        """,
    ),
    Invariant(
        code="I3",
        name="lines and charges = header, net, tax and gross, per order",
        rows=ORDERS,
        breaches="""
            SELECT o.id
            FROM orders_order o
            LEFT JOIN (
                SELECT order_id, SUM(total) AS total, SUM(tax_total) AS tax, SUM(net_total) AS net
                FROM orders_orderline GROUP BY order_id
            ) l ON l.order_id = o.id
            LEFT JOIN (
                SELECT order_id, SUM(total) AS total, SUM(tax_total) AS tax, SUM(net_total) AS net
                FROM orders_ordercharge GROUP BY order_id
            ) c ON c.order_id = o.id
            WHERE (
                ROUND(o.total - COALESCE(l.total, 0) - COALESCE(c.total, 0), 3) <> 0
                OR ROUND(o.tax_total - COALESCE(l.tax, 0) - COALESCE(c.tax, 0), 3) <> 0
                OR ROUND(o.subtotal - o.discount_total + o.shipping_total + o.charges_total
                    - COALESCE(l.net, 0) - COALESCE(c.net, 0), 3) <> 0
            ) /* since o.updated_at */
            ORDER BY o.id
        """,
    ),
    Invariant(
        code="I3",
        name="what is cancelled is owed by nobody, per order",
        rows=ORDERS,
        breaches="""
            SELECT o.id
            FROM orders_order o
            LEFT JOIN (SELECT order_id, SUM(cancelled) AS units FROM orders_orderline GROUP BY order_id) l
                ON l.order_id = o.id
            WHERE (
                (o.status IN ('cancelled', 'expired')
                    AND ROUND(o.cancelled_total + o.credited_total - o.total, 3) <> 0)
                OR (COALESCE(l.units, 0) = 0 AND o.status NOT IN ('cancelled', 'expired') AND o.cancelled_total <> 0)
            ) /* since o.updated_at */
            ORDER BY o.id
        """,
    ),
    Invariant(
        code="I3",
        name="holds and exceptions of an order are counted right",
        rows=ORDERS,
        breaches="""
            SELECT o.id
            FROM orders_order o
            LEFT JOIN (SELECT order_id, COUNT(*) AS units FROM orders_hold WHERE status = 'active' GROUP BY order_id) h
                ON h.order_id = o.id
            LEFT JOIN (
                SELECT order_id, COUNT(*) AS units FROM orders_orderexception
                WHERE status IN ('open', 'acknowledged', 'in_progress') GROUP BY order_id
            ) e ON e.order_id = o.id
            WHERE (o.active_holds <> COALESCE(h.units, 0) OR o.open_exceptions <> COALESCE(e.units, 0))
                /* since o.updated_at */
            ORDER BY o.id
        """,
    ),
    _derived("allocation_status", ALLOCATION),
    _derived("fulfillment_status", FULFILLMENT),
    _derived("payment_status", PAYMENT),
    _derived("invoice_status", INVOICE),
    _derived("return_status", RETURN),
)

register(*TRUTHS)
