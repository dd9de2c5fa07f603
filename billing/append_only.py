"""What is in the ledger stays, balances, and is dated into no closed month: the database itself refuses.

Called by a migration. As with issued documents (`billing.immutability`), a later migration that alters one of these
tables has to `remove` before it and `install` after it.

PostgreSQL looks at each statement as a whole, at the moment it is made, which is earlier and cheaper than at commit:
all entries of a transaction come in one statement, and they add up to nothing. SQLite knows no such triggers; there
the one door (`billing.services.ledger.post`) sees to it, and the invariants look after it.
"""

from typing import Any

from core.triggers import Triggers

KEPT = "The ledger only grows; write the opposite instead"
CLOSED = "This month of the ledger is closed"
UNBALANCED = "The entries of a transaction add up to nothing, come at once, and are of its day, seller and currency"
HEAD, ENTRY, ACCOUNT = "billing_ledgertransaction", "billing_ledgerentry", "billing_ledgeraccount"
TABLES = (HEAD, ENTRY, ACCOUNT)
NAMES = sorted(
    [*(f"{table}_{kind}" for table in TABLES for kind in ("frozen", "kept")), f"{HEAD}_added", f"{ENTRY}_added"]
)


def _closed(row: str) -> str:
    """Return the condition that the day of a transaction is in a closed month."""
    return (
        f"EXISTS (SELECT 1 FROM billing_closedmonth c WHERE c.entity_id = {row}.entity_id "  # noqa: S608
        f"AND c.reopened_at IS NULL AND c.last_day >= {row}.booked_on)"
    )


def _sqlite() -> list[str]:
    def trigger(name: str, event: str, table: str, condition: str, message: str) -> str:
        when = f" WHEN {condition}" if condition else ""
        return f"CREATE TRIGGER {name} BEFORE {event} ON {table}{when} BEGIN SELECT RAISE(ABORT, '{message}'); END"

    statements = []
    for table in TABLES:
        statements.append(trigger(f"{table}_frozen", "UPDATE", table, "", KEPT))
        statements.append(trigger(f"{table}_kept", "DELETE", table, "", KEPT))
    statements.append(trigger(f"{HEAD}_added", "INSERT", HEAD, _closed("NEW"), CLOSED))
    fits = (
        f"NOT EXISTS (SELECT 1 FROM {HEAD} t JOIN {ACCOUNT} a ON a.id = NEW.account_id "  # noqa: S608 - our own names
        "WHERE t.id = NEW.transaction_id AND t.booked_on = NEW.booked_on AND t.currency = a.currency "
        f"AND t.entity_id = a.entity_id AND NOT {_closed('t')})"
    )
    statements.append(trigger(f"{ENTRY}_added", "INSERT", ENTRY, fits, UNBALANCED))
    return statements


def _postgresql() -> list[str]:
    def function(name: str, body: str) -> str:
        return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"

    def refuse(message: str) -> str:
        return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation';"

    statements = [
        function("billing_ledger_stays", refuse(KEPT)),
        function(f"{HEAD}_opens", f"IF {_closed('NEW')} THEN {refuse(CLOSED)} END IF; RETURN NEW;"),
        # Of each transaction: its sum, whether all its entries came now, and whether they are of its kind.
        function(
            f"{ENTRY}_balances",
            f"""IF EXISTS (
                SELECT 1 FROM added n JOIN {HEAD} t ON t.id = n.transaction_id JOIN {ACCOUNT} a ON a.id = n.account_id
                GROUP BY t.id HAVING SUM(n.amount) <> 0
                    OR bool_or(n.booked_on <> t.booked_on OR a.currency <> t.currency OR a.entity_id <> t.entity_id)
                    OR COUNT(*) <> (SELECT COUNT(*) FROM {ENTRY} e WHERE e.transaction_id = t.id)
            ) THEN {refuse(UNBALANCED)} END IF; RETURN NULL;""",  # noqa: S608 - our own names
        ),
    ]
    for table in TABLES:
        for name, event in (("frozen", "UPDATE"), ("kept", "DELETE")):
            statements.append(
                f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION billing_ledger_stays()"
            )
    statements.append(
        f"CREATE TRIGGER {HEAD}_added BEFORE INSERT ON {HEAD} FOR EACH ROW EXECUTE FUNCTION {HEAD}_opens()"
    )
    statements.append(
        f"CREATE TRIGGER {ENTRY}_added AFTER INSERT ON {ENTRY} REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {ENTRY}_balances()"
    )
    return statements


def _statements(connection: Any) -> list[str]:
    return _postgresql() if connection.vendor == "postgresql" else _sqlite()


_TRIGGERS = Triggers(NAMES, _statements)
install, remove, in_place = _TRIGGERS.install, _TRIGGERS.remove, _TRIGGERS.in_place
