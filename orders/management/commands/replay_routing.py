"""`manage.py replay_routing`: what routing rules would have done with the last orders. It writes nothing."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inventory.models import RoutingRuleSet
from orders.services.replay import MOST_ORDERS, replay

FIGURES = (
    ("parcels", "parcels"),
    ("split_orders", "orders in several parcels"),
    ("late_orders", "late orders"),
    ("orders_with_missing_units", "orders with missing units"),
    ("cost", "cost"),
    ("cost_per_order", "cost per order"),
)


class Command(BaseCommand):
    """Exit 0 with both sides: the rules that hold now and the ones that were asked about."""

    help = "Replay a set of routing rules over the last orders, beside the rules that hold now. Writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the rules and how far to look back."""
        parser.add_argument("--ruleset", type=int, required=True, help="id of the routing rules")
        parser.add_argument("--orders", type=int, default=1000)
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and print."""
        rules = RoutingRuleSet.objects.filter(pk=options["ruleset"]).first()
        if rules is None:
            raise CommandError(f"There are no routing rules {options['ruleset']}")
        if not 1 <= options["orders"] <= MOST_ORDERS:
            raise CommandError(f"--orders is from 1 to {MOST_ORDERS}")
        began = time.monotonic()
        found = replay(rules, orders=options["orders"], progress=self._told)
        found["seconds"] = round(time.monotonic() - began, 1)
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
            return
        now = f"{found['today']['name']} (v{found['today']['version']})" if found["today"] else "no rules"
        self.stdout.write(f"{found['orders']} orders: {now}, then {rules}")
        for name, words in FIGURES:
            self.stdout.write(f"  {words:28} {found['before'][name]!s:>12} {found['after'][name]!s:>12}")
        self.stdout.write(f"  {found['orders_from_elsewhere']} orders come from elsewhere")

    def _told(self, done: int, of: int) -> None:
        self.stderr.write(f"\r{done} of {of}", ending="" if done < of else "\n")
