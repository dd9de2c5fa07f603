"""One transfer over several invoices of a customer: the oldest first, each order with its share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import selectors
from billing.cards import without_cards
from billing.errors import NothingToPay, ReferenceTaken
from billing.models import Invoice, Payment
from billing.services.common import LIVE, checked, moment, summed, take_order
from billing.services.payments import record_payment
from core.actors import Actor
from core.money import Money, plain
from core.service import service


@dataclass(frozen=True)
class Share:
    """What of a transfer is for an invoice."""

    invoice: Invoice
    amount: Decimal


def shares_of(invoices: Iterable[Invoice], amount: Decimal) -> tuple[list[Share], Decimal]:
    """Return what each invoice gets of an amount, those that are due first before the others, and what is left."""
    left, shares = amount, []
    for invoice in sorted(invoices, key=lambda one: (one.due_on or one.issued_on, one.pk)):
        if part := min(left, invoice.open_amount):
            left -= part
            shares.append(Share(invoice, part))
    return shares, left


@service
def record_transfer(
    customer_id: int,
    *,
    invoice_ids: Iterable[int],
    method: str,
    amount: Decimal,
    currency: str,
    reference: str = "",
    is_another: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> list[Payment]:
    """Write down money that came in for several invoices of a customer: one payment for each order, same reference.

    What is more than all of them is kept as overpaid on the order of the last one. A reference makes a second call
    harmless, unless it `is_another`. Raises NothingToPay, and ReferenceTaken for another amount.
    """
    wanted, words = checked(amount, currency), without_cards(reference)
    named = Invoice.objects.filter(pk__in=list(invoice_ids), order__customer=customer_id, currency=currency)
    # The orders are locked in one sequence, so that two transfers never wait for each other.
    for order_id in sorted(set(named.values_list("order", flat=True))):
        take_order(order_id)
    when = moment(at)
    if not is_another and (known := _known(customer_id, method, wanted, currency, words, when)):
        return known
    shares, left = shares_of(named.filter(status__in=selectors.WAITING), wanted)
    if not shares:
        raise NothingToPay(_("None of these invoices is open any more"))
    parts: dict[int, Decimal] = {}
    for share in shares:
        parts[share.invoice.order_id] = parts.get(share.invoice.order_id, Decimal(0)) + share.amount
    parts[shares[-1].invoice.order_id] += left
    return [
        record_payment(
            order_id,
            method=method,
            amount=part,
            reference=words,
            is_another=is_another,
            actor=actor,
            at=when,
            known_for_a_day=True,
        )
        for order_id, part in sorted(parts.items())
    ]


def _known(
    customer_id: int, method: str, wanted: Decimal, currency: str, reference: str, at: datetime
) -> list[Payment]:
    """Return what was written down under this reference on that day. Raises ReferenceTaken where it was another sum.

    Some customers write their own number under every transfer: on another day it is another transfer.
    """
    if not reference:
        return []
    rows = Payment.objects.filter(order__customer=customer_id, method=method, reference=reference, gateway="manual")
    rows = rows.filter(captured_at__date=timezone.localdate(at))
    known = list(rows.filter(status__in=LIVE, currency=currency).order_by("pk"))
    came = summed(payment.captured for payment in known)
    if known and came != wanted:
        there = Money(came, currency)
        raise ReferenceTaken(
            f"Under {reference}, {there} came in already; another payment needs a reference of its own",
            reference=reference,
            payment=known[0].code,
            amount=plain(came, currency),
            currency=currency,
        )
    return known
