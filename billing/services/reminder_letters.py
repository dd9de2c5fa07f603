"""A letter of a run, sent: looked at once more under the locks of its orders, and written once."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from billing import dunning, selectors
from billing.events import InvoiceReminded
from billing.models import Invoice, Reminder, ReminderLetter
from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service
from customers import services as customers
from orders.models import Order

from .documents import render_invoice_pdf
from .nearly_paid import nearly_paid
from .reminding import pauses_of

Status = Reminder.Status


def send_reminder(letter_id: int, *, write: Any, at: datetime | None = None) -> None:
    """Print what a letter is about, then write it down; done again, nothing is sent twice.

    `write` makes the mail of a letter and its reminders, in the transaction that says they are sent; `at` tells of
    one that was sent in the past.
    """
    letter = ReminderLetter.objects.get(pk=letter_id)
    if letter.status != ReminderLetter.Status.PLANNED:
        return
    for invoice_id in letter.reminders.order_by("pk").values_list("invoice", flat=True):
        render_invoice_pdf(invoice_id)
    _send(letter_id, write=write, at=at or timezone.now())


@service
def _send(letter_id: int, *, write: Any, at: datetime) -> None:
    today = timezone.localdate(at)
    reminders = list(Reminder.objects.filter(letter=letter_id, status=Status.PLANNED).order_by("pk"))
    # The order is the gate of its money: whoever holds it sees the invoice as it stands.
    orders = {one.pk: one for one in Order.objects.locked().filter(invoices__in=[one.invoice_id for one in reminders])}
    letter = ReminderLetter.objects.locked().select_related("run").get(pk=letter_id)
    if letter.status != ReminderLetter.Status.PLANNED:
        return
    rows = Invoice.objects.filter(pk__in=[one.invoice_id for one in reminders])
    invoices = {one.pk: one for one in rows.select_related("order__customer", "pdf", "legal_entity")}
    paused, coming = pauses_of(invoices.values(), today), nearly_paid(invoices.values())
    for reminder in reminders:
        reminder.invoice = invoices[reminder.invoice_id]
        reminder.why = _why_not(reminder.invoice, paused.get(reminder.invoice_id), coming.get(reminder.invoice_id, ""))
        reminder.status = Status.DROPPED if reminder.why else Status.SENT
        reminder.sent_on = None if reminder.why else today
        reminder.open_amount = reminder.invoice.open_amount
    kept = [one for one in reminders if not one.why]
    mail = write(letter, kept) if kept else None
    if kept and mail is None:
        for reminder in kept:
            reminder.status, reminder.why, reminder.sent_on = Status.DROPPED, dunning.NO_ADDRESS, None
        kept = []
    Reminder.objects.bulk_update(reminders, ["status", "why", "sent_on", "open_amount"])
    letter.status = ReminderLetter.Status.SENT if kept else ReminderLetter.Status.DROPPED
    letter.mail = mail
    letter.save(update_fields=["status", "mail"])
    emit(*(_fact(one, orders) for one in kept), actor=_who(letter), at=at)
    stopping = letter.customer_id and any(one.stops_orders for one in kept)
    if stopping:
        customers.note_arrears(int(letter.customer_id or 0), since=today, actor=SYSTEM)


def _who(letter: ReminderLetter) -> Actor:
    """Return who began the run: it is their doing, also where a worker sends it."""
    kind, _colon, name = letter.run.started_by.partition(":")
    return Actor(kind, name)


def _why_not(invoice: Invoice, pause: Any, coming: str) -> str:
    if not invoice.is_overdue:
        return dunning.PAID_MEANWHILE
    return dunning.SET_ASIDE(day=pause.until.isoformat(), reason=pause.reason) if pause is not None else coming


def _fact(reminder: Reminder, orders: dict[int, Order]) -> InvoiceReminded:
    invoice = reminder.invoice
    return InvoiceReminded(
        order_id=invoice.order_id,
        quiet=orders[invoice.order_id].quiet,
        invoice_id=invoice.pk,
        invoice=str(invoice.number),
        level=reminder.level,
    )


@service
def review_arrears(customer_id: int, *, actor: Actor = SYSTEM) -> bool:
    """Let the new orders of a customer go on when nothing is overdue or disputed any more of what stopped them."""
    stopped = Reminder.objects.filter(status=Status.SENT, stops_orders=True)
    open_ones = Invoice.objects.filter(selectors.overdue(), order__customer=customer_id, reminders__in=stopped)
    if open_ones.exists() or selectors.waits_for_a_dispute(customer_id):
        return False
    return customers.clear_arrears(customer_id, actor=actor)
