"""Rules about goods: they come, are counted, set apart, lost, and sent from one warehouse to another."""

from collections import Counter
from datetime import timedelta
from functools import partial

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.actors import SYSTEM
from inventory import services as inventory
from inventory.models import StockCountLine, StockItem, Transfer
from tests.machine.house import PLACES, SKUS, TOM, House
from tests.machine.things import Shelf

SHELVES = st.tuples(st.sampled_from(SKUS), st.sampled_from(PLACES))
FEW = st.integers(1, 4)
ANY = st.integers(0, 10_000)


class Goods(House):
    """What a warehouse does with goods."""

    def __init__(self) -> None:
        super().__init__()
        # Announced: (receipt, shelf, units to come); sent: (transfer, shelf of source, destination, units).
        self.announced: list[tuple[int, Shelf, int]] = []
        self.sent: list[tuple[int, Shelf, str, int]] = []

    def coming(self) -> Counter[Shelf]:
        found: Counter[Shelf] = Counter()
        for _receipt, shelf, units in self.announced:
            found[shelf] += units
        for _transfer, shelf, destination, units in self.sent:
            found[shelf[0], destination] += units
        return found

    @rule(shelf=SHELVES, units=FEW)
    def receive(self, shelf: Shelf, units: int) -> None:
        sku, place = shelf
        wanted = {self.names.product_id(sku): units}
        self.attempt(
            lambda: inventory.receive_stock(warehouse_id=self.names.place_id(place), units=wanted, actor=TOM), may=True
        )
        self.model.add(shelf, units)
        self.after()

    @rule(shelf=SHELVES, units=FEW, days=st.integers(0, 20))
    def announce(self, shelf: Shelf, units: int, days: int) -> None:
        sku, place = shelf
        receipt = inventory.expect_receipt(
            product_id=self.names.product_id(sku),
            warehouse_id=self.names.place_id(place),
            quantity=units,
            expected_on=timezone.localdate() + timedelta(days=days),
            actor=TOM,
        )
        self.announced.append((receipt.pk, shelf, units))
        self.after()

    @precondition(lambda self: self.announced)
    @rule(index=ANY, units=st.integers(0, 4), days=st.integers(0, 20))
    def hear_of_receipt(self, index: int, units: int, days: int) -> None:
        """Some of what was announced comes, and the rest later; or it does not come at all."""
        receipt, shelf, left = self.announced.pop(index % len(self.announced))
        if not units:
            inventory.cancel_expected(receipt, reason="bankrupt", actor=TOM)
        elif units > left:
            later = timezone.localdate() + timedelta(days=days)
            inventory.change_expected(receipt, expected_on=later, actor=TOM)
            self.announced.append((receipt, shelf, left))
        else:
            inventory.receive_expected(receipt, quantity=units, actor=TOM)
            self.model.add(shelf, units)
            if units < left:
                self.announced.append((receipt, shelf, left - units))
        self.after()

    @rule(shelf=SHELVES, change=st.integers(-5, 5).filter(bool))
    def adjust(self, shelf: Shelf, change: int) -> None:
        row = self.shelf_id(shelf)
        if self.attempt(
            lambda: inventory.adjust_stock(stock_item_id=row, change=change, reason="found it so", actor=TOM),
            may=self.model.lying(shelf) + change >= 0,
        ):
            self.take_off(shelf, -change)

    @rule(shelf=SHELVES, found=st.integers(0, 8))
    def count_shelf(self, shelf: Shelf, found: int) -> None:
        """Count what lies in a bin: what is on trolleys is not counted, and not missing."""
        sku, place = shelf
        counted = {self.names.product_id(sku): found}
        sheet = StockCountLine.objects.filter(stock_item=self.shelf_id(shelf), is_open=True).first()
        assert (sheet is not None) == (shelf in self.model.sheets)
        if sheet is None:
            deed = partial(inventory.take_count, warehouse_id=self.names.place_id(place), counted=counted, actor=TOM)
        else:
            inventory.enter_counts(sheet.count_id, {sheet.pk: found}, actor=TOM)
            deed = partial(inventory.finish_count, sheet.count_id, actor=TOM)
        self.attempt(deed, may=True)
        self.model.is_counted(shelf)
        change = found + self.model.away(shelf) - self.model.lying(shelf)
        self.take_off(shelf, min(-change, self.model.lying(shelf)))

    @rule(shelf=SHELVES, units=FEW)
    def set_apart(self, shelf: Shelf, units: int) -> None:
        row = self.shelf_id(shelf)
        if self.attempt(
            lambda: inventory.quarantine_stock(row, units=units, reason="damp", actor=TOM),
            may=units <= self.model.lying(shelf),
        ):
            self.take_off(shelf, units, quarantine=True)

    @precondition(lambda self: any(self.model.quarantined.values()))
    @rule(shelf=SHELVES, units=FEW, scrap=st.booleans())
    def settle_quarantine(self, shelf: Shelf, units: int, scrap: bool) -> None:
        row = self.shelf_id(shelf)
        if self.attempt(
            lambda: inventory.settle_quarantine(stock_item_id=row, units=units, scrap=scrap, reason="dry", actor=TOM),
            may=units <= self.model.quarantined[shelf],
        ):
            self.model.quarantined[shelf] -= units
            self.model.on_hand[shelf] -= units if scrap else 0
            self.after()

    @rule(shelf=SHELVES, units=st.integers(0, 2))
    def keep_a_reserve(self, shelf: Shelf, units: int) -> None:
        StockItem.objects.filter(pk=self.shelf_id(shelf)).update(safety_stock=units)
        self.model.safety[shelf] = units
        # Staff say so on a page of the shelf; whoever waits gets what that frees with the next goods.
        inventory.receive_stock(
            warehouse_id=self.names.place_id(shelf[1]), units={self.names.product_id(shelf[0]): 1}, actor=SYSTEM
        )
        self.model.add(shelf, 1)
        self.after()

    @rule(shelf=SHELVES, units=FEW)
    def send_elsewhere(self, shelf: Shelf, units: int) -> None:
        sku, source = shelf
        destination = next(place for place in PLACES if place != source)
        wanted = inventory.TransferInput(
            source_id=self.names.place_id(source),
            destination_id=self.names.place_id(destination),
            units={self.names.product_id(sku): units},
            expected_on=timezone.localdate() + timedelta(days=units),
        )
        transfer = inventory.create_transfer(wanted, actor=TOM)
        may = units <= self.model.lying(shelf) - self.model.tied(shelf)
        if self.attempt(lambda: inventory.send_transfer(transfer.pk, actor=TOM), may=may):
            self.model.on_hand[shelf] -= units
            self.sent.append((transfer.pk, shelf, destination, units))
            self.after()

    @precondition(lambda self: self.sent)
    @rule(index=ANY, came=st.integers(0, 4), close=st.booleans())
    def hear_of_transfer(self, index: int, came: int, close: bool) -> None:
        """It arrives, in part or with a loss; or it turns back."""
        transfer, shelf, destination, left = self.sent.pop(index % len(self.sent))
        units = {self.names.product_id(shelf[0]): min(came, left)} if came else {}
        arrived = Transfer.objects.get(pk=transfer).lines.get().received
        if not came and not close:
            if self.attempt(lambda: inventory.cancel_transfer(transfer, reason="no", actor=TOM), may=not arrived):
                self.model.add(shelf, left)
                self.after()
                return
            self.sent.append((transfer, shelf, destination, left))
            return
        inventory.receive_transfer(transfer, units=units, close=close, reason="fell off", actor=TOM)
        self.model.add((shelf[0], destination), min(came, left))
        if came < left and not close:
            self.sent.append((transfer, shelf, destination, left - came))
        self.after()

    def take_off(self, shelf: Shelf, units: int, *, quarantine: bool = False) -> None:
        """Let the model lose units (or find them, below zero), and see that the same orders lost them."""
        if units > 0:
            self.lost(self.model.lose(shelf, units, quarantine=quarantine))
        elif units < 0:
            self.model.add(shelf, -units)
        self.after()
