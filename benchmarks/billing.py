"""How fast invoices are issued on one series, how long it is locked, and what papers take (benchmarks/README.md).

.venv/bin/python benchmarks/billing.py [--invoices 800] [--processes 8] [--database-url postgres://…|sqlite] [--json]
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "postgres://postgres@127.0.0.1:5432/bench_billing"
MARK = "built by benchmarks/billing.py"
WARM = 3
GOALS = {"per_second": 50.0, "lock_ms": 3.0, "paper_ms": 120.0}


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--invoices", type=int, default=800, help="how many in each of the three runs (800)")
    parser.add_argument("--processes", type=int, default=8, help="how many issue at once, besides one alone (8)")
    parser.add_argument("--papers", type=int, default=50, help="how many PDFs are drawn (50)")
    parser.add_argument("--database-url", default=LOCAL, help=f"a database of its own, or sqlite ({LOCAL})")
    parser.add_argument("--keep", action="store_true", help="keep the database, to look at it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    return parser.parse_args()


def measure(*, invoices: int, processes: int, papers: int, say: Callable[[str], object]) -> dict[str, Any]:
    """Issue invoices alone, together, and together at the rate of the goal, all on one series; look for gaps.

    At that rate the processes mostly wait for work, as in a warehouse; as fast as it goes they wait for a processor.
    """
    from django.db import connection

    from billing.models import Invoice
    from billing.proofs.asking import Asked
    from billing.proofs.numbers import drafted
    from billing.verifying import Fault, verify

    with tempfile.TemporaryDirectory() as name:
        keys = drafted(Asked(invoices * 3, processes=processes, tell=say), Path(name), 1)
        alone, together, steady = (keys[start : start + invoices] for start in range(0, len(keys), invoices))
        runs = [
            _issue(alone, 1, Path(name)),
            _issue(together, processes, Path(name)),
            _issue(steady, processes, Path(name), pace=processes / GOALS["per_second"]),
        ]
    numbered = set(Invoice.objects.filter(number__isnull=False).values_list("place", flat=True))
    return {
        "vendor": connection.vendor,
        "invoices": len(numbered),
        "runs": runs,
        "papers": _draw(papers),
        "gaps": len(set(range(1, len(keys) + 1)) - numbered),
        "faults": [str(told) for told in verify(papers=False) if isinstance(told, Fault)],
    }


def _issue(keys: Sequence[int], processes: int, folder: Path, *, pace: float = 0.0) -> dict[str, Any]:
    from billing.proofs import apart, numbers
    from billing.proofs.issuing import Share, read_logs

    logs = [folder / f"issued-{processes}-{pace}-{n}" for n in range(processes)]
    shares = [(Share(keys[n::processes], str(log), seed=n, pace=pace),) for n, log in enumerate(logs)]
    apart.run_all(numbers.ISSUE, shares)
    issued = list(read_logs(logs))
    # From the answer that brought the number to the commit: by then everybody else may draw.
    locked = sorted((one.done - one.drawn) / 1e6 for one in issued)
    whole = sorted((one.done - one.began) / 1e6 for one in issued)
    seconds = (max(one.done for one in issued) - min(one.began for one in issued)) / 1e9
    return {
        "processes": processes,
        "steady": bool(pace),
        "invoices": len(issued),
        "per_second": round(len(issued) / seconds, 1),
        "issue_p50_ms": _at(whole, 0.5),
        "issue_p95_ms": _at(whole, 0.95),
        "lock_p50_ms": _at(locked, 0.5),
        "lock_p95_ms": _at(locked, 0.95),
        "lock_least_ms": _at(locked, 0),
        "cpu_ms": round(sum(one.cpu for one in issued) / len(issued) / 1e6, 2),
        "waited": numbers.waited(issued),
    }


def _at(values: Sequence[float], share: float) -> float:
    return round(values[min(len(values) - 1, round(share * (len(values) - 1)))], 2)


def _draw(count: int) -> dict[str, Any]:
    """Draw the PDFs of some invoices, XML inside, as on the first request; and write the XML alone."""
    from django.utils import translation

    from billing.models import Invoice
    from billing.services import einvoice, render_invoice_pdf

    keys = list(Invoice.objects.filter(number__isnull=False).order_by("place").values_list("pk", flat=True))
    keys = keys[: count + WARM]
    papers, cpu, alone = [], [], []
    for number, key in enumerate(keys):
        began, worked = time.perf_counter(), time.process_time()
        render_invoice_pdf(key)
        took, busy = time.perf_counter() - began, time.process_time() - worked
        invoice = Invoice.objects.get(pk=key)
        rows = list(invoice.lines.order_by("position"))
        began = time.perf_counter()
        with translation.override(invoice.language):
            einvoice.write(invoice, rows)
        if number >= min(WARM, len(keys) - 1):
            papers.append(took * 1000)
            cpu.append(busy * 1000)
            alone.append((time.perf_counter() - began) * 1000)
    for values in (papers, cpu, alone):
        values.sort()
    return {
        "papers": len(papers),
        "pdf_p50_ms": _at(papers, 0.5),
        "pdf_p95_ms": _at(papers, 0.95),
        "pdf_least_ms": _at(papers, 0),
        "pdf_cpu_p50_ms": _at(cpu, 0.5),
        "xml_p50_ms": _at(alone, 0.5),
        "xml_p95_ms": _at(alone, 0.95),
    }


def goals(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Say which goals are met."""
    (_alone, together, steady), papers = found["runs"], found["papers"]
    wanted = [
        (f"invoices a second, {together['processes']} processes on one series", "≥ 50", together["per_second"],
         together["per_second"] >= GOALS["per_second"]),
        (f"the series is locked at {GOALS['per_second']:.0f} a second, ms (p50)", "≤ 3", steady["lock_p50_ms"],
         steady["lock_p50_ms"] <= GOALS["lock_ms"]),
        ("the series is locked as fast as it goes, ms (p50)", "≤ 3", together["lock_p50_ms"],
         together["lock_p50_ms"] <= GOALS["lock_ms"]),
        ("PDF with XML, ms (p50)", "≤ 120", papers["pdf_p50_ms"], papers["pdf_p50_ms"] <= GOALS["paper_ms"]),
        ("gaps and faults of the chain", "0", found["gaps"] + len(found["faults"]),
         not found["gaps"] and not found["faults"]),
    ]  # fmt: skip
    return [{"goal": name, "wanted": wish, "found": value, "met": met} for name, wish, value, met in wanted]


