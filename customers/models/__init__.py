"""Who buys."""

from .customer import Address, Contact, Customer, CustomerGroup

__all__ = ["Address", "Contact", "Customer", "CustomerGroup"]
