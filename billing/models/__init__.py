"""Documents and money."""

from .accountant import AccountNumber, BookExport, DatevProfile
from .bank import BankBooking, BankLine, BankStatement
from .dispute import Dispute
from .dispute_file import DisputeFile
from .distance import DistanceSale
from .entity import LegalEntity
from .invoice import CreditNote, CreditNoteLine, DocumentLine, Invoice, InvoiceLine
from .ledger import OF_CUSTOMERS, ClosedMonth, LedgerAccount, LedgerEntry, LedgerTransaction
from .payment import InvoicePayment, Payment, Refund
from .payout import Payout, PayoutRow
from .reminder import Reminder, ReminderLetter, ReminderLevel, ReminderPause, ReminderRun
from .store_credit import StoreCredit, StoreCreditGrant, StoreCreditLimit
from .write_off import DifferenceLimit, WriteOff

__all__ = [
    "OF_CUSTOMERS",
    "AccountNumber",
    "BankBooking",
    "BankLine",
    "BankStatement",
    "BookExport",
    "ClosedMonth",
    "CreditNote",
    "CreditNoteLine",
    "DatevProfile",
    "DifferenceLimit",
    "Dispute",
    "DistanceSale",
    "DisputeFile",
    "DocumentLine",
    "Invoice",
    "InvoiceLine",
    "InvoicePayment",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "LegalEntity",
    "Payment",
    "Payout",
    "PayoutRow",
    "Refund",
    "Reminder",
    "ReminderLetter",
    "ReminderLevel",
    "ReminderPause",
    "ReminderRun",
    "StoreCredit",
    "StoreCreditGrant",
    "StoreCreditLimit",
    "WriteOff",
]
