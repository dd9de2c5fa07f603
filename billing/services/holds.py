"""Money that is held, but not for long enough: put before a person two days before its provider lets go of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import selectors
from billing.models import Payment
from billing.sentences import HOLD_LAPSES, TAKEN_IN_TIME
from billing.services.common import summed, take_payment
from billing.services.payments import HELD, capture_payment
from core import seat
from core.actors import Actor
from core.money import Money
from core.service import service
from orders import categories
from orders import services as orders
from orders.errors import ExceptionNotOpen
from orders.models import OrderException

AHEAD = timedelta(days=2)


def watch_holds(now: datetime | None = None, *, limit: int = 500) -> int:
    """Open an exception for each payment that will not be held any more when its goods leave. Returns how many."""
    when = now or timezone.now()
    ending = Payment.objects.filter(
        status__in=HELD, expires_at__lte=when + AHEAD, order__balance_due__gt=0
    ).select_related("order")
    found = [one.pk for one in ending.order_by("expires_at", "pk")[:limit] if comes_too_late(one, now=when)]
    return sum(report_ending_hold(pk, now=when) for pk in found)


def comes_too_late(payment: Payment, *, now: datetime) -> bool:
    """Whether the goods are not expected to leave while the money is held, and some of it is owed."""
    if payment.order.balance_due <= 0:
        return False
    if payment.expires_at is None or payment.held <= 0 or payment.expires_at > now + AHEAD:
        return False
    leaves_on = payment.order.ship_by_on
    # What should have left before today is late, and nobody knows for how long.
    today = seat.day_of(now)
    return leaves_on is None or leaves_on < today or leaves_on >= seat.day_of(payment.expires_at)


@service
def report_ending_hold(payment_id: int, *, now: datetime) -> bool:
    """Have somebody decide what becomes of money whose hold ends too early; False where that is over."""
    order, payment = take_payment(payment_id)
    payment.order = order
    if not comes_too_late(payment, now=now) or payment.expires_at is None:
        return False
    held = Money(payment.held, payment.currency).rounded()
    day = seat.day_of(payment.expires_at).isoformat()
    orders.open_exception(
        category="hold_ending",
        title=HOLD_LAPSES(amount=held, order=order, day=day),
        dedupe_key=f"hold-ending:{payment.code}",
        order_id=order.pk,
        payload={"payment": payment.code},
        due_at=max(payment.expires_at - timedelta(hours=4), now),
        at=now,
    )
    return True


@service
def take_hold_for_exception(exception_id: int, *, actor: Actor) -> OrderException:
    """Take held money before its hold ends, though the goods are still here: at most what is owed.

    Raises ExceptionNotOpen where nothing is owed any more, or all of it is being taken elsewhere.
    """
    exception = OrderException.objects.get(pk=exception_id)
    found = Payment.objects.get(code=exception.payload.get("payment", ""))
    order, payment = take_payment(found.pk)
    under_way = summed(Payment.objects.filter(order=order).values_list("capturing", flat=True))
    owed = order.balance_due - under_way - selectors.coming(order)
    if owed <= 0:
        raise ExceptionNotOpen(_("Nothing is owed for it any more"))
    capture_payment(payment.pk, min(payment.held, owed) if payment.held else None, actor=actor)
    return orders.close_exception(exception_id, resolution=TAKEN_IN_TIME(), actor=actor)


@categories.over("hold_ending")
def taken_or_gone(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose money is taken or let go of, or whose goods leave in time after all."""
    codes = {one.pk: one.payload.get("payment", "") for one in exceptions}
    rows = Payment.objects.filter(code__in=set(codes.values()), status__in=HELD).select_related("order")
    now = timezone.now()
    still = {one.code for one in rows if comes_too_late(one, now=now)}
    return {pk for pk, code in codes.items() if code not in still}
