"""What the order desk costs, part by part: each is built and measured in a fresh database of its own.

.venv/bin/python benchmarks/desk.py [--part checks] [--database-url URL] [--site URL] [--json] [--strict]

Without a URL it is an SQLite file, which is removed afterwards; a PostgreSQL database is made, named `bench_…`, and
dropped. A part is a module `benchmarks/desk_<part>.py` with `measure(scale) -> dict`, which says whether its goal is
`met`; `--scale 0.1` measures a tenth. With `--site` open pages are measured as well, against a running demo
(`desk_live.py`).
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("checks", "incident")


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=PARTS, help="only this part (all)")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the full size (1)")
    parser.add_argument("--database-url", default="", help="a database of its own on PostgreSQL (SQLite)")
    parser.add_argument("--site", default="", help="a running demo: measure open pages there as well")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    return parser.parse_args()


def measure(part: str, scale: float, database_url: str) -> dict[str, Any]:
    """Build a database, measure a part in it, and clear away."""
    from benchmarks.fill_backorders import server
    from benchmarks.pages import start_django

    with tempfile.TemporaryDirectory() as folder:
        if database_url:
            server(database_url, 'DROP DATABASE IF EXISTS "{}" WITH (FORCE)')
            server(database_url, 'CREATE DATABASE "{}"')
        start_django(database_url or f"sqlite:///{folder}/bench.sqlite3", folder)
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", interactive=False, verbosity=0)
        found: dict[str, Any] = importlib.import_module(f"benchmarks.desk_{part}").measure(scale)
        connection.close()
        if database_url:
            server(database_url, 'DROP DATABASE "{}" WITH (FORCE)')
    return {"database": "postgresql" if database_url else "sqlite", "cores": os.cpu_count(), **found}


def each_in_its_own_process(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every part as a process of its own: what one warms up or leaves behind is none of the next."""
    found: dict[str, Any] = {}
    for part in PARTS:
        given = ["--part", part, "--scale", str(options.scale), "--database-url", options.database_url]
        found |= _told("desk.py", *given)
    if options.site:
        found["live"] = _told("desk_live.py", "--site", options.site)
    return found


def _told(script: str, *given: str) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "benchmarks" / script), *given, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own scripts
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main() -> int:
    """Measure and tell."""
    options = arguments()
    sys.path.insert(0, str(ROOT))
    if options.part:
        found = {options.part: measure(options.part, options.scale, options.database_url)}
    else:
        found = each_in_its_own_process(options)
    if options.json:
        sys.stdout.write(f"{json.dumps(found, indent=2)}\n")
    else:
        for part, figures in found.items():
            rows = [f"  {name.replace('_', ' '):<44}{value}" for name, value in figures.items()]
            sys.stdout.write("\n".join([part, *rows, ""]))
    missed = [part for part, figures in found.items() if not figures["met"]]
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
