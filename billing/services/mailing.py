"""Documents are mailed again when somebody asks: as they were printed, once per wish, with who asked for it."""

from collections.abc import Callable
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.crypto import get_random_string

from billing.errors import NobodyToMail, NotIssued
from billing.events import CreditNoteAskedFor, InvoiceAskedFor
from billing.models import CreditNote, Invoice
from billing.services.common import take_credit_note, take_invoice
from core.actors import Actor
from core.events import Event
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
    fact = partial(InvoiceAskedFor, invoice_id=invoice.pk, invoice=str(invoice.number))
    _ask(order, invoice, fact, to=to, asked=asked, actor=actor)


@service
def mail_credit_note(credit_note_id: int, *, to: str = "", asked: str = "", actor: Actor) -> None:
    """Have an issued credit note sent, as an invoice is. Raises NotIssued and NobodyToMail."""
    order, note = take_credit_note(credit_note_id)
    fact = partial(CreditNoteAskedFor, credit_note_id=note.pk, credit_note=str(note.number))
    _ask(order, note, fact, to=to, asked=asked, actor=actor)


def _ask(
    order: Order, document: Invoice | CreditNote, fact: Callable[..., Event], *, to: str, asked: str, actor: Actor
) -> None:
    if document.number is None:
        raise NotIssued("A draft has no number yet and is not mailed", document=document.pk)
    told = fact(order_id=order.pk, quiet=order.quiet, email=_address(order, to), asked=asked or get_random_string(12))
    if not asked or not _is_done(order, told.name, asked):
        emit(told, actor=actor)


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
