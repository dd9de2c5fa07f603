"""Let go what has been kept long enough."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import retention
from core.actors import Actor

OPERATOR = Actor("system", "purge_old")


class Command(BaseCommand):
    """Purge, or say what would go and what stays."""

    help = "Delete what was kept for the years that are set (Settings, Retention). Make a backup first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether anything is to be deleted, and the form of the answer."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would go, and what stays and why")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how everything stands, then purge unless it is a trial."""
        stand = list(retention.standings())
        gone = {} if options["dry_run"] else retention.purge(actor=OPERATOR)
        rows = [self._told(one, gone, is_trial=options["dry_run"]) for one in stand]
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": options["dry_run"], "kinds": rows}, indent=2, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write(_line(row))

    def _told(self, one: retention.Standing, gone: dict[str, int], *, is_trial: bool) -> dict[str, Any]:
        return {
            "kind": one.kind.code,
            "label": str(one.kind.label),
            "years": one.years,
            "least_years": one.kind.least,
            "law": str(one.kind.law),
            "before": one.before.date().isoformat() if one.before else None,
            "due": one.due,
            "purged": None if is_trial else gone.get(one.kind.code, 0),
            "stays": str(one.kind.stays),
        }


def _line(row: dict[str, Any]) -> str:
    if row["before"] is None:
        return f"{row['label']}: kept for good. {row['stays']}"
    verb = "would go" if row["purged"] is None else f"due, {row['purged']} gone"
    return (
        f"{row['label']}: kept {row['years']} years; {row['due']} from before {row['before']} {verb}. {row['stays']}"
    )
