"""What keeps money from going back: the customer's bank asks for it as well, or nobody takes it."""

from datetime import datetime

from django.utils.translation import gettext as _

from billing import selectors
from billing.errors import PaymentDisputed
from billing.events import RefundFailed
from billing.models import Payment, Refund
from billing.sentences import NOT_SENT_BACK
from core.actors import Actor
from core.money import Money
from core.outbox import emit
from core.service import service
from orders import services as orders
from orders.models import Order


def refuse_disputed(order: Order, payment: Payment | None) -> None:
    """Raise PaymentDisputed where money cannot go back because the customer's bank asks for it as well."""
    asked_back = selectors.disputed(order)
    if payment.pk in asked_back if payment is not None else asked_back:
        raise PaymentDisputed(
            _("The customer's bank asks this payment back; a refund would pay it twice. See the dispute.")
        )


@service
def report_failed_refund(order: Order, refund: Refund, *, reason: str, actor: Actor, at: datetime | None) -> None:
    """Have somebody look at money, of an order in hand, that did not go back."""
    fact = RefundFailed(
        order_id=order.pk,
        quiet=order.quiet,
        refund_id=refund.pk,
        reference=refund.reference,
        reason=reason[:300],
    )
    emit(fact, actor=actor, at=at)
    orders.open_exception(
        category="refund_failed",
        title=NOT_SENT_BACK(amount=Money(refund.amount, refund.currency), reason=reason)[:300],
        dedupe_key=f"refund-failed:{refund.code}",
        order_id=order.pk,
        payload={"refund": refund.code, "reason": reason[:300]},
        at=at,
    )
