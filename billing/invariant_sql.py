"""Questions that several invariants of money and documents ask alike."""

from core.invariants import Invariant


def same(left: str, right: str) -> str:
    """Compare amounts as both engines keep them: SQLite has no decimals."""
    return f"ROUND({left}, 3) = ROUND({right}, 3)"


def lines_add_up(document: str, line: str, key: str) -> Invariant:
    return Invariant(
        code="I4",
        name=f"the rows of each {document.removeprefix('billing_')} add up to its header",
        rows=f"SELECT COUNT(*) FROM {document}",  # noqa: S608 - our own names
        breaches=f"""
            SELECT d.id FROM {document} d
            LEFT JOIN (
                SELECT {key} AS document_id, SUM(net_total) AS net, SUM(tax_total) AS tax, SUM(total) AS total
                FROM {line} GROUP BY {key}
            ) l ON l.document_id = d.id
            WHERE NOT ({same("d.net_total", "COALESCE(l.net, 0)")} AND {same("d.tax_total", "COALESCE(l.tax, 0)")}
                       AND {same("d.total", "COALESCE(l.total, 0)")})
        """,  # noqa: S608
    )


def without_gap(document: str, prefix: str) -> Invariant:
    return Invariant(
        code="I4",
        name=f"the numbers of each series of {document.removeprefix('billing_')}s have no gap and no double",
        rows=f"SELECT COUNT(*) FROM {document} WHERE number IS NOT NULL",  # noqa: S608
        breaches=f"""
            SELECT c.key FROM (
                SELECT '{prefix}:' || e.code || ':' || d.series AS key, COUNT(DISTINCT d.number) AS issued
                FROM {document} d JOIN billing_legalentity e ON e.id = d.legal_entity_id
                WHERE d.number IS NOT NULL GROUP BY e.code, d.series
                UNION ALL
                SELECT key, -last FROM core_numberseries WHERE key LIKE '{prefix}:%'
            ) c
            GROUP BY c.key HAVING SUM(c.issued) <> 0
        """,  # noqa: S608
    )


def of_each_order(name: str, wanted: str, *, kinds: str, accounts: str) -> Invariant:
    """Compare, order by order, what the ledger says on some accounts for some causes with columns of the order."""
    return Invariant(
        code="I3",
        name=name,
        rows="SELECT COUNT(*) FROM orders_order",
        breaches=f"""
            SELECT o.number FROM orders_order o
            LEFT JOIN (
                SELECT t.order_id, SUM(e.amount) AS amount FROM billing_ledgerentry e
                JOIN billing_ledgertransaction t ON t.id = e.transaction_id
                JOIN billing_ledgeraccount a ON a.id = e.account_id
                WHERE t.kind IN ({kinds}) AND a.kind IN ({accounts}) GROUP BY t.order_id
            ) l ON l.order_id = o.id
            WHERE NOT ({same("COALESCE(l.amount, 0)", wanted)})
        """,  # noqa: S608
    )
