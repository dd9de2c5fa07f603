"""What nobody expects any more of an invoice: written off with a reason, and taken back when it comes after all.

Nothing is changed for it: every step is a row of its own (`WriteOff`) and a posting, dated today where the month of
the invoice is closed. An invoice that waits for money has nothing written off; one that is written off has all written
off that is open; one that is paid may have a small difference.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from billing import selectors
from billing.cards import without_cards
from billing.errors import DifferenceTooLarge, NothingToWriteOff, NothingWrittenOff, ReasonMissing
from billing.events import InvoicePaid
from billing.invoice_events import InvoiceExpectedAgain, InvoiceWrittenOff
from billing.models import DifferenceLimit, Invoice, WriteOff
from billing.sentences import SMALL_BY_ITSELF
from billing.services.booking import post_write_off
from billing.services.common import moment, take_invoice
from billing.services.keeping_limits import keep_limit
from core.actors import Actor
from core.money import Money, plain, round_amount
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders import services as orders
from orders.models import Order

Kind = WriteOff.Kind
Status = Invoice.Status
LIMIT_CHANGED = "billing.difference_limit_changed"


@service
def write_off_invoice(invoice_id: int, *, reason: str, actor: Actor, at: datetime | None = None) -> Invoice:
    """Give up what is open of an invoice, because nobody will pay it (bad debt). The tax stays as it was declared.

    Raises ReasonMissing, and NothingToWriteOff where the invoice waits for no money.
    """
    order, invoice = take_invoice(invoice_id)
    if not (why := without_cards(reason).strip()):
        raise ReasonMissing(_("Say why nobody will pay it"), errors=[_at_reason()])
    _refuse_settled(invoice)
    give_up(order, invoice, Kind.BAD_DEBT, why, actor=actor, at=moment(at))
    tell_write_offs(order, actor=actor, at=moment(at))
    return invoice


@service
def write_off_difference(invoice_id: int, *, actor: Actor, reason: str = "", at: datetime | None = None) -> Invoice:
    """Take an invoice as paid of which so little is open that nobody asks for it.

    Raises NothingToWriteOff, and DifferenceTooLarge where more is open than the seller says.
    """
    order, invoice = take_invoice(invoice_id)
    _refuse_settled(invoice)
    limit = limit_of(invoice)
    if limit is None or invoice.open_amount > limit.most:
        most = round_amount(limit.most if limit else Decimal(0), invoice.currency)
        raise DifferenceTooLarge(
            _("Only up to %(most)s is a small difference") % {"most": Money(most, invoice.currency)},
            most=plain(most, invoice.currency),
            currency=invoice.currency,
        )
    give_up(order, invoice, Kind.SMALL_DIFFERENCE, without_cards(reason), actor=actor, at=moment(at))
    tell_write_offs(order, actor=actor, at=moment(at))
    return invoice


def _refuse_settled(invoice: Invoice) -> None:
    if invoice.status not in selectors.WAITING or invoice.open_amount <= 0:
        raise NothingToWriteOff(_("%(invoice)s waits for no money") % {"invoice": invoice}, status=invoice.status)


def _at_reason() -> dict[str, str]:
    return {"pointer": "/reason", "code": "required", "detail": "A reason is needed"}


def limit_of(invoice: Invoice) -> DifferenceLimit | None:
    """Return up to how much of an invoice is a small difference, if its seller says so."""
    return DifferenceLimit.objects.filter(entity=invoice.legal_entity_id, currency=invoice.currency).first()


def is_small(invoice: Invoice) -> bool:
    """Whether so little of an invoice is open that its seller does not ask for it."""
    if invoice.status not in selectors.WAITING or invoice.open_amount <= 0:
        return False
    limit = limit_of(invoice)
    return limit is not None and invoice.open_amount <= limit.most


@service
def give_up(order: Order, invoice: Invoice, kind: Kind, reason: str, *, actor: Actor, at: datetime) -> None:
    """Write off all that is open of an invoice in hand; the order is not told yet."""
    amount = round_amount(invoice.open_amount, invoice.currency)
    invoice.written_off_total += amount
    step = "write_off" if kind == Kind.BAD_DEBT else "settle"
    advance(invoice, step, actor=actor, note=reason, at=at)
    _write(order, invoice, kind, amount, reason, actor=actor, at=at)
    fact = InvoiceWrittenOff(
        order_id=order.pk,
        quiet=order.quiet,
        invoice_id=invoice.pk,
        invoice=str(invoice.number),
        kind=str(kind),
        amount=plain(amount, invoice.currency),
        currency=invoice.currency,
    )
    emit(fact, actor=actor, at=at)
    if kind == Kind.SMALL_DIFFERENCE:
        paid = InvoicePaid(order_id=order.pk, quiet=order.quiet, invoice_id=invoice.pk, invoice=str(invoice.number))
        emit(paid, actor=actor, at=at)


@service
def give_up_difference(order: Order, invoice: Invoice, *, actor: Actor, at: datetime) -> Decimal:
    """Write off what a payment left open of an invoice in hand, if its seller does that by itself; return how much."""
    open_amount = invoice.open_amount
    limit = limit_of(invoice)
    if limit is None or not limit.by_itself or open_amount > limit.most:
        return Decimal(0)
    give_up(order, invoice, Kind.SMALL_DIFFERENCE, SMALL_BY_ITSELF(), actor=actor, at=at)
    return open_amount


@service
def take_back(order: Order, invoice: Invoice, amount: Decimal, *, reason: str, actor: Actor, at: datetime) -> None:
    """Reverse so much of what is written off of an invoice in hand, which the caller saves; the order is not told yet.

    Bad debt comes back before a small difference.
    """
    left = amount
    for kind in (Kind.BAD_DEBT, Kind.SMALL_DIFFERENCE):
        rows = WriteOff.objects.filter(invoice=invoice, kind=kind)
        part = min(left, round_amount(rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0), invoice.currency))
        if part > 0:
            left -= part
            _write(order, invoice, kind, -part, reason, actor=actor, at=at)
    invoice.written_off_total -= amount
    fact = InvoiceExpectedAgain(
        order_id=order.pk,
        quiet=order.quiet,
        invoice_id=invoice.pk,
        invoice=str(invoice.number),
        amount=plain(amount, invoice.currency),
        currency=invoice.currency,
    )
    emit(fact, actor=actor, at=at)


def _write(
    order: Order, invoice: Invoice, kind: Kind, amount: Decimal, reason: str, *, actor: Actor, at: datetime
) -> None:
    row = WriteOff.objects.create(
        invoice=invoice,
        kind=kind,
        currency=invoice.currency,
        amount=amount,
        reason=reason[:300],
        done_by=str(actor)[:120],
        at=at,
    )
    post_write_off(order, invoice, row, actor=actor)


@service
def expect_again(invoice_id: int, *, reason: str, actor: Actor, at: datetime | None = None) -> Invoice:
    """Wait again for what was written off of an invoice. Raises ReasonMissing and NothingWrittenOff."""
    order, invoice = take_invoice(invoice_id)
    when = moment(at)
    if not (why := without_cards(reason).strip()):
        raise ReasonMissing(_("Say why it is expected again"), errors=[_at_reason()])
    if not invoice.written_off_total:
        raise NothingWrittenOff(_("Nothing of %(invoice)s is written off") % {"invoice": invoice})
    take_back(order, invoice, invoice.written_off_total, reason=why, actor=actor, at=when)
    steps = ["expect_again", "pay_in_part"] if invoice.paid_total else ["expect_again"]
    advance(invoice, *steps, actor=actor, note=why, at=when)
    tell_write_offs(order, actor=actor, at=when)
    return invoice


def surplus(invoice: Invoice) -> Decimal:
    """Return how much more is written off of an invoice than is left unpaid of it."""
    return max(Decimal(0), invoice.written_off_total - max(Decimal(0), invoice.unpaid))


def written_off_invoices(order: Order) -> list[Invoice]:
    """Return the invoices of an order that money may still come for though nobody expects it, oldest first."""
    if not order.written_off_total:
        return []
    rows = Invoice.objects.filter(order=order, written_off_total__gt=0)
    return list(rows.order_by("issued_on", "pk"))


@service
def mark_paid_after_all(order: Order, invoice: Invoice, *, reason: str, actor: Actor, at: datetime) -> None:
    """Save an invoice in hand that was written off and is paid or credited in part, or in full, after all."""
    take_back(order, invoice, surplus(invoice), reason=reason, actor=actor, at=at)
    if invoice.status != Status.WRITTEN_OFF or invoice.written_off_total:
        invoice.save(update_fields=["paid_total", "credited_total", "written_off_total"])
        return
    advance(invoice, "settle", actor=actor, at=at)
    fact = InvoicePaid(order_id=order.pk, quiet=order.quiet, invoice_id=invoice.pk, invoice=str(invoice.number))
    emit(fact, actor=actor, at=at)


@service
def tell_write_offs(order: Order, *, actor: Actor, at: datetime) -> None:
    """Give the order the total of what is written off of its invoices."""
    found = Invoice.objects.filter(order=order, written_off_total__gt=0).aggregate(sum=Sum("written_off_total"))
    total = round_amount(found["sum"] or Decimal(0), order.currency)
    orders.record_write_off(order.pk, written_off=total, actor=actor, at=at)


# Up to how much is small ---------------------------------------------------------------------------


@service
def create_difference_limit(values: dict[str, object], *, actor: Actor) -> DifferenceLimit:
    """Say, for a seller and a currency, up to how much of an invoice nobody asks for."""
    return keep_limit(DifferenceLimit(), values, name=LIMIT_CHANGED, said=_said, actor=actor)


@service
def change_difference_limit(limit_id: int, changes: dict[str, object], *, actor: Actor) -> DifferenceLimit:
    """Change it; what was written off stays."""
    limit = DifferenceLimit.objects.get(pk=limit_id)
    return keep_limit(limit, changes, name=LIMIT_CHANGED, said=_said, actor=actor)


def _said(limit: DifferenceLimit) -> dict[str, object]:
    return {"currency": limit.currency, "most": limit.most, "by_itself": limit.by_itself}
