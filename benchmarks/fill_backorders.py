"""How long it takes to give fresh units to ten thousand orders that wait for them, one receipt for all.

.venv/bin/python benchmarks/fill_backorders.py [--orders 10000] [--database-url URL] [--json] [--strict]

The database is made for it and dropped afterwards: on PostgreSQL its name begins with `bench_`; an SQLite file is
removed. One line per order, a tenth of them express, every unit needed comes in with one receipt but the last hundred.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "postgres://postgres@127.0.0.1:5432/bench_backorders"
GOAL, AT_ONCE, SHORT = 20.0, 500, 100
BATCH = 1_000


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=int, default=10_000, help="how many orders wait (10000)")
    parser.add_argument("--database-url", default=LOCAL, help=f"a database of its own ({LOCAL})")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    return parser.parse_args()


def queue_up(orders: int) -> Any:
    """Let so many orders wait for one product. One is placed, the others are its copies. Returns the product."""
    from core.actors import SYSTEM
    from customers.addresses import PostalAddress
    from inventory import services as inventory
    from inventory.models import Reservation
    from orders import services
    from orders.inputs import LineInput, OrderInput
    from orders.models import Order, OrderLine
    from orders.priority import rank_of
    from pricing import services as pricing

    pricing.ensure_defaults(actor=SYSTEM)
    inventory.create_warehouse(inventory.WarehouseInput(code="HAM", name="Hamburg", country="DE"), actor=SYSTEM)
    rare = inventory.create_product(inventory.ProductInput(sku="RARE", name="Rare", backorder=True), actor=SYSTEM)
    pricing.set_price(rare.pk, amount=pricing_amount(), price_list="standard", actor=SYSTEM)
    home = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")
    wish = OrderInput(
        channel="api",
        email="ada@example.com",
        customer_name="Ada Byron",
        shipping_address=home,
        shipping_method="standard",
        payment_terms="net14",
        lines=(LineInput(sku="RARE", quantity=1),),
    )
    first = services.place_order(wish, actor=SYSTEM)
    names = [field.attname for field in Order._meta.concrete_fields if not field.primary_key and not field.generated]
    like = {name: getattr(Order.objects.get(pk=first.pk), name) for name in names}
    line = OrderLine.objects.get(order=first)
    columns = [field.attname for field in OrderLine._meta.concrete_fields if not field.primary_key]
    like_line = {name: getattr(line, name) for name in columns}
    for start in range(1, orders, BATCH):
        turns = range(start, min(start + BATCH, orders))
        # Out of their order, so that the queue is not by chance the order of the keys.
        points = [80 if turn % 10 == 7 else 50 for turn in turns]
        ranks = [
            rank_of(score, like["placed_at"]) + turn * 7919 % orders for turn, score in zip(turns, points, strict=True)
        ]
        tied = Reservation.objects.bulk_create(Reservation(rank=rank) for rank in ranks)
        copies = Order.objects.bulk_create(
            Order(**{**like, "reservation_id": one.pk, "rank": one.rank, "priority": score})
            for one, score in zip(tied, points, strict=True)
        )
        OrderLine.objects.bulk_create(OrderLine(**{**like_line, "order_id": one.pk}) for one in copies)
    return rare


def pricing_amount() -> Any:
    """Return what a unit costs."""
    from decimal import Decimal

    return Decimal("9.00")


def measure(orders: int) -> dict[str, Any]:
    """Build the queue in the empty database Django is connected to, fill it, and say what was found."""
    from django.db import connection
    from django.db.models import Sum
    from django.test.utils import CaptureQueriesContext

    from core.actors import SYSTEM
    from core.models import Delivery
    from inventory import services as inventory
    from inventory.models import Allocation, StockItem, Warehouse
    from orders import services
    from orders.models import Order, OrderLine

    rare = queue_up(orders)
    short = min(SHORT, orders // 10)
    warehouse = Warehouse.objects.get()
    inventory.receive_stock(warehouse_id=warehouse.pk, units={rare.pk: orders - short}, actor=SYSTEM)
    line = list(Order.objects.order_by("rank", "pk").values_list("reservation_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    before, cpu = time.perf_counter(), time.process_time()
    filled = services.fill_backorders([rare.pk])
    seconds, worked = time.perf_counter() - before, time.process_time() - cpu
    served = list(Allocation.objects.order_by("pk").values_list("reservation_id", flat=True))
    # Nothing is left to give: what it costs to ask once more, with everybody behind still in line.
    with CaptureQueriesContext(connection) as seen:
        services.fill_backorders([rare.pk])
    stock = StockItem.objects.get()
    waiting = OrderLine.objects.aggregate(units=Sum("backordered"))["units"]
    return {
        "database": connection.vendor,
        "cores": os.cpu_count(),
        "orders": orders,
        "filled": filled,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(worked, 2),
        "per_second": round(filled / seconds),
        "most_per_transaction": AT_ONCE,
        "transactions": -(-filled // AT_ONCE),
        "in_rank_order": served == line[: orders - short],
        "still_waiting": waiting,
        "promised_twice": max(0, stock.reserved - stock.on_hand) + len(served) - len(set(served)),
        "statements_when_nothing_is_left": len(seen.captured_queries),
        "work_to_plan": Delivery.objects.filter(handler__endswith="plan_what_arrived").count(),
        "goal_seconds": GOAL,
        "met": seconds < GOAL and served == line[: orders - short] and waiting == short,
    }


def server(url: str, statement: str) -> None:
    """Ask the server of a PostgreSQL database, from beside that database."""
    import psycopg

    name = urlsplit(url).path.lstrip("/")
    if not name.startswith("bench_"):
        raise SystemExit("The name of the database has to begin with bench_: it is dropped in the end")
    with psycopg.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")), autocommit=True) as known:
        known.execute(statement.format(name).encode())


def main() -> int:
    """Build, measure, tell, and clear away."""
    options = arguments()
    sys.path.insert(0, str(ROOT))
    on_postgresql = options.database_url.startswith("postgres")
    with tempfile.TemporaryDirectory() as folder:
        url = options.database_url if on_postgresql else f"sqlite:///{folder}/bench.sqlite3"
        if on_postgresql:
            server(url, 'DROP DATABASE IF EXISTS "{}" WITH (FORCE)')
            server(url, 'CREATE DATABASE "{}"')
        os.environ |= {"DATABASE_URL": url, "DATA_DIR": folder, "SECRET_KEY": "bench", "EMBEDDED_WORKER": "0"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orders_project.settings")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", interactive=False, verbosity=0)
        found = measure(options.orders)
        connection.close()
        if on_postgresql:
            server(url, 'DROP DATABASE "{}" WITH (FORCE)')
    if options.json:
        sys.stdout.write(f"{json.dumps(found, indent=2)}\n")
    else:
        sys.stdout.write("".join(f"{name.replace('_', ' '):<34}{value}\n" for name, value in found.items()))
    return 1 if options.strict and not found["met"] else 0


if __name__ == "__main__":
    sys.exit(main())
