"""Money that did not come or go: put before a person, tried again, and closed when it did."""

from collections.abc import Sequence

from billing.models import Dispute, Refund
from core.actors import Actor
from core.service import service
from orders import categories, guards, selectors
from orders import services as orders
from orders.models import OrderException
from orders.sentences import PAYMENT_FAILED, TRIED_AGAIN

from .common import take_order
from .disputes import decide_dispute
from .refunds import retry_refund


@service
def report_failed_payment(order_id: int, *, reason: str) -> None:
    """Have somebody look after a customer who could not pay; who has paid by another way needs nobody."""
    order = take_order(order_id)
    if order.status not in selectors.AWAITING or not guards.payment_missing(order):
        return
    orders.open_exception(
        category="payment_failed",
        title=PAYMENT_FAILED(order=order, reason=reason),
        dedupe_key=f"payment-failed:{order.pk}",
        order_id=order.pk,
        payload={"reason": reason},
    )


@service
def refund_for_exception(exception_id: int, *, actor: Actor) -> OrderException:
    """Ask the provider again for a refund that failed; if it fails again, the exception is back."""
    exception = OrderException.objects.get(pk=exception_id)
    refund = Refund.objects.get(code=exception.payload.get("refund", ""))
    retry_refund(refund.pk, actor=actor)
    return orders.close_exception(exception_id, resolution=TRIED_AGAIN(), actor=actor)


@service
def owe_for_exception(exception_id: int, *, actor: Actor) -> OrderException:
    """Let the customer owe again what a lost dispute cost."""
    return _decide(exception_id, customer_owes=True, actor=actor)


@service
def bear_for_exception(exception_id: int, *, actor: Actor) -> OrderException:
    """Bear what a lost dispute cost."""
    return _decide(exception_id, customer_owes=False, actor=actor)


def _decide(exception_id: int, *, customer_owes: bool, actor: Actor) -> OrderException:
    exception = OrderException.objects.get(pk=exception_id)
    dispute = Dispute.objects.get(code=exception.payload.get("dispute", ""))
    decide_dispute(dispute.pk, customer_owes=customer_owes, actor=actor)
    return OrderException.objects.get(pk=exception_id)


@categories.over("refund_failed")
def sent_after_all(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose refund is under way again, or done."""
    codes = {one.pk: one.payload.get("refund", "") for one in exceptions}
    failed = Refund.objects.filter(code__in=set(codes.values()), status=Refund.Status.FAILED)
    still = set(failed.values_list("code", flat=True))
    return {pk for pk, code in codes.items() if code not in still}
