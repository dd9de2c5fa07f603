"""What a delivery is received against: a purchase order at one warehouse, or a transfer from another of ours."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import BigIntegerField, Case, Count, F, Min, QuerySet, Sum, Value, When

from core.sight import limited_to, seen
from inventory.models import ExpectedReceipt, Product, StockItem, Transfer, TransferLine, Warehouse
from inventory.selectors import products_scanned

# As many products as one page can show; what stands further down is told apart from what is wrong.
MOST_LINES = 300
MOST_DUE = 50


@dataclass(frozen=True)
class Due:
    """A paper that is expected, as a list names it."""

    reference: str
    receipt_id: int
    warehouse: str
    place: str
    expected_on: date
    units: int
    products: int
    # From which of our warehouses it comes, where it does.
    sender: str = ""


@dataclass(frozen=True)
class PaperLine:
    """A product on a paper: how many are expected still, and where it lies."""

    product: Product
    expected: int
    bin: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """A delivery that somebody stands before."""

    reference: str
    warehouse: Warehouse
    expected_on: date
    lines: list[PaperLine]
    receipt_ids: list[int]
    later: list[str] = field(default_factory=list)
    transfer_id: int | None = None
    sender: str = ""

    @property
    def units(self) -> int:
        """Return how many units are expected in all."""
        return sum(line.expected for line in self.lines)


def open_receipts() -> "QuerySet[ExpectedReceipt]":
    """Return what is expected, as far as the reader may see it."""
    return seen(ExpectedReceipt.objects.filter(closed=False))


def coming_transfers() -> "QuerySet[Transfer]":
    """Return what other warehouses of ours have sent to those of the reader."""
    rows = Transfer.objects.filter(status=Transfer.Status.SENT)
    mine = limited_to("warehouse")
    return rows if mine is None else rows.filter(destination__code__in=mine)


def transfers_due(rows: "QuerySet[Transfer] | None" = None, *, limit: int = MOST_DUE) -> list[Due]:
    """Return the transfers that are on their way, the earliest first. One query."""
    left = F("lines__quantity") - F("lines__received") - F("lines__lost")
    found = (
        (coming_transfers() if rows is None else rows)
        .filter(lines__in_transit=True)
        .select_related("source", "destination")
        .annotate(left=Sum(left), kinds=Count("lines"))
        .order_by("expected_on", "pk")
    )
    return [
        Due(
            one.number, one.pk, one.destination.code, one.destination.name, one.expected_on, one.left, one.kinds,
            sender=one.source.name,
        )
        for one in found[:limit]
    ]  # fmt: skip


def everything_due() -> list[Due]:
    """Return purchase orders and transfers that are expected, the earliest first. Two queries."""
    return sorted([*papers_due(), *transfers_due()], key=lambda due: due.expected_on)[:MOST_DUE]


def papers_due(rows: "QuerySet[ExpectedReceipt] | None" = None, *, limit: int = MOST_DUE) -> list[Due]:
    """Return the papers that are expected, the earliest first; receipts without a reference stand alone. One query."""
    alone = Case(When(reference="", then=F("pk")), default=Value(0), output_field=BigIntegerField())
    found = (
        (open_receipts() if rows is None else rows)
        .annotate(alone=alone)
        .values("reference", "alone", "warehouse__code", "warehouse__name")
        .annotate(
            first=Min("expected_on"),
            least=Min("pk"),
            units=Sum(F("quantity") - F("received")),
            products=Count("product", distinct=True),
        )
        .order_by("first", "least")
    )
    return [
        Due(
            row["reference"], row["least"], row["warehouse__code"], row["warehouse__name"],
            row["first"], row["units"], row["products"],
        )
        for row in found[:limit]
    ]  # fmt: skip


def find_papers(typed: str) -> list[Due]:
    """Return the papers that somebody means who scanned a purchase order, or a product that is on its way."""
    wanted = typed.strip()
    if not wanted:
        return []
    if found := transfers_due(coming_transfers().filter(number=wanted.upper())):
        return found
    if found := papers_due(open_receipts().filter(reference__iexact=wanted)):
        return found
    if not (products := list(products_scanned([wanted]).values())):
        return []
    sent = TransferLine.objects.filter(product__in=products, in_transit=True)
    transfers = transfers_due(coming_transfers().filter(pk__in=sent.values("transfer")))
    return [*papers_due(open_receipts().filter(product__in=products)), *transfers]


def paper_of(*, reference: str = "", warehouse: str = "", receipt_id: int | None = None) -> Paper | None:
    """Return what is expected under one reference at one warehouse, or of one receipt. Two queries."""
    rows = open_receipts().select_related("product", "warehouse")
    if receipt_id is not None:
        rows = rows.filter(pk=receipt_id)
    elif reference and warehouse:
        rows = rows.filter(reference__iexact=reference, warehouse__code=warehouse.upper())
    else:
        return None
    receipts = list(rows.order_by("product__sku", "expected_on", "pk"))
    if not receipts:
        return None
    expected: dict[int, int] = {}
    products: dict[int, Product] = {}
    for receipt in receipts:
        products[receipt.product_id] = receipt.product
        missing = max(0, receipt.quantity - receipt.received)
        expected[receipt.product_id] = expected.get(receipt.product_id, 0) + missing
    shown = list(products.values())[:MOST_LINES]
    lines = lines_of(shown, expected, receipts[0].warehouse_id)
    in_sight = {product.pk for product in shown}
    return Paper(
        reference=receipts[0].reference,
        warehouse=receipts[0].warehouse,
        expected_on=min(receipt.expected_on for receipt in receipts),
        lines=lines,
        receipt_ids=[receipt.pk for receipt in receipts if receipt.product_id in in_sight],
        later=[code for product in list(products.values())[MOST_LINES:] for code in codes_of(product)],
    )


def paper_of_transfer(number: str) -> Paper | None:
    """Return what is on its way of a transfer. Three queries."""
    transfer = coming_transfers().select_related("source", "destination").filter(number=number.strip().upper()).first()
    if transfer is None:
        return None
    lines = list(transfer.lines.filter(in_transit=True).select_related("product").order_by("product__sku"))
    shown, later = lines[:MOST_LINES], lines[MOST_LINES:]
    expected = {line.product_id: line.open for line in shown}
    return Paper(
        reference=transfer.number,
        warehouse=transfer.destination,
        expected_on=transfer.expected_on,
        lines=lines_of([line.product for line in shown], expected, transfer.destination_id),
        receipt_ids=[],
        later=[code for line in later for code in codes_of(line.product)],
        transfer_id=transfer.pk,
        sender=transfer.source.name,
    )


def lines_of(products: Iterable[Product], expected: dict[int, int], warehouse_id: int) -> list[PaperLine]:
    """Return the lines of a paper with the home bin of each product, and the codes by which it is scanned."""
    wanted = list(products)
    rows = StockItem.objects.filter(warehouse=warehouse_id, product__in=wanted)
    bins = dict(rows.values_list("product_id", "bin"))
    codes = [codes_of(product) for product in wanted]
    # A GTIN that two products of the paper share says nothing: then the SKU has to.
    times = Counter(code for one in codes for code in one)
    return [
        PaperLine(
            product, expected[product.pk], bins.get(product.pk, ""), tuple(code for code in one if times[code] == 1)
        )
        for product, one in zip(wanted, codes, strict=True)
    ]


def codes_of(product: Product) -> tuple[str, ...]:
    """Return what a scanner may read off a product."""
    return (product.sku, product.barcode.upper()) if product.barcode else (product.sku,)
