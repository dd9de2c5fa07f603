"""Store credit that was given for a payment whose money the customer's bank asks back: it would be paid twice.

While the dispute goes on, as much of it as is unspent is held; it is charged back when the dispute is lost. What was
spent by then is left with the dispute, for finance. The row of the credit is the last that is locked.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import F

from billing import postings
from billing.events import StoreCreditChanged
from billing.models import Dispute, Payment, Refund, StoreCredit
from billing.postings import NOTHING
from billing.sentences import CREDIT_CHARGED_BACK, CREDIT_GIVEN_ANEW
from billing.services.charging_back import posting_of
from billing.services.common import summed
from billing.services.ledger import post
from billing.services.store_credit import take_owner
from core.actors import Actor
from core.inserting import insert_once
from core.models import exact
from core.money import plain
from core.outbox import emit
from core.service import service
from orders.models import Order

Status = Dispute.Status


def paid_twice(payment: Payment) -> Decimal:
    """Return how much of the store credit given for a payment the bank took as well, by all disputes over it.

    What was still here of the payment goes to the bank first: that is given once.
    """
    given = Refund.objects.filter(payment=payment, to_credit=True, status=Refund.Status.SUCCEEDED)
    asked = Dispute.objects.filter(payment=payment).exclude(status=Status.WON)
    taken = summed(one.taken - one.returned for one in asked)
    too_much = max(NOTHING, taken - max(NOTHING, payment.captured - payment.refunded))
    return min(summed(given.values_list("amount", flat=True)), too_much)


def spent(payment: Payment) -> Decimal:
    """Return how much of that could neither be held nor charged back: the customer has spent it."""
    rows = Dispute.objects.filter(payment=payment).exclude(status=Status.WON)
    return max(NOTHING, paid_twice(payment) - summed(one.credit_held + one.credit_back for one in rows))


@service
def secure_credit(order: Order, payment: Payment, dispute: Dispute, *, actor: Actor, at: datetime) -> None:
    """Hold of the customer's credit what a dispute in hand would pay twice; where it is lost, charge it back."""
    if order.customer_id is None:
        return
    take_owner(order.customer_id)
    if held := _hold(order.customer_id, payment.currency, spent(payment)):
        dispute.credit_held += held
        dispute.save(update_fields=["credit_held"])
    if dispute.status == Status.LOST:
        _charge(order, payment, dispute, actor=actor, at=at)


@service
def secure_credit_given(order: Order, payment_id: int, *, actor: Actor, at: datetime) -> None:
    """Do so for credit that was promised before the bank asked, and is given only now."""
    payment = Payment.objects.get(pk=payment_id)
    for dispute in Dispute.objects.filter(payment=payment).exclude(status=Status.WON).order_by("pk"):
        secure_credit(order, payment, dispute, actor=actor, at=at)


def _hold(customer_id: int, currency: str, most: Decimal) -> Decimal:
    """Hold up to so much, as far as it is unspent; return how much that is."""
    if not most:
        return NOTHING
    row = StoreCredit.objects.locked().filter(customer=customer_id, currency=currency).first()
    part = min(most, row.free) if row is not None else NOTHING
    if row is None or part <= 0:
        return NOTHING
    StoreCredit.objects.filter(pk=row.pk).update(held=exact(F("held") + part))
    return part


def _charge(order: Order, payment: Payment, dispute: Dispute, *, actor: Actor, at: datetime) -> None:
    amount = min(dispute.credit_held, max(NOTHING, dispute.undecided))
    rows = StoreCredit.objects.filter(customer=order.customer_id, currency=dispute.currency)
    rows.update(balance=exact(F("balance") - amount), held=exact(F("held") - dispute.credit_held))
    dispute.credit_held = NOTHING
    dispute.credit_back += amount
    dispute.save(update_fields=["credit_held", "credit_back"])
    if not amount:
        return
    legs = postings.credit_back_legs(
        amount, account=postings.money_account(payment.method, payment.gateway), customer_id=order.customer_id
    )
    post(posting_of(order, dispute, "dispute", "credit", dispute.credit_back, legs, at=at), actor=actor)
    _tell(order, dispute, -amount, CREDIT_CHARGED_BACK(order=order), actor=actor, at=at)


@service
def let_go_of_disputed_credit(order: Order, dispute: Dispute) -> None:
    """Let the customer spend again what was held for a dispute in hand."""
    if not dispute.credit_held:
        return
    take_owner(order.customer_id)
    rows = StoreCredit.objects.filter(customer=order.customer_id, currency=dispute.currency)
    rows.update(held=exact(F("held") - dispute.credit_held))
    dispute.credit_held = NOTHING
    dispute.save(update_fields=["credit_held"])


@service
def give_credit_anew(
    order: Order, payment: Payment, dispute: Dispute, amount: Decimal, *, actor: Actor, at: datetime
) -> None:
    """Give the customer back so much of what a dispute in hand charged their credit with: the bank's money is here."""
    if order.customer_id is None:
        return
    take_owner(order.customer_id)
    dispute.credit_back -= amount
    insert_once(StoreCredit(customer_id=order.customer_id, currency=dispute.currency))
    rows = StoreCredit.objects.filter(customer=order.customer_id, currency=dispute.currency)
    rows.update(balance=exact(F("balance") + amount))
    legs = postings.credit_back_legs(
        -amount, account=postings.money_account(payment.method, payment.gateway), customer_id=order.customer_id
    )
    # Named after what the provider gave back in all, which only grows.
    post(posting_of(order, dispute, "dispute", "credit_anew", dispute.returned, legs, at=at), actor=actor)
    _tell(order, dispute, amount, CREDIT_GIVEN_ANEW(order=order), actor=actor, at=at)


def _tell(order: Order, dispute: Dispute, amount: Decimal, reason: str, *, actor: Actor, at: datetime) -> None:
    if order.customer_id is None:
        return
    fact = StoreCreditChanged(
        customer_id=order.customer_id,
        amount=plain(amount, dispute.currency),
        currency=dispute.currency,
        reason=reason[:300],
    )
    emit(fact, actor=actor, at=at)
