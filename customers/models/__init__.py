"""Who buys."""

from .credit import CreditOverride
from .customer import Address, Contact, Customer, CustomerGroup, CustomerWord

__all__ = ["Address", "Contact", "CreditOverride", "Customer", "CustomerGroup", "CustomerWord"]
