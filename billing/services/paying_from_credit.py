"""What a customer pays from store credit, with one click."""

from datetime import datetime

from billing.gateways.store_credit import CODE
from billing.models import Payment
from billing.services.common import take_order
from billing.services.payments import authorize_payment
from billing.services.store_credit import credit_due
from core.actors import Actor
from core.service import service


@service
def pay_from_credit(order_id: int, *, actor: Actor, at: datetime | None = None) -> Payment:
    """Hold what is owed for an order of its customer's store credit, as far as that reaches; invoices take from it.

    Raises NothingToPay where nothing is owed, or nothing is left. A second call holds what the first one left owing.
    """
    order = take_order(order_id)
    amount = credit_due(order)
    return authorize_payment(order_id, method=CODE, amount=amount, actor=actor, at=at)
