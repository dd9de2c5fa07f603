"""Which money settles which invoice: the oldest open one first, and never more than was held."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing import gateways, selectors
from billing.errors import GatewayRefused
from billing.events import ArrearsPaid, CaptureAskedFor, InvoicePaid, PaymentCaptured
from billing.models import Invoice, InvoicePayment, Payment
from billing.postings import Posting
from billing.sentences import PAID_AFTER_WRITE_OFF
from billing.services.booking import Match, of_match, post_capture
from billing.services.common import LIVE, about_money, summed
from billing.services.freeing import free_what_was_credited
from billing.services.ledger import post
from billing.services.store_credit import spend_credit
from billing.services.writing_off import (
    give_up_difference,
    mark_paid_after_all,
    tell_write_offs,
    written_off_invoices,
)
from core.actors import Actor
from core.money import Money, plain, round_amount
from core.often import Remembered
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders import services as orders
from orders.models import Order
from pricing.models import Channel

# How soon the clock asks a provider whose answer did not come.
FIRST_PAUSE = timedelta(seconds=15)


MONEY = DecimalField(max_digits=14, decimal_places=3)
MATCHED = Coalesce(Sum("invoices__amount"), Decimal(0), output_field=MONEY)
_WITH_MONEY: Remembered[Any] = Remembered(
    lambda order_id: Payment.objects.filter(order=order_id, status__in=LIVE).annotate(matched=MATCHED).order_by("pk")
)
_WAITING = Remembered(
    lambda order_id: Invoice.objects.filter(order=order_id, status__in=selectors.WAITING).order_by("issued_on", "pk")
)


@dataclass
class Purse:
    """A payment with what of it is matched to invoices already."""

    payment: Payment
    matched: Decimal
    new: dict[int, Decimal] = field(default_factory=dict)
    invoices: dict[int, Invoice] = field(default_factory=dict)

    @property
    def free(self) -> Decimal:
        """Return what came in, stays here and settles nothing yet."""
        return max(Decimal(0), self.payment.kept - self.matched)

    def settle(self, invoice: Invoice, most: Decimal) -> None:
        """Use free money for an invoice."""
        amount = min(most, self.free)
        if amount <= 0:
            return
        self.matched += amount
        self.invoices[invoice.pk] = invoice
        self.new[invoice.pk] = self.new.get(invoice.pk, Decimal(0)) + amount
        invoice.paid_total += amount


def purses_of(order: Order) -> list[Purse]:
    """Return the payments of an order that hold or brought money, oldest first."""
    return [
        Purse(payment, round_amount(payment.matched, order.currency))
        for payment in _WITH_MONEY.rows(order_id=order.pk)
    ]


def open_invoices(order: Order) -> list[Invoice]:
    """Return the invoices that wait for money, oldest first."""
    return _WAITING.rows(order_id=order.pk)


@service
def match_money(order: Order, *, capture: bool, actor: Actor, at: datetime) -> list[Purse]:
    """Settle the open invoices of an order in hand with money that is free, and take what is held for them.

    What is held outside of the house is only asked for here. Returns the payments as they stand now.
    """
    if order.credited_total:
        free_what_was_credited(order, actor=actor, at=at)
    purses = purses_of(order)
    if not purses:
        return purses
    coming: Decimal | None = None
    given_up = order.written_off_total
    for invoice in open_invoices(order):
        before = invoice.paid_total
        for purse in purses:
            purse.settle(invoice, invoice.open_amount)
        if capture and invoice.open_amount > 0:
            if coming is None:
                coming = summed(purse.payment.capturing for purse in purses) + selectors.coming(order)
            under_way = min(coming, invoice.open_amount)
            coming -= under_way
            _take_for(order, invoice, purses, under_way, actor=actor, at=at)
        if invoice.paid_total != before:
            mark_paid(order, invoice, actor=actor, at=at)
            if invoice.open_amount and not any(purse.payment.reserved for purse in purses):
                given_up += give_up_difference(order, invoice, actor=actor, at=at)
    for invoice in written_off_invoices(order):
        before = invoice.paid_total
        for purse in purses:
            purse.settle(invoice, invoice.written_off_total - (invoice.paid_total - before))
        if invoice.paid_total != before:
            given_up -= invoice.paid_total - before
            mark_paid_after_all(order, invoice, reason=PAID_AFTER_WRITE_OFF(), actor=actor, at=at)
    if given_up != order.written_off_total:
        tell_write_offs(order, actor=actor, at=at)
    write_matches(order, purses, actor=actor, at=at)
    return purses


def _take_for(
    order: Order, invoice: Invoice, purses: list[Purse], under_way: Decimal, *, actor: Actor, at: datetime
) -> None:
    """Take for an invoice what is held; `under_way` of it is being taken already."""
    for purse in purses:
        payment = purse.payment
        missing = invoice.open_amount - under_way
        if not (take := min(missing, payment.held)) or payment.capturing:
            continue
        if gateways.gateway(payment.gateway).at_once:
            capture_held(order, payment, take, actor=actor, at=at)
            purse.settle(invoice, take)
            continue
        ask_to_capture(order, payment, _all_at_once(order, purses, payment, take), actor=actor, at=at)
        under_way += take


def _all_at_once(order: Order, purses: list[Purse], payment: Payment, take: Decimal) -> Decimal:
    """Return how much to take of what can be taken once only: by the policy of the channel all that will be owed."""
    once = gateways.gateway(payment.gateway).captures is gateways.Captures.ONE
    if not once or order.channel.capture_policy != Channel.CapturePolicy.FIRST_PARCEL:
        return take
    came_in = summed(one.payment.kept + one.payment.capturing for one in purses)
    owed = order.total - order.cancelled_total - order.credited_total - order.written_off_total - came_in
    return min(payment.held, max(take, owed))


@service
def ask_to_capture(order: Order, payment: Payment, amount: Decimal, *, actor: Actor, at: datetime) -> None:
    """Note that held money is to be taken; the provider is asked by a debt."""
    payment.capturing = amount
    payment.ask_at = timezone.now() + FIRST_PAUSE
    Payment.objects.filter(pk=payment.pk).update(capturing=amount, ask_at=payment.ask_at)
    emit(about_money(CaptureAskedFor, order, payment, amount), actor=actor, at=at)


@service
def mark_paid(order: Order, invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Let an invoice say how much of it came in."""
    if invoice.open_amount > 0:
        advance(invoice, "pay_in_part", actor=actor, at=at)
        return
    advance(invoice, "settle", actor=actor, at=at)
    fact = InvoicePaid(order_id=order.pk, quiet=order.quiet, invoice_id=invoice.pk, invoice=str(invoice.number))
    emit(fact, actor=actor, at=at)
    tell_if_arrears(order, invoice, actor=actor, at=at)


