"""Documents and money."""

from .entity import LegalEntity
from .invoice import CreditNote, CreditNoteLine, DocumentLine, Invoice, InvoiceLine
from .payment import InvoicePayment, Payment, Refund
from .reminder import Reminder, ReminderLetter, ReminderLevel, ReminderPause, ReminderRun

__all__ = [
    "CreditNote",
    "CreditNoteLine",
    "DocumentLine",
    "Invoice",
    "InvoiceLine",
    "InvoicePayment",
    "LegalEntity",
    "Payment",
    "Refund",
    "Reminder",
    "ReminderLetter",
    "ReminderLevel",
    "ReminderPause",
    "ReminderRun",
]
