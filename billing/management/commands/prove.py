"""`./run manage prove WHAT --cases N`: what we say of papers and money, tried out in great numbers."""

import json
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.proofs import immutable, ledger, numbers, official, papers, payments, rounding, scratch, webhooks
from billing.proofs.asking import Asked


@dataclass(frozen=True)
class Proof:
    """Something that can be tried: how, how often unless it is said, by how many processes, and what it shows."""

    prove: Callable[[Asked], dict[str, Any]]
    cases: int
    shows: str
    processes: int = 1
    # Whether it writes, and so needs a database of its own.
    apart: bool = False


PROOFS = {
    "papers": Proof(
        lambda asked: papers.prove(asked.cases, seed=asked.seed),
        2_000,
        "random invoices and credit notes keep the rules of EN 16931 and art. 226, and say one total. What is made "
        "for it is taken back; use a trial database, because its transaction may stand in others' way",
    ),
    "rounding": Proof(
        rounding.prove,
        20_000,
        "random orders, their invoices and credits add up to the smallest unit, in currencies with 0, 2 and 3 "
        "decimals. It asks no database",
        processes=os.cpu_count() or 1,
    ),
    "immutable": Proof(
        immutable.prove,
        1_000,
        "no door changes an issued document, and verify_documents finds every edit of one byte past all doors",
        apart=True,
    ),
    "ledger": Proof(
        ledger.prove,
        5_000,
        "after every thousand random operations on money the ledger balances, and says what papers and payments say",
        apart=True,
    ),
    "numbers": Proof(
        numbers.prove,
        10_000,
        "processes that draw numbers at once, change their mind and are killed leave no gap and no double",
        processes=16,
        apart=True,
    ),
    "payments": Proof(
        payments.prove,
        5_000,
        "whatever of our talk with Stripe gets lost, late or doubled, it took once and to the cent what the books say",
        processes=3,
        apart=True,
    ),
    "webhooks": Proof(
        webhooks.prove,
        10_000,
        "what Stripe writes counts once, in any order, and what is forged or stale never; how long our door takes",
        processes=3,
        apart=True,
    ),
}


class Command(BaseCommand):
    """Exit 0 where everything holds, 1 where something does not."""

    help = "\n".join(f"{name}: {proof.shows}." for name, proof in PROOFS.items())

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        """Keep the lines of the help apart."""
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask what, and how many."""
        parser.add_argument("what", choices=sorted(PROOFS))
        parser.add_argument("--cases", type=int, help="how many")
        parser.add_argument("--seed", type=int, default=2026, help="which ones (2026)")
        parser.add_argument("--case", type=int, help="only the one of this number")
        parser.add_argument("--processes", type=int, help="how many work at once")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try, and tell."""
        proof = PROOFS[options["what"]]
        cases = proof.cases if options["cases"] is None else options["cases"]
        processes = proof.processes if options["processes"] is None else options["processes"]
        if cases < 1 or processes < 1:
            raise CommandError("--cases and --processes are numbers from 1 on")
        if proof.apart and not scratch.is_scratch():
            self._run_apart(options, cases, processes)
            return
        asked = Asked(cases, options["seed"], processes, options["case"], tell=self._tell)
        try:
            found = proof.prove(asked)
        except official.NotInstalled as missing:
            raise CommandError(str(missing)) from missing
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        else:
            for name, value in found.items():
                self.stdout.write(f"{name:<20} {value}")
        if not found["met"]:
            sys.exit(1)

    def _run_apart(self, options: dict[str, Any], cases: int, processes: int) -> None:
        """Make a database for it, and ask the same there."""
        arguments = ["prove", options["what"], "--cases", str(cases), "--processes", str(processes)]
        arguments += ["--seed", str(options["seed"]), *(["--json"] if options["json"] else [])]
        try:
            code = scratch.run_apart(arguments)
        except scratch.NotAllowed as refusal:
            raise CommandError(str(refusal)) from refusal
        if code:
            sys.exit(code)

    def _tell(self, said: str) -> None:
        self.stderr.write(said)
