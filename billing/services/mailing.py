"""Documents are mailed again when somebody asks: as they were printed, once per wish, with who asked for it."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.crypto import get_random_string

from billing.errors import NobodyToMail, NotIssued
from billing.events import CreditNoteAskedFor, InvoiceAskedFor
from billing.services.common import take_credit_note, take_invoice
from core.actors import Actor
from core.models import EventRecord
from core.outbox import emit
from core.service import service
from orders.models import Order


@service
def mail_invoice(invoice_id: int, *, to: str = "", asked: str = "", actor: Actor) -> None:
    """Have an issued invoice sent to an address that somebody named, else to its customer.

    `asked` names the wish: told twice it is done once. Raises NotIssued for a draft, and NobodyToMail.
    """
    order, invoice = take_invoice(invoice_id)
    if invoice.number is None:
        raise NotIssued("A draft has no number yet and is not mailed", document=invoice.pk)
    email = _address(order, to)
    if asked and _is_done(order, InvoiceAskedFor.name, asked):
        return
    fact = InvoiceAskedFor(
        order_id=order.pk,
        quiet=order.quiet,
        invoice_id=invoice.pk,
        invoice=invoice.number,
        email=email,
        asked=asked or get_random_string(12),
    )
    emit(fact, actor=actor)


@service
def mail_credit_note(credit_note_id: int, *, to: str = "", asked: str = "", actor: Actor) -> None:
    """Have an issued credit note sent, as an invoice is. Raises NotIssued and NobodyToMail."""
    order, note = take_credit_note(credit_note_id)
    if note.number is None:
        raise NotIssued("A draft has no number yet and is not mailed", document=note.pk)
    email = _address(order, to)
    if asked and _is_done(order, CreditNoteAskedFor.name, asked):
        return
    fact = CreditNoteAskedFor(
        order_id=order.pk,
        quiet=order.quiet,
        credit_note_id=note.pk,
        credit_note=note.number,
        email=email,
        asked=asked or get_random_string(12),
    )
    emit(fact, actor=actor)


def _address(order: Order, to: str) -> str:
    email = to or order.email
    text = "This is no e-mail address" if email else "The customer has no address; name one"
    try:
        validate_email(email)
    except ValidationError:
        raise NobodyToMail(text, errors=[{"pointer": "/to", "code": NobodyToMail.code, "detail": text}]) from None
    return email


def _is_done(order: Order, name: str, asked: str) -> bool:
    """Whether a wish was told before. Its order is in hand, so no second one is told beside it."""
    return EventRecord.objects.filter(thread=order.history_thread(), name=name, payload__asked=asked).exists()
