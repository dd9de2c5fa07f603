"""The house that the machine drives: a world taken back at its end, deeds, debts, and the truth."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import date
from functools import partial
from typing import Any
from unittest.mock import patch

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine

from core import invariants
from core.actors import Actor
from core.errors import DomainError
from core.models import Delivery
from inventory.models import StockItem
from orders.services import returning
from tests.machine import reality
from tests.machine.agreement import Agreement
from tests.machine.reality import Names
from tests.machine.things import Gains, Given, Needs, Ordered, Shelf, Work

TOM = Actor("staff", "tom")
PLACES = ("HAM", "MUC")
SKUS = ("CUP", "RARE")
KITS: dict[str, Needs] = {"SET": (("CUP", 1), ("RARE", 2))}
SOLD = (*SKUS, *KITS)


class House(RuleBasedStateMachine):
    """What every rule stands on."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.model = Agreement(frozenset({"RARE", "SET"}), PLACES, KITS)
        rows = StockItem.objects.filter(product__sku__in=SKUS).select_related("product", "warehouse")
        self.names = Names(
            {row.product_id: row.product.sku for row in rows}, {row.warehouse_id: row.warehouse.code for row in rows}
        )
        for row in rows:
            self.model.on_hand[row.product.sku, row.warehouse.code] = row.on_hand
        self.prompt = True
        self.sound = True
        self.follow: Callable[[], None] = _nothing
        # What happens to one order in the midst of a debt that is about many.
        self.watched = ExitStack()
        for name, then in (("borrow_for", self.lent), ("fill_order", self.filled), ("take_by_itself", self.taken)):
            deed = partial(self.watch, getattr(returning, name), then)
            self.watched.enter_context(patch.object(returning, name, deed))

    def teardown(self) -> None:
        """Pay what is owed, see that all is well, and take everything back."""
        try:
            if self.sound:
                self.settle()
        finally:
            self.watched.close()
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    def attempt(self, deed: Callable[[], Any], *, may: bool | None) -> Any:
        """Do something that the model allows, or that it forbids: then it is refused, and nothing has changed."""
        self.sound = False
        self.before = reality.last_event()
        refusal, done = "", None
        try:
            done = deed()
        except DomainError as error:
            refusal = f"{type(error).__name__}: {error}"
        assert may is None or bool(refusal) != may, refusal or "this should have been refused"
        if refusal:
            self.after()
        return done

    def after(self) -> None:
        """See that model and database say the same; where workers are quick, all debts are paid at once."""
        reality.compare(self.names, self.model)
        if self.prompt:
            self.pay_all()
        self.sound = True

    def pay_all(self) -> None:
        while owed := reality.debts():
            for debt in owed:
                self.pay(debt)

    def pay(self, debt: Delivery) -> None:
        """Pay a debt, and let the model do what it means."""
        what, fact = debt.handler.rpartition(".")[2], debt.event.payload
        if what in ("fill_backorders", "fill_backorders_with_released"):
            self.follow = partial(self.fill, {self.names.products[product] for product in fact["product_ids"]})
        elif what == "look_again_for_units":
            self.follow = partial(self.fill, set().union(*(self.names.orders[pk].missing for pk in fact["order_ids"])))
        elif what == "bring_back_lent":
            self.follow = partial(self.fill, self.lent_by([self.names.orders[pk] for pk in fact["order_ids"]]))
        reality.pay(debt)
        self.catch_up()
        if what == "lose_allocations":
            self.model.hear_of_loss([(self.whose(owner), key, units) for owner, key, units in fact["drops"]])
        elif debt.handler.startswith("fulfillment.handlers.") and "order_id" in fact:
            self.work_follows(what, self.names.orders[fact["order_id"]])
        reality.compare(self.names, self.model)

    def watch(self, deed: Callable[..., Any], then: Callable[..., None], order_id: int, **given: Any) -> Any:
        """Do a deed of the product, and let the model do it as well: after what came before it."""
        self.catch_up()
        done = deed(order_id, **given)
        then(self.names.orders[order_id], done is not None)
        reality.compare_lines(self.model)
        return done

    def catch_up(self) -> None:
        self.follow()
        self.follow = _nothing

    def fill(self, skus: set[str]) -> None:
        self.model.fill(skus, reality.gains(self.names, self.model))

    def lent(self, order: Ordered, done: bool) -> None:
        """Somebody who waits was lent something, as long as it comes back: enough of it is on its way."""
        if done:
            self.model.borrow(order, self.gains_of(order), *self.given())

    def filled(self, order: Ordered, done: bool) -> None:
        if order.waits:
            self.model.fill_one(order, self.gains_of(order))

    def taken(self, order: Ordered, done: bool) -> None:
        if done:
            given, _back = self.given(lent=False)
            self.model.give_up(order, self.gains_of(order), given)

    def gains_of(self, order: Ordered) -> Gains:
        return reality.gains(self.names, self.model).get(order.number, {})

    def given(self, *, lent: bool = True) -> tuple[Given, dict[tuple[int, int], date]]:
        """Return what somebody gave away that the model does not know of yet, and when it is to be back."""
        given, back = reality.given(self.names, self.model), reality.back()
        coming = self.coming()
        for (number, key, place), units in given.items() if lent else ():
            coming[self.names.orders[number].lines[key].product, place] -= units
        assert not lent or not [shelf for shelf in coming if coming[shelf] < 0], f"{given} will not come back"
        return given, back

    def lent_by(self, orders: Iterable[Ordered]) -> set[str]:
        return {line.product for order in orders for line in order.lines.values() if line.lent}

    def coming(self) -> Counter[Shelf]:
        """Return what is on its way to each shelf."""
        return Counter()

    def work_follows(self, what: str, order: Ordered) -> None:
        """Do what a warehouse does about a fact of an order."""
        if what.startswith("plan_") or what == "follow_wish":
            reality.new_works(self.names, self.model.plan(order))
        elif what.startswith("cut_back"):
            self.model.cut_back(order)
        elif what == "cancel_open_fulfillment":
            self.model.stop_work(order)

    def whose(self, reservation: int) -> Ordered:
        return self.names.orders[self.names.reservations[reservation]]

    def lost(self, predicted: Iterable[tuple[Ordered, int, int]]) -> None:
        """See that those lost units who should have."""
        told = reality.newest_shortfall(self.before)
        drops = [(self.whose(owner).number, key, units) for owner, key, units in told]
        expected = [(order.number, key, units) for order, key, units in predicted]
        assert reality.summed(drops) == reality.summed(expected), f"{drops} lost, not {expected}"

    def settle(self) -> None:
        """When every debt is paid every truth holds, and nobody waits for what is free."""
        self.pay_all()
        reality.compare(self.names, self.model)
        findings = [check() for _code, _name, check in invariants.questions()]
        assert [(one.name, one.breaches) for one in findings if one.breaches] == []
        waiting = [line for order in self.model.orders if order.waits for line in order.lines.values() if line.waiting]
        pool = self.model.pool({})
        assert not [line for line in waiting if self.model.in_pool(pool, line.needs)], (
            "somebody waits for what is free"
        )
        called = reality.called_for_lent()
        assert called <= {order.number for order in self.model.orders if self.lent_by([order])}, "it has it all back"
        reality.told(self.names, self.model)
        assert not Delivery.objects.exclude(status=Delivery.Status.DONE).exists()

    def shelf_id(self, shelf: Shelf) -> int:
        sku, place = shelf
        return StockItem.objects.get(product__sku=sku, warehouse__code=place).pk

    def having(self, *statuses: str) -> bool:
        return any(order.status in statuses for order in self.model.orders)

    def one_of(self, index: int, *statuses: str) -> Ordered:
        found = [order for order in self.model.orders if order.status in statuses]
        return found[index % len(found)]

    def pick_work(self, index: int, *statuses: str) -> Work:
        found = [work for work in self.model.works if work.status in statuses]
        return found[index % len(found)]

    def has_work(self, *statuses: str) -> bool:
        return any(work.status in statuses for work in self.model.works)


def _nothing() -> None:
    """Nothing follows."""
