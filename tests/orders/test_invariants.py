"""The invariants hold after everything the tests of this app can do, and find what is planted."""

from decimal import Decimal

import pytest
from django.db import connection

from core import invariants
from core.actors import SYSTEM
from orders import services
from orders.invariants import TRUTHS
from orders.models import Order, OrderLine
from tests.factories.shop import make_priced_product
from tests.scenarios import confirmed_order, paid, placed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(shop) -> list[Order]:
    """Orders in many states."""
    make_priced_product("RARE", "9.99", backorder=True, stock={"HAM": 2})
    make_priced_product("WRAP", "0.35", kind="service")
    waiting, rare, services_only = placed_order(), confirmed_order({"RARE": 3}), confirmed_order({"WRAP": 1})
    held = placed_order({"TEA-1": 7}, expected_total=Decimal(1))
    cancelled = confirmed_order({"MUG-RED": 3})
    services.cancel_order(cancelled.pk, reason="typo", actor=SYSTEM)
    done = paid(placed_order({"MUG-RED": 4, "TEA-1": 3}))
    everything = {line.pk: line.quantity for line in done.lines.all()}
    services.record_invoice(
        done.pk, reference="INV", quantities=everything, charges=[1], total=done.total, actor=SYSTEM
    )
    return [waiting, rare, services_only, held, cancelled, done]


def breaches() -> dict[str, list[str]]:
    return {one.name: found for one in TRUTHS if (found := invariants.ask(one).breaches)}


def test_everything_holds(world):
    assert len(TRUTHS) == 13
    assert breaches() == {}
    assert all(invariants.ask(one).checked >= 6 for one in TRUTHS)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("allocated = allocated - 1", "allocated = open allocations of the order's reservation"),
        ("allocated = allocated - 1", "every open unit of a placed order is allocated or backordered"),
        ("shipped = 1, allocated = allocated - 1", "figures = sum of movements"),
    ],
)
def test_what_is_planted_on_lines_is_found(world, change, found):
    order = world[0]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE orders_orderline SET {change} WHERE order_id = %s", [order.pk])

    ids = OrderLine.objects.filter(order=order).values_list("pk", flat=True)
    assert sorted(breaches()[f"{found}, per order line"]) == sorted(str(pk) for pk in ids)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("allocation_status = 'partial'", "allocation status follows from the figures, per order"),
        ("fulfillment_status = 'shipped'", "fulfillment status follows from the figures, per order"),
        ("payment_status = 'overpaid'", "payment status follows from the figures, per order"),
        ("invoice_status = 'invoiced'", "invoice status follows from the figures, per order"),
        ("return_status = 'returned'", "return status follows from the figures, per order"),
        ("active_holds = active_holds + 1", "holds and exceptions of an order are counted right"),
        ("cancelled_total = 1, balance_due = balance_due - 1", "what is cancelled is owed by nobody, per order"),
        (
            "tax_total = tax_total + 1, subtotal = subtotal - 1",
            "lines and charges = header, net, tax and gross, per order",
        ),
    ],
)
def test_what_is_planted_on_orders_is_found(world, change, found):
    order = world[0]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE orders_order SET {change} WHERE id = %s", [order.pk])

    assert breaches()[found] == [str(order.pk)]
