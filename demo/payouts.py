"""What the payment provider paid out: orders that were paid on its page, less its fees, sent to the bank twice.

Of the first payout every row is known. The second is less than its rows come to: Ines finds it on her worklist.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from billing import services as billing
from billing.gateways import PayoutEntry, PayoutKind, PayoutStanding
from billing.models import Payment, Payout
from core.money import Money, round_amount
from demo.models import ProviderCheckout, checkout_code
from demo.teller import BUYER, Story
from orders.calendar import working_days_after
from orders.models import Order

GATEWAY = "demo"
# So many orders were paid on its page; a part of what it keeps is the same for each.
PAYMENTS = 12
FEE, FEE_PER_PAYMENT = Decimal("0.014"), Decimal("0.25")
# What it kept of the second payout without saying why.
MISSING = Decimal("4.80")
# How many days ago each was on the way to the bank.
FIRST, SECOND = 5, 1


def pay(order: Order, *, at: datetime) -> None:
    """Let an order be paid on the page of the provider, whose books know of it: it can be sent back."""
    code = checkout_code()
    payment = billing.record_payment(
        order.pk, method="card", amount=order.total, reference=code, gateway=GATEWAY, actor=BUYER, at=at
    )
    ProviderCheckout.objects.create(
        code=code,
        key=payment.code,
        amount=order.total,
        currency=order.currency,
        subject=str(order.number),
        payee=settings.COMPANY_NAME,
        language=order.language,
        state=ProviderCheckout.State.PAID,
        created_at=at,
    )


def tell(story: Story) -> None:
    """Pay out what was paid there: the older half with the first payout, the rest with the second."""
    payments = list(Payment.objects.filter(gateway=GATEWAY, captured__gt=0).order_by("captured_at", "pk"))
    middle = (len(payments) + 1) // 2
    _pay_out(story, payments[:middle], days=FIRST)
    _pay_out(story, payments[middle:], days=SECOND, missing=MISSING)


def _pay_out(story: Story, payments: Sequence[Payment], *, days: int, missing: Decimal = Decimal(0)) -> None:
    currency = payments[0].currency
    entries = [_entry(one) for one in payments]
    amount = sum((one.amount.amount - one.fee.amount for one in entries), start=Decimal(0)) - missing
    day = story.today - timedelta(days=days)
    payout = Payout.objects.create(gateway=GATEWAY, reference=f"po_{day:%Y%m%d}", told_at=story.ago(days))
    standing = PayoutStanding(
        amount=Money(amount, currency),
        is_paid=True,
        arrives_on=working_days_after(day + timedelta(days=1), 0),
        entries=entries,
    )
    billing.settle_payout(payout.pk, standing)


def _entry(payment: Payment) -> PayoutEntry:
    fee = round_amount(payment.captured * FEE + FEE_PER_PAYMENT, payment.currency)
    return PayoutEntry(
        reference=f"tx_{payment.reference.removeprefix('ck_')}",
        kind=PayoutKind.PAYMENT,
        amount=Money(payment.captured, payment.currency),
        fee=Money(fee, payment.currency),
        payment=payment.reference,
    )
