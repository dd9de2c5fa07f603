"""Who buys."""

from .customer import Address, Contact, Customer, CustomerGroup, CustomerWord

__all__ = ["Address", "Contact", "Customer", "CustomerGroup", "CustomerWord"]
