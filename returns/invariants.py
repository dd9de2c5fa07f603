"""What must always be true of goods that come back."""

from core.invariants import Invariant, register

# Units that a return holds: what was authorized while it may still come, then what did come.
_HELD = """
SELECT rl.order_line_id AS line_id,
       SUM(CASE WHEN rr.status IN ('authorized', 'in_transit', 'partially_received', 'received') THEN rl.quantity
                WHEN rr.status IN ('inspected', 'resolved', 'closed') THEN rl.received
                ELSE 0 END) AS held,
       SUM(rl.received) AS received
FROM returns_returnline rl JOIN returns_returnrequest rr ON rr.id = rl.return_request_id
GROUP BY rl.order_line_id
"""

register(
    Invariant(
        code="I2",
        name="returned units are on a return, and never more than were shipped",
        rows="SELECT COUNT(*) FROM orders_orderline WHERE return_authorized > 0 OR returned > 0",
        breaches=f"""
            SELECT ol.id FROM orders_orderline ol LEFT JOIN ({_HELD}) h ON h.line_id = ol.id
            WHERE ol.return_authorized <> COALESCE(h.held, 0) OR ol.returned <> COALESCE(h.received, 0)
               OR ol.returned > ol.return_authorized OR ol.return_authorized > ol.shipped
        """,  # noqa: S608 - our own names
    ),
    Invariant(
        code="I2",
        name="an order knows how many of its returns are open",
        rows="SELECT COUNT(*) FROM returns_returnrequest",
        breaches="""
            SELECT o.id FROM orders_order o LEFT JOIN (
                SELECT order_id, COUNT(*) AS open FROM returns_returnrequest
                WHERE status NOT IN ('declined', 'closed', 'cancelled', 'expired') GROUP BY order_id
            ) r ON r.order_id = o.id
            WHERE o.open_returns <> COALESCE(r.open, 0)
        """,
    ),
    Invariant(
        code="I3",
        name="every resolved return has its credit note",
        rows="SELECT COUNT(*) FROM returns_returnrequest WHERE status IN ('resolved', 'closed')",
        breaches="""
            SELECT rr.number FROM returns_returnrequest rr
            WHERE rr.status IN ('resolved', 'closed')
              AND EXISTS (SELECT 1 FROM returns_returnline rl WHERE rl.return_request_id = rr.id
                          AND rl.resolution = 'refund' AND rl.received > 0)
              AND NOT EXISTS (SELECT 1 FROM billing_creditnote cn
                              WHERE cn.order_id = rr.order_id AND cn.reference = rr.number)
        """,
    ),
    Invariant(
        code="I3",
        name="what a return gives back is what its refunds send",
        rows="SELECT COUNT(*) FROM returns_returnrequest WHERE status IN ('resolved', 'closed')",
        breaches="""
            SELECT rr.number FROM returns_returnrequest rr LEFT JOIN (
                SELECT order_id, reference, SUM(amount) AS amount FROM billing_refund
                WHERE status <> 'rejected' GROUP BY order_id, reference
            ) f ON f.order_id = rr.order_id AND f.reference = rr.number
            WHERE rr.status IN ('resolved', 'closed') AND ROUND(rr.refund_total - COALESCE(f.amount, 0), 3) <> 0
        """,
    ),
    Invariant(
        code="I3",
        name="no more is given back for a return than its credit notes say",
        rows="SELECT COUNT(*) FROM returns_returnrequest WHERE refund_total > 0",
        breaches="""
            SELECT rr.number FROM returns_returnrequest rr LEFT JOIN (
                SELECT order_id, reference, SUM(total) AS total FROM billing_creditnote GROUP BY order_id, reference
            ) c ON c.order_id = rr.order_id AND c.reference = rr.number
            WHERE rr.refund_total > 0 AND ROUND(rr.refund_total - COALESCE(c.total, 0), 3) > 0
        """,
    ),
)
