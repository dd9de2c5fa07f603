"""Rules about what is changed of an order that stands."""

from collections import Counter
from datetime import timedelta
from functools import partial

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.actors import SYSTEM
from fulfillment import services as fulfillment
from orders import services as orders
from orders.models import Order
from orders.wishes import LineWish, Wish
from tests.machine import reality
from tests.machine.goods import ANY
from tests.machine.house import PLACES, TOM, House
from tests.machine.things import UNBEGUN, WORKABLE, Ordered


class Edits(House):
    """What people want otherwise, once it is ordered."""

    @precondition(lambda self: self.having("verified", "confirmed", "fulfilling"))
    @rule(index=ANY, whole=st.booleans())
    def insist(self, index: int, whole: bool) -> None:
        """The customer wants all at once, or not any more."""
        order = self.one_of(index, "verified", "confirmed", "fulfilling")
        left = any(line.shipped for line in order.lines.values())
        same = order.whole == whole
        changes = {"ship_complete": whole}
        if self.attempt(lambda: orders.update_preferences(order.number, changes, actor=TOM), may=same or not left):
            order.whole = whole
            self.after()

    @precondition(lambda self: any(order.later and order.status in UNBEGUN for order in self.model.orders))
    @rule(index=ANY)
    def want_it_now(self, index: int) -> None:
        """What was to come some day is wanted at once."""
        waiting = [order for order in self.model.orders if order.later and order.status in UNBEGUN]
        order = waiting[index % len(waiting)]
        orders.update_preferences(order.number, {"requested_delivery_on": None}, actor=TOM)
        order.later = False
        # It begins on the next day on which somebody works; by then it wants back what it lent.
        soon, day = timezone.localdate() + timedelta(days=5), reality.back().get
        for key, line in order.lines.items():
            line.lent_until = day((order.number, key))
            assert (line.lent > 0) == (line.lent_until is not None)
            assert line.lent_until is None or line.lent_until < soon
        self.after()

    @precondition(lambda self: self.having("verified", "confirmed", "fulfilling"))
    @rule(index=ANY, priority=st.sampled_from((0, 50, 99)))
    def bump(self, index: int, priority: int) -> None:
        order = self.one_of(index, "verified", "confirmed", "fulfilling")
        orders.set_priority(order.number, priority, reason="asked", actor=TOM)
        order.rank = Order.objects.get(pk=order.number).rank
        self.after()

    @precondition(lambda self: self.agreed())
    @rule(index=ANY, more=st.integers(-3, 3).filter(bool))
    def edit(self, index: int, more: int) -> None:
        """The customer wants more of a line, or fewer, or none of it."""
        order, key = self.agreed()[index % len(self.agreed())]
        units = max(0, order.lines[key].wanted + more)
        wish = Wish(lines=(LineWish(position=key, quantity=units),))
        version = Order.objects.get(pk=order.number).version
        may = self.model.may_edit(order, key, units)
        deed = partial(orders.amend_order, order.number, wish, expected_version=version, actor=SYSTEM)
        if self.attempt(deed, may=may):
            new = self.model.edit(order, key, units, partial(self.gains_of, order))
            reality.new_works(self.names, new)
            self.after()

    def agreed(self) -> list[tuple[Ordered, int]]:
        """Return the lines that may be changed; what was paid for is left alone."""
        found = [order for order in self.model.orders if order.status in WORKABLE and not order.prepaid]
        return [(order, key) for order in found for key in order.lines]

    @precondition(lambda self: self.has_work("planned"))
    @rule(index=ANY)
    def reroute(self, index: int) -> None:
        work = self.pick_work(index, "planned")
        target = next(place for place in PLACES if place != work.place)
        wanted: Counter[str] = Counter()
        for key, job in work.jobs.items():
            wanted.update({part: per * job.units for part, per in work.order.lines[key].needs})
        tied = all(self.model.tied_to(work.order, key, work.place) >= job.units for key, job in work.jobs.items())
        may = tied and all(units <= self.model.free((sku, target)) for sku, units in wanted.items())
        if self.attempt(
            lambda: fulfillment.reroute_fulfillment(
                self.names.work_id(work), warehouse_id=self.names.place_id(target), reason="nearer", actor=TOM
            ),
            may=may,
        ):
            self.model.move(work, target)
            self.after()
