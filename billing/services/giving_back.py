"""A price reduction: a credit note over an amount, and what the customer paid too much then, in one breath."""

from collections.abc import Mapping
from decimal import Decimal

from billing import selectors
from billing.models import CreditNote
from billing.services.common import take_invoice
from billing.services.credits import credit_invoice
from billing.services.refunds import request_refund
from core.actors import Actor
from core.money import Money
from core.service import service


@service
def give_back(
    invoice_id: int,
    *,
    amounts: Mapping[int, Decimal] | None = None,
    amount: Decimal | None = None,
    refund: bool,
    reference: str,
    reason: str,
    actor: Actor,
) -> CreditNote:
    """Credit an amount of rows of an invoice, or of the whole, and send back what was paid too much then.

    Without `refund` that stays with the order as credit. The reference makes a second call harmless. Raises what
    `credit_invoice` and `request_refund` raise.
    """
    order, _invoice = take_invoice(invoice_id)
    note = credit_invoice(invoice_id, amounts=amounts, amount=amount, reference=reference, reason=reason, actor=actor)
    due = selectors.can_go_back(order, selectors.refund_due(order, note.total)) if refund else Decimal(0)
    if due and not note.refunds.exists():
        money = Money(due, order.currency)
        request_refund(order.pk, amount=money, reference=reference, reason=reason, credit_note_id=note.pk, actor=actor)
    return note
