"""Goods come in by their paper: what was counted at the door goes on the shelf, the rest stays expected."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from core.actors import Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import note_change, service
from core.validation import check_fields
from inventory.errors import NotExpected, ReceiptClosed
from inventory.events import SupplyChanged
from inventory.models import ExpectedReceipt, Product, StockItem

from .once import claim
from .supply import receive_stock, require_units

GOODS_IN = "inventory.goods_in"


@service
def receive_paper(
    receipt_ids: Sequence[int],
    *,
    units: Mapping[int, int],
    bins: Mapping[int, str] | None = None,
    close: bool = False,
    token: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> list[ExpectedReceipt]:
    """Book what arrived of the receipts of one paper, {product_id: units}: all of it or nothing.

    What was announced first is filled first; what is more than expected goes to the last announcement of its
    product. The rest stays expected, unless `close` says that nothing more comes. `bins` are kept for shelves
    that have none yet. Raises ReceiptClosed, NotExpected, and AlreadyBooked for a `token` that was used.
    """
    claim(GOODS_IN, token, [sorted(units.items()), close])
    receipts = list(ExpectedReceipt.objects.locked().filter(pk__in=receipt_ids, closed=False))
    if not receipts:
        raise ReceiptClosed("Nothing more is expected of this paper")
    if len({receipt.warehouse_id for receipt in receipts}) > 1:
        raise Invalid("Goods come in at one warehouse at a time")
    if not units and not close:
        raise Invalid("Say how many units of what")
    known = {receipt.pk: receipt.received for receipt in receipts}
    if units:
        require_units(units)
        _fill(receipts, units, at)
    for receipt in receipts:
        receipt.closed = close or receipt.received >= receipt.quantity
    _write(receipts, known=known, actor=actor)
    if units:
        # The papers that came together may be several; the movements name the first.
        shelf = receive_stock(
            warehouse_id=receipts[0].warehouse_id, units=units, reference=receipts[0].reference, actor=actor, at=at
        )
        keep_bins(shelf, bins or {}, actor=actor)
    return receipts


def _fill(receipts: Iterable[ExpectedReceipt], units: Mapping[int, int], at: datetime | None) -> None:
    """Spread what arrived over the receipts of each product, the earliest day first."""
    of_product: dict[int, list[ExpectedReceipt]] = defaultdict(list)
    for receipt in sorted(receipts, key=lambda one: (one.expected_on, one.pk)):
        of_product[receipt.product_id].append(receipt)
    if unknown := sorted(units.keys() - of_product.keys()):
        skus = sorted(Product.objects.filter(pk__in=unknown).values_list("sku", flat=True))
        raise NotExpected(f"{', '.join(skus) or unknown} does not stand on this paper (any more)", skus=skus)
    for product, left in units.items():
        rows = of_product[product]
        for receipt in rows:
            taken = left if receipt is rows[-1] else min(left, max(0, receipt.quantity - receipt.received))
            receipt.received += taken
            if taken and receipt.arrived_on is None:
                receipt.arrived_on = timezone.localdate(at)
            left -= taken


@service
def _write(receipts: Iterable[ExpectedReceipt], *, known: Mapping[int, int], actor: Actor) -> None:
    """Write down what changed, in one statement; `known` is what had been received."""
    changed = [one for one in receipts if one.closed or one.received != known[one.pk]]
    for receipt in changed:
        before = {"received": known[receipt.pk], "closed": False}
        after = {"received": receipt.received, "closed": receipt.closed}
        note_change(receipt, "inventory.expectedreceipt.changed", actor=actor, before=before, after=after)
    ExpectedReceipt.objects.bulk_update(changed, ["received", "closed", "arrived_on"], batch_size=500)
    if changed:
        products = sorted({one.product_id for one in changed})
        emit(SupplyChanged(warehouse_id=changed[0].warehouse_id, product_ids=products), actor=actor)


@service
def keep_bins(shelf: Iterable[StockItem], bins: Mapping[int, str], *, actor: Actor) -> None:
    """Write down where products lie from now on that had no place yet; a place that is known stays."""
    placed = []
    for item in shelf:
        wanted = bins.get(item.product_id, "").strip().upper()
        if wanted and not item.bin:
            item.bin = wanted
            check_fields(item, ["bin"])
            placed.append(item)
            note_change(item, "inventory.stockitem.changed", actor=actor, before={"bin": ""}, after={"bin": wanted})
    StockItem.objects.bulk_update(placed, ["bin"], batch_size=500)
