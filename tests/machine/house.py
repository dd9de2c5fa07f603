"""The house that the machine drives: a world taken back at its end, deeds, debts, and the truth."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine

from core import invariants
from core.actors import Actor
from core.errors import DomainError
from core.models import Delivery
from inventory.models import StockItem
from tests.machine import reality
from tests.machine.model import Model
from tests.machine.reality import Names
from tests.machine.things import Ordered, Shelf, Work, products_of

TOM = Actor("staff", "tom")
PLACES = ("HAM", "MUC")
SKUS = ("CUP", "RARE")


class House(RuleBasedStateMachine):
    """What every rule stands on."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.model = Model(frozenset({"RARE"}), PLACES)
        rows = StockItem.objects.filter(product__sku__in=SKUS).select_related("product", "warehouse")
        self.names = Names(
            {row.product_id: row.product.sku for row in rows}, {row.warehouse_id: row.warehouse.code for row in rows}
        )
        for row in rows:
            self.model.on_hand[row.product.sku, row.warehouse.code] = row.on_hand
        self.prompt = True
        self.sound = True

    def teardown(self) -> None:
        """Pay what is owed, see that all is well, and take everything back."""
        try:
            if self.sound:
                self.settle()
        finally:
            transaction.set_rollback(True)
            self.world.__exit__(None, None, None)

    def attempt(self, deed: Callable[[], Any], *, may: bool) -> Any:
        """Do something that the model allows, or that it forbids: then it is refused, and nothing has changed."""
        self.sound = False
        self.before = reality.last_event()
        refusal, done = "", None
        try:
            done = deed()
        except DomainError as error:
            refusal = f"{type(error).__name__}: {error}"
        assert bool(refusal) != may, refusal or "this should have been refused"
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
        reality.pay(debt)
        if what in ("fill_backorders", "fill_backorders_with_released"):
            skus = [self.names.products[product] for product in fact["product_ids"]]
            self.model.fill(skus, reality.gains(self.names, self.model))
        elif what == "look_again_for_units":
            missing = [self.names.orders[pk].missing for pk in fact["order_ids"]]
            self.model.fill(set().union(*missing), reality.gains(self.names, self.model))
        elif what == "lose_allocations":
            self.model.hear_of_loss([(self.whose(owner), key, units) for owner, key, units in fact["drops"]])
        elif debt.handler.startswith("fulfillment.handlers.") and "order_id" in fact:
            self.work_follows(what, self.names.orders[fact["order_id"]])
        reality.compare(self.names, self.model)

    def work_follows(self, what: str, order: Ordered) -> None:
        """Do what a warehouse does about a fact of an order."""
        if what.startswith("plan_") or what == "follow_wish":
            reality.new_works(self.names, self.model.plan(order))
        elif what == "cut_back":
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
        waiting = {
            line.product for order in self.model.orders if order.waits for line in order.lines.values() if line.waiting
        }
        assert [sku for sku in waiting if self.model.free_everywhere(sku)] == [], "somebody waits for what is free"
        reality.told(self.names, self.model)
        assert not Delivery.objects.exclude(status=Delivery.Status.DONE).exists()

    def shelf_id(self, shelf: Shelf) -> int:
        sku, place = shelf
        return StockItem.objects.get(product__sku=sku, warehouse__code=place).pk

    def pick_work(self, index: int, *statuses: str) -> Work:
        found = [work for work in self.model.works if work.status in statuses]
        return found[index % len(found)]

    def has_work(self, *statuses: str) -> bool:
        return any(work.status in statuses for work in self.model.works)

    def skus_of(self, order: Ordered) -> set[str]:
        return products_of(order)
