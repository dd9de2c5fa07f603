"""What customers read about their money."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone, translation

from billing import selectors, services, statements
from billing.events import StatementAskedFor
from billing.method_names import method_name
from billing.models import CreditNote, Invoice, LegalEntity, Payment, Refund, Reminder, ReminderLetter
from billing.services import wording
from core import seat
from core.files import keep_file
from core.links import absolute, make_link
from core.mail import intend
from core.models import Attachment, OutgoingMail
from core.service import service, thread_of
from customers.models import Customer
from orders.letters import write_to_buyer
from orders.models import Order

# So long a reminder gives to pay.
DAYS_LEFT = timedelta(days=7)


def send_invoice(invoice_id: int, *, to: str = "", key: str = "") -> OutgoingMail | None:
    """Send an issued invoice with its PDF, and say what is still to be paid.

    It goes to the buyer once; to another address, `to`, as often as somebody asks, each time with a `key`. With one
    that replaces another goes the credit note that took that back.
    """
    invoice = Invoice.objects.select_related("order", "pdf", "replaces").get(pk=invoice_id)
    note = services.written_again(invoice.pk) if invoice.replaces else None
    held = min(services.held_now(invoice.order_id, at=timezone.now()), invoice.open_amount)
    asked = invoice.open_amount - held
    with translation.override(invoice.language):
        context = {
            "invoice": invoice,
            "number": invoice.number,
            "total": wording.money(invoice.total, invoice.currency),
            "open": wording.money(asked, invoice.currency) if asked else "",
            "held": wording.money(held, invoice.currency) if held else "",
            "due": wording.day(invoice.due_on) if invoice.due_on else "",
            "seller": invoice.seller,
            "replaces": str(invoice.replaces.number) if invoice.replaces else "",
            "credit_note": str(note.number) if note else "",
            "iban": wording.in_fours(invoice.seller.get("iban", "")),
            "online": bool(asked) and services.is_payable_online(invoice.order),
            **_without_way_in(invoice.order, to),
        }
    own = ":".join(part for part in ("invoice", str(invoice.number), key) if part)
    return _send("invoice", invoice.order, own, context, [invoice.pdf, note.pdf if note else None], to=to)


def _without_way_in(order: Order, to: str) -> dict[str, Any]:
    """Take the ways to the customer's page out of a copy that goes to another address."""
    return {"online": False, "track_url": ""} if to and to.lower() != order.email.lower() else {}


def send_charge_failed(payment_id: int) -> OutgoingMail | None:
    """Ask for the money of a parcel that could not be charged to the saved card, with a link to pay by."""
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if not payment.unattended or not services.is_payable_online(payment.order):
        return None
    with translation.override(payment.order.language):
        context = {
            "amount": wording.money(selectors.payable(payment.order), payment.currency),
            "card": wording.means(payment.means),
        }
    return _send("charge_failed", payment.order, f"charge_failed:{payment.code}", context, [])


def send_credit_note(credit_note_id: int, *, to: str = "", key: str = "") -> OutgoingMail | None:
    """Send a credit note: to the buyer once; to an address, `to`, each time that somebody asks, with a `key`."""
    note = CreditNote.objects.select_related("order", "invoice", "pdf").get(pk=credit_note_id)
    with translation.override(note.language):
        context = {
            "number": note.number,
            "invoice_number": note.invoice.number,
            "total": wording.money(note.total, note.currency),
            "open": wording.money(note.invoice.open_amount, note.currency) if note.invoice.open_amount else "",
            **_without_way_in(note.order, to),
        }
    own = ":".join(part for part in ("credit_note", str(note.number), key) if part)
    return _send("credit_note", note.order, own, context, [note.pdf], to=to)


def send_refunded(refund_id: int) -> OutgoingMail | None:
    """Tell that money is on its way back, once per cause, with the credit notes it goes with."""
    refund = Refund.objects.select_related("order").get(pk=refund_id)
    order = refund.order
    parts = list(
        Refund.objects.filter(order=order, reference=refund.reference, status=Refund.Status.SUCCEEDED)
        .select_related("payment")
        .order_by("pk")
    )
    note_ids = services.credit_notes_of(order.pk, refund.reference)
    notes = list(CreditNote.objects.filter(pk__in=note_ids).select_related("pdf").order_by("pk"))
    with translation.override(order.language):
        context = {
            "total": wording.money(sum((part.amount for part in parts), start=Decimal(0)), refund.currency),
            "parts": [
                {
                    "amount": wording.money(part.amount, part.currency),
                    "method": method_name(part.payment.method),
                    "to_credit": part.to_credit,
                }
                for part in parts
            ],
            "only_credit": all(part.to_credit for part in parts),
            "reason": refund.reason,
            "notes": notes,
        }
    return _send(
        "refunded", order, f"refunded:{order.number}:{refund.reference}", context, [note.pdf for note in notes]
    )


