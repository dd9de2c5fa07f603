"""Ask whether every invoice and credit note still says what it said when it was issued."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.verifying import Fault, Series, verify


class Command(BaseCommand):
    """Verify the chain of documents."""

    help = (
        "Walk all invoices and credit notes: which was changed, is missing, was put in between, or does not follow. "
        "Exit code 1 when something is found. Note the seals elsewhere: they prove all documents before them."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer, and whether to read the PDFs."""
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        parser.add_argument("--without-papers", action="store_true", help="do not read the kept PDFs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk, and tell."""
        faults: list[Fault] = []
        series: list[Series] = []
        for told in verify(papers=not options["without_papers"]):
            if isinstance(told, Fault):
                faults.append(told)
            else:
                series.append(told)
            if not options["json"]:
                self.stdout.write(_line(told))
        if options["json"]:
            answer = {
                "ok": not faults,
                "series": [asdict(one) for one in series],
                "faults": [asdict(one) for one in faults],
            }
            self.stdout.write(json.dumps(answer, indent=2))
        else:
            documents = sum(one.documents for one in series)
            self.stdout.write(f"{documents:,} documents, {len(faults)} fault{'' if len(faults) == 1 else 's'}")
        if faults:
            raise SystemExit(1)


def _line(told: Fault | Series) -> str:
    if isinstance(told, Fault):
        return f"{told.kind.upper():<10}{told}"
    return f"{told.key} {told.documents:,} documents, seal of the last: {told.seal or 'none'}"
