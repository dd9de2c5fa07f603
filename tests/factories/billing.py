"""Orders that have come as far as billing needs them, all through services."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from billing.models import LegalEntity
from core.actors import SYSTEM
from core.files import read_file
from core.models import Attachment
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Order, OrderLine

ADA = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")
SELLER = {
    "code": "main",
    "name": "Kettle & Co. GmbH",
    "address": {"line1": "Kehrwieder 8", "postal_code": "20457", "city": "Hamburg", "country": "DE"},
    "vat_id": "DE123456788",
    "email": "invoices@kettle.example",
    "phone": "+49 40 5550 100",
    "bank_name": "Hamburger Hafenbank",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
}
TWO_MUGS_AND_TEA = {"MUG-RED": 2, "TEA-1": 1}


def make_seller(**given: Any) -> LegalEntity:
    """Return who writes the invoices."""
    return LegalEntity.objects.create(**{**SELLER, **given})


def place(goods: Mapping[str, int] | None = None, *, terms: str = "net14", **given: Any) -> Order:
    """Place an order on account, so that it is confirmed at once."""
    wanted = {
        "channel": "api",
        "customer_name": "Ada Byron",
        "email": "ada@example.com",
        "shipping_address": ADA,
        "shipping_method": "standard",
        "payment_terms": terms,
        "lines": tuple(LineInput(sku=sku, quantity=n) for sku, n in (goods or TWO_MUGS_AND_TEA).items()),
    }
    return orders.place_order(OrderInput(**{**wanted, **given}), actor=SYSTEM)


def ship(order: Order, units: Mapping[str, int], *, reference: str, at: datetime | None = None) -> None:
    """Let units leave the building, as the orders app hears of it from a warehouse."""
    current = Order.objects.get(pk=order.pk)
    if current.status == "confirmed":
        orders.record_release(order.pk, actor=SYSTEM, at=at)
    lines = {line.sku: line.pk for line in OrderLine.objects.filter(order=order)}
    quantities = {lines[sku]: n for sku, n in units.items()}
    orders.record_shipment(order.pk, reference=reference, quantities=quantities, actor=SYSTEM, at=at)


def ship_all(order: Order, *, at: datetime | None = None) -> None:
    """Let everything leave and arrive, through the warehouse."""
    fulfillment.fulfil_through(order.pk, shipped_at=at, delivered_at=at, actor=SYSTEM)


def again(order: Order) -> Order:
    """Read an order anew."""
    return Order.objects.get(pk=order.pk)


def line_of(order: Order, sku: str) -> OrderLine:
    """Return a line of an order."""
    return OrderLine.objects.select_related("order").get(order=order, sku=sku)


def pdf_text(attachment: Attachment) -> str:
    """Return the words of a PDF, with single spaces."""
    return words_of(read_file(attachment))


def words_of(content: bytes) -> str:
    """Return the words of a PDF that was not kept."""
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00a0", " ").split())


def euros(text: str) -> Decimal:
    """Read an amount of a test."""
    return Decimal(text)
