"""How long it takes to say what can be promised of 500 products, and when.

.venv/bin/python benchmarks/availability.py [--database-url postgres://…|sqlite] [--products 20000] [--json] [--strict]
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "postgres://postgres@127.0.0.1:5432/bench_availability"
MARK = "built by benchmarks/availability.py: {} products, {} waiting"
WAREHOUSES = 3
GOAL_MS = 30.0
WARM = 5


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--products", type=int, default=20_000, help="how many products, in three warehouses (20000)")
    parser.add_argument("--waiting", type=int, default=10_000, help="how many lines wait for units (10000)")
    parser.add_argument("--skus", type=int, default=500, help="of how many products at once (500)")
    parser.add_argument("--requests", type=int, default=100, help="how often, each time of other products (100)")
    parser.add_argument("--database-url", default=LOCAL, help=f"a database of its own, or sqlite ({LOCAL})")
    parser.add_argument("--keep", action="store_true", help="keep the database, so that the next run finds it built")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when the goal is missed")
    return parser.parse_args()


def fill(*, products: int, waiting: int) -> None:
    """Write a business: shelves, receipts open and closed, ten shipped lines for each that waits."""
    from django.utils import timezone

    from core.actors import SYSTEM
    from inventory import services as inventory
    from inventory.models import ExpectedReceipt, Product, StockItem
    from orders.models import Order, OrderLine
    from pricing import services as pricing

    dice, today = random.Random(7), timezone.localdate()
    pricing.ensure_defaults(actor=SYSTEM)
    places = [
        inventory.create_warehouse(inventory.WarehouseInput(code=f"W{n}", name=f"W{n}", country="DE"), actor=SYSTEM)
        for n in range(WAREHOUSES)
    ]
    goods = Product.objects.bulk_create(
        [Product(sku=f"P-{n:06}", name=f"Product {n}", backorder=n % 2 == 0) for n in range(products)], batch_size=2000
    )
    StockItem.objects.bulk_create(
        (
            StockItem(product=one, warehouse=place, on_hand=dice.randint(0, 40), safety_stock=dice.choice((0, 0, 3)))
            for one in goods
            for place in places
        ),
        batch_size=2000,
    )
    ExpectedReceipt.objects.bulk_create(
        (
            ExpectedReceipt(
                product=one,
                warehouse=dice.choice(places),
                quantity=dice.randint(5, 200),
                expected_on=today + timedelta(days=dice.randint(-200, 60)),
                closed=round_ != 0,
            )
            for one in goods
            for round_ in range(4)
        ),
        batch_size=2000,
    )
    channel = pricing.channel_by_code("api")
    orders = Order.objects.bulk_create(
        (
            Order(channel=channel, currency="EUR", status="confirmed", rank=dice.randint(0, 10**12))
            for _number in range(waiting)
        ),
        batch_size=500,
    )
    OrderLine.objects.bulk_create(
        (
            OrderLine(
                order=order,
                position=position,
                product=(one := dice.choice(goods)),
                sku=one.sku,
                name=one.name,
                kind="stocked",
                quantity=10,
                unit_price=1,
                net_total=0,
                tax_rate=0,
                tax_total=0,
                total=0,
                backordered=10 if position == 1 else 0,
                shipped=0 if position == 1 else 10,
            )
            for order in orders
            for position in range(1, 12)
        ),
        batch_size=1000,
    )


def measure(*, skus: int, requests: int) -> dict[str, Any]:
    """Ask again and again, of other products each time."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from inventory.models import Product
    from orders import outlook

    everything, dice = list(Product.objects.values_list("pk", flat=True)), random.Random(11)
    times, cpu, told = [], [], []
    for number in range(WARM + requests):
        wanted = dice.sample(everything, min(skus, len(everything)))
        began, worked = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
        found = outlook.figures(wanted)
        told = [one.outlook().by_day() for one in found.values()]
        if number >= WARM:
            times.append((time.perf_counter() - began) * 1000)
            cpu.append((resource.getrusage(resource.RUSAGE_SELF).ru_utime - worked) * 1000)
    with CaptureQueriesContext(connection) as seen:
        outlook.figures(wanted)
    times.sort()
    return {
        "vendor": connection.vendor,
        "skus": len(told),
        "requests": requests,
        "statements": len(seen),
        "p50_ms": round(times[len(times) // 2], 2),
        "p95_ms": round(times[min(len(times) - 1, round(len(times) * 0.95))], 2),
        "least_ms": round(times[0], 2),
        "cpu_ms": round(sum(cpu) / len(cpu), 2),
        "goal_ms": GOAL_MS,
        "met": times[len(times) // 2] < GOAL_MS and len(seen) == 1,
    }


def begin(url: str, folder: str) -> None:
    """Start Django on the database that is measured, and bring it up to date."""
    from benchmarks.pages import start_django

    start_django(url, folder)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def tell(found: dict[str, Any]) -> str:
    """Say in a line what came out."""
    return (
        "{vendor}: what can be promised of {skus} products, {statements} statement(s): p50 {p50_ms} ms, "
        "p95 {p95_ms} ms, least {least_ms} ms, cpu {cpu_ms} ms (goal p50 below {goal_ms} ms)"
    ).format(**found)


def main() -> int:
    """Build, measure, tell."""
    said = arguments()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        if said.database_url == "sqlite":
            os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
            found = _measured(said, os.environ["DATABASE_URL"], folder, is_new=True)
        else:
            from benchmarks.pages import Database

            database = Database(said.database_url, MARK.format(said.products, said.waiting))
            is_new = database.prepare()
            try:
                found = _measured(said, said.database_url, folder, is_new=is_new)
                database.done()
            finally:
                _hang_up()
                if not said.keep:
                    database.drop()
    sys.stdout.write((json.dumps(found) if said.json else tell(found)) + "\n")
    return int(said.strict and not found["met"])


def _measured(said: argparse.Namespace, url: str, folder: str, *, is_new: bool) -> dict[str, Any]:
    begin(url, folder)
    if is_new:
        from django.db import connection

        fill(products=said.products, waiting=said.waiting)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return measure(skus=said.skus, requests=said.requests)


def _hang_up() -> None:
    from django.db import connections

    connections.close_all()


if __name__ == "__main__":
    sys.exit(main())
