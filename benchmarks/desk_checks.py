"""What looking at an order costs: placed with every check on, and by turns with none, and nothing looked back at.

Checks only warn here, so that orders with and without them go equally far. Customers come back, have addresses of
their own, and a few of them send the same order twice.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from django.db import connection
from django.db.models import IntegerField, QuerySet, TextField, Value
from django.test.utils import CaptureQueriesContext

from benchmarks.contest import backend_cpu
from core.actors import SYSTEM
from core.service import unit_of_work
from customers import selectors as customers
from customers.addresses import PostalAddress
from inventory import services as inventory
from orders import earlier, services
from orders.inputs import LineInput, OrderInput
from orders.models import CheckCatch
from orders.services import buyer
from orders.verification import NAMES
from pricing import services as pricing
from pricing.models import Channel

GOAL_MS = 3.0
ORDERS, TURN, GOODS, BUYERS = 1_000, 25, 60, 400
STREETS = ("Main St", "Hauptstraße", "Gartenweg", "Lindenallee", "Rue de la Paix", "Kirchgasse")
WITH, WITHOUT = "checked", "unchecked"


@dataclass
class Worked:
    """What the orders of one way have cost so far, in seconds."""

    orders: int = 0
    cpu: float = 0.0
    database_cpu: float = 0.0
    wall: float = 0.0

    def per_order(self, seconds: float) -> float:
        """Return the milliseconds of an order."""
        return round(1000 * seconds / self.orders, 3)


def measure(scale: float = 1.0) -> dict[str, Any]:
    """Place orders by turns with and without checks; return what each costs, and the difference."""
    orders = max(TURN, round(ORDERS * scale))
    _open_shop()
    found = {WITH: Worked(), WITHOUT: Worked()}
    random = Random(5)  # noqa: S311 - it has to be repeatable, not secret
    wishes = {code: list(_wishes(code, orders, random)) for code in found}
    _place(_wishes("warm", TURN, random, channel=WITH), Worked())
    with _looking_at_nothing():
        _place(_wishes("cold", TURN, random, channel=WITHOUT), Worked())
    for start in range(0, orders, TURN):
        _place(wishes[WITH][start : start + TURN], found[WITH])
        with _looking_at_nothing():
            _place(wishes[WITHOUT][start : start + TURN], found[WITHOUT])
    checked, unchecked = found[WITH], found[WITHOUT]
    in_all = {code: one.cpu + one.database_cpu for code, one in found.items()}
    cost = round(checked.per_order(in_all[WITH]) - unchecked.per_order(in_all[WITHOUT]), 3)
    return {
        "orders": orders,
        "checks": len(NAMES),
        "cpu_ms_with_checks": checked.per_order(in_all[WITH]),
        "cpu_ms_without": unchecked.per_order(in_all[WITHOUT]),
        "of_these_database_with_checks": checked.per_order(checked.database_cpu),
        "of_these_database_without": unchecked.per_order(unchecked.database_cpu),
        "wall_ms_with_checks": checked.per_order(checked.wall),
        "wall_ms_without": unchecked.per_order(unchecked.wall),
        "statements_with_checks": _statements(WITH, random),
        "statements_without": _statements(WITHOUT, random),
        "ratio": round(in_all[WITH] / in_all[WITHOUT], 3),
        "caught": CheckCatch.objects.count(),
        "checks_cpu_ms_per_order": cost,
        "goal_ms": GOAL_MS,
        "met": cost <= GOAL_MS,
    }


def _open_shop() -> None:
    pricing.forget()
    with unit_of_work():
        pricing.ensure_defaults(actor=SYSTEM)
        hamburg = inventory.create_warehouse(
            inventory.WarehouseInput(code="HAM", name="Hamburg", country="DE"), actor=SYSTEM
        )
        wares = [inventory.ProductInput(sku=f"G-{number}", name=f"Thing {number}") for number in range(GOODS)]
        products = inventory.create_products(wares, actor=SYSTEM)
        for product in products:
            pricing.set_price(product.pk, amount=Decimal("5.00"), price_list="standard", actor=SYSTEM)
        plenty = {product.pk: 1_000_000 for product in products}
        inventory.receive_stock(
            warehouse_id=hamburg.pk, units=plenty, kind="opening", reference="opening", actor=SYSTEM
        )
        usual = Channel.objects.get(code="api")
        for code, policy in ((WITH, "warn"), (WITHOUT, "off")):
            usual.pk, usual.code, usual.name, usual.checks = None, code, code, dict.fromkeys(NAMES, policy)
            usual._state.adding = True
            usual.save(force_insert=True)
    pricing.forget()


def _wishes(run: str, count: int, random: Random, *, channel: str = "") -> Iterator[OrderInput]:
    """Return orders as they come: three lines of somebody who comes back; one of fifty sends the last one again."""
    last: OrderInput | None = None
    for _number in range(count):
        if last is None or random.random() >= 0.02:
            who = random.randrange(BUYERS)
            address = PostalAddress(
                name=f"Ada Byron{who}",
                line1=f"{STREETS[who % len(STREETS)]} {who % 90 + 1}",
                city="Berlin",
                postal_code=f"1{who % 97:04}",
                country="DE",
            )
            lines = tuple(
                LineInput(sku=f"G-{number}", quantity=random.randint(1, 3))
                for number in random.sample(range(GOODS), 3)
            )
            last = OrderInput(
                channel=channel or run,
                email=f"{run}{who}@example.com",
                customer_name=address.name,
                shipping_address=address,
                shipping_method="standard",
                payment_terms="net14",
                lines=lines,
            )
        yield last


def _place(wishes: Any, worked: Worked) -> None:
    """Place some orders, and add what they cost."""
    server = _backend()
    busy, database, began = time.process_time(), backend_cpu(server), time.perf_counter()
    placed = [services.place_order(wish, actor=SYSTEM) for wish in wishes]
    worked.wall += time.perf_counter() - began
    worked.cpu += time.process_time() - busy
    worked.orders += len(placed)
    if database is not None and (after := backend_cpu(server)) is not None:
        worked.database_cpu += after - database


def _backend() -> int:
    if connection.vendor != "postgresql":
        # It works within this process.
        return os.getpid()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _statements(way: str, random: Random) -> int:
    """Return how many statements an order takes."""
    wish = next(iter(_wishes(f"{way}-counted", 1, random, channel=way)))
    with CaptureQueriesContext(connection) as seen:
        services.place_order(wish, actor=SYSTEM)
    return len(seen.captured_queries)


@contextmanager
def _looking_at_nothing() -> Iterator[None]:
    """Ask of who buys and nothing of what came before, with statements of their own."""
    looking_back, by_email, around = earlier.looking_back, buyer._BY_EMAIL, buyer._AROUND
    earlier.looking_back, buyer._BY_EMAIL, buyer._AROUND = _nothing, _NOTHING_BY_EMAIL, _NOTHING_AROUND
    try:
        yield
    finally:
        earlier.looking_back, buyer._BY_EMAIL, buyer._AROUND = looking_back, by_email, around


def _nothing(rows: "QuerySet[Any]", **_asked: Any) -> "QuerySet[Any]":
    text = Value(None, output_field=TextField())
    return rows.annotate(near=text, usual=text, own=text, any_order=Value(None, output_field=IntegerField()))


_NOTHING_BY_EMAIL: Any = buyer._remembered(customers.known_by)
_NOTHING_AROUND: Any = type(buyer._AROUND)(buyer._AROUND.write)
