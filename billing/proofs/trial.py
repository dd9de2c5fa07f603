"""A small shop in which random orders are billed and credited; it stands in a transaction that is taken back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from billing.models import CreditNote, Invoice, InvoiceLine, LegalEntity
from billing.services import credit_invoice, invoice_order, issue_credit_note, issue_invoice, record_payment
from core.actors import SYSTEM
from core.money import quantum, round_amount
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer
from inventory import services as inventory
from inventory.models import Product
from orders import services as orders
from orders.inputs import ChargeInput, DiscountInput, LineInput, OrderInput
from orders.models import Order
from pricing import services as pricing
from pricing.models import Channel

CODE = "proof"
SERIES = "PROOF"
CLASSES = ("standard", "standard", "reduced", "exempt", "not_stated")
# To a company in another member state goods and services are taxed by different articles.
KINDS = (Product.Kind.STOCKED, Product.Kind.SERVICE, Product.Kind.STOCKED, Product.Kind.DIGITAL, Product.Kind.STOCKED)
CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "GBP", "CHF", "JPY")
SELLER = {
    "name": "Kettle & Co. GmbH",
    "address": {"line1": "Kehrwieder 8", "postal_code": "20457", "city": "Hamburg", "country": "DE"},
    "vat_id": "DE123456788",
    "email": "invoices@kettle.example",
    "phone": "+49 40 5550 100",
    "bank_name": "Hamburger Hafenbank",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
}
SITES = {
    "DE": ("Hauptstraße 1", "10115", "Berlin"),
    "FR": ("1 rue du Port", "69002", "Lyon"),
    "AT": ("Ring 3", "1010", "Wien"),
    "CH": ("Gasse 2", "8001", "Zürich"),
    "US": ("5th Avenue 7", "10001", "New York"),
}
VAT_IDS = {"FR": "FR40303265045", "AT": "ATU13585627"}
Document = Invoice | CreditNote


@dataclass(frozen=True)
class Buyer:
    """Who buys, and where."""

    kind: str
    country: str
    language: str
    customer: Customer | None = None


class Shop:
    """Goods of every tax class, and buyers of every kind."""

    def __init__(self, *, seed: int) -> None:
        """Open it."""
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        pricing.ensure_defaults(actor=SYSTEM)
        LegalEntity.objects.filter(is_default=True).update(is_default=False)
        self.seller = LegalEntity.objects.create(code=CODE, prefix=SERIES, is_default=True, **SELLER)
        wares = [
            inventory.ProductInput(sku=f"PROOF-{number}", name=f"Ware {number}", kind=kind, tax_class=tax_class)
            for number, (tax_class, kind) in enumerate(zip(CLASSES, KINDS, strict=True))
        ]
        inventory.create_products(wares, actor=SYSTEM)
        Channel.objects.create(code=CODE, name=CODE, currency="EUR", quiet=True)
        pricing.forget()
        self.buyers = [
            Buyer("domestic", "DE", "de"),
            Buyer("domestic", "DE", "en"),
            Buyer("destination", "FR", "en"),
            Buyer("export", "CH", "de"),
            Buyer("export", "US", "en"),
            *(self._company(country) for country in VAT_IDS),
        ]

    def _company(self, country: str) -> Buyer:
        given = customers.CustomerInput(
            name="Amélie Durand", company=f"Durand {country}", email=f"{CODE}-{country}@durand.example".lower(),
            vat_id=VAT_IDS[country], payment_terms="net30",
        )  # fmt: skip
        return Buyer("business", country, "de", customers.create_customer(given, actor=SYSTEM))

    def order(self) -> tuple[Order, str]:
        """Place an order of any kind. Returns it with its kind in a word."""
        dice = self.dice
        buyer, currency = dice.choice(self.buyers), dice.choice(CURRENCIES)
        street, postal_code, city = SITES[buyer.country]
        name = f"Zoë {dice.choice(('Byron', 'Müller', 'Łuk', 'd’Arc'))}"
        there = PostalAddress(
            name=name, company="" if buyer.customer is None else buyer.customer.company,
            line1=street, postal_code=postal_code, city=city, country=buyer.country,
        )  # fmt: skip
        gross, imported = dice.random() < 0.5, dice.random() < 0.15
        wares = dice.sample(range(len(CLASSES)), dice.randint(1, 4))
        lines = tuple(self._line(ware, currency, imported) for ware in wares)
        worth = sum((line.quantity * (line.unit_price or Decimal(0)) - line.discount for line in lines), Decimal(0))
        wish = OrderInput(
            channel=CODE,
            currency=currency,
            customer_id=buyer.customer.pk if buyer.customer else None,
            customer_name=name,
            email="" if buyer.customer else f"{dice.randrange(10**9)}@proof.example",
            language=buyer.language,
            billing_address=there,
            shipping_address=there,
            lines=lines,
            shipping_method="standard",
            shipping_price=self._price(currency, most=20),
            charges=(ChargeInput(kind="fee", amount=self._price(currency, most=9), name="Gift wrap"),)
            if dice.random() < 0.3
            else (),
            discounts=(DiscountInput(amount=round_amount(worth * dice.randint(1, 30) / 100, currency)),)
            if worth and dice.random() < 0.3
            else (),
            prices_include_tax=gross,
            payment_terms="net14",
            purchase_order_number=dice.choice(("", "PO-77")),
            historic=True,
        )
        kind = buyer.kind + (" imported" if imported else "")
        return orders.place_order(wish, actor=SYSTEM), kind

    def _line(self, ware: int, currency: str, imported: bool) -> LineInput:
        quantity, price = self.dice.choice((1, 1, 2, 3, 7, 12, 144)), self._price(currency, most=300)
        worth = price * quantity
        discount = worth * self.dice.randint(1, 40) / 100 if self.dice.random() < 0.3 else Decimal(0)
        discount = round_amount(discount, currency)
        tax = None
        if imported:
            tax = round_amount((worth - discount) * self.dice.choice((Decimal("0.19"), Decimal("0.08"))), currency)
        return LineInput(
            sku=f"PROOF-{ware}", quantity=quantity, unit_price=price, discount=discount, tax_amount=tax, may_wait=True
        )

    def _price(self, currency: str, *, most: int) -> Decimal:
        unit = quantum(currency)
        units = self.dice.randint(1, most * (100 if unit < 1 else 1))
        return units * (unit if unit < 1 else Decimal(10))

    def documents(self) -> Iterator[tuple[Document, str]]:
        """Bill an order, now and then paid in part before, and credit some of it."""
        order, kind = self.order()
        invoice = invoice_order(order.pk, actor=SYSTEM)
        if self.dice.random() < 0.8:
            Invoice.objects.filter(pk=invoice.pk).update(supplied_on=timezone.localdate())
        invoice = issue_invoice(invoice.pk)
        part = round_amount(invoice.total * self.dice.randint(1, 100) / 100, invoice.currency)
        if part > 0 and self.dice.random() < 0.3:
            record_payment(order.pk, method="cash", amount=part, reference="", actor=SYSTEM)
            kind += " prepaid"
        yield Invoice.objects.get(pk=invoice.pk), kind
        rows = list(InvoiceLine.objects.filter(invoice=invoice).order_by("position"))
        for number in range(self.dice.choice((0, 1, 1, 2))):
            goods = [row for row in rows if row.order_line_id]
            units = {row.pk: self.dice.randint(0, row.quantity // 2) for row in goods}
            whole = number == 0 and self.dice.random() < 0.2
            if not whole and not any(units.values()):
                continue
            note = credit_invoice(
                invoice.pk,
                quantities=None if whole else units,
                reference=f"PROOF-{number}",
                reason="Came back",
                actor=SYSTEM,
            )
            yield issue_credit_note(note.pk), f"{kind} credited"
            if whole:
                return


@contextmanager
def open_shop(*, seed: int) -> Iterator[Shop]:
    """Lend a shop, and take it back with everything that happened in it."""
    try:
        with transaction.atomic():
            yield Shop(seed=seed)
            transaction.set_rollback(True)
    finally:
        pricing.forget()
