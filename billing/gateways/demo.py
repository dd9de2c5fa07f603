"""The provider that comes with the demo: an outside party to us, spoken to over HTTP like any other.

It takes the money at once; nothing is held first.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from billing.gateways import wire
from billing.gateways.base import (
    About,
    Answer,
    Captures,
    Charge,
    Checkout,
    DisputeStand,
    DisputeStanding,
    Evidence,
    Notice,
    NoticeRefused,
    Outcome,
    PayoutStanding,
    ProviderSilent,
    Stand,
    Standing,
)
from billing.sentences import PAYS_THERE, PROVIDER_ANSWERED, TAKES_AT_ONCE
from core.money import Money, plain


class DemoGateway:
    """Speaks to the demo's provider at `DEMO_PROVIDER_URL`, which is set in the demo only."""

    code = "demo"
    at_once = False
    captures = Captures.ONE
    lives_days: int | None = None

    @property
    def is_ready(self) -> bool:
        """Whether this is the demo."""
        return bool(settings.DEMO_PROVIDER_URL)

    @property
    def origin(self) -> str:
        """Return where its page is served."""
        parts = urlsplit(settings.DEMO_PROVIDER_URL)
        return f"{parts.scheme}://{parts.netloc}"

    def takes(self, amount: Money) -> bool:
        """It takes anything."""
        return True

    def start_checkout(self, checkout: Checkout) -> Standing:
        """Have a page made for a payment; for a key that is known, say how it stands."""
        amount = {"amount": plain(checkout.amount.amount, checkout.amount.currency)}
        body = {**asdict(checkout), **amount, "currency": checkout.amount.currency}
        return self._standing(*self._call("POST", "checkouts/", body))

    def ask(self, *, key: str, reference: str = "") -> Standing:
        """Say how a payment stands."""
        return self._standing(*self._call("GET", f"checkouts/{quote(key)}/"))

    def close_checkout(self, *, key: str, reference: str = "") -> Standing:
        """See to it that nobody pays any more."""
        return self._standing(*self._call("POST", f"checkouts/{quote(key)}/close/", {}))

    def refund(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Send money back; asked again under the same key it is sent once."""
        body = {"key": key, "amount": plain(amount.amount, amount.currency), "currency": amount.currency}
        status, said = self._call("POST", f"payments/{quote(reference)}/refunds/", body)
        if status in (200, 201):
            return Answer(outcome=Outcome.DONE, reference=_text(said, "id"))
        return Answer(outcome=Outcome.REFUSED, reason=_text(said, "reason") or PROVIDER_ANSWERED(status=status))

    def find_refund(self, *, reference: str, key: str) -> Answer | None:
        """Say nothing: it may be asked to send money back as often as one likes, it does so once."""
        return None

    def refunds_of(self, *, reference: str) -> dict[str, Answer]:
        """Say nothing: what it sent back arrives."""
        return {}

    def disputes_of(self, *, reference: str) -> list[DisputeStanding]:
        """Say how the disputes over a payment stand."""
        status, said = self._call("GET", f"payments/{quote(reference)}/disputes/")
        found = said.get("disputes")
        if status != 200 or not isinstance(found, list):
            raise ProviderSilent(f"The provider's answer ({status}) cannot be understood")
        return [self._dispute(one) for one in found]

    def give_evidence(self, evidence: Evidence) -> Answer:
        """Give the bank what we have to say; this one looks at names and checksums, and reads no files."""
        files = [
            {
                "proves": one.proves,
                "name": one.name,
                "size": len(one.content),
                "sha256": sha256(one.content).hexdigest(),
            }
            for one in evidence.exhibits
        ]
        body = {"key": evidence.key, "text": evidence.text, "files": files}
        status, said = self._call("POST", f"payments/{quote(evidence.payment)}/evidence/", body)
        if status == 200:
            return Answer(outcome=Outcome.DONE, reference=evidence.dispute)
        return Answer(outcome=Outcome.REFUSED, reason=_text(said, "reason") or PROVIDER_ANSWERED(status=status))

    def payout(self, *, reference: str) -> PayoutStanding:
        """Refuse: it keeps what it took."""
        raise ProviderSilent("The demo's provider pays nothing out")

    def charge(self, charge: Charge) -> Standing:
        """Refuse: it keeps no means of customers."""
        return Standing(stand=Stand.REFUSED, reason=PAYS_THERE())

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Return what a message is about."""
        secret = settings.DEMO_PROVIDER_SECRET if self.is_ready else ""
        message_id = wire.verify(secret, headers=headers, body=body, now=now)
        try:
            said = json.loads(body)
        except ValueError:
            said = None
        key = said.get("key") if isinstance(said, dict) else None
        if not isinstance(key, str) or not key:
            raise NoticeRefused("The message names no payment")
        disputed = said.get("type") == "payment.disputed"
        return Notice(id=message_id, key=key, about=About.AFTERWARDS if disputed else About.PAYMENT)

    # It holds nothing, so there is nothing to take or to let go later.
    def authorize(self, *, amount: Money, reference: str, key: str) -> Answer:
        """Refuse: only the customer can pay, on its page."""
        return Answer(outcome=Outcome.REFUSED, reason=PAYS_THERE())

    def capture(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Refuse: it took the money at once."""
        return Answer(outcome=Outcome.REFUSED, reason=TAKES_AT_ONCE())

    def void(self, *, reference: str, key: str) -> Answer:
        """Refuse: it took the money at once."""
        return Answer(outcome=Outcome.REFUSED, reason=TAKES_AT_ONCE())

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        if not self.is_ready:
            raise ProviderSilent("The demo's provider is there in the demo only")
        url = f"{settings.DEMO_PROVIDER_URL}/{path}"
        return wire.call(method, url, secret=settings.DEMO_PROVIDER_SECRET, body=body)

    def _dispute(self, said: Any) -> DisputeStanding:
        try:
            stand, amount = DisputeStand(said["state"]), Money(Decimal(said["amount"]), str(said["currency"]))
            due_at = datetime.fromisoformat(said["due_at"])
            reference, page, reason = str(said["id"])[:100], str(said["page"]), str(said["reason"])
        except (KeyError, TypeError, ValueError, InvalidOperation):
            raise ProviderSilent("The provider's answer cannot be understood") from None
        nothing = Money(Decimal(0), amount.currency)
        return DisputeStanding(
            reference=reference,
            stand=stand,
            amount=amount,
            taken=amount,
            returned=amount if stand is DisputeStand.WON else nothing,
            reason=reason,
            due_at=due_at,
            sent=bool(said.get("evidence")),
            page=page if page.startswith(f"{self.origin}/") else "",
        )

    def _standing(self, status: int, said: dict[str, Any]) -> Standing:
        if status == 404 and said.get("state") == Stand.UNKNOWN:
            return Standing(stand=Stand.UNKNOWN)
        try:
            stand = Stand(said.get("state", ""))
            paid = Money(Decimal(said["paid"]), str(said["currency"])) if stand is Stand.PAID else None
        except (KeyError, TypeError, ValueError, InvalidOperation):
            raise ProviderSilent(f"The provider's answer ({status}) cannot be understood") from None
        page = _text(said, "page")
        if not page.startswith(f"{self.origin}/"):
            # Nobody is led anywhere else.
            page = ""
        return Standing(
            stand=stand, reference=_text(said, "id")[:100], page=page, paid=paid, reason=_text(said, "reason")
        )


def _text(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    return found if isinstance(found, str) else ""
