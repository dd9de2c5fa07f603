"""What a process of a race does, over and over."""

import random
from collections import Counter

from core.actors import SYSTEM
from core.errors import DomainError
from inventory import services as inventory
from inventory.models import Reservation
from inventory.services import Demand, Place


def buy(product_ids: list[int], warehouse_ids: list[int], attempts: int, seed: int) -> dict[str, int]:
    """Try to promise one to three units of random products; return how it ended, and the units it got."""
    dice = random.Random(seed)
    places = [Place(pk, distance, 10) for distance, pk in enumerate(warehouse_ids)]
    ends: Counter[str] = Counter()
    for _ in range(attempts):
        wanted = dice.sample(product_ids, dice.randint(1, min(3, len(product_ids))))
        demand = [Demand(key, product, dice.randint(1, 3)) for key, product in enumerate(wanted)]
        try:
            inventory.reserve(demand=demand, places=places, actor=SYSTEM)
        except DomainError as refused:
            ends[refused.code] += 1
        else:
            ends["sold"] += 1
            ends["units"] += sum(one.quantity for one in demand)
    return dict(ends)


def muddle(product_ids: list[int], warehouse_ids: list[int], rounds: int, seed: int) -> dict[str, int]:
    """Reserve many lines in random order, then ship, release, adjust or receive: everything that locks stock."""
    dice = random.Random(seed)
    places = [Place(pk, distance, 10) for distance, pk in enumerate(warehouse_ids)]
    ends: Counter[str] = Counter()
    for turn in range(rounds):
        wanted = dice.sample(product_ids, len(product_ids))
        demand = [Demand(key, product, 1) for key, product in enumerate(wanted)]
        reserved = inventory.reserve(demand=demand, places=places, rank=turn, actor=SYSTEM, partial=True)
        deed = dice.choice(["ship", "release", "adjust", "receive"])
        try:
            _do(deed, reserved.reservation_id, dice, product_ids, warehouse_ids)
        except DomainError as refused:
            ends[refused.code] += 1
        else:
            ends[deed] += 1
    ends["reservations"] = Reservation.objects.count()
    return dict(ends)


def _do(deed: str, reservation_id: int, dice: random.Random, products: list[int], warehouses: list[int]) -> None:
    where = dice.choice(warehouses)
    if deed == "ship":
        tied = [one for one in inventory.open_allocations(reservation_id) if one.warehouse_id == where]
        inventory.consume(
            reservation_id,
            warehouse_id=where,
            quantities={one.key: one.quantity for one in tied},
            reference="SH-RACE",
            actor=SYSTEM,
        )
    elif deed == "release":
        inventory.release(reservation_id, actor=SYSTEM)
    elif deed == "adjust":
        inventory.adjust_stock(
            product_id=dice.choice(products), warehouse_id=where, change=-1, reason="race", actor=SYSTEM
        )
    else:
        units = dict.fromkeys(dice.sample(products, len(products)), 2)
        inventory.receive_stock(warehouse_id=where, units=units, actor=SYSTEM)
