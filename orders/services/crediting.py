"""The credit limit, looked at under a lock on the customer before an order is confirmed, worked on, or shipped."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.db.models import QuerySet
from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import service, when_refused
from customers import selectors as customer_selectors
from customers.events import CreditMoved
from customers.models import Customer
from orders import guards, selectors, verification
from orders.credit import exposure_of
from orders.models import Hold, Order, OrderStatus
from orders.verification import CREDIT, HOLD, limits_of, policy_of

from .book import save_figures, take_order
from .checking import NEXT_STEP, look_again_at
from .settlement import before_steps, settle

# What is told so much later has happened: nobody stops it now.
HISTORY = timedelta(hours=12)


@service
def look_at_credit(order: Order, *, actor: Actor, at: datetime | None = None) -> str:
    """Let an order wait that would take its customer over the limit. Returns why, or nothing where it may go on.

    The row of the customer is locked first: of two orders at once, the second sees the first. Somebody's word that an
    order may pass (a waived check, credit beyond the limit) counts as it does everywhere.
    """
    when = at or timezone.now()
    if not _is_limited(order, when):
        return ""
    order = take_order(order.pk)
    if not stop_over_limit(order, actor=actor, at=when):
        return ""
    save_figures(order)
    return str(order.hold_reason)


def stop_over_limit(order: Order, *, actor: Actor, at: datetime) -> bool:
    """Let an order in hand wait that would take its customer over the limit."""
    if not _is_limited(order, at):
        return False
    customer = Customer.objects.locked().get(pk=order.customer_id or 0)
    if customer.credit_limit is None or customer.currency != order.currency or fits(order, customer):
        return False
    after = look_again_at(order, [CREDIT], actor=actor, at=at)
    if not any(one["name"] == CREDIT for one in verification.failed(after)):
        return False
    # Who asked for the step is refused, and with it all of this would be gone: the order waits all the same.
    when_refused(partial(_let_wait, order.pk, actor=actor, at=at))
    return True


@service
def _let_wait(order_id: int, *, actor: Actor, at: datetime) -> None:
    look_at_credit(take_order(order_id), actor=actor, at=at)


def fits(order: Order, customer: Customer) -> bool:
    """Whether what an order still comes to fits below the limit of its customer, beside everything else they owe."""
    others = exposure_of(customer, but=order.pk, let_pass=False)
    share = limits_of(CREDIT, order.channel.check_limits)["share"]
    allowed = (customer.credit_limit or Decimal(0)) * share / 100 + customer_selectors.extra_credit(customer)
    return others.total + order.balance_due <= allowed


def _is_limited(order: Order, at: datetime) -> bool:
    if order._state.adding or order.customer_id is None or order.payment_terms not in guards.ON_CREDIT:
        return False
    if order.status not in NEXT_STEP or order.balance_due <= 0 or at < timezone.now() - HISTORY:
        return False
    if policy_of(CREDIT, order.channel.checks) != HOLD:
        return False
    known = {one["name"]: one["result"] for one in order.checks}
    # Whoever let it pass has said so about this order; the check itself sees whether that still holds.
    return known.get(CREDIT) != "fail"


before_steps(stop_over_limit)


@service
def tell_credit_moved(order: Order, *, actor: Actor, at: datetime) -> None:
    """Say, where others of the same customer wait for credit, that an order in hand needs less of it now.

    One that was to be paid in advance needs some as soon as it is billed: what was paid may have come back.
    """
    if order.customer_id is None or not (order.payment_terms in guards.ON_CREDIT or order.invoiced_total):
        return
    if _waiting(order.customer_id).exclude(order=order).exists():
        emit(CreditMoved(customer_id=order.customer_id), actor=actor, at=at)


def _waiting(customer_id: int) -> "QuerySet[Hold]":
    return Hold.objects.filter(order__customer=customer_id, status=Hold.Status.ACTIVE, check_name=CREDIT)


def review_credit(customer_id: int, *, actor: Actor = SYSTEM) -> None:
    """Look again at the orders of a customer, each in a transaction of its own: safe to repeat.

    Those that wait go on as far as the limit reaches, the oldest first; then, where it is exceeded all the same, the
    newest of which nothing has left have to wait, until the rest fits.
    """
    for order_id in list(_waiting(customer_id).order_by("order").values_list("order", flat=True).distinct()):
        _look_again(order_id, actor=actor)
    customer = Customer.objects.get(pk=customer_id)
    if customer.credit_limit is None:
        return
    may_wait = selectors.on_credit(customer.pk, customer.currency).filter(
        status__in=list(NEXT_STEP), fulfillment_status=Order.Fulfillment.UNFULFILLED, balance_due__gt=0
    )
    for order_id in list(may_wait.order_by("-pk").values_list("pk", flat=True)[:500]):
        if not look_at_credit(Order.objects.select_related("channel").get(pk=order_id), actor=actor) and _is_below(
            customer
        ):
            return


def _is_below(customer: Customer) -> bool:
    allowed = (customer.credit_limit or Decimal(0)) + customer_selectors.extra_credit(customer)
    return exposure_of(customer, let_pass=False).total <= allowed


@service
def _look_again(order_id: int, *, actor: Actor) -> None:
    order, when = take_order(order_id), timezone.now()
    if OrderStatus(order.status) not in NEXT_STEP:
        return
    look_again_at(order, [CREDIT], actor=actor, at=when)
    settle(order, actor=actor, at=when)
