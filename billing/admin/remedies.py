"""What finance offers against exceptions."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import services
from billing.models import Dispute, Payment, Refund
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


def _dispute_of(exception: Any) -> Dispute | None:
    found = Dispute.objects.filter(code=exception.payload.get("dispute", "")).select_related("payment").first()
    return found if found is not None and found.is_to_be_decided and found.undecided > 0 else None


def _owe_again(exception: Any) -> Offer | None:
    if (dispute := _dispute_of(exception)) is None or dispute.payment.kept <= 0:
        return None
    amount = spoken_amount(min(dispute.undecided, dispute.payment.kept), dispute.currency)
    return Offer((_("The customer owes %(amount)s again.") % {"amount": amount},))


def _bear(exception: Any) -> Offer | None:
    if (dispute := _dispute_of(exception)) is None:
        return None
    amount = spoken_amount(dispute.undecided, dispute.currency)
    return Offer((_("%(amount)s is written off as our loss.") % {"amount": amount},))


remedies.register(
    Remedy(
        "owe_again",
        gettext_lazy("The customer owes it again"),
        ("dispute",),
        "billing.operate_payment",
        _owe_again,
        services.owe_for_exception,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "bear_loss",
        gettext_lazy("It is our loss"),
        ("dispute",),
        "billing.operate_payment",
        _bear,
        services.bear_for_exception,
        order=20,
    )
)


def _approve(exception: Any) -> Offer | None:
    if (asked := services.asked_for(exception)) is None:
        return None
    amount = spoken_amount(asked[1].amount, asked[1].currency)
    return Offer((_("%(amount)s of store credit is given, for the reason that was written.") % {"amount": amount},))


remedies.register(
    Remedy(
        "approve_credit",
        gettext_lazy("Give the store credit"),
        ("store_credit",),
        "billing.approve_store_credit",
        _approve,
        services.approve_for_exception,
        order=10,
        style="primary",
    )
)
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
