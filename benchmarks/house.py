"""A business with a million orders, built in minutes: its kinds of orders by services, their number by SQL."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.test.utils import override_settings
from django.utils import timezone, translation

from benchmarks import bulk, catalogue, copying, kin, patterns
from benchmarks.kin import execute
from billing import chaining
from billing import services as billing
from core import outbox
from core.actors import SYSTEM
from core.service import unit_of_work
from demo import story, world
from demo.models import DemoDatabase
from demo.teller import MAYA, TOM
from fulfillment import services as fulfillment
from inventory.models import Product, Warehouse
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Order
from returns import services as returns
from returns.decisions import Decision

# How many orders of the demo are written as patterns, besides its morning.
OVER, CAME_TO_NOTHING = 72, 8
GIVEN_BACK = 3
LINES = (5, 500)
VARIANTS = 17
BUYERS_PER_ORDER = 0.15
# From so many orders on, indexes are built at the end.
MANY = 50_000


def build(count: int, *, say: Callable[[str], object] = lambda text: None) -> None:
    """Build it in the empty database that Django is connected to."""
    began = time.monotonic()

    def step(text: str) -> None:
        say(f"{time.monotonic() - began:5.0f} s  {text}")

    variants = VARIANTS if count >= MANY else 6
    execute("DROP SCHEMA IF EXISTS bench CASCADE")
    execute("CREATE SCHEMA bench")
    execute("SET work_mem = '256MB'")
    # What copies are called is counted on from the keys of the patterns, and documents must leave no gap: the keys
    # begin at one even in a database where others have tried something and taken it back.
    catalogue.reset_keys(*(table.model for table in kin.tables()))
    step("the patterns: the demo's orders, through the services")
    _write_patterns()
    step("products and buyers")
    catalogue.spread(variants)
    catalogue.find_buyers(max(10, int(count * BUYERS_PER_ORDER)))
    catalogue.write_words()
    big = [_big_order(lines) for lines in LINES]
    outbox.drain()
    tables = kin.tables()
    step("laying the patterns out")
    patterns.lay_out(tables)
    patterns.date_back(tables)
    wanted = copying.plan(count, variants=variants)
    copies = copying.draw_lots(wanted, tables, big=big)
    statements = [copying.insert(table) for table in tables]
    many = count >= MANY
    restoring = bulk.make_ready(tables) if many else []
    step(f"{copies} copies")
    copying.copy_rows(statements, at_once=bulk.AT_ONCE if many else 1)
    step("the shelves and the series of numbers")
    _go_on_counting(tables)
    catalogue.settle_shelves(orders_alive=wanted.alive)
    step("indexes")
    if many:
        bulk.restore(restoring, tables)
    execute("DROP SCHEMA bench CASCADE")
    execute("RESET work_mem")
    execute("ANALYZE")
    step("ready")


def _write_patterns() -> None:
    """Tell a short story of the demo, and let some of it come back."""
    DemoDatabase.objects.get_or_create(defaults={"stage": "bench"})
    # One payment of the story was declined; it is settled by hand, nobody is called.
    with translation.override("en"), override_settings(DEMO_PROVIDER_URL="http://127.0.0.1:9"):
        world.move_in()
        story.tell(completed=OVER, ended=CAME_TO_NOTHING)
        _give_back()
    # It is no demo: nobody is led around here.
    DemoDatabase.objects.all().delete()


def _give_back() -> None:
    """Let a few orders have come back and be paid back, to the end."""
    hamburg = Warehouse.objects.get(code="HAM")
    recent = timezone.now() - timedelta(days=28)
    rows = Order.objects.filter(status="completed", open_returns=0, customer__isnull=False, delivered_at__gte=recent)
    for order in rows.filter(lines__kind="stocked").distinct().order_by("pk")[:GIVEN_BACK]:
        line = order.lines.filter(kind="stocked").earliest("position")
        found = returns.request_return(order.pk, quantities={line.pk: 1}, reason="damaged", note="", actor=MAYA)
        if found.status == "requested":
            returns.authorize_return(found.pk, actor=TOM)
        returns.receive_return(found.pk, warehouse_id=hamburg.pk, actor=TOM)
        decisions = {one.pk: Decision("restock") for one in found.lines.all()}
        returns.inspect_return(found.pk, decisions=decisions, actor=TOM)
        returns.resolve_return(found.pk, actor=TOM)
        outbox.drain()


def _big_order(lines: int) -> int:
    """Return an order of many lines that went all the way, with everything that can be said about one."""
    dice = random.Random(lines)
    shelves = Product.objects.filter(stock_items__on_hand__gt=1000, kind="stocked", active=True).distinct()
    skus = list(shelves.order_by("sku").values_list("sku", flat=True))
    company = execute("SELECT id, name, company, email, phone FROM bench.buyer WHERE place = 0")[0]
    pk, name, shop, email, phone = company
    at = timezone.now() - timedelta(days=30)
    wish = OrderInput(
        channel="staff",
        customer_id=pk,
        customer_name=name,
        customer_company=shop,
        email=email,
        phone=phone,
        shipping_address=world.PLACES[0][4],
        shipping_method="standard",
        payment_terms="net30",
        purchase_order_number=f"PO-BIG-{lines}",
        lines=tuple(
            LineInput(sku=sku, quantity=dice.randint(1, 9)) for sku in dice.sample(skus, min(lines, len(skus)))
        ),
        placed_at=at,
        historic=True,
        notify=True,
    )
    with translation.override("en"), unit_of_work():
        order = orders.place_order(wish, actor=MAYA)
    outbox.drain()
    orders.add_comment(order.pk, text="Called: needs it by the end of the month", actor=MAYA)
    arrived = at + timedelta(days=3)
    with unit_of_work():
        fulfillment.fulfil_through(order.pk, shipped_at=at + timedelta(days=1), delivered_at=arrived, actor=TOM)
    outbox.drain()
    with unit_of_work():
        half = (Order.objects.get(pk=order.pk).balance_due / 2).quantize(Decimal("0.01"))
        billing.record_payment(order.pk, method="bank_transfer", amount=half, reference=f"big-{lines}", actor=SYSTEM)
    outbox.drain()
    return order.pk


def _go_on_counting(tables: list[kin.Table]) -> None:
    """Let new rows and new documents get the next key and the next number."""
    catalogue.reset_keys(*(table.model for table in tables))
    execute(
        "UPDATE core_numberseries SET last = (SELECT COUNT(*) FROM billing_invoice WHERE number IS NOT NULL) "
        "WHERE key LIKE 'invoice:%%'"
    )
    execute(
        "UPDATE core_numberseries SET last = (SELECT COUNT(*) FROM billing_creditnote WHERE number IS NOT NULL) "
        "WHERE key LIKE 'credit_note:%%'"
    )
    chaining.chain_everything()
    execute("UPDATE core_consumer SET position = (SELECT MAX(position) FROM core_eventrecord)")
