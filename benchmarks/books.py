"""How long the files of a large month take, and how much memory: `python -m benchmarks.books --json`.

Into an empty database it writes a seller and a month of ledger entries by SQL (`--entries`, 100,000 of them if nothing
is said), makes all files of that month, and holds their totals against the ledger. Goal: 100,000 entries within 30 s.
The trial balance of that month is read as well, within a second, from the index of balances alone.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from datetime import date
from typing import Any

import django

GOAL_S = 30.0
BALANCE_GOAL_S = 1.0
OF_A_TRANSACTION = 4


def main() -> int:
    """Measure, print what was measured, and say with the exit code whether the goal was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_project.settings")
    django.setup()
    measured = measure(given.entries)
    said = json.dumps(measured) if given.json else "\n".join(f"{name}: {value}" for name, value in measured.items())
    sys.stdout.write(f"{said}\n")
    return 0 if measured["met"] else 1


def measure(entries: int) -> dict[str, Any]:
    """Make the files of a month and return what it took."""
    from billing import services as billing

    month = fill(entries)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryFile() as into:
        begun, worked = time.perf_counter(), time.process_time()
        written = billing.write_month(month, into)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
        size = into.tell()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {
        "entries": written.counts["entries"],
        "rows_for_datev": sum(written.batches.values()),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "megabytes": round(size / 1e6, 1),
        "more_memory_mb": round(memory, 1),
        "totals_are_the_ledgers": written.agrees(month),
        "goal_seconds": GOAL_S,
        **(balance := read_balance(month)),
        "met": written.agrees(month) and seconds <= GOAL_S and bool(balance["trial_balance_met"]),
    }


def read_balance(month: Any) -> dict[str, Any]:
    """Read the trial balance of a month and return what it took, and whether the database reads more than an index."""
    from django.db import connection

    from billing import trial_balance

    asked = (month.entity_id, "EUR", month.first_day, month.last_day)
    with connection.cursor() as cursor:
        # What an index holds of pages that nobody changes any more is known after this only.
        cursor.execute("VACUUM ANALYZE billing_ledgerentry" if connection.vendor == "postgresql" else "ANALYZE")
    begun = time.perf_counter()
    found = trial_balance.rows(*asked)
    seconds = time.perf_counter() - begun
    total = trial_balance.totals(found)
    plan = trial_balance.sums(*asked).explain()
    on_index = "ledger_account_balance" in plan and "Seq Scan on billing_ledgerentry" not in plan
    return {
        "trial_balance_seconds": round(seconds, 3),
        "trial_balance_goal_seconds": BALANCE_GOAL_S,
        "trial_balance_on_index": on_index,
        "trial_balance_met": total.is_even and on_index and seconds <= BALANCE_GOAL_S,
    }


def fill(entries: int) -> Any:
    """Write a month of invoices and payments by SQL, beside what is there, in the books of a seller of its own."""
    from django.db import connection

    from billing import append_only
    from billing import services as billing
    from billing.models import LedgerAccount, LedgerTransaction, LegalEntity
    from core.actors import Actor

    name = f"bench-{LegalEntity.objects.count()}"
    details = {"name": name, "address": {"country": "DE"}, "is_default": False, "prefix": name.upper()[-9:]}
    entity = LegalEntity.objects.create(code=name, **details)
    profile = {"consultant": 1001, "client": 1, "chart": "SKR03", "length": 4, "year_begins": 1, "per_customer": False}
    billing.keep_accounts(entity.pk, profile, {}, actor=Actor("system", "benchmark"))
    accounts = [
        LedgerAccount.objects.create(entity=entity, kind=kind, detail=detail, currency="EUR").pk
        for kind, detail in (("receivable", ""), ("revenue", "DE:S:0.1900"), ("tax", "DE:0.1900"), ("rounding", ""))
    ]
    heads = -(-entries // OF_A_TRANSACTION)
    first = (LedgerTransaction.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {heads - 1})"
    on_postgresql = connection.vendor == "postgresql"
    day = "DATE '2024-03-01' + i % 31" if on_postgresql else "date('2024-03-01', '+' || (i % 31) || ' days')"
    now = "now()" if on_postgresql else "'2024-04-01 00:00:00'"
    # What looks at each row of a few would look at a hundred thousand at once.
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{numbers} INSERT INTO billing_ledgertransaction "
            "(id, entity_id, kind, source, booked_on, currency, text, actor, recorded_at) "
            f"SELECT {first} + i, {entity.pk}, 'invoice', '{name}:' || i, {day}, 'EUR', 'SO-' || i, '', {now} FROM n"
        )
        legs = zip(accounts, ("100 + i % 900 + 19.01", "-(100 + i % 900)", "-19", "-0.01"), strict=True)
        rows = " UNION ALL ".join(
            f"SELECT {first} + i AS head, {account} AS account, {day} AS day, {amount} AS amount FROM n"
            for account, amount in legs
        )
        cursor.execute(
            f"{numbers} INSERT INTO billing_ledgerentry (transaction_id, account_id, booked_on, amount) "
            f"SELECT head, account, day, amount FROM ({rows}) AS legs"
        )
        if on_postgresql:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('billing_ledgertransaction', 'id'), "
                "(SELECT max(id) FROM billing_ledgertransaction))"
            )
    append_only.install(connection)
    return billing.Month(entity.pk, date(2024, 3, 1))


if __name__ == "__main__":
    sys.exit(main())
