"""What a process of a race for stock does, over and over; everything by the services that everybody uses."""

import random
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

from core import service
from core.actors import SYSTEM
from core.errors import DomainError
from fulfillment import services as fulfillment
from inventory import services as inventory
from inventory.models import Product, Warehouse
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Order
from tests.scenarios import order_input

Ends = Counter[str]


def take_part(role: str, *arguments: Any) -> Any:
    """Play one of the parts below: in a race not everybody does the same."""
    return globals()[role](*arguments)


def shop_until_empty(skus: list[str], attempts: int, seed: int) -> Ends:
    """Buy one unit of something, or the same thing on two lines of one order; at the end, whatever is left.

    `sold` counts units, and every refusal by its code.
    """
    dice = random.Random(seed)
    ends = watched()
    for turn in range(attempts):
        sku = dice.choice(skus)
        buy(ends, [sku, sku] if dice.random() < 0.2 else [sku], f"{seed}-{turn}")
    numbers = count()
    for sku in skus:
        # Each of these is an order of its own: under a number used before it would be refused as a double.
        while buy(ends, [sku], f"{seed}-last-{next(numbers)}"):
            pass
    return ends


def race_for_the_last(skus: list[str], seed: int, meet: Callable[[], object]) -> list[str]:
    """Try, together with all the others, to buy the one unit there is of each thing; return what was bought."""
    bought = []
    for sku in skus:
        meet()
        if buy(watched(), [sku], f"{seed}-{sku}"):
            bought.append(sku)
    return bought


def correct_counts(skus: list[str], rounds: int, seed: int) -> dict[str, int]:
    """Find and lose units, as a count does, while others buy; return the sum of the differences by SKU."""
    dice = random.Random(seed)
    found: Counter[str] = Counter()
    products = dict(Product.objects.filter(sku__in=skus).values_list("sku", "pk"))
    warehouse = Warehouse.objects.get(code="HAM")
    for _ in range(rounds):
        sku, change = dice.choice(skus), dice.choice([-2, -1, 1, 2])
        try:
            inventory.adjust_stock(
                product_id=products[sku], warehouse_id=warehouse.pk, change=change, reason="count", actor=SYSTEM
            )
        except DomainError:
            continue
        found[sku] += change
    return dict(found)


def muddle(skus: list[str], rounds: int, lines: tuple[int, int], seed: int) -> Ends:
    """Place orders of many lines in any order, and cancel, ship or count at random in between."""
    dice = random.Random(seed)
    ends = watched()
    products = dict(Product.objects.filter(sku__in=skus).values_list("sku", "pk"))
    warehouses = list(Warehouse.objects.values_list("pk", flat=True))
    mine: list[int] = []
    for turn in range(rounds):
        wanted = dice.sample(skus, dice.randint(*lines))
        order = buy(ends, wanted, f"{seed}-{turn}", payment_terms="on_delivery", email=f"buyer{seed}@example.com")
        mine += [order.pk] if order else []
        deed = dice.choice(["cancel", "ship", "count", "receive", "look on"])
        try:
            if deed == "cancel" and mine:
                orders.cancel_order(mine.pop(dice.randrange(len(mine))), reason="typo", actor=SYSTEM)
            elif deed == "ship" and mine:
                fulfillment.fulfil_through(mine.pop(dice.randrange(len(mine))), through="shipped", actor=SYSTEM)
            elif deed == "count":
                place = {"product_id": products[dice.choice(skus)], "warehouse_id": dice.choice(warehouses)}
                inventory.adjust_stock(**place, change=dice.choice([-1, 1]), reason="count", actor=SYSTEM)
            elif deed == "receive":
                units = dict.fromkeys(dice.sample(list(products.values()), 5), 3)
                inventory.receive_stock(warehouse_id=dice.choice(warehouses), units=units, actor=SYSTEM)
        except DomainError as refused:
            ends[f"{deed}: {refused.code}"] += 1
        except Exception as error:
            ends[f"shown: {type(error).__name__}: {error}"] += 1
        else:
            ends[deed] += 1
    return ends


def buy_patiently(skus: list[str], attempts: int, seed: int) -> tuple[Ends, list[float]]:
    """Buy one unit after the other; return how it ended, and how long each took."""
    dice = random.Random(seed)
    ends, took = watched(), []
    for turn in range(attempts):
        began = time.monotonic()
        buy(ends, [dice.choice(skus)], f"{seed}-{turn}")
        took.append(time.monotonic() - began)
    return ends, took


def buy(ends: Ends, skus: list[str], reference: str, **given: Any) -> Order | None:
    """Place an order for one unit of each; whatever else than a refusal comes out is counted as `shown`."""
    lines = [LineInput(sku=sku, quantity=1) for sku in skus]
    wish = order_input(lines, external_reference=reference, notify=False, **{"email": "", **given})
    try:
        order = orders.place_order(wish, actor=SYSTEM)
    except DomainError as refused:
        ends[refused.code] += 1
        return None
    except Exception as error:
        ends[f"shown: {type(error).__name__}: {error}"] += 1
        return None
    ends["sold"] += len(skus)
    return order


def watched() -> Ends:
    """Return a counter that also counts how often the database asked for another try (`again`)."""
    ends: Ends = Counter()
    ask = getattr(service._tries_for, "asked", service._tries_for)

    def asked(error: Any) -> int:
        tries = ask(error)
        ends["again"] += tries > 1
        return tries

    asked.asked = ask  # type: ignore[attr-defined]
    service._tries_for = asked
    return ends
