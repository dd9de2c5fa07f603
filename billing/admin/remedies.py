"""What finance offers against exceptions."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import services
from billing.models import Payment, Refund
from core.reader import spoken_amount
from orders import remedies
from orders.remedies import Offer, Remedy


def _refund_again(exception: Any) -> Offer | None:
    refund = Refund.objects.filter(code=exception.payload.get("refund", "")).first()
    if refund is None or refund.status != Refund.Status.FAILED:
        return None
    amount = spoken_amount(refund.amount, refund.currency)
    return Offer((_("The provider is asked once more to send back %(amount)s.") % {"amount": amount},))


def _take_now(exception: Any) -> Offer | None:
    payment = Payment.objects.filter(code=exception.payload.get("payment", "")).first()
    if payment is None or payment.held <= 0 or payment.capturing:
        return None
    amount = spoken_amount(payment.held, payment.currency)
    return Offer((_("%(amount)s is taken now, before the goods leave.") % {"amount": amount},))


remedies.register(
    Remedy(
        "take_hold",
        gettext_lazy("Take the money now"),
        ("hold_ending",),
        "billing.operate_payment",
        _take_now,
        services.take_hold_for_exception,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "refund_again",
        gettext_lazy("Send it back again"),
        ("refund_failed",),
        "billing.operate_payment",
        _refund_again,
        services.refund_for_exception,
        order=10,
        style="primary",
    )
)
