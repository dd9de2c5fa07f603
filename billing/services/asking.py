"""What an invoice asks for: its total less the money that was there for it when it was issued.

That is kept with the matches of the invoice as it is issued (`InvoicePayment.on_paper`) and stays, whatever becomes of
the money or the invoice afterwards. So paper and XML say the same whenever they are drawn first.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from billing import gateways
from billing.models import Invoice, InvoicePayment, Payment
from billing.services.common import summed
from billing.services.freeing import free_what_was_credited
from billing.services.matching import open_invoices, purses_of
from core.actors import Actor
from core.seat import day_of
from core.service import service
from orders.models import Order

NOTHING = Decimal(0)
THERE, HELD = "there", "held"
# A payment, and whether its money is there or held by a provider.
Source = tuple[int, str]


def paid_on_paper(invoice: Invoice) -> list[InvoicePayment]:
    """Return the money that the paper of an invoice says is here already."""
    return list(
        InvoicePayment.objects.filter(invoice=invoice, on_paper__gt=0).select_related("payment").order_by("pk")
    )


def held_on_paper(invoice: Invoice) -> list[InvoicePayment]:
    """Return the money that a provider held for an invoice when it was issued, and was asked for at once."""
    return list(
        InvoicePayment.objects.filter(invoice=invoice, held_on_paper__gt=0).select_related("payment").order_by("pk")
    )


def asked_for(invoice: Invoice) -> Decimal:
    """Return what an invoice asks for, as it does on paper and in its XML; below nothing where it gives money."""
    return invoice.total - summed(one.on_paper for one in paid_on_paper(invoice))


def held_now(order_id: int, *, at: datetime) -> Decimal:
    """Return what providers hold for an order and are going to be asked for."""
    payments = Payment.objects.filter(order=order_id, authorized__gt=F("captured"))
    return summed(payment.reserved for payment in payments if _will_be_taken(payment, at))


def _will_be_taken(payment: Payment, at: datetime) -> bool:
    is_over = payment.giving_up or (payment.expires_at is not None and payment.expires_at <= at)
    return not is_over and not gateways.gateway(payment.gateway).at_once


@service
def keep_money_there(order: Order, invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Keep with a draft that is being issued which money is there for it: what came in, and what we hold ourselves.

    Invoices that are open longer take theirs first, as when it is matched (`match_money`) a moment later. What a
    provider holds is not there, because he may refuse it yet; it is kept beside, as what nobody has to send.
    """
    if invoice.total <= 0 or not order.authorized_total + order.paid_total - order.refunded_total > 0:
        return
    if order.credited_total:
        free_what_was_credited(order, actor=actor, at=at)
    purses = purses_of(order)
    ours = [purse for purse in purses if gateways.gateway(purse.payment.gateway).at_once]
    theirs = [purse for purse in purses if _will_be_taken(purse.payment, at)]
    left = [
        *(((purse.payment.pk, THERE), purse.free) for purse in purses),
        *(((purse.payment.pk, THERE), purse.payment.held) for purse in ours),
        *(((purse.payment.pk, HELD), purse.payment.reserved) for purse in theirs),
    ]
    place = (day_of(at), invoice.pk)
    before = [one.open_amount for one in open_invoices(order) if (one.issued_on, one.pk) < place]
    for amount in before:
        _taken, left = _take(left, amount)
    taken, _left = _take(left, invoice.total)
    InvoicePayment.objects.bulk_create(
        InvoicePayment(
            invoice=invoice,
            payment_id=payment_id,
            amount=NOTHING,
            on_paper=taken.get((payment_id, THERE), NOTHING),
            held_on_paper=taken.get((payment_id, HELD), NOTHING),
            at=at,
        )
        for payment_id in dict.fromkeys(payment_id for payment_id, _kind in taken)
    )


@service
def say_on_paper(invoices: Iterable[Invoice]) -> None:
    """Count what settles invoices that are issued in this unit as there when they were: it is told in one breath."""
    InvoicePayment.objects.filter(invoice__in=list(invoices)).update(on_paper=F("amount"))


def _take(
    left: list[tuple[Source, Decimal]], amount: Decimal
) -> tuple[dict[Source, Decimal], list[tuple[Source, Decimal]]]:
    """Take an amount from what is left of payments. Returns what is taken of each, and what is left then."""
    taken: dict[Source, Decimal] = {}
    rest = []
    for source, there in left:
        part = min(amount, there)
        if part > 0:
            taken[source] = taken.get(source, NOTHING) + part
            amount -= part
        rest.append((source, there - max(NOTHING, part)))
    return taken, rest
