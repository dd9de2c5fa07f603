"""`manage.py import_orders`: orders from a file, through as many steps as asked."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations.errors import UnusableFile
from integrations.services import ImportOptions, Summary, import_orders

THROUGH = ("placed", "confirmed", "shipped", "completed")
LABELS = {
    "imported": "goods on orders",
    "charge": "charges and discounts",
    "returned": "taken back: return, refund, credit note",
    "stock": "stock corrections (zero price)",
    "unmatched": "taken back without a known sale: exception",
    "rejected": "rejected",
}


class Interrupted(BaseException):
    """Somebody asked us to stop."""


class Command(BaseCommand):
    """Exit 0: every row is accounted for. 1: interrupted, run it again to go on. 2: unusable file, nothing changed."""

    help = "Import orders from a file and drive them through the line. Safe to repeat; goes on where it was stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file and how far to go."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=["online-retail"], default="online-retail")
        parser.add_argument("--through", choices=THROUGH, default="placed")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--notify", action="store_true", help="send mails, webhooks and rules as for new orders")
        parser.add_argument("--json", action="store_true", help="print the account as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import and print the account."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, _interrupt)
        chosen = ImportOptions(through=options["through"], notify=options["notify"], dry_run=options["dry_run"])
        try:
            summary = import_orders(options["file"], chosen, progress=self._bar)
        except UnusableFile as error:
            self.stderr.write(self.style.ERROR(f"{options['file']}: {error}. Nothing was changed."))
            sys.exit(2)
        except Interrupted:
            self.stderr.write("\nInterrupted. What is done is kept; run the same command again to go on.")
            sys.exit(1)
        if options["json"]:
            self.stdout.write(json.dumps(summary.as_json(), indent=2))
        else:
            self._print(summary)
        if summary.difference or summary.rows_accounted != summary.rows_total or summary.debts_due:
            self.stderr.write(self.style.ERROR("The account does not add up; see above."))
            sys.exit(1)

    def _bar(self, done: int, total: int, text: str) -> None:
        if not self.stderr.isatty():
            return
        filled = 30 * done // max(total, 1)
        self.stderr.write(f"\r[{'█' * filled}{'·' * (30 - filled)}] {done:>6}/{total} {text:<28}", ending="")
        if done >= total:
            self.stderr.write("")

    def _print(self, summary: Summary) -> None:
        write = self.stdout.write
        write("Would be done (nothing was written):" if summary.dry_run else "Done:")
        write(f"\nRows {summary.rows_total}, accounted for {summary.rows_accounted}")
        for outcome, count in summary.rows_by_outcome.items():
            write(f"  {count:>7}  {LABELS[outcome]}")
        write("\nOrders by status")
        for status, count in summary.orders_by_status.items():
            write(f"  {count:>7}  {status}")
        write("\nValue per month (GBP)")
        for month, value in summary.value_per_month.items():
            write(f"  {month}  {value:>14}")
        write("\nExceptions by reason")
        for reason, count in summary.exceptions_by_reason.items():
            write(f"  {count:>7}  {reason}")
        for row in summary.rejected:
            write(f"  line {row['line']}: {row['reason']}")
        write("\nSums (GBP)")
        for label, amount in (
            ("quantity × price over all rows", summary.rows_amount),
            ("orders: goods", summary.goods_amount),
            ("orders: charges and discounts", summary.charges_amount),
            ("rounding of prices below a cent", -summary.rounding),
            ("credits", -summary.credits_amount),
            ("price differences on credits", summary.price_differences),
            ("unmatched rows", summary.unmatched_amount),
            ("rejected rows", summary.rejected_amount),
            ("stock corrections", summary.corrections_amount),
            ("all of these", summary.accounted_amount),
            ("difference", summary.difference),
        ):
            write(f"  {amount:>16.2f}  {label}")
        for remark in summary.remarks:
            write(remark)


def _interrupt(signum: int, frame: Any) -> None:
    raise Interrupted
