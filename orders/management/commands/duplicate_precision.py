"""`manage.py duplicate_precision`: how well orders sent twice are told from those that only look alike."""

import json
import sys
from argparse import ArgumentParser
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from core.actors import SYSTEM
from inventory import services as inventory
from inventory.models import Product
from orders import likely_pairs, services
from orders.inputs import LineInput, OrderInput
from orders.models import Order
from pricing import services as pricing
from pricing.models import Channel

CODE = "duplicate-precision"
GOAL = 0.95
MOST = 5_000


class Command(BaseCommand):
    """Exit 0 where both are as good as they have to be, 1 where one is not."""

    help = (
        "Places pairs of orders as anybody does, counts what the check for duplicates says of them, with orders of "
        "somebody else to the same address held too, and takes everything back. Meant for a trial database: for a "
        "quarter of a minute its transaction may stand in the way of others."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask how many."""
        parser.add_argument("--pairs", type=int, default=500, help="how many pairs, half of them the same (500)")
        parser.add_argument("--seed", type=int, default=9, help="which pairs (9)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and tell."""
        if not 2 <= options["pairs"] <= MOST:
            raise CommandError(f"--pairs is from 2 to {MOST}")
        found = measure(options["pairs"], seed=options["seed"])
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        else:
            self._tell(found)
        if not found["met"]:
            sys.exit(1)

    def _tell(self, found: dict[str, Any]) -> None:
        self.stdout.write(f"{found['pairs']} pairs: precision {found['precision']:.3f}, recall {found['recall']:.3f}")
        for kind, figures in found["kinds"].items():
            said = "same" if figures["is_same"] else "different"
            self.stdout.write(f"  {kind:<40} {said:<10} {figures['found']:>4} of {figures['pairs']} called duplicates")
        self.stdout.write("met" if found["met"] else "MISSED: at least 95 % of both are wanted")


def measure(count: int, *, seed: int = 9) -> dict[str, Any]:
    """Return precision and recall; nothing of it stays."""
    kinds: dict[str, dict[str, Any]] = {}
    try:
        with transaction.atomic():
            _open_shop()
            for pair in likely_pairs.pairs(count, seed=seed):
                said = kinds.setdefault(pair.kind, {"is_same": pair.is_same, "pairs": 0, "found": 0})
                said["pairs"] += 1
                said["found"] += _is_called_duplicate(pair)
            transaction.set_rollback(True)
    finally:
        pricing.forget()
    right = sum(one["found"] for one in kinds.values() if one["is_same"])
    called = sum(one["found"] for one in kinds.values())
    same = sum(one["pairs"] for one in kinds.values() if one["is_same"])
    # Who calls nothing a duplicate is never wrong and of no use.
    precision, recall = (round(right / whole, 4) if whole else 0.0 for whole in (called, same))
    return {
        "pairs": count,
        "seed": seed,
        "precision": precision,
        "recall": recall,
        "met": min(precision, recall) >= GOAL,
        "kinds": kinds,
    }


def _open_shop() -> None:
    pricing.ensure_defaults(actor=SYSTEM)
    wares = [inventory.ProductInput(sku=sku, name=sku, kind=Product.Kind.SERVICE) for sku in likely_pairs.GOODS]
    inventory.create_products(wares, actor=SYSTEM)
    Channel.objects.create(
        code=CODE, name=CODE, currency="EUR", quiet=True, check_limits={"duplicate": {"address": 1}}
    )
    pricing.forget()


def _is_called_duplicate(pair: likely_pairs.Pair) -> bool:
    first = services.place_order(_wish(pair.first), actor=SYSTEM)
    Order.objects.filter(pk=first.pk).update(placed_at=timezone.now() - timedelta(hours=pair.hours))
    second = services.place_order(_wish(pair.second), actor=SYSTEM)
    return any(check["name"] == "duplicate" and check["result"] == "fail" for check in second.checks)


def _wish(side: likely_pairs.Side) -> OrderInput:
    return OrderInput(
        channel=CODE,
        email=side.email,
        customer_name=side.address.name,
        shipping_address=side.address,
        lines=tuple(LineInput(sku=sku, quantity=units, unit_price=Decimal(5)) for sku, units in side.lines.items()),
    )
