"""A bank transfer that was booked for the wrong invoices: undone by the opposite, never by taking entries away.

The payments of the row are taken back, what they settled waits for money again, and the row is on the worklist. In the
ledger each posting is answered by its opposite, dated today where its day is closed. No money is lost by it: it came
in on the account, and is booked anew from the row.
"""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import selectors
from billing.cards import without_cards
from billing.errors import AlreadyBooked, MoneyWentBack, ReasonMissing
from billing.events import PaymentTakenBack
from billing.models import BankBooking, BankLine, Invoice, InvoicePayment, Payment, Refund
from billing.sentences import TAKEN_BACK, WRONGLY_BOOKED
from billing.services.bank import look_again_at_line
from billing.services.booking import post_payment_taken_back
from billing.services.common import about_money, summed, take_order
from billing.services.matching import match_money, tell_order
from billing.services.writing_off import take_back, tell_write_offs
from core.actors import Actor
from core.money import Money
from core.outbox import emit
from core.service import note_change, service
from core.transitions import advance
from orders import guards
from orders import services as orders
from orders.models import Order, OrderStatus

Status = BankLine.Status
UNDER_WAY = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING)


@service
def undo_booking(line_id: int, *, reason: str, actor: Actor) -> BankLine:
    """Take back what a transfer was booked as, and put it on the worklist again. Who comes second is refused.

    Raises ReasonMissing, AlreadyBooked where the transfer is not booked any more, and MoneyWentBack where some of it
    was sent back to the customer already.
    """
    if not (why := without_cards(reason).strip()):
        detail = {"pointer": "/reason", "code": "required", "detail": "A reason is needed"}
        raise ReasonMissing(_("Say why the booking is undone"), errors=[detail])
    line = BankLine.objects.locked().get(pk=line_id)
    if line.payout_id and line.status == Status.BOOKED:
        raise AlreadyBooked(_("This transfer is a payout of the payment provider"), status=line.status)
    bookings = list(BankBooking.objects.filter(line=line).select_related("payment").order_by("payment__order", "pk"))
    held = {one.payment.order_id: take_order(one.payment.order_id) for one in bookings}
    opened = BankLine.objects.filter(pk=line.pk, status=Status.BOOKED).update(
        status=Status.OPEN, done_by="", done_at=None
    )
    if not opened:
        raise AlreadyBooked(_("This transfer is not booked, or not any more"), status=line.status)
    now = timezone.now()
    for one in bookings:
        payment = Payment.objects.get(pk=one.payment_id)
        _refuse_what_went_back(payment)
        _take_payment_back(held[payment.order_id], payment, reason=why, actor=actor, at=now)
    BankBooking.objects.filter(line=line).delete()
    note_change(
        line,
        "billing.transfer_undone",
        actor=actor,
        note=why[:300],
        before={"payments": [one.payment.code for one in bookings]},
    )
    return look_again_at_line(line.pk, actor=actor)


def _refuse_what_went_back(payment: Payment) -> None:
    promised = Refund.objects.filter(payment=payment).exclude(status__in=selectors.GONE)
    if payment.refunded or payment.charged_back or promised.exists():
        raise MoneyWentBack(
            _("Of this money some was sent back to the customer already; it cannot have been somebody else's"),
            payment=payment.code,
        )


def _take_payment_back(order: Order, payment: Payment, *, reason: str, actor: Actor, at: datetime) -> None:
    rows = InvoicePayment.objects.filter(payment=payment)
    matches = list(rows.filter(amount__gt=0).select_related("invoice").order_by("invoice"))
    post_payment_taken_back(order, payment, matches, actor=actor, at=at)
    rows.filter(on_paper=0, held_on_paper=0).delete()
    # What an invoice said when it was issued stays said.
    rows.update(amount=Decimal(0))
    for match in matches:
        _wait_again(order, match.invoice, match.amount, reason=reason, actor=actor, at=at)
    amount = payment.captured
    payment.authorized = payment.captured = Decimal(0)
    advance(payment, "take_back", actor=actor, note=reason, at=at)
    emit(about_money(PaymentTakenBack, order, payment, amount), actor=actor, at=at)
    # What else came in for the order and settled nothing may settle it now.
    match_money(order, capture=False, actor=actor, at=at)
    if order.written_off_total:
        tell_write_offs(order, actor=actor, at=at)
    tell_order(order, actor=actor, at=at)
    _have_it_stopped(order, Money(amount, payment.currency), actor=actor)


def _wait_again(order: Order, invoice: Invoice, amount: Decimal, *, reason: str, actor: Actor, at: datetime) -> None:
    """Let an invoice wait for what it was settled with; what is written off of it is expected again as a whole."""
    invoice.paid_total -= amount
    if invoice.written_off_total:
        take_back(order, invoice, invoice.written_off_total, reason=WRONGLY_BOOKED(), actor=actor, at=at)
    if invoice.status == Invoice.Status.CANCELLED or invoice.unpaid <= 0:
        # Taken back in full, or paid as well from elsewhere: nothing of it is open.
        invoice.save(update_fields=["paid_total", "written_off_total"])
        return
    steps = ["expect_again", "pay_in_part"] if invoice.paid_total else ["expect_again"]
    advance(invoice, *steps, actor=actor, note=reason, at=at)


def _have_it_stopped(order: Order, amount: Money, *, actor: Actor) -> None:
    """Put an order before a person that was let go on for money which was not its own."""
    if order.status in UNDER_WAY and guards.payment_missing(order) > 0:
        orders.open_exception(
            category="payment",
            title=TAKEN_BACK(amount=amount.rounded(), order=order)[:300],
            dedupe_key=f"taken-back:{order.pk}:{summed([order.paid_total])}",
            order_id=order.pk,
        )
