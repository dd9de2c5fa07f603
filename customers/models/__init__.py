"""Who buys."""

from .credit import CreditOverride
from .customer import Address, Contact, Customer, CustomerGroup, CustomerWord
from .tax import TaxCertificate, VatCheck

__all__ = [
    "Address",
    "Contact",
    "CreditOverride",
    "Customer",
    "CustomerGroup",
    "CustomerWord",
    "TaxCertificate",
    "VatCheck",
]
