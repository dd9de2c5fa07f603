"""Writes into the ledger what documents and payments say and it does not: after data was made by SQL."""

from typing import Any

from django.core.management.base import BaseCommand

from billing import ledgering


class Command(BaseCommand):
    """`./run manage post_ledger`: may be stopped and begun again."""

    help = "Write into the ledger what documents and payments say and it does not"

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through all orders, batch by batch."""
        posted = ledgering.post_everything(tell=self._tell)
        self.stdout.write(f"{posted} transactions written")

    def _tell(self, done: int, posted: int) -> None:
        self.stderr.write(f"\r{done:,} orders, {posted:,} transactions", ending="")