def write_reminder(letter: ReminderLetter, reminders: Sequence[Reminder]) -> OutgoingMail | None:
    """Write the mail of a letter: what is open, how it is paid, and the invoices; in the language of its reader."""
    first = reminders[0].invoice
    customer = letter.customer
    one_order = {one.invoice.order_id for one in reminders} == {first.order_id}
    language = customer.language if customer is not None else first.order.language
    with translation.override(language):
        totals: dict[str, Decimal] = {}
        for one in reminders:
            totals[one.invoice.currency] = totals.get(one.invoice.currency, Decimal(0)) + one.open_amount
        worst = max(reminders, key=lambda one: one.level)
        context = {
            "name": customer.name if customer is not None else first.order.customer_name,
            "count": len(reminders),
            "first": first.number,
            "tone": worst.tone,
            "stops": any(one.stops_orders for one in reminders) and customer is not None,
            "until": wording.day((reminders[0].sent_on or seat.today()) + DAYS_LEFT),
            "total": " + ".join(wording.money(amount, currency) for currency, amount in totals.items()),
            "rows": [_row(one) for one in reminders],
            "seller": first.seller,
            "iban": wording.in_fours(first.seller.get("iban", "")),
        }
    return intend(
        dedupe_key=f"reminder:{letter.pk}",
        template="reminder",
        context=context,
        to=services.address_of(first),
        language=language,
        thread=thread_of(first.order if one_order or customer is None else customer),
        attachments=[one.invoice.pdf for one in reminders if one.invoice.pdf is not None],
        letterhead=services.letterhead_of_seller(first.legal_entity_id),
    )


def send_statement(event: StatementAskedFor) -> OutgoingMail | None:
    """Mail a statement of account, in the customer's language, once for each wish."""
    key = f"statement:{event.customer_id}:{event.asked}"
    if known := OutgoingMail.objects.filter(dedupe_key=key).first():
        return known
    customer = Customer.objects.get(pk=event.customer_id)
    account = statements.Account(customer.pk, event.entity_id, event.currency)
    first, last = date.fromisoformat(event.first_day), date.fromisoformat(event.last_day)
    content = services.draw_statement(account, first, last)
    owed = statements.balance(account, last)
    with translation.override(customer.language):
        context = {
            "name": customer.name,
            "first": wording.day(first),
            "last": wording.day(last),
            "owed": wording.money(owed, account.currency) if owed > 0 else "",
            "ours": wording.money(-owed, account.currency) if owed < 0 else "",
            "seller": LegalEntity.objects.get(pk=account.entity_id).name,
            "beyond": services.open_beyond_paper(account, last),
        }
        files = [(f"statement-{customer.number}.pdf", content, "application/pdf")]
        if context["beyond"]:
            whole = services.open_items_file("xlsx", account, last)
            files.append((f"open-{customer.number}.xlsx", whole, services.FILE_KINDS["xlsx"]))
    return _keep_statement(customer, key, event, context, files)


@service
def _keep_statement(
    customer: Customer,
    key: str,
    event: StatementAskedFor,
    context: dict[str, Any],
    files: list[tuple[str, bytes, str]],
) -> OutgoingMail | None:
    thread = thread_of(customer)
    papers = [keep_file(name=name, content=content, content_type=kind, thread=thread) for name, content, kind in files]
    return intend(
        dedupe_key=key,
        template="statement",
        context=context,
        to=event.email,
        language=customer.language,
        thread=thread,
        attachments=papers,
        letterhead=services.letterhead_of_seller(event.entity_id),
    )


def _row(reminder: Reminder) -> dict[str, Any]:
    invoice = reminder.invoice
    order = invoice.order
    return {
        "number": invoice.number,
        "order": order.number,
        "open": wording.money(reminder.open_amount, invoice.currency),
        "due": wording.day(invoice.due_on) if invoice.due_on else "",
        "url": absolute(f"/track/{make_link('order', order.history_thread())}/"),
    }


def bank_details(order: Order) -> list[tuple[str, str]]:
    """Return where the money for an order goes, in the language that is active; nothing without an account."""
    seller = services.seller_of_order(order.pk)
    if seller is None:
        return []
    return wording.account(holder=seller.name, iban=seller.iban, bic=seller.bic, bank=seller.bank_name)


def _send(
    template: str, order: Order, key: str, context: dict[str, Any], files: Sequence[Attachment | None], *, to: str = ""
) -> OutgoingMail | None:
    kept = [file for file in files if file is not None]
    return write_to_buyer(order, template, context, key=key, to=to, attachments=kept)
