"""`manage.py import_products`: products from a CSV, as under Catalogue, Import products."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.actors import Actor
from core.errors import DomainError
from integrations import services

SHOWN = 50


class Command(BaseCommand):
    """Exit 0: every row is in. 1: some rows were refused, the others are in. 2: unusable file, nothing changed."""

    help = "Import products with prices and opening stock from a CSV. The same file again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at it, then take it in."""
        path: Path = options["file"]
        actor = Actor("operator")
        try:
            content = path.read_bytes()
            plan = services.plan_products(content)
            self._tell(plan)
            if options["dry_run"]:
                self.stdout.write("Nothing was written.")
                sys.exit(1 if plan.count("faulty") else 0)
            batch = services.keep_product_file(name=path.name, content=content, actor=actor)
            batch = services.start_product_import(batch.pk, actor=actor)
        except OSError as error:
            self.stderr.write(f"{path} cannot be read: {error.strerror}. Nothing was changed.")
            sys.exit(2)
        except DomainError as error:
            self.stderr.write(f"{path}: {error.message}. Nothing was changed.")
            sys.exit(2)
        batch = services.take_products_now(batch, actor=actor)
        outcomes = batch.summary["outcomes"]
        self.stdout.write(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) + ".")
        if outcomes.get("rejected"):
            sys.exit(1)

    def _tell(self, plan: services.ProductPlan) -> None:
        said = f"{plan.count('new')} new, {plan.count('changed')} changed, {plan.count('unchanged')} as they are"
        self.stdout.write(f"{len(plan.rows)} rows ({plan.table.encoding}): {said}, {plan.count('faulty')} refused.")
        if plan.file.unknown:
            self.stdout.write(f"Columns nobody knows: {', '.join(plan.file.unknown)}.")
        faulty = [row for row in plan.rows if row.becomes == "faulty"]
        for row in faulty[:SHOWN]:
            for column, fault in row.read.faults.items():
                self.stdout.write(f"  line {row.read.line}, {column}: {fault}")
        if len(faulty) > SHOWN:
            self.stdout.write(f"  ... and {len(faulty) - SHOWN} more rows")
