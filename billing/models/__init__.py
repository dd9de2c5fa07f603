"""Documents and money."""

from .entity import LegalEntity
from .invoice import CreditNote, CreditNoteLine, DocumentLine, Invoice, InvoiceLine
from .payment import InvoicePayment, Payment, Refund

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
]
