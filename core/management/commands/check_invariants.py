"""Ask the database whether everything that must always be true is true."""

import json
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import get_current_timezone, is_naive

from core.invariants import NAMED, Finding, questions


class Command(BaseCommand):
    """Check the invariants."""

    help = "Check what must always be true; a line each. Exit code 1 when something is not."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer, and from when on to look."""
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        parser.add_argument("--since", type=_moment, help="look at what was written since then, where that is enough")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask one after the other."""
        findings = []
        asked = list(questions(since=options["since"]))
        for number, (code, name, check) in enumerate(asked, start=1):
            self._progress(f"{number}/{len(asked)} {code} {name} …")
            finding = check()
            findings.append(finding)
            self._progress("")
            if not options["json"]:
                self.stdout.write(_line(finding))
        broken = [finding for finding in findings if finding.breaches]
        if options["json"]:
            answer = {"ok": not broken, "invariants": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(answer, indent=2))
        else:
            count = sum(len(finding.breaches) for finding in broken)
            self.stdout.write(f"{count} breaches" if count != 1 else "1 breach")
        if broken:
            raise SystemExit(1)

    def _progress(self, text: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\033[K{text}", ending="")
            self.stderr.flush()


def _line(finding: Finding) -> str:
    start = f"{finding.code:<4}{finding.name}: "
    if finding.checked is None:
        return f"{start}{finding.remark}"
    rows = f"{finding.checked:,} row{'' if finding.checked == 1 else 's'} checked"
    if not finding.breaches:
        return f"{start}{rows}, 0 breaches{finding.remark and f' ({finding.remark})'}"
    more = " or more" if len(finding.breaches) >= NAMED else ""
    return f"{start}{rows}, {len(finding.breaches)}{more} BREACHED: {', '.join(finding.breaches)}"


def _moment(text: str) -> datetime:
    """Read a day or a moment."""
    try:
        moment, day = (parse_datetime(text), None) if len(text) > 10 else (None, parse_date(text))
    except ValueError:
        moment, day = None, None
    if moment is None:
        if day is None:
            raise ArgumentTypeError(f"{text!r} is no day and no moment; write 2026-11-22 or 2026-11-22T10:00:00Z")
        moment = datetime.combine(day, time(), get_current_timezone())
    return (moment.replace(tzinfo=get_current_timezone()) if is_naive(moment) else moment).astimezone(UTC)
