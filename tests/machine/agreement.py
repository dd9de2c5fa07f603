"""What becomes of an order when the quantity of a line is another one."""

from collections import Counter
from collections.abc import Callable

from tests.machine.model import Model
from tests.machine.things import IN_HAND, Gains, Lot, Ordered, Work


class Agreement(Model):
    """A house where people change their minds about how many they want."""

    def in_hand(self, order: Ordered, key: int) -> Counter[str]:
        """Return the units of a line that somebody has in his hands, by place: they stay on the order."""
        found: Counter[str] = Counter()
        for work in self.works:
            if work.order is order and work.status in IN_HAND and key in work.jobs:
                found[work.place] += work.jobs[key].units
        return found

    def stands(self, order: Ordered) -> bool:
        """Whether something has left: then nothing is added to the agreement, and units are only cancelled."""
        return any(line.shipped for line in order.lines.values())

    def may_edit(self, order: Ordered, key: int, units: int) -> bool:
        line = order.lines[key]
        others = sum(one.wanted for one in order.lines.values()) - line.wanted
        fewest = line.shipped + sum(self.in_hand(order, key).values())
        if units == line.wanted or units < fewest or not units + others:
            return False
        if self.stands(order) and units > line.quantity:
            return False
        more = units - line.shipped - line.tied - line.waiting
        return line.product in self.may_wait or more <= self.free_everywhere(line.product)

    def edit(self, order: Ordered, key: int, units: int, gains: Callable[[], Gains]) -> list[Work]:
        """Give back what is wanted no more, the newest first, or tie what is wanted besides; and let the work follow.

        What waited before stays in line. Returns the work that is new.
        """
        line = order.lines[key]
        waits = line.product in self.may_wait
        kept = self.kept((product for product, _per in line.needs) if waits else (), order.rank)
        if self.stands(order) or not units:
            line.cancelled = line.quantity - units
        else:
            line.quantity, line.cancelled = units, 0
        left = line.wanted - line.shipped
        # What is lost, and not heard of yet, stays as it is until the order hears of it.
        lost = line.tied - self.tied_in_all(order, key)
        self._give_back(order, key, max(0, line.tied - lost - left))
        line.tied = min(left, self.tied_in_all(order, key) + lost)
        more = max(0, left - line.tied - line.waiting)
        line.waiting = left - line.tied
        line.settle()
        if more:
            self._tie(order, key, more, kept, gains())
        for work in self.cut_back(order):
            work.status = "planned" if work.status == "released" else work.status
        if order.status == "fulfilling" and all(one.shipped == one.wanted for one in order.lines.values()):
            order.status = "fulfilled"
        return self.plan(order)

    def _give_back(self, order: Ordered, key: int, surplus: int) -> None:
        fixed = self.in_hand(order, key)
        for lot in reversed(self.lots):
            if lot.order is order and lot.line == key:
                place = lot.shelf[1]
                some = min(lot.units, surplus, max(0, self.tied_to(order, key, place) - fixed[place]))
                lot.units -= some
                surplus -= some
        assert not surplus, "somebody has them in his hands"

    def _tie(self, order: Ordered, key: int, more: int, kept: Counter[str], gains: Gains) -> None:
        line, pool = order.lines[key], self.pool(kept)
        assert {of for of, _place in gains} <= {key}, "another line got some"
        assert sum(gains.values()) == min(more, self.in_pool(pool, line.needs)), f"{gains} of {more} more"
        for (_key, place), some in gains.items():
            for part, per in line.needs:
                pool[part, place] -= per * some
                assert pool[part, place] >= 0, f"{some} were not free in {place}"
            self.lots.append(Lot(order, key, (line.product, place), some))
            line.gain(some)
