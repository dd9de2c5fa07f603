"""The counter of customers: everything the floors above may ask."""

from .arrears import DISPUTED, clear_arrears, note_arrears
from .certificates import WARN_BEFORE, CertificateInput, add_certificate, end_certificate, warn_of_certificates
from .contacting import note_contact
from .credit import end_credit, end_credits_over, grant_credit
from .forgetting import forget_customers, keep_customers, may_be_forgotten
from .records import (
    CustomerInput,
    create_customer,
    create_group,
    find_or_create,
    link_user,
    update_customer,
)
from .sites import add_address, add_contact, remove_address, remove_contact, take_in, update_address, update_contact
from .vat import (
    ask_due_vat_checks,
    ask_vat_check,
    forget_vat_question,
    is_connected,
    note_vat_check,
    record_vat_check,
)

__all__ = [
    "WARN_BEFORE",
    "CertificateInput",
    "DISPUTED",
    "CustomerInput",
    "add_address",
    "add_certificate",
    "add_contact",
    "ask_due_vat_checks",
    "ask_vat_check",
    "clear_arrears",
    "create_customer",
    "create_group",
    "end_certificate",
    "end_credit",
    "end_credits_over",
    "find_or_create",
    "forget_customers",
    "keep_customers",
    "may_be_forgotten",
    "grant_credit",
    "is_connected",
    "link_user",
    "note_arrears",
    "note_contact",
    "forget_vat_question",
    "note_vat_check",
    "record_vat_check",
    "remove_address",
    "remove_contact",
    "take_in",
    "update_address",
    "update_contact",
    "update_customer",
    "warn_of_certificates",
]
