"""What was said with a customer: told in the history, where it stays."""

from core.actors import Actor
from core.errors import Invalid
from core.service import note_change, service
from customers.errors import UnknownCustomer
from customers.models import Customer
from customers.ways import WAYS, noted


@service
def note_contact(customer_id: int, text: str, *, way: str = "call", actor: Actor) -> Customer:
    """Note what was said with a customer, on which way. Raises Invalid where nothing was said."""
    if way not in dict(WAYS):
        raise Invalid(f"There is no way called {way}")
    if not text.strip():
        fault = {"pointer": "/text", "code": "required", "detail": "Say what was said"}
        raise Invalid(fault["detail"], errors=[fault])
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise UnknownCustomer("There is no such customer")
    note_change(customer, noted(way), actor=actor, note=text.strip())
    return customer