def tell(found: dict[str, Any]) -> str:
    """Return the figures as a table."""
    names = ("per_second", "issue_p50_ms", "issue_p95_ms", "lock_p50_ms", "lock_p95_ms", "lock_least_ms", "cpu_ms")
    rows = [f"{'':<20}" + "".join(f"{name:>16}" for name in names)]
    for run in found["runs"]:
        who = "one process" if run["processes"] == 1 else f"{run['processes']} processes"
        who += f", {GOALS['per_second']:.0f}/s" if run["steady"] else ""
        rows.append(f"{who:<20}" + "".join(f"{run[name]:>16}" for name in names))
    rows += ["", "  ".join(f"{name} {value}" for name, value in found["papers"].items()), ""]
    met = {True: "met", False: "MISSED"}
    rows += [f"{one['goal']:<54}{one['wanted']:>8}{one['found']:>10}  {met[one['met']]}" for one in found["goals"]]
    return "\n".join([*rows, *found["faults"][:5], ""])


def main() -> int:
    """Build, measure, tell, and clear away."""
    options = arguments()
    sys.path.insert(0, str(ROOT))
    from benchmarks.pages import Database, start_django

    with tempfile.TemporaryDirectory() as folder:
        database = None
        url = f"sqlite:///{folder}/bench.sqlite3"
        if options.database_url != "sqlite":
            database, url = Database(options.database_url, MARK), options.database_url
            if not database.prepare():
                database.drop()
                database.prepare()
            database.done()
        start_django(url, folder)
        from django.core.management import call_command
        from django.db import connections

        try:
            call_command("migrate", interactive=False, verbosity=0)
            found = measure(
                invoices=options.invoices,
                processes=options.processes,
                papers=options.papers,
                say=lambda text: sys.stderr.write(f"{text}\n"),
            )
        finally:
            connections.close_all()
            if database is not None and not options.keep:
                database.drop()
    found = {"cores": os.cpu_count(), **found}
    found["goals"] = goals(found)
    sys.stdout.write(f"{json.dumps(found, indent=2)}\n" if options.json else tell(found))
    return int(options.strict and not all(one["met"] for one in found["goals"]))


if __name__ == "__main__":
    sys.exit(main())
