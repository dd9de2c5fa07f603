"""What must always be true of money and documents (invariants I3, I4 and I10)."""

from django.db import connection

from billing import append_only, immutability
from billing.invariant_sql import lines_add_up, of_each_order, same, without_gap
from billing.verifying import Series, verify
from core.invariants import NAMED, Finding, Invariant, register, register_check

LEDGER_GUARDED = "the ledger only grows, and balances"
GUARDED = "an issued document never changes"
CHAINED = "every issued document says what it said, and follows the one before it"


BEYOND = "CASE WHEN refunded + charged_back > captured THEN refunded + charged_back - captured ELSE 0 END"


register(
    Invariant(
        code="I3",
        name="the entries of each transaction of the ledger add up to nothing, in its currency and on its day",
        rows="SELECT COUNT(*) FROM billing_ledgertransaction",
        breaches="""
            SELECT t.source FROM billing_ledgertransaction t
            LEFT JOIN (
                SELECT e.transaction_id, ROUND(SUM(e.amount), 3) AS rest, COUNT(*) AS entries,
                       MIN(e.booked_on) AS first, MAX(e.booked_on) AS last, MIN(a.currency) AS currency,
                       MAX(a.currency) AS other, MIN(a.entity_id) AS entity, MAX(a.entity_id) AS stranger
                FROM billing_ledgerentry e JOIN billing_ledgeraccount a ON a.id = e.account_id
                GROUP BY e.transaction_id
            ) s ON s.transaction_id = t.id
            WHERE s.entries IS NULL OR s.entries < 2 OR s.rest <> 0 OR s.first <> t.booked_on OR s.last <> t.booked_on
               OR s.currency <> t.currency OR s.other <> t.currency
               OR s.entity <> t.entity_id OR s.stranger <> t.entity_id
        """,
    ),
    Invariant(
        code="I3",
        name="documents and money of an order are in the books of one seller",
        rows="SELECT COUNT(*) FROM orders_order",
        breaches="""
            SELECT o.number FROM orders_order o JOIN (
                SELECT order_id FROM billing_ledgertransaction WHERE order_id IS NOT NULL
                GROUP BY order_id HAVING MIN(entity_id) <> MAX(entity_id)
            ) t ON t.order_id = o.id
        """,
    ),
    of_each_order(
        "the ledger says what an order was invoiced, and less what it was credited",
        "o.invoiced_total - o.credited_total",
        kinds="'invoice', 'credit_note'",
        accounts="'receivable'",
    ),
    of_each_order(
        "the ledger says what came in for an order, less what went back",
        "o.paid_total - o.refunded_total",
        kinds="'payment', 'refund', 'charge_back'",
        accounts="'money', 'store_credit', 'dispute'",
    ),
    Invariant(
        code="I3",
        name="the ledger keeps as a prepayment what of each payment stays here and settles nothing",
        rows="SELECT COUNT(*) FROM billing_payment",
        breaches=f"""
            SELECT p.code FROM billing_payment p
            LEFT JOIN (SELECT payment_id, SUM(amount) AS matched FROM billing_invoicepayment GROUP BY payment_id) m
              ON m.payment_id = p.id
            LEFT JOIN (
                SELECT t.payment_id, -SUM(e.amount) AS kept FROM billing_ledgerentry e
                JOIN billing_ledgertransaction t ON t.id = e.transaction_id
                JOIN billing_ledgeraccount a ON a.id = e.account_id
                WHERE t.kind IN ('payment', 'match', 'refund', 'charge_back') AND a.kind = 'prepayment'
                GROUP BY t.payment_id
            ) l ON l.payment_id = p.id
            WHERE NOT ({
            same(
                "COALESCE(l.kept, 0)",
                "CASE WHEN p.captured - p.refunded - p.charged_back > COALESCE(m.matched, 0) "
                "THEN p.captured - p.refunded - p.charged_back - COALESCE(m.matched, 0) ELSE 0 END",
            )
        })
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="what the ledger keeps for customers it keeps for the customer of the order",
        rows="SELECT COUNT(*) FROM billing_ledgerentry WHERE customer_id IS NOT NULL",
        breaches="""
            SELECT e.id FROM billing_ledgerentry e
            JOIN billing_ledgertransaction t ON t.id = e.transaction_id
            JOIN orders_order o ON o.id = t.order_id
            WHERE e.customer_id IS NOT NULL AND (o.customer_id IS NULL OR o.customer_id <> e.customer_id)
        """,
    ),
    Invariant(
        code="I3",
        name="of each payment: sent back ≤ taken ≤ held, and what is gone beyond that is written down as such",
        rows="SELECT COUNT(*) FROM billing_payment",
        breaches=f"""
            SELECT code FROM billing_payment WHERE captured > authorized OR NOT ({same("overdrawn", BEYOND)})
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="of each payment: what was sent back are its settled refunds, and we promise no more than came in",
        rows="SELECT COUNT(*) FROM billing_payment",
        breaches=f"""
            SELECT p.code FROM billing_payment p
            LEFT JOIN (
                SELECT payment_id, SUM(CASE WHEN status = 'succeeded' THEN amount ELSE 0 END) AS sent,
                       SUM(CASE WHEN status IN ('failed', 'rejected') OR sent_key <> '' THEN 0 ELSE amount END)
                           AS promised
                FROM billing_refund GROUP BY payment_id
            ) r ON r.payment_id = p.id
            WHERE NOT ({same("p.refunded", "COALESCE(r.sent, 0)")})
               OR ROUND(COALESCE(r.promised, 0), 3) > ROUND(p.captured, 3)
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="of each payment: no more settles invoices than came in",
        rows="SELECT COUNT(*) FROM billing_invoicepayment",
        breaches="""
            SELECT p.code FROM billing_payment p
            JOIN (SELECT payment_id, SUM(amount) AS matched FROM billing_invoicepayment GROUP BY payment_id) m
              ON m.payment_id = p.id
            WHERE ROUND(m.matched, 3) > ROUND(p.captured, 3)
        """,
    ),
    Invariant(
        code="I3",
        name="the ledger keeps as disputed what providers took, less what they gave back and what was decided",
        rows="SELECT COUNT(*) FROM billing_payment",
        breaches=f"""
            SELECT p.code FROM billing_payment p
            LEFT JOIN (SELECT payment_id, SUM(taken - returned - lost - owed - credit_back) AS open, SUM(owed) AS owed
                       FROM billing_dispute GROUP BY payment_id) d ON d.payment_id = p.id
            LEFT JOIN (
                SELECT t.payment_id, SUM(e.amount) AS amount FROM billing_ledgerentry e
                JOIN billing_ledgertransaction t ON t.id = e.transaction_id
                JOIN billing_ledgeraccount a ON a.id = e.account_id
                WHERE a.kind = 'dispute' GROUP BY t.payment_id
            ) l ON l.payment_id = p.id
            WHERE NOT ({same("COALESCE(l.amount, 0)", "COALESCE(d.open, 0)")}
                       AND {same("p.charged_back", "COALESCE(d.owed, 0)")})
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="a payout is what its rows add up to, less the fees, and what the ledger sent on its way",
        rows="SELECT COUNT(*) FROM billing_payout WHERE listed_at IS NOT NULL",
        breaches=f"""
            SELECT p.reference FROM billing_payout p
            LEFT JOIN (SELECT payout_id, SUM(amount - fee) AS net FROM billing_payoutrow GROUP BY payout_id) r
              ON r.payout_id = p.id
            LEFT JOIN (
                SELECT t.source, SUM(e.amount) AS sent FROM billing_ledgerentry e
                JOIN billing_ledgertransaction t ON t.id = e.transaction_id
                JOIN billing_ledgeraccount a ON a.id = e.account_id
                WHERE t.kind = 'payout' AND a.kind = 'money' AND a.detail = 'on_its_way' GROUP BY t.source
            ) l ON l.source = 'billing.payout:' || CAST(p.id AS TEXT)
            WHERE p.listed_at IS NOT NULL
              AND NOT ({same("p.amount", "COALESCE(r.net, 0)")} AND {same("p.amount", "COALESCE(l.sent, 0)")})
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="an order's money is what its payments say",
        rows="SELECT COUNT(*) FROM orders_order",
        breaches=f"""
            SELECT o.number FROM orders_order o
            LEFT JOIN (
                SELECT order_id, SUM(captured - charged_back) AS paid, SUM(refunded) AS refunded,
                       SUM(CASE WHEN status IN ('authorized', 'partially_captured')
                                THEN authorized - captured ELSE 0 END) AS held
                FROM billing_payment GROUP BY order_id
            ) p ON p.order_id = o.id
            WHERE NOT ({same("o.paid_total", "COALESCE(p.paid, 0)")}
                       AND {same("o.refunded_total", "COALESCE(p.refunded, 0)")}
                       AND {same("o.authorized_total", "COALESCE(p.held, 0)")})
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="an order was invoiced and credited what its documents say",
        rows="SELECT COUNT(*) FROM orders_order",
        breaches=f"""
            SELECT o.number FROM orders_order o
            LEFT JOIN (SELECT order_id, SUM(CASE WHEN replaces_id IS NULL THEN total ELSE 0 END) AS total,
                              SUM(CASE WHEN replaces_id IS NULL THEN 0 ELSE total END) AS again
                       FROM billing_invoice WHERE number IS NOT NULL GROUP BY order_id) i ON i.order_id = o.id
            LEFT JOIN (SELECT order_id, SUM(total) AS total FROM billing_creditnote
                       WHERE number IS NOT NULL GROUP BY order_id) c ON c.order_id = o.id
            WHERE NOT ({same("o.invoiced_total", "COALESCE(i.total, 0)")}
                       AND {same("o.credited_total", "COALESCE(c.total, 0) - COALESCE(i.again, 0)")})
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="an invoice that replaces another is over what was taken back of that last, and the other is cancelled",
        rows="SELECT COUNT(*) FROM billing_invoice WHERE replaces_id IS NOT NULL",
        breaches=f"""
            SELECT i.id FROM billing_invoice i JOIN billing_invoice r ON r.id = i.replaces_id
            LEFT JOIN billing_creditnote c ON c.invoice_id = r.id AND c.place = (
                SELECT MAX(l.place) FROM billing_creditnote l WHERE l.invoice_id = r.id)
            WHERE i.order_id <> r.order_id OR i.currency <> r.currency OR r.status <> 'cancelled' OR c.id IS NULL
               OR NOT ({same("i.total", "c.total")} AND {same("i.tax_total", "c.tax_total")})
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="an invoice is paid and credited what its payments and credit notes say",
        rows="SELECT COUNT(*) FROM billing_invoice",
        breaches=f"""
            SELECT i.number FROM billing_invoice i
            LEFT JOIN (SELECT invoice_id, SUM(amount) AS paid FROM billing_invoicepayment GROUP BY invoice_id) p
              ON p.invoice_id = i.id
            LEFT JOIN (SELECT invoice_id, SUM(total) AS credited FROM billing_creditnote
                       WHERE number IS NOT NULL GROUP BY invoice_id) c ON c.invoice_id = i.id
            WHERE NOT ({same("i.paid_total", "COALESCE(p.paid, 0)")}
                       AND {same("i.credited_total", "COALESCE(c.credited, 0)")})
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="the store credit of each customer is what the ledger says, and held is what payments and disputes hold",
        rows="SELECT COUNT(*) FROM billing_storecredit",
        breaches=f"""
            SELECT c.customer_id FROM (
                SELECT customer_id, currency, SUM(balance) AS balance, SUM(held) AS held, SUM(kept) AS kept,
                       SUM(waits) AS waits FROM (
                    SELECT customer_id, currency, balance, held, 0 AS kept, 0 AS waits FROM billing_storecredit
                    UNION ALL
                    SELECT e.customer_id, a.currency, 0, 0, -e.amount, 0 FROM billing_ledgerentry e
                    JOIN billing_ledgeraccount a ON a.id = e.account_id WHERE a.kind = 'store_credit'
                    UNION ALL
                    SELECT o.customer_id, p.currency, 0, 0, 0, p.authorized - p.captured FROM billing_payment p
                    JOIN orders_order o ON o.id = p.order_id
                    WHERE p.gateway = 'store_credit' AND p.status IN ('authorized', 'partially_captured')
                    UNION ALL
                    SELECT o.customer_id, d.currency, 0, 0, 0, d.credit_held FROM billing_dispute d
                    JOIN orders_order o ON o.id = d.order_id WHERE d.credit_held <> 0
                ) s GROUP BY customer_id, currency
            ) c
            WHERE NOT ({same("c.balance", "c.kept")} AND {same("c.held", "c.waits")})
               OR c.held > c.balance OR c.held < 0
        """,  # noqa: S608
    ),
    Invariant(
        code="I3",
        name="an invoice, its order and the ledger say the same of what was written off",
        rows="SELECT COUNT(*) FROM billing_writeoff",
        breaches=f"""
            SELECT i.number FROM billing_invoice i
            LEFT JOIN (SELECT invoice_id, SUM(amount) AS off FROM billing_writeoff GROUP BY invoice_id) w
              ON w.invoice_id = i.id
            LEFT JOIN (
                SELECT t.invoice_id, SUM(e.amount) AS off FROM billing_ledgerentry e
                JOIN billing_ledgertransaction t ON t.id = e.transaction_id
                JOIN billing_ledgeraccount a ON a.id = e.account_id
                WHERE t.kind = 'write_off' AND a.kind IN ('bad_debt', 'small_difference') GROUP BY t.invoice_id
            ) l ON l.invoice_id = i.id
            WHERE NOT ({same("i.written_off_total", "COALESCE(w.off, 0)")}
                       AND {same("i.written_off_total", "COALESCE(l.off, 0)")})
               OR (i.status = 'written_off'
                   AND NOT {same("i.written_off_total", "i.total - i.paid_total - i.credited_total")})
            UNION ALL
            SELECT o.number FROM orders_order o
            LEFT JOIN (SELECT order_id, SUM(written_off_total) AS off FROM billing_invoice
                       WHERE written_off_total <> 0 GROUP BY order_id) i ON i.order_id = o.id
            WHERE NOT ({same("o.written_off_total", "COALESCE(i.off, 0)")})
        """,  # noqa: S608
    ),
    Invariant(
        code="I2",
        name="an order line is invoiced and credited the units its documents say",
        rows="SELECT COUNT(*) FROM orders_orderline",
        breaches="""
            SELECT line.id FROM orders_orderline line
            LEFT JOIN (SELECT r.order_line_id,
                              SUM(CASE WHEN d.replaces_id IS NULL THEN r.quantity ELSE 0 END) AS units,
                              SUM(CASE WHEN d.replaces_id IS NULL THEN 0 ELSE r.quantity END) AS again
                       FROM billing_invoiceline r
                       JOIN billing_invoice d ON d.id = r.invoice_id WHERE d.number IS NOT NULL
                       GROUP BY r.order_line_id) i ON i.order_line_id = line.id
            LEFT JOIN (SELECT r.order_line_id, SUM(r.quantity) AS units FROM billing_creditnoteline r
                       JOIN billing_creditnote d ON d.id = r.credit_note_id WHERE d.number IS NOT NULL
                       GROUP BY r.order_line_id) c ON c.order_line_id = line.id
            WHERE line.invoiced <> COALESCE(i.units, 0)
               OR line.credited <> COALESCE(c.units, 0) - COALESCE(i.again, 0)
        """,
    ),
    # Two live ones are refused by the database. What a debt still owes (waiting, or given up with a reason)
    # is I5's to tell.
    Invariant(
        code="I4",
        name="exactly one live invoice per invoiceable shipment",
        rows="SELECT COUNT(*) FROM (SELECT DISTINCT l.order_id, m.reference FROM orders_movement m "
        "JOIN orders_orderline l ON l.id = m.line_id WHERE m.kind = 'shipped') s",
        breaches="""
            SELECT s.number || ' ' || s.reference FROM (
                SELECT DISTINCT o.id, o.number, m.reference,
                       CASE WHEN h.invoice_policy = 'per_order' THEN o.number ELSE m.reference END AS billed_by
                FROM orders_movement m
                JOIN orders_orderline l ON l.id = m.line_id
                JOIN orders_order o ON o.id = l.order_id
                JOIN pricing_channel h ON h.id = o.channel_id
                WHERE m.kind = 'shipped'
                  AND (h.invoice_policy <> 'per_order' OR o.status IN ('fulfilled', 'completed'))
            ) s
            LEFT JOIN billing_invoice i ON i.order_id = s.id AND i.source_reference IN (s.billed_by, s.number)
            LEFT JOIN core_eventrecord e ON e.thread = 'orders.order:' || CAST(s.id AS TEXT)
                 AND e.name = 'orders.goods_shipped' AND i.id IS NULL
            LEFT JOIN core_delivery d ON d.event_id = e.id AND d.handler = 'billing.handlers.draft_invoice'
                 AND d.status <> 'done'
            WHERE i.id IS NULL
            GROUP BY s.id, s.number, s.reference
            HAVING COUNT(d.id) = 0
        """,
    ),
    Invariant(
        code="I4",
        name="no draft is forgotten: a debt will issue it",
        rows="SELECT COUNT(*) FROM billing_invoice WHERE number IS NULL",
        breaches="""
            SELECT i.id FROM billing_invoice i
            WHERE i.number IS NULL AND NOT EXISTS (
                SELECT 1 FROM core_delivery d JOIN core_eventrecord e ON e.id = d.event_id
                WHERE e.thread = 'orders.order:' || CAST(i.order_id AS TEXT)
                  AND d.handler = 'billing.handlers.issue_invoice' AND d.status <> 'done'
            )
        """,
    ),
    lines_add_up("billing_invoice", "billing_invoiceline", "invoice_id"),
    lines_add_up("billing_creditnote", "billing_creditnoteline", "credit_note_id"),
    without_gap("billing_invoice", "invoice"),
    without_gap("billing_creditnote", "credit_note"),
)


def ledger_is_guarded() -> Finding:
    """Look whether the database itself refuses to change the ledger."""
    there = set(append_only.in_place(connection))
    missing = [name for name in append_only.NAMES if name not in there]
    return Finding("I3", LEDGER_GUARDED, len(append_only.NAMES), missing)


def documents_are_guarded() -> Finding:
    """Look whether the database itself refuses to change what was issued."""
    there = set(immutability.in_place(connection))
    missing = [name for name in immutability.NAMES if name not in there]
    return Finding("I10", GUARDED, len(immutability.NAMES), missing)


def documents_are_chained() -> Finding:
    """Hash what every issued document says now, and follow the chain of each series to its end."""
    checked = 0
    faults: list[str] = []
    for told in verify(papers=False):
        if isinstance(told, Series):
            checked += told.documents
        elif len(faults) < NAMED:
            faults.append(str(told))
    return Finding("I10", CHAINED, checked, faults)


register_check("I3", LEDGER_GUARDED, ledger_is_guarded)
register_check("I10", GUARDED, documents_are_guarded)
register_check("I10", CHAINED, documents_are_chained)
