"""The books of the demo's payment provider, and the messages it sends.

It is an outside party: it knows nothing of the shop but what it was told over HTTP, and the shop nothing of it.
"""

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from billing.gateways import DisputeStand, wire
from demo.models import ProviderCheckout

logger = logging.getLogger(__name__)
State = ProviderCheckout.State
TOLD = ("subject", "payee", "language", "return_url", "notice_url")
# A page that nobody paid on by then is closed.
OPEN_FOR = timedelta(hours=24)
# When a message is sent, in seconds; what nobody took by then is lost, and the shop has to ask.
TRIES = (0, 1, 5)
# How long a customer thinks before asking the bank, in seconds; and how long evidence counts.
LATER = 20.0
EVIDENCE_IN = timedelta(days=7)
DECLINED = _("The bank declined the payment.")
NOT_IN_TIME = _("Nobody paid in time.")
NOT_CONFIRMED = _("The payment was not confirmed with the bank.")


class Refused(Exception):
    """The provider says no, and why."""


@dataclass(frozen=True)
class Told:
    """What the shop says about a payment."""

    key: str
    amount: Decimal
    currency: str
    words: dict[str, str]


def understand(body: Mapping[str, Any]) -> Told:
    """Read what the shop says. Raises Refused."""
    key, currency = str(body.get("key", "")), str(body.get("currency", ""))
    if not 0 < len(key) <= 60 or len(currency) != 3:
        raise Refused("A payment needs a key and a currency")
    return Told(key, amount_of(body), currency, {name: str(body.get(name, "")) for name in TOLD})


def amount_of(body: Mapping[str, Any]) -> Decimal:
    """Read an amount. Raises Refused."""
    try:
        amount = Decimal(str(body.get("amount", "")))
    except InvalidOperation:
        raise Refused("The amount is no number") from None
    if not amount.is_finite() or not 0 < amount < 10**9:
        raise Refused("The amount cannot be paid")
    return amount


def start_checkout(told: Told) -> ProviderCheckout:
    """Open a page for a payment; for a key that is known, return what there is. Raises Refused."""
    given = {"amount": told.amount, "currency": told.currency, **told.words}
    found, _is_new = ProviderCheckout.objects.get_or_create(key=told.key, defaults=given)
    if (found.amount, found.currency) != (told.amount, told.currency):
        raise Refused("Under this key another amount was asked for")
    return in_time(found)


def in_time(checkout: ProviderCheckout) -> ProviderCheckout:
    """Close what was open for too long."""
    if checkout.state == State.OPEN and checkout.created_at < timezone.now() - OPEN_FOR:
        decide(checkout, State.CLOSED, reason="Nobody paid in time")
        return ProviderCheckout.objects.get(pk=checkout.pk)
    return checkout


def decide(checkout: ProviderCheckout, state: State, *, reason: str = "") -> bool:
    """Give a payment its end; False where it has one already."""
    still_open = ProviderCheckout.objects.filter(pk=checkout.pk, state=State.OPEN)
    return still_open.update(state=state, reason=reason) == 1


def send_back(code: str, *, key: str, amount: Decimal) -> str:
    """Send money back and return the id of that; asked again under the same key it was sent once. Raises Refused."""
    with transaction.atomic():
        checkout = ProviderCheckout.objects.select_for_update().filter(code=code, state=State.PAID).first()
        if checkout is None:
            raise Refused("There is no such payment")
        if known := checkout.refunds.get(key):
            return str(known["id"])
        if checkout.dispute and checkout.dispute["state"] != DisputeStand.WON:
            raise Refused("The payment is disputed")
        sent = sum((Decimal(one["amount"]) for one in checkout.refunds.values()), start=Decimal(0))
        if sent + amount > checkout.amount:
            raise Refused("More would go back than was paid")
        refund = {"id": f"rf_{get_random_string(20)}", "amount": str(amount)}
        ProviderCheckout.objects.filter(pk=checkout.pk).update(refunds={**checkout.refunds, key: refund})
        return refund["id"]


def open_dispute(code: str) -> bool:
    """Let the customer's bank ask a payment back, with what went back before left out; False where it does already."""
    with transaction.atomic():
        checkout = ProviderCheckout.objects.select_for_update().filter(code=code, state=State.PAID, dispute={}).first()
        if checkout is None:
            return False
        sent = sum((Decimal(one["amount"]) for one in checkout.refunds.values()), start=Decimal(0))
        if sent >= checkout.amount:
            return False
        dispute = {
            "id": f"dp_{get_random_string(20)}",
            "state": str(DisputeStand.OPEN),
            "amount": str(checkout.amount - sent),
            "reason": "product_not_received",
            "due_at": (timezone.now() + EVIDENCE_IN).isoformat(),
        }
        ProviderCheckout.objects.filter(pk=checkout.pk).update(dispute=dispute)
    return True


def decide_dispute(code: str, stand: DisputeStand) -> bool:
    """Let the customer's bank decide; False where it has, or nothing is disputed."""
    with transaction.atomic():
        checkout = ProviderCheckout.objects.select_for_update().get(code=code)
        if checkout.dispute.get("state") != DisputeStand.OPEN:
            return False
        decided = {**checkout.dispute, "state": str(stand)}
        ProviderCheckout.objects.filter(pk=checkout.pk).update(dispute=decided)
    return True


def take_evidence(code: str, *, key: str, text: str, files: list[dict[str, Any]]) -> None:
    """Take what the shop says to a dispute; again under the same key it was taken once. Raises Refused."""
    with transaction.atomic():
        checkout = ProviderCheckout.objects.select_for_update().filter(code=code).first()
        if checkout is None or checkout.dispute.get("state") != DisputeStand.OPEN:
            raise Refused("Nothing is disputed, or the bank has decided")
        if known := checkout.dispute.get("evidence"):
            if known["key"] != key:
                raise Refused("The bank has your evidence already")
            return
        given = {"key": key, "text": text, "files": files}
        dispute = {**checkout.dispute, "evidence": given}
        ProviderCheckout.objects.filter(pk=checkout.pk).update(dispute=dispute)


def notify(checkout: ProviderCheckout, state: State) -> None:
    """Write to the shop that a payment was decided, without keeping the customer waiting."""
    tell(checkout, "checkout.decided", state)


def tell(checkout: ProviderCheckout, kind: str, state: str) -> None:
    """Write to the shop that something happened; what, it asks."""
    body = json.dumps({"type": kind, "key": checkout.key}).encode()
    message_id = f"ev_{checkout.code.removeprefix('ck_')}_{state}"
    wanted = (checkout.notice_url, message_id, body)
    threading.Thread(target=_send, args=wanted, daemon=True, name="provider").start()


def dispute_later(checkout: ProviderCheckout) -> None:
    """Let the customer think about it for a while, and then ask the bank for the money."""

    def ask_bank() -> None:
        try:
            if open_dispute(checkout.code):
                tell(checkout, "payment.disputed", DisputeStand.OPEN)
        finally:
            connection.close()

    timer = threading.Timer(LATER, ask_bank)
    timer.daemon = True
    timer.start()


def _send(url: str, message_id: str, body: bytes) -> None:
    for pause in TRIES:
        time.sleep(pause)
        headers = wire.sign(settings.DEMO_PROVIDER_SECRET, message_id=message_id, at=int(time.time()), body=body)
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - the shop said where
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
        except OSError as error:
            logger.info("The shop did not take %s: %s", message_id, error)
