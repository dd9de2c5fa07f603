"""Rules about waves: work is taken from the queue, released together, fetched on one walk, or given back."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Wave
from tests.machine.goods import ANY
from tests.machine.house import PLACES, TOM, House
from tests.machine.things import WORKABLE, Work


class Waves(House):
    """What a warehouse does for many orders at once."""

    @rule(place=st.sampled_from(PLACES), size=st.integers(1, 3))
    def plan_wave(self, place: str, size: int) -> None:
        """Take some work out of the queue: whatever goes may go, and whoever comes first in rank goes first."""
        wanted = fulfillment.WaveInput(warehouse_id=self.names.place_id(place), size=size)
        waiting = [work for work in self.model.works if work.place == place and self.may_go(work)]
        wave = self.attempt(lambda: fulfillment.plan_wave(wanted, actor=TOM), may=None if waiting else False)
        if wave is None:
            return
        taken = self.in_wave(wave)
        assert 0 < len(taken) <= size
        assert all(work in waiting and work.status in ("planned", "released") for work in taken)
        assert [work.order.rank for work in taken] == sorted(work.order.rank for work in taken)
        self.after()

    @precondition(lambda self: self.waves("planned"))
    @rule(index=ANY)
    def release_wave(self, index: int) -> None:
        wave = self.one_wave(index, "planned")
        free = [work for work in self.in_wave(wave) if self.may_go(work)]
        if self.attempt(lambda: fulfillment.release_wave(wave.pk, actor=TOM), may=bool(free)):
            assert self.in_wave(wave) == free
            for work in free:
                work.status = "released" if work.status == "planned" else work.status
                work.order.status = "fulfilling"
            self.after()

    @precondition(lambda self: self.waves("released"))
    @rule(index=ANY)
    def pick_wave(self, index: int) -> None:
        """Everything is there; what nobody may go on with leaves the wave as it is."""
        wave = self.one_wave(index, "released")
        walked = [work for work in self.in_wave(wave) if work.status in ("released", "picking")]
        if self.attempt(lambda: fulfillment.pick_wave(wave.pk, actor=TOM), may=True):
            for work in walked:
                if work.order.status in WORKABLE:
                    work.status = "picked"
                    for job in work.jobs.values():
                        job.picked = job.units
            self.after()

    @precondition(lambda self: self.waves("planned", "released"))
    @rule(index=ANY)
    def cancel_wave(self, index: int) -> None:
        wave = self.one_wave(index, "planned", "released")
        back = [work for work in self.in_wave(wave) if work.status in ("released", "picking")]
        if self.attempt(lambda: fulfillment.cancel_wave(wave.pk, actor=TOM), may=True):
            for work in back:
                work.status = "planned"
            self.after()

    def may_go(self, work: Work) -> bool:
        """Whether this work may be released, or may go on."""
        order = work.order
        nothing_tied = order.status == "confirmed" and not any(line.tied for line in order.lines.values())
        return order.status in WORKABLE and not nothing_tied and not (order.whole and order.lacks)

    def waves(self, *statuses: str) -> list[Wave]:
        return list(Wave.objects.filter(status__in=statuses).order_by("pk"))

    def one_wave(self, index: int, *statuses: str) -> Wave:
        found = self.waves(*statuses)
        return found[index % len(found)]

    def in_wave(self, wave: Wave) -> list[Work]:
        """Return the work that is in a wave and not picked yet, by tote."""
        rows = FulfillmentOrder.objects.filter(wave=wave, status__in=("planned", "released", "picking"))
        known = {self.names.work_id(work): work for work in self.model.works}
        return [known[pk] for pk in rows.order_by("tote").values_list("pk", flat=True)]
