"""What customers do who pay on a provider's page, and how their payments stand."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from billing import services as billing
from billing.models import Payment
from core.actors import Actor

LENA, MAYA = Actor("customer", "C-1"), Actor("staff", "maya")
BACK = "http://127.0.0.1:8000/orders/SO-1/paid/"
NOTHING = ("0.000", "0.000", "0.000")
ALL = ("captured", "22.060", "22.060", "0.000")


def begin(order: Any) -> Payment:
    """Click on Pay now; the provider hears of it with the debts."""
    return billing.begin_checkout(order.pk, return_url=BACK, actor=LENA)


def come_back(order: Any, run_debts: Any) -> None:
    """Let the browser return from the provider's page."""
    billing.note_return(order.pk, actor=LENA)
    run_debts()


def later(**by: int) -> int:
    """Let the clock ask, some time later; return how many answers came."""
    return billing.reconcile_checkouts(timezone.now() + timedelta(**by))


def stand(payment: Payment | None = None) -> tuple[str, str, str, str]:
    """Return status, authorized, captured and refunded of a payment, or of the only one."""
    found = Payment.objects.get(pk=payment.pk) if payment else Payment.objects.get()
    return (found.status, str(found.authorized), str(found.captured), str(found.refunded))
