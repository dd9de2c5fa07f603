"""Units of orders that want them later, lent to who needs them now, as long as they are back in time. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from inventory.atp import Stage


class Lot(NamedTuple):
    """Units of one line in one warehouse, and the last safe day: on it work on the line must begin."""

    safe_on: date
    warehouse_id: int
    units: int
    order_id: int = 0
    reservation_id: int = 0
    key: int = 0


def lend(
    lots: Iterable[Lot], stages: Sequence[Stage], *, claimed: int, today: date, in_order: bool = False
) -> list[tuple[Lot, int]]:
    """Return what of each lot may be lent: what comes to its warehouse before its last safe day, and nobody claims.

    `claimed` units were lent before, or are waited for. Who has the most time lends first; lots may come `in_order`.
    What should have come before today is not counted on.
    """
    left: list[tuple[Lot, int]] = []
    for lot in lots if in_order else sorted(lots, key=lambda lot: lot.safe_on, reverse=True):
        coming = sum(
            stage.units
            for stage in stages
            if stage.on is not None and today <= stage.on < lot.safe_on and stage.warehouse_id == lot.warehouse_id
        )
        if (units := min(lot.units, coming - claimed)) > 0:
            claimed += units
            left.append((lot, units))
    return left


def uncovered(claims: Iterable[tuple[date, int, int]], stages: Iterable[Stage], *, today: date) -> set[int]:
    """Return which claims, as (back before, key, units), what comes does not bring back; the first day comes first."""
    coming = sorted((stage.on, stage.units) for stage in stages if stage.on is not None and stage.on >= today)
    found: set[int] = set()
    for until, key, wanted in sorted(claims):
        units = wanted
        while units and coming and coming[0][0] < until:
            day, there = coming.pop(0)
            if there > units:
                coming.insert(0, (day, there - units))
            units = max(0, units - there)
        if units:
            found.add(key)
    return found
