"""What every billing service begins with: the order in hand, and amounts that can be."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.errors import AmountInvalid, UnknownDocument, UnknownPayment
from billing.events import LateMoneyCame, MoneyEvent, PaymentEvent
from billing.models import CreditNote, DocumentLine, Invoice, Payment, Refund
from core.actors import Actor
from core.money import plain, round_amount
from core.outbox import emit
from core.service import held, hold
from orders.models import Order, OrderStatus

Status = Payment.Status
OVER = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED})
LIVE = (Status.AUTHORIZED, Status.PARTIALLY_CAPTURED, Status.CAPTURED)


def take_order(order_id: int) -> Order:
    """Lock an order, unless this unit holds it already.

    The order is the gate of its money: who holds it holds its documents, payments and refunds too, so
    none of them is locked on its own. Lower floors and the series of numbers come after it.
    """
    if (in_hand := held(Order, order_id)) is not None:
        return in_hand
    return _take(pk=order_id)


def _take(**found_by: int) -> Order:
    """Lock the order whose document or payment this is, e.g. `invoices=7`."""
    order = Order.objects.locked().select_related("channel", "customer").filter(**found_by).first()
    if order is None:
        missing = UnknownPayment if {"payments", "refunds"} & set(found_by) else UnknownDocument
        details: dict[str, Any] = {key: str(value) for key, value in found_by.items()}
        raise missing("There is no such thing", **details)
    return held(Order, order.pk) or hold(order)


def take_invoice(invoice_id: int) -> tuple[Order, Invoice]:
    """Lock the order of an invoice and read the invoice. Raises UnknownDocument."""
    order = _take(invoices=invoice_id)
    invoice = Invoice.objects.select_related("legal_entity", "pdf").filter(pk=invoice_id).first()
    if invoice is None:
        # A draft that was there when we asked for its order, and was discarded while we waited for that.
        raise UnknownDocument("There is no such thing", invoices=str(invoice_id))
    invoice.order = order
    return order, invoice


def take_credit_note(credit_note_id: int) -> tuple[Order, CreditNote]:
    """Lock the order of a credit note and read the note with its invoice."""
    order = _take(credit_notes=credit_note_id)
    note = CreditNote.objects.select_related("invoice", "legal_entity", "pdf").get(pk=credit_note_id)
    note.order = note.invoice.order = order
    return order, note


def take_payment(payment_id: int) -> tuple[Order, Payment]:
    """Lock the order of a payment and read the payment."""
    order = _take(payments=payment_id)
    return order, Payment.objects.get(pk=payment_id)


def take_refund(refund_id: int) -> tuple[Order, Refund]:
    """Lock the order of a refund and read the refund with its payment."""
    order = _take(refunds=refund_id)
    return order, Refund.objects.select_related("payment", "credit_note").get(pk=refund_id)


def checked(amount: Decimal, currency: str) -> Decimal:
    """Return an amount of money that can change hands. Raises AmountInvalid."""
    if not amount.is_finite() or amount <= 0:
        raise AmountInvalid("The amount has to be more than nothing", errors=_at_amount("min_value"))
    if round_amount(amount, currency) != amount:
        raise AmountInvalid(
            f"The amount is finer than {currency} can be paid", errors=_at_amount("max_decimal_places")
        )
    return amount


def _at_amount(code: str) -> list[dict[str, str]]:
    return [{"pointer": "/amount", "code": code, "detail": "Not an amount that can be paid"}]


def about_money(kind: type[MoneyEvent], order: Order, payment: Payment, amount: Decimal) -> MoneyEvent:
    """Return the fact that so much of a payment moved now."""
    return kind(
        order_id=order.pk,
        quiet=order.quiet,
        payment_id=payment.pk,
        payment=payment.code,
        amount=plain(amount, payment.currency),
        currency=payment.currency,
    )


def about_payment(kind: type[PaymentEvent], order: Order, payment: Payment, **more: str) -> PaymentEvent:
    """Return a fact about a payment."""
    return kind(order_id=order.pk, quiet=order.quiet, payment_id=payment.pk, payment=payment.code, **more)


def tell_if_late(order: Order, payment: Payment, *, actor: Actor, at: datetime) -> None:
    """Say so where money came for an order that is cancelled: it goes back."""
    if order.status == OrderStatus.CANCELLED:
        fact = LateMoneyCame(order_id=order.pk, quiet=order.quiet, payment_id=payment.pk)
        emit(fact, actor=actor, at=at)


def units_by_line(rows: Iterable[DocumentLine]) -> dict[int, int]:
    """Return the units on rows of a document, by the line of the order; charges have none."""
    units: dict[int, int] = {}
    for row in rows:
        if row.order_line_id:
            units[row.order_line_id] = units.get(row.order_line_id, 0) + row.quantity
    return units


def moment(at: datetime | None) -> datetime:
    """Return when it really happened: now, unless history is told."""
    return at or timezone.now()


def summed(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up."""
    return sum(amounts, start=Decimal(0))