@service
def tell_if_arrears(order: Order, invoice: Invoice, *, actor: Actor, at: datetime) -> None:
    """Say that an invoice is settled for which the new orders of its customer are stopped."""
    if order.customer_id and selectors.stops_orders(invoice):
        fact = ArrearsPaid(order_id=order.pk, quiet=order.quiet, customer_id=order.customer_id)
        emit(fact, actor=actor, at=at)


@service
def write_matches(order: Order, purses: list[Purse], *, actor: Actor, at: datetime) -> None:
    """Write down which part of which payment settles which invoice, also in the ledger."""
    wanted = {(invoice_id, purse.payment.pk): amount for purse in purses for invoice_id, amount in purse.new.items()}
    if not wanted:
        return
    rows = InvoicePayment.objects.filter(payment__in={payment_id for _, payment_id in wanted})
    before: dict[tuple[int, int], Decimal] = {}
    for row in rows.filter(invoice__in={invoice_id for invoice_id, _ in wanted}):
        if (amount := wanted.pop((row.invoice_id, row.payment_id), None)) is not None:
            before[row.invoice_id, row.payment_id] = row.amount + row.taken_back
            InvoicePayment.objects.filter(pk=row.pk).update(amount=F("amount") + amount)
    insert_matches(wanted, at=at)
    post(*of_matches(order, purses, before, at=at), actor=actor)


def insert_matches(wanted: Mapping[tuple[int, int], Decimal], *, on_paper: bool = False, at: datetime) -> None:
    """Insert which part of which payment settles which invoice, by the ids of invoice and payment.

    `on_paper`: the invoices are issued in the same breath, and say so.
    """
    InvoicePayment.objects.bulk_create(
        InvoicePayment(
            invoice_id=invoice_id,
            payment_id=payment_id,
            amount=amount,
            on_paper=amount if on_paper else Decimal(0),
            at=at,
        )
        for (invoice_id, payment_id), amount in wanted.items()
    )


def of_matches(
    order: Order, purses: list[Purse], before: Mapping[tuple[int, int], Decimal], *, at: datetime
) -> list[Posting]:
    """Return what the new matches write into the ledger; `before` is what was matched of the same two."""
    return [
        of_match(
            order,
            Match(purse.payment, purse.invoices[invoice_id], amount, settled=amount + before.get(pair, Decimal(0))),
            at=at,
        )
        for purse in purses
        for invoice_id, amount in purse.new.items()
        for pair in ((invoice_id, purse.payment.pk),)
    ]


@service
def capture_held(order: Order, payment: Payment, amount: Decimal, *, actor: Actor, at: datetime) -> None:
    """Take some of what is held, through the provider. Raises GatewayRefused."""
    provider = gateways.gateway(payment.gateway)
    answer = provider.capture(
        reference=payment.reference,
        amount=Money(amount, payment.currency),
        key=f"{payment.code}-capture-{plain(payment.captured + amount, payment.currency)}",
    )
    if not answer.ok:
        raise GatewayRefused("The payment provider did not pay out", reason=answer.reason, payment=payment.code)
    spend_credit(order, payment, amount)
    payment.captured += amount
    payment.overdrawn = payment.beyond
    payment.captured_at = payment.captured_at or at
    whole = payment.captured == payment.authorized
    advance(payment, "capture" if whole else "capture_in_part", actor=actor, at=at)
    post_capture(order, payment, amount, actor=actor, at=at)
    emit(about_money(PaymentCaptured, order, payment, amount), actor=actor, at=at)


@service
def tell_order(order: Order, *, actor: Actor, at: datetime) -> None:
    """Give the order the totals of its payments."""
    payments = Payment.objects.filter(order=order)
    rows = list(payments.only("status", "authorized", "captured", "refunded", "overdrawn", "charged_back"))
    orders.record_payment(
        order.pk,
        authorized=summed(payment.reserved for payment in rows),
        # What was lost to the customer's bank, and is owed again, never came in for good.
        paid=summed(payment.captured - payment.charged_back for payment in rows),
        refunded=summed(payment.refunded for payment in rows),
        overdrawn=summed(payment.overdrawn for payment in rows),
        actor=actor,
        at=at,
    )
