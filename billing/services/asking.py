"""What an invoice asks for: its total less the money that was there for it when it was issued.

That is kept with the matches of the invoice as it is issued (`InvoicePayment.on_paper`) and stays, whatever becomes of
the money or the invoice afterwards. So paper and XML say the same whenever they are drawn first.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from billing import gateways
from billing.models import Invoice, InvoicePayment
from billing.services.common import summed
from billing.services.freeing import free_what_was_credited
from billing.services.matching import open_invoices, purses_of
from core.actors import Actor
from core.seat import day_of
from core.service import service
from orders.models import Order

NOTHING = Decimal(0)


def paid_on_paper(invoice: Invoice) -> list[InvoicePayment]:
    """Return the money that the paper of an invoice says is here already."""
    return list(
        InvoicePayment.objects.filter(invoice=invoice, on_paper__gt=0).select_related("payment").order_by("pk")
    )


def asked_for(invoice: Invoice) -> Decimal:
    """Return what an invoice asks for, as it does on paper and in its XML; below nothing where it gives money."""
    return invoice.total - summed(one.on_paper for one in paid_on_paper(invoice))


@service
def keep_money_there(order: Order, invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Keep with a draft that is being issued which money is there for it: what came in, and what we hold ourselves.

    Invoices that are open longer take theirs first, as when it is matched (`match_money`) a moment later. What a
    provider holds is not there: he may refuse it yet.
    """
    if invoice.total <= 0 or not order.authorized_total + order.paid_total - order.refunded_total > 0:
        return
    if order.credited_total:
        free_what_was_credited(order, actor=actor, at=at)
    purses = purses_of(order)
    ours = [purse for purse in purses if gateways.gateway(purse.payment.gateway).at_once]
    left = [(purse.payment.pk, purse.free) for purse in purses] + [(one.payment.pk, one.payment.held) for one in ours]
    place = (day_of(at), invoice.pk)
    before = [one.open_amount for one in open_invoices(order) if (one.issued_on, one.pk) < place]
    for amount in before:
        _taken, left = _take(left, amount)
    taken, _left = _take(left, invoice.total)
    InvoicePayment.objects.bulk_create(
        InvoicePayment(invoice=invoice, payment_id=payment_id, amount=NOTHING, on_paper=amount, at=at)
        for payment_id, amount in taken.items()
    )


@service
def say_on_paper(invoices: Iterable[Invoice]) -> None:
    """Count what settles invoices that are issued in this unit as there when they were: it is told in one breath."""
    InvoicePayment.objects.filter(invoice__in=list(invoices)).update(on_paper=F("amount"))


def _take(left: list[tuple[int, Decimal]], amount: Decimal) -> tuple[dict[int, Decimal], list[tuple[int, Decimal]]]:
    """Take an amount from what is left of payments. Returns what is taken of each, and what is left then."""
    taken: dict[int, Decimal] = {}
    rest = []
    for payment_id, there in left:
        part = min(amount, there)
        if part > 0:
            taken[payment_id] = taken.get(payment_id, NOTHING) + part
            amount -= part
        rest.append((payment_id, there - max(NOTHING, part)))
    return taken, rest
