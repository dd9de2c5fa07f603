"""What of a product can still be promised, and when: what is here and what comes, less what others wait for. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple


class Stage(NamedTuple):
    """Units at a warehouse from a day on; what is here now has no day."""

    on: date | None
    warehouse_id: int
    units: int


class Outlook:
    """The units of one product that nobody has a claim on, the earliest first; whoever takes some has them alone."""

    def __init__(
        self, free: Mapping[int, int], supply: Iterable[tuple[date, int, int]] = (), *, ahead: int = 0
    ) -> None:
        """Look ahead from the free units per warehouse and what comes as (day, warehouse, units).

        Free units may be below zero: where safety stock is missing, the next units to come make it up. `ahead` units
        are waited for by others who are served first; they take the earliest.
        """
        lacking = {place: -units for place, units in free.items() if units < 0}
        found = [Stage(None, place, units) for place, units in sorted(free.items()) if units > 0]
        for on, place, units in sorted(supply):
            made_up = min(units, lacking.get(place, 0))
            if made_up:
                lacking[place] -= made_up
            if units > made_up:
                found.append(Stage(on, place, units - made_up))
        self._stages = found
        self.take(ahead)

    @property
    def stages(self) -> list[Stage]:
        """What is left, the earliest first."""
        return list(self._stages)

    @property
    def now(self) -> int:
        """Units that can be promised at once."""
        return sum(stage.units for stage in self._stages if stage.on is None)

    def by_day(self) -> list[tuple[date | None, int]]:
        """Return how many units can be promised from each day on, those of earlier days included."""
        per_day: dict[date | None, int] = defaultdict(int)
        for stage in self._stages:
            per_day[stage.on] += stage.units
        days, whole = [], 0
        for day, units in per_day.items():
            whole += units
            days.append((day, whole))
        return days

    def take(self, units: int, *, at: Collection[int] | None = None) -> list[Stage]:
        """Take units for one demand, the earliest first, from some warehouses only where they are named.

        Nobody gets them a second time. What was taken may be less: nobody knows when the rest comes.
        """
        taken: list[Stage] = []
        left: list[Stage] = []
        for index, stage in enumerate(self._stages):
            if units <= 0:
                left += self._stages[index:]
                break
            if at is not None and stage.warehouse_id not in at:
                left.append(stage)
                continue
            some = min(units, stage.units)
            taken.append(stage._replace(units=some))
            units -= some
            if stage.units > some:
                left.append(stage._replace(units=stage.units - some))
        self._stages = left
        return taken
