"""Who buys."""

from .credit import CreditOverride
from .customer import Address, Contact, Customer, CustomerGroup, CustomerWord
from .tax import VatCheck

__all__ = ["Address", "Contact", "CreditOverride", "Customer", "CustomerGroup", "CustomerWord", "VatCheck"]
