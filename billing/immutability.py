"""An issued document never changes: the database itself refuses, whoever asks.

Called by a migration. A later migration that alters one of these tables has to call `install` again,
because SQLite rebuilds a table without its triggers; the invariants look whether all are in place.
"""

from typing import Any

from core.triggers import Triggers

ISSUED_FOR_GOOD = "An issued document never changes; write a credit note instead"
# What may still happen to a document: it is paid, credited, written off, and printed once. The paper then stays too.
MAY_CHANGE = {"status", "paid_total", "credited_total", "written_off_total", "pdf_id"}
PAPERS = "core_attachment"
DOCUMENTS = ("billing_invoice", "billing_creditnote")
ROWS = {
    "billing_invoiceline": ("billing_invoice", "invoice_id"),
    "billing_creditnoteline": ("billing_creditnote", "credit_note_id"),
}
NAMES = sorted(
    [f"{table}_{kind}" for table in DOCUMENTS for kind in ("frozen", "kept")]
    + [f"{table}_{kind}" for table in ROWS for kind in ("added", "frozen", "kept")]
    + [f"{PAPERS}_{kind}" for kind in ("frozen", "kept")]
)


def _is_paper(row: str) -> str:
    """Return the condition that a file is the paper of a document."""
    found = (f"EXISTS (SELECT 1 FROM {table} d WHERE d.pdf_id = {row}.id)" for table in DOCUMENTS)  # noqa: S608
    return f"({' OR '.join(found)})"


def _sqlite(connection: Any) -> list[str]:
    """Compare column by column, as they are at this moment."""

    def trigger(name: str, event: str, table: str, condition: str) -> str:
        refuse = f"SELECT RAISE(ABORT, '{ISSUED_FOR_GOOD}')"
        return f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} BEGIN {refuse}; END"

    statements = []
    for table in DOCUMENTS:
        with connection.cursor() as cursor:
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
        changed = " OR ".join(f'NEW."{name}" IS NOT OLD."{name}"' for name in columns if name not in MAY_CHANGE)
        other_paper = "OLD.pdf_id IS NOT NULL AND NEW.pdf_id IS NOT OLD.pdf_id"
        moved = f"(NEW.status = 'draft' OR {changed} OR ({other_paper}))"
        statements.append(trigger(f"{table}_frozen", "UPDATE", table, f"OLD.status <> 'draft' AND {moved}"))
        statements.append(trigger(f"{table}_kept", "DELETE", table, "OLD.status <> 'draft'"))
    for table, (document, key) in ROWS.items():

        def issued(row: str, document: str = document, key: str = key) -> str:
            return f"EXISTS (SELECT 1 FROM {document} d WHERE d.id = {row}.{key} AND d.status <> 'draft')"  # noqa: S608

        statements.append(trigger(f"{table}_added", "INSERT", table, issued("NEW")))
        statements.append(trigger(f"{table}_frozen", "UPDATE", table, f"{issued('OLD')} OR {issued('NEW')}"))
        statements.append(trigger(f"{table}_kept", "DELETE", table, issued("OLD")))
    statements.append(trigger(f"{PAPERS}_frozen", "UPDATE", PAPERS, _is_paper("OLD")))
    statements.append(trigger(f"{PAPERS}_kept", "DELETE", PAPERS, _is_paper("OLD")))
    return statements


def _postgresql(connection: Any) -> list[str]:
    """Compare whole rows without what may change; one function per kind of table."""
    may_change = ", ".join(f"'{name}'" for name in sorted(MAY_CHANGE))
    refuse = f"RAISE EXCEPTION '{ISSUED_FOR_GOOD}' USING ERRCODE = 'check_violation';"
    statements = [
        f"""CREATE OR REPLACE FUNCTION billing_document_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.status = 'draft' THEN
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            END IF;
            IF TG_OP = 'UPDATE' AND NEW.status <> 'draft'
               AND (OLD.pdf_id IS NULL OR NEW.pdf_id IS NOT DISTINCT FROM OLD.pdf_id)
               AND to_jsonb(NEW) - ARRAY[{may_change}] = to_jsonb(OLD) - ARRAY[{may_change}] THEN
                RETURN NEW;
            END IF;
            {refuse}
        END $$"""
    ]
    for table in DOCUMENTS:
        for name, event in (("frozen", "UPDATE"), ("kept", "DELETE")):
            statements.append(
                f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION billing_document_stays()"
            )
    for table, (document, key) in ROWS.items():
        statements.append(
            f"""CREATE OR REPLACE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP <> 'INSERT' AND EXISTS
                    (SELECT 1 FROM {document} d WHERE d.id = OLD.{key} AND d.status <> 'draft') THEN {refuse} END IF;
                IF TG_OP <> 'DELETE' AND EXISTS
                    (SELECT 1 FROM {document} d WHERE d.id = NEW.{key} AND d.status <> 'draft') THEN {refuse} END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            END $$"""  # noqa: S608 - our own names
        )
        for name, event in (("added", "INSERT"), ("frozen", "UPDATE"), ("kept", "DELETE")):
            statements.append(
                f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_stays()"
            )
    statements.append(
        f"""CREATE OR REPLACE FUNCTION billing_paper_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {_is_paper("OLD")} THEN {refuse} END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END $$"""
    )
    for name, event in (("frozen", "UPDATE"), ("kept", "DELETE")):
        statements.append(
            f"CREATE TRIGGER {PAPERS}_{name} BEFORE {event} ON {PAPERS} "
            "FOR EACH ROW EXECUTE FUNCTION billing_paper_stays()"
        )
    return statements


def _statements(connection: Any) -> list[str]:
    return (_postgresql if connection.vendor == "postgresql" else _sqlite)(connection)


_TRIGGERS = Triggers(NAMES, _statements)
install, remove, in_place = _TRIGGERS.install, _TRIGGERS.remove, _TRIGGERS.in_place
