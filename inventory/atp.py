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
        return sum(stage.units for stage in self.stages if stage.on is None)

    def by_day(self) -> list[tuple[date | None, int]]:
        """Return how many units can be promised from each day on, those of earlier days included."""
        per_day: dict[date | None, int] = defaultdict(int)
        for stage in self.stages:
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


class KitOutlook(Outlook):
    """The kits that parts allow, by place and day. Who takes a kit takes its parts, and the other way round."""

    def __init__(self, parts: Iterable[tuple[Outlook, int]]) -> None:
        """Look ahead from the outlooks of the parts, and how many units of each are in a kit."""
        self._parts = list(parts)

    @property
    def stages(self) -> list[Stage]:
        """Return what is left, the earliest first: each kit comes whole from one place."""
        coming: dict[int, dict[date | None, list[int]]] = defaultdict(dict)
        for index, (part, _per) in enumerate(self._parts):
            for stage in part.stages:
                more = coming[stage.warehouse_id].setdefault(stage.on, [0] * len(self._parts))
                more[index] += stage.units
        found = []
        for place, days in coming.items():
            there, kits = [0] * len(self._parts), 0
            for day in sorted(days, key=lambda day: day or date.min):
                there = [units + new for units, new in zip(there, days[day], strict=True)]
                whole = min(units // per for units, (_part, per) in zip(there, self._parts, strict=True))
                if whole > kits:
                    found.append(Stage(day, place, whole - kits))
                    kits = whole
        return sorted(found, key=lambda stage: (stage.on or date.min, stage.warehouse_id))

    def take(self, units: int, *, at: Collection[int] | None = None) -> list[Stage]:
        """Take kits for one demand, the earliest first: their parts with them."""
        taken = []
        for stage in self.stages:
            if units > 0 and (at is None or stage.warehouse_id in at):
                taken.append(stage._replace(units=min(units, stage.units)))
                units -= taken[-1].units
        for stage in taken:
            for part, per in self._parts:
                part.take(per * stage.units, at={stage.warehouse_id})
        return taken
