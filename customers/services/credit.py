"""Credit beyond the limit of a customer, for a time: granted, ended, and over."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.errors import Invalid
from core.money import round_amount
from core.outbox import emit
from core.service import note_change, service
from customers.errors import NoCreditLimit, UnknownOverride
from customers.events import CreditMoved
from customers.models import CreditOverride, Customer


@service
def grant_credit(customer_id: int, *, amount: Decimal, until: datetime, reason: str, actor: Actor) -> CreditOverride:
    """Let a customer owe so much more than the limit until a moment. Raises NoCreditLimit where there is none."""
    customer = Customer.objects.locked().get(pk=customer_id)
    if customer.credit_limit is None:
        raise NoCreditLimit(_("They have no limit, so there is nothing to go beyond"))
    if amount <= 0 or round_amount(amount, customer.currency) != amount:
        raise Invalid("Not an amount that can be owed", errors=[{"pointer": "/amount", "code": "invalid_amount"}])
    if until <= timezone.now():
        raise Invalid("That moment is over", errors=[{"pointer": "/until", "code": "min_value"}])
    granted = CreditOverride.objects.create(
        customer=customer, amount=amount, until=until, reason=reason[:300], granted_by=str(actor)
    )
    said = {"amount": amount, "until": until}
    note_change(
        customer, "customers.credit_granted", actor=actor, after=said, note=reason[:300], currency=customer.currency
    )
    emit(CreditMoved(customer_id=customer_id), actor=actor)
    return granted


@service
def end_credit(override_id: int, *, actor: Actor, at: datetime | None = None) -> CreditOverride:
    """End credit beyond a limit before its time; ended twice, nothing changes."""
    granted = CreditOverride.objects.filter(pk=override_id).first()
    if granted is None:
        raise UnknownOverride(f"There is no credit beyond a limit {override_id}")
    when = at or timezone.now()
    moved = CreditOverride.objects.filter(pk=override_id, ended_at=None).update(ended_at=when, ended_by=str(actor))
    if moved:
        customer, before = granted.customer, {"amount": granted.amount}
        note_change(customer, "customers.credit_ended", actor=actor, before=before, currency=customer.currency)
        emit(CreditMoved(customer_id=granted.customer_id), actor=actor)
    return CreditOverride.objects.get(pk=override_id)


def end_credits_over(now: datetime | None = None, *, limit: int = 500) -> int:
    """End what is over, each in a transaction of its own. Returns how many."""
    when = now or timezone.now()
    over = CreditOverride.objects.filter(ended_at=None, until__lte=when).order_by("until", "pk")
    ids = list(over.values_list("pk", flat=True)[:limit])
    for pk in ids:
        end_credit(pk, actor=SYSTEM, at=when)
    return len(ids)
