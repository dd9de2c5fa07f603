"""Rules about orders and the work on them, from the wish of a customer to what comes back."""

from collections import Counter
from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from billing import services as billing
from core.actors import SYSTEM
from fulfillment import services as fulfillment
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Order
from returns import services as returns
from returns.models import ReturnLine
from returns.services import Decision
from tests.machine import reality
from tests.machine.goods import ANY, FEW
from tests.machine.house import PLACES, SOLD, TOM, House
from tests.machine.things import OPEN_WORK, UNPICKED, WORKABLE, Ordered, Work
from tests.scenarios import order_input

SELDOM = st.integers(0, 4).map(lambda n: n == 0)
# Whatever is on its way is there before work begins on what is wanted then.
LATER = timedelta(days=60)

LINES = st.lists(st.tuples(st.sampled_from(SOLD), FEW), min_size=1, max_size=3)


class Trade(House):
    """What customers, desk and warehouse do with orders."""

    @rule(lines=LINES, prepaid=SELDOM, express=st.booleans(), later=SELDOM)
    def order(self, lines: list[tuple[str, int]], prepaid: bool, express: bool, later: bool) -> None:
        wanted = dict(enumerate(lines, start=1))
        number = len(self.model.orders)
        wish = order_input(
            [LineInput(sku=sku, quantity=units) for sku, units in lines],
            email=f"buyer{number}@example.com",
            external_reference=f"M-{number}",
            payment_terms="prepaid" if prepaid else "net14",
            shipping_method="express" if express else "standard",
            requested_delivery_on=timezone.localdate() + LATER if later else None,
            notify=False,
        )
        placed = self.attempt(lambda: orders.place_order(wish, actor=SYSTEM), may=self.model.may_come(wanted))
        if placed is None:
            return
        row = Order.objects.get(pk=placed.pk)
        self.names.reservations[row.reservation_id or 0] = row.pk
        order = Ordered(row.pk, row.rank, "verified" if prepaid else "confirmed", {}, later=later, prepaid=prepaid)
        self.names.orders[row.pk] = self.model.order(order, wanted, self.gains_of(order), *self.given())
        self.after()

    @precondition(lambda self: self.having("verified"))
    @rule(index=ANY)
    def pay_order(self, index: int) -> None:
        order = self.one_of(index, "verified")
        due = Order.objects.get(pk=order.number).balance_due
        billing.record_payment(order.number, method="bank_transfer", amount=due, actor=TOM)
        if order.lapsed:
            self.model.tie_again(order, self.gains_of(order))
        order.status = "confirmed"
        self.after()

    @precondition(lambda self: any(order.status == "verified" and not order.lapsed for order in self.model.orders))
    @rule()
    def let_time_pass(self) -> None:
        """Who was to pay first, and has not, loses what was kept."""
        orders.lapse_unpaid_stock(timezone.now() + timedelta(hours=1))
        for order in self.model.orders:
            if order.status == "verified" and not order.lapsed:
                self.model.lapse(order)
        self.after()

    @precondition(lambda self: any(line.lent for order in self.model.orders for line in order.lines.values()))
    @rule()
    def want_back(self) -> None:
        """The last day has come on which what was lent must be back."""
        orders.recall_lent(timezone.now() + 2 * LATER)
        self.after()

    @precondition(lambda self: self.model.orders)
    @rule(index=ANY)
    def cancel(self, index: int) -> None:
        order = self.model.orders[index % len(self.model.orders)]
        left = any(line.shipped for line in order.lines.values())
        may = order.status in ("verified", "confirmed", "fulfilling") and not left
        if self.attempt(lambda: orders.cancel_order(order.number, reason="typo", actor=TOM), may=may):
            self.model.cancel(order)
            self.after()

    @precondition(lambda self: any(order.waits for order in self.model.orders))
    @rule(index=ANY)
    def take_from_others(self, index: int) -> None:
        """A more urgent order takes what it misses from those behind it whose work nobody has begun."""
        waiting = [order for order in self.model.orders if order.waits and order.status != "fulfilled"]
        if not waiting:
            return
        taker = waiting[index % len(waiting)]
        given = self.model.could_give(taker)
        sound = all(
            sum(units for lot, _to, units in given if lot.order is order and lot.line == key) <= line.tied
            for order in self.model.orders
            for key, line in order.lines.items()
        )
        taking = orders.preview_taking(taker.number, actor=TOM)
        assert (taking is not None) == (bool(given) and sound)
        if taking is None:
            return
        agreed = {loss.order.pk: loss.after for loss in taking.losses}
        orders.take_units(taker.number, agreed=agreed, reason="asked", actor=TOM)
        self.model.hand_over(taker, given)
        self.after()

    @precondition(lambda self: self.has_work("planned"))
    @rule(index=ANY)
    def release(self, index: int) -> None:
        work = self.pick_work(index, "planned")
        order = work.order
        nothing_tied = order.status == "confirmed" and not any(line.tied for line in order.lines.values())
        may = order.status in WORKABLE and not nothing_tied and not (order.whole and order.lacks)
        if self.attempt(lambda: fulfillment.release_fulfillment(self.names.work_id(work), actor=TOM), may=may):
            work.status, order.status = "released", "fulfilling"
            self.after()

    @precondition(lambda self: self.has_work("released", "picking"))
    @rule(index=ANY)
    def pull_back(self, index: int) -> None:
        work = self.pick_work(index, "released", "picking")
        fulfillment.pull_back(self.names.work_id(work), reason="lunch", actor=TOM)
        work.status = "planned"
        self.after()

    @precondition(lambda self: self.has_work("released", "picking"))
    @rule(index=ANY, missing=st.sampled_from((0, 0, 0, 1, 9)), walk_on=st.booleans())
    def pick(self, index: int, missing: int, walk_on: bool) -> None:
        """Fetch goods; of some line a few may not be found."""
        work = self.pick_work(index, "released", "picking")
        key = min(work.jobs)
        lines = self.names.line_ids(work.order)
        gone = min(missing, work.jobs[key].units)
        found = {lines[key]: work.jobs[key].units - gone}
        row = self.names.work_id(work)
        may = work.order.status in WORKABLE
        if gone and walk_on:
            done = self.attempt(lambda: fulfillment.short_pick(row, found=found, actor=TOM), may=may)
        else:
            done = self.attempt(lambda: fulfillment.pick(row, picked=found, actor=TOM), may=may)
        if done is None:
            return
        rest = self.model.split_off(work, {key: gone}) if gone else None
        if rest is not None:
            reality.new_works(self.names, [rest])
        if work.status != "planned":
            work.status = "picking" if gone and walk_on else "picked"
            for job in work.jobs.values():
                job.picked = 0 if work.status == "picking" else job.units
        self.after()

    @precondition(lambda self: self.has_work("picked"))
    @rule(index=ANY)
    def pack(self, index: int) -> None:
        work = self.pick_work(index, "picked")
        may = work.order.status in WORKABLE
        if self.attempt(lambda: fulfillment.pack(self.names.work_id(work), actor=TOM), may=may):
            work.status = "packed"
            self.after()

    @precondition(lambda self: self.has_work("packed"))
    @rule(index=ANY)
    def ship(self, index: int) -> None:
        work = self.pick_work(index, "packed")
        units = {(key, work.place): job.picked for key, job in work.jobs.items()}
        may = work.order.status in WORKABLE and self.is_tied(work.order, units) and not self.is_half(work)
        row = self.names.work_id(work)
        if self.attempt(lambda: fulfillment.ship_fulfillment_order(row, actor=TOM), may=may):
            work.status = "shipped"
            self.model.ship(work.order, units)
            self.after()

    @precondition(lambda self: self.having(*WORKABLE))
    @rule(index=ANY)
    def ship_all(self, index: int) -> None:
        """Take an order through all steps at once."""
        order = self.one_of(index, *WORKABLE)
        works = [work for work in self.model.works if work.order is order and work.status in OPEN_WORK]
        missing = self.model.plan(order)
        units: Counter[tuple[int, str]] = Counter()
        for work in (*works, *missing):
            for key, job in work.jobs.items():
                units[key, work.place] += job.picked if work.status in ("picked", "packed") else job.units
        half = order.whole and order.lacks
        may = bool(works or missing) and self.is_tied(order, units) and not half
        if not may:
            self.model.works = [work for work in self.model.works if work not in missing]
        done = self.attempt(lambda: fulfillment.fulfil_through(order.number, through="shipped", actor=TOM), may=may)
        if done is None:
            return
        reality.new_works(self.names, missing)
        for work in (*works, *missing):
            for job in work.jobs.values():
                job.picked = job.picked if work.status in ("picked", "packed") else job.units
            work.status = "shipped"
        order.status = "fulfilling"
        self.model.ship(order, units)
        self.after()

    @precondition(lambda self: any(work.put_back for work in self.model.works))
    @rule(index=ANY)
    def put_back(self, index: int) -> None:
        waiting = [work for work in self.model.works if work.put_back]
        work = waiting[index % len(waiting)]
        fulfillment.complete_put_back(self.names.work_id(work), actor=TOM)
        self.model.put_back(work)
        self.after()

    @precondition(lambda self: self.returnable())
    @rule(
        index=ANY, units=FEW, place=st.sampled_from(PLACES), fate=st.sampled_from(("restock", "quarantine", "scrap"))
    )
    def give_back(self, index: int, units: int, place: str, fate: str) -> None:
        """Something comes back, is looked at, and the money goes back where it was paid."""
        self.pay_all()
        order, key = self.returnable()[index % len(self.returnable())]
        line = order.lines[key]
        some = min(units, line.shipped - line.returned)
        found = returns.request_return(order.number, quantities={self.names.line_ids(order)[key]: some}, actor=TOM)
        returns.authorize_return(found.pk, actor=TOM)
        returns.receive_return(found.pk, warehouse_id=self.names.place_id(place), actor=TOM)
        decisions = dict.fromkeys(
            ReturnLine.objects.filter(return_request=found).values_list("pk", flat=True), Decision(fate)
        )
        returns.inspect_return(found.pk, decisions=decisions, actor=TOM)
        returns.resolve_return(found.pk, actor=TOM)
        line.returned += some
        if fate != "scrap":
            for part, per in line.needs:
                self.model.add((part, place), per * some)
                self.model.quarantined[part, place] += per * some if fate == "quarantine" else 0
        self.after()

    def returnable(self) -> list[tuple[Ordered, int]]:
        return [
            (order, key)
            for order in self.model.orders
            for key, line in order.lines.items()
            if line.shipped > line.returned
        ]

    def is_half(self, work: Work) -> bool:
        """Whether more of an order that leaves whole is still to come."""
        others = [one for one in self.model.works if one.order is work.order and one is not work]
        unpacked = any(one.status in (*UNPICKED, "picked") for one in others)
        return work.order.whole and (unpacked or any(line.waiting for line in work.order.lines.values()))

    def is_tied(self, order: Ordered, units: dict[tuple[int, str], int]) -> bool:
        return all(self.model.tied_to(order, key, place) >= some for (key, place), some in units.items())
