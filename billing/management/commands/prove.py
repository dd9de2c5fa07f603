"""`./run manage prove WHAT --cases N`: what we say of papers and money, tried out in great numbers."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.proofs import official, papers

PROOFS = {"papers": (papers.prove, 2_000)}


class Command(BaseCommand):
    """Exit 0 where everything holds, 1 where something does not."""

    help = (
        "papers: random invoices and credit notes keep the rules of EN 16931 and art. 226, and say one total. "
        "What is made for it is taken back; use a trial database, because its transaction may stand in others' way."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what, and how many."""
        parser.add_argument("what", choices=sorted(PROOFS))
        parser.add_argument("--cases", type=int, help="how many")
        parser.add_argument("--seed", type=int, default=2026, help="which ones (2026)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try, and tell."""
        prove, usual = PROOFS[options["what"]]
        cases = usual if options["cases"] is None else options["cases"]
        if cases < 1:
            raise CommandError("--cases is a number from 1 on")
        try:
            found = prove(cases, seed=options["seed"])
        except official.NotInstalled as missing:
            raise CommandError(str(missing)) from missing
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        else:
            for name, value in found.items():
                self.stdout.write(f"{name:<20} {value}")
        if not found["met"]:
            sys.exit(1)
