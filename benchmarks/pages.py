"""How long the pages of the back office take on a million orders (benchmarks/README.md).

benchmarks/pages.py [--orders 1000000] [--database-url postgres://…/bench] [--keep] [--json] [--strict]
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "postgres://postgres@127.0.0.1:5432/bench"
MARK = "built by benchmarks/pages.py: {} orders"


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=int, default=1_000_000, help="how many orders to build (1000000)")
    parser.add_argument("--database-url", default=LOCAL, help=f"a database of its own, made if need be ({LOCAL})")
    parser.add_argument("--keep", action="store_true", help="keep the database, so that the next run finds it built")
    parser.add_argument("--requests", type=int, default=30, help="how often each page is asked for (30)")
    parser.add_argument("--only", default="", help="only the pages with these words in their name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--explain", action="store_true", help="print the plans of statements that took over 20 ms")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    return parser.parse_args()


class Database:
    """The database for measuring: made, known again by what it is marked with, and dropped."""

    def __init__(self, url: str, mark: str) -> None:
        self.url = url
        self.name = urlsplit(url).path.strip("/")
        self.mark = mark
        self.others = urlsplit(url)._replace(path="/postgres").geturl()

    def _ask(self, statement: str) -> Any:
        with psycopg.connect(self.others, autocommit=True) as server:
            return server.execute(sql.SQL(statement).format(name=sql.Identifier(self.name), mark=self.mark))

    def found(self) -> str | None:
        """Return what the database is marked with; None if there is none."""
        with psycopg.connect(self.others, autocommit=True) as server:
            row = server.execute(
                "SELECT COALESCE(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s",
                [self.name],
            ).fetchone()
        return row[0] if row else None

    def prepare(self) -> bool:
        """Make the database unless it is there; say whether it has still to be filled. Refuses anybody else's."""
        mark = self.found()
        if mark == self.mark:
            return False
        if mark is not None:
            sys.exit(f"The database {self.name} holds {mark or 'something else'}; drop it, or name another one.")
        self._ask("CREATE DATABASE {name}")
        return True

    def done(self) -> None:
        """Mark it as built."""
        self._ask("COMMENT ON DATABASE {name} IS {mark}")

    def drop(self) -> None:
        """Leave nothing behind."""
        self._ask("DROP DATABASE {name} WITH (FORCE)")


def start_django(url: str, folder: str) -> None:
    """Set the application up as a server would have it, on this database."""
    os.environ |= {"DATABASE_URL": url, "DATA_DIR": folder, "REDIS_URL": "", "DEBUG": "0", "DEMO": "0"}
    os.environ |= {"EMBEDDED_WORKER": "0", "SITE_URL": "http://127.0.0.1:8000", "EMAIL_URL": ""}
    os.environ.setdefault("SECRET_KEY", "for-measuring-only")
    os.environ["DJANGO_SETTINGS_MODULE"] = "orders_project.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


def measure_all(options: argparse.Namespace) -> list[Any]:
    """Ask all pages, and return the results."""
    from benchmarks.questions import Asked
    from benchmarks.timing import Browser, explain, measure
    from core.models import User
    from orders_project.wsgi import application

    browsers = {user.username: Browser(user, application) for user in User.objects.filter(is_staff=True)}
    wanted = [one for one in Asked(options.requests).all() if options.only.lower() in one.name.lower()]
    results = []
    for question in wanted:
        result = measure(question, browsers[question.role])
        results.append(result)
        if options.explain:
            sys.stderr.write("\n".join(explain(result)))
        if not options.json:
            sys.stdout.write(f"{line(result)}\n")
            sys.stdout.flush()
    return results


HEAD = f"{'page':<52}{'p50':>8}{'p95':>8}{'least':>8}{'cpu':>7}{'sql':>7}{'stmts':>7}{'kB':>8}{'goal':>6}  met"


def line(result: Any) -> str:
    """Return a result as a row of the table."""
    one = result.as_dict()
    figures = (
        f"{one['p50_ms']:>8}{one['p95_ms']:>8}{one['least_ms']:>8}{one['cpu_p50_ms']:>7}{one['database_p50_ms']:>7}"
    )
    found = f"  {one['found']}/{one['requests']} found" if "found" in one else ""
    met = {True: "yes", False: "NO", None: ""}[one["met"]]
    return (
        f"{one['page']:<52}{figures}{one['statements']:>7}{one['kilobytes']:>8}{one['goal_ms'] or '':>6}  {met}{found}"
    )


def main() -> int:
    """Build, measure, tell, and clear away."""
    options = arguments()
    database = Database(options.database_url, MARK.format(options.orders))
    is_new = database.prepare()
    with tempfile.TemporaryDirectory() as folder:
        start_django(options.database_url, folder)
        from django.core.management import call_command
        from django.db import connection

        from benchmarks import house

        call_command("migrate", interactive=False, verbosity=0)
        began = time.monotonic()
        if is_new:
            house.build(options.orders, say=lambda text: sys.stderr.write(f"{text}\n"))
            database.done()
        built = time.monotonic() - began
        if not options.json:
            sys.stdout.write(f"{HEAD}\n")
        results = measure_all(options)
        connection.close()
    missed = [one.question.name for one in results if one.met is False]
    if options.json:
        answer = {
            "orders": options.orders,
            "build_seconds": round(built) if is_new else None,
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "missed": missed,
            "pages": [one.as_dict() for one in results],
        }
        sys.stdout.write(f"{json.dumps(answer, indent=2)}\n")
    else:
        sys.stdout.write(
            f"\n{len(missed)} of {len(results)} goals missed{': ' if missed else ''}{', '.join(missed)}\n"
        )
    if not options.keep and is_new:
        database.drop()
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
