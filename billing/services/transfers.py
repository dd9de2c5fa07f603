"""How an order or its open invoices are paid from a bank account: how much, with which words, and a code to scan."""

from collections.abc import Iterable
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


def transfers_of(order: Order, *, invoices: Iterable[Invoice], seller: LegalEntity | None) -> list[Transfer]:
    """Return what can be paid by transfer: what an order waits for, to `seller`, else each of its open `invoices`.

    Nothing is asked where no account is known.
    """
    if missing := guards.payment_missing(order):
        if seller is None or not seller.iban or not selectors.payable(order):
            return []
        return [_transfer(missing, order.currency, str(order.number), seller.name, seller.iban, seller.bic)]
    waiting = [one for one in invoices if one.status in selectors.WAITING and one.seller.get("iban")]
    return [_of_invoice(one) for one in waiting] if waiting and selectors.payable(order) else []


def _of_invoice(invoice: Invoice) -> Transfer:
    said = invoice.seller
    names = (str(invoice.number), said.get("name", ""), said["iban"], said.get("bic", ""))
    return _transfer(invoice.open_amount, invoice.currency, *names)


def _transfer(amount: Decimal, currency: str, reference: str, holder: str, iban: str, bic: str) -> Transfer:
    picture = ""
    if currency == "EUR":
        picture = typesetting.payment_picture(
            name=holder, iban=iban, bic=bic, amount=plain(amount, currency), text=reference
        )
    return Transfer(amount, currency, reference, holder, iban, bic, picture)
