"""The receipt of a sale over the counter: read from the order, its invoice and its payment."""

from dataclasses import dataclass
from decimal import Decimal

from billing.method_names import method_name
from billing.models import Invoice, InvoiceLine, Payment
from billing.services import wording
from core.amounts import number_of
from core.money import Money
from core.sight import seen
from desk.selling import CASH_GIVEN, SHOP
from inventory.models import Warehouse
from orders.models import Order


@dataclass(frozen=True)
class Line:
    """An article, or what was taken off; its amounts in the terms of the prices."""

    name: str
    sku: str
    quantity: int
    price: str
    amount: Money


@dataclass(frozen=True)
class Receipt:
    """What is printed for the customer."""

    order: Order
    invoice: Invoice
    lines: list[Line]
    payments: list[Payment]
    seller: dict[str, str]
    place: list[str]

    @property
    def given(self) -> Money | None:
        """Return the cash that was put on the counter, where somebody counted it."""
        # Whoever may send orders may write anything into their metadata.
        given = number_of(str(self.order.metadata.get(CASH_GIVEN, "")))
        return Money(given, self.order.currency) if given is not None else None

    @property
    def change(self) -> Money | None:
        """Return what went back over the counter."""
        return self.given - self.order.money("total") if self.given is not None else None

    @property
    def paid(self) -> list[tuple[str, Money, str]]:
        """Return how it was paid: in words, how much, and what the terminal calls it."""
        return [(method_name(one.method), Money(one.captured, one.currency), one.reference) for one in self.payments]

    @property
    def taxes(self) -> list[tuple[str, Money, Money]]:
        """Return name, net and tax of every rate."""
        currency = self.order.currency
        return [
            (
                wording.tax_name(part["category"], Decimal(part["rate"])),
                Money(Decimal(part["net"]), currency),
                Money(Decimal(part["tax"]), currency),
            )
            for part in self.invoice.tax_breakdown
        ]


def receipt_of(number: str) -> Receipt | None:
    """Return the receipt of an order that was sold over the counter; in five statements, however long it is."""
    order = seen(Order.objects.select_related("customer")).filter(number=number.strip().upper()).first()
    if order is None or not isinstance(order.metadata.get(SHOP), str):
        return None
    invoice = Invoice.objects.filter(order=order, number__isnull=False).order_by("pk").first()
    if invoice is None:
        return None
    shop = Warehouse.objects.filter(code=order.metadata[SHOP]).first()
    seller = invoice.seller
    here = shop.address if shop and shop.address else seller.get("address", {})
    return Receipt(
        order=order,
        invoice=invoice,
        lines=[
            _line(row, order)
            for row in InvoiceLine.objects.filter(invoice=invoice).select_related("order_line").order_by("position")
        ],
        payments=list(Payment.objects.filter(order=order, captured__gt=0).order_by("pk")),
        seller=seller,
        place=[line for line in wording.postal(here) if line != seller.get("name")],
    )


def _line(row: InvoiceLine, order: Order) -> Line:
    amount = row.total if order.prices_include_tax else row.net_total
    price = row.order_line.unit_price if row.order_line else amount
    return Line(
        name=row.name,
        sku=row.sku,
        quantity=row.quantity,
        price=wording.price(price, order.currency) if row.sku else "",
        amount=Money(amount, order.currency),
    )
