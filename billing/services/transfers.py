"""How an order or its open invoices are paid from a bank account: how much, with which words, and a code to scan."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from billing import selectors, typesetting
from billing.models import Invoice, LegalEntity
from core.money import plain
from orders import guards
from orders.models import Order


@dataclass(frozen=True)
class Transfer:
    """What somebody types into the form of a bank, and the same as a picture; no picture where banks read none."""

    amount: Decimal
    currency: str
    reference: str
    holder: str
    iban: str
    bic: str
    picture: str


def transfers_of(order: Order) -> list[Transfer]:
    """Return what can be paid by transfer: what an order waits for, else each of its open invoices."""
    if not selectors.payable(order):
        return []
    found = _awaited(order) if guards.payment_missing(order) else _of_invoices(order)
    return [one for one in found if one.iban]


def _awaited(order: Order) -> Iterator[Transfer]:
    seller = LegalEntity.objects.filter(is_default=True).first()
    if seller is not None:
        missing = guards.payment_missing(order)
        yield _transfer(missing, order.currency, str(order.number), seller.name, seller.iban, seller.bic)


def _of_invoices(order: Order) -> Iterator[Transfer]:
    for invoice in Invoice.objects.filter(order=order, status__in=selectors.WAITING).order_by("pk"):
        said = invoice.seller
        names = (str(invoice.number), said.get("name", ""), said.get("iban", ""), said.get("bic", ""))
        yield _transfer(invoice.open_amount, invoice.currency, *names)


def _transfer(amount: Decimal, currency: str, reference: str, holder: str, iban: str, bic: str) -> Transfer:
    picture = ""
    if currency == "EUR" and iban and holder.strip():
        picture = typesetting.payment_picture(
            name=holder, iban=iban, bic=bic, amount=plain(amount, currency), text=reference
        )
    return Transfer(amount, currency, reference, holder, iban, bic, picture)
