"""How much store credit somebody gives by hand: as far as their role goes, and above that with approval."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.errors import NothingToDecide
from billing.models import StoreCreditGrant, StoreCreditLimit
from billing.sentences import CREDIT_APPROVED, CREDIT_TO_APPROVE
from billing.services.common import checked
from billing.services.keeping_limits import keep_limit
from billing.services.store_credit import give_store_credit
from core.actors import Actor
from core.money import Money, plain, round_amount
from core.service import service
from customers.models import Customer
from orders import categories
from orders import services as orders
from orders.models import OrderException

APPROVES = "billing.approve_store_credit"
# What one person gave one customer in so many days counts together: a sum is not given in parts.
COUNTS_FOR = timedelta(days=30)
LIMIT_CHANGED = "billing.store_credit_limit_changed"


def over_limit(customer_id: int, amount: Money, *, actor: Actor) -> bool:
    """Whether a member of staff would give more than their roles may, with what they gave the customer lately."""
    if actor.kind != "staff" or APPROVES in actor.can:
        return False
    limits = {one.currency: orders.share_of(one.limits, actor) for one in StoreCreditLimit.objects.all()}
    if amount.currency not in limits:
        # Whoever is limited in one currency does not pass that in another one, of which nobody thought.
        return any(limit is not None for limit in limits.values())
    if (limit := limits[amount.currency]) is None:
        return False
    since = timezone.now() - COUNTS_FOR
    lately = StoreCreditGrant.objects.filter(
        customer=customer_id, currency=amount.currency, given_by=str(actor)[:120], amount__gt=0, at__gte=since
    )
    given = round_amount(lately.aggregate(sum=Sum("amount"))["sum"] or Decimal(0), amount.currency)
    return given + amount.amount > limit


@service
def offer_store_credit(
    customer_id: int, *, amount: Money, reason: str, reference: str, take_back: bool = False, actor: Actor
) -> StoreCreditGrant | OrderException:
    """Give store credit, or take some back; what is more than the role may give is put before who may approve it.

    Raises what `give_store_credit` raises.
    """
    customer = Customer.objects.locked().get(pk=customer_id)
    known = StoreCreditGrant.objects.filter(reference=reference).exists()
    if take_back or known or not reason.strip() or not over_limit(customer_id, amount, actor=actor):
        return give_store_credit(
            customer_id, amount=amount, reason=reason, reference=reference, take_back=take_back, actor=actor
        )
    wanted = checked(amount.amount, amount.currency)
    who = f"{customer} ({customer.number})"
    return orders.open_exception(
        category="store_credit",
        title=CREDIT_TO_APPROVE(person=actor.name, amount=amount.rounded(), customer=who, reason=reason[:100]),
        dedupe_key=_key(reference),
        payload={
            "customer": customer.pk,
            "amount": plain(wanted, amount.currency),
            "currency": amount.currency,
            "reason": reason[:300],
            "reference": reference,
        },
        actor=actor,
    )


@service
def approve_for_exception(exception_id: int, *, actor: Actor) -> OrderException:
    """Give the store credit that somebody asked for. Raises NothingToDecide where that is over."""
    exception = OrderException.objects.select_for_update(of=("self",), no_key=True).get(pk=exception_id)
    asked = asked_for(exception)
    if exception.closed_at is not None or asked is None:
        raise NothingToDecide(_("This is decided already"), status=exception.status)
    customer_id, amount = asked
    payload = exception.payload
    give_store_credit(
        customer_id, amount=amount, reason=payload["reason"], reference=payload["reference"], actor=actor
    )
    return orders.close_exception(exception_id, resolution=CREDIT_APPROVED(), actor=actor)


def asked_for(exception: OrderException) -> tuple[int, Money] | None:
    """Return for whom how much credit waits for approval."""
    asked: Mapping[str, Any] = exception.payload
    try:
        return int(asked["customer"]), Money(Decimal(asked["amount"]), str(asked["currency"]))
    except (KeyError, ValueError, InvalidOperation):
        return None


def _key(reference: str) -> str:
    return f"store-credit:{reference}"


@categories.over("store_credit")
def given_by_now(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose credit was given."""
    wanted = {one.pk: str(one.payload.get("reference", "")) for one in exceptions}
    known = set(
        StoreCreditGrant.objects.filter(reference__in=set(wanted.values())).values_list("reference", flat=True)
    )
    return {pk for pk, reference in wanted.items() if reference in known}


# Up to how much a role gives --------------------------------------------------------------------------


@service
def create_store_credit_limit(values: dict[str, object], *, actor: Actor) -> StoreCreditLimit:
    """Say, for a currency, how much each role may give."""
    return keep_limit(StoreCreditLimit(), values, name=LIMIT_CHANGED, said=_said, actor=actor)


@service
def change_store_credit_limit(limit_id: int, changes: dict[str, object], *, actor: Actor) -> StoreCreditLimit:
    """Change it; what was given stays."""
    limit = StoreCreditLimit.objects.get(pk=limit_id)
    return keep_limit(limit, changes, name=LIMIT_CHANGED, said=_said, actor=actor)


def _said(limit: StoreCreditLimit) -> dict[str, object]:
    return {"currency": limit.currency, "limits": limit.limits}
