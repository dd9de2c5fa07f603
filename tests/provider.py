"""A payment provider for the tests, over real HTTP: it loses its answers, is slow or away, and repeats its messages.

It speaks the protocol of the demo's provider (billing/gateways/demo.py) and keeps its books apart from ours.
"""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.gateways import wire
from billing.proofs.answering import Answer, Asked, answering

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgdGVzdHM="


@dataclass
class Account:
    """A payment in the books of the provider."""

    key: str
    number: int
    amount: Decimal
    currency: str
    told: dict[str, Any]
    state: str = "open"
    paid: Decimal | None = None
    reason: str = ""
    refunds: dict[str, Decimal] = field(default_factory=dict)

    def said(self, url: str) -> dict[str, Any]:
        """Return what the shop hears."""
        return {
            "id": f"ck_{self.number}",
            "state": self.state,
            "page": f"{url}/pay/{self.number}",
            "paid": None if self.paid is None else str(self.paid),
            "currency": self.currency,
            "reason": self.reason,
        }


class Provider:
    """The provider, with knobs. `asked` counts the calls of the shop by kind."""

    def __init__(self) -> None:
        self.url = ""
        self.accounts: dict[str, Account] = {}
        self.asked: list[str] = []
        # How many of the next calls are worked on and then not answered; None: all.
        self.losing: int | None = 0
        self.away = False
        self.delay = 0.0
        self.lock = threading.RLock()
        self.dice = random.Random(7)

    # What the customer does on its page.
    def pay(self, key: str, amount: Decimal | None = None) -> None:
        """Take the money."""
        with self.lock:
            account = self.accounts[key]
            assert account.state == "open"
            account.state, account.paid = "paid", account.amount if amount is None else amount

    def decline(self, key: str, reason: str = "The bank declined the payment.") -> None:
        """Take none."""
        with self.lock:
            account = self.accounts[key]
            assert account.state == "open"
            account.state, account.reason = "refused", reason

    # What it writes to the shop.
    def message(self, key: str, *, number: int = 1) -> tuple[str, bytes]:
        """Return id and body of a message about a payment."""
        return f"ev_{self.accounts[key].number}_{number}", json.dumps({"key": key}).encode()

    def signed(self, key: str, *, number: int = 1, at: int | None = None, secret: str = SECRET) -> dict[str, Any]:
        """Return a message as Django's test client posts it."""
        message_id, body = self.message(key, number=number)
        headers = wire.sign(secret, message_id=message_id, at=int(time.time()) if at is None else at, body=body)
        return {"data": body, "content_type": "application/json", "headers": headers}

    def write(self, url: str, key: str, *, number: int = 1) -> int:
        """Post a message to the shop; return how it answered."""
        message = self.signed(key, number=number)
        headers = {**message["headers"], "Content-Type": "application/json"}
        request = urllib.request.Request(url, data=message["data"], headers=headers)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    # What it is in the end.
    def total(self) -> Decimal:
        """Return what it took and did not send back."""
        taken = sum((one.paid or Decimal(0) for one in self.accounts.values()), start=Decimal(0))
        sent = sum((sum(one.refunds.values(), start=Decimal(0)) for one in self.accounts.values()), start=Decimal(0))
        return taken - sent

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Do what the shop asks for."""
        parts = path.strip("/").split("/")
        with self.lock:
            if (method, parts) == ("POST", ["checkouts"]):
                self.asked.append("start")
                return self._start(body)
            if parts[0] == "payments":
                self.asked.append("refund")
                return self._refund(parts[1], body)
            self.asked.append("close" if parts[-1] == "close" else "ask")
            account = self.accounts.get(parts[1])
            if account is None:
                return 404, {"state": "unknown"}
            if parts[-1] == "close" and account.state == "open":
                account.state = "closed"
            return 200, account.said(self.url)

    def _start(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        known = self.accounts.get(body["key"])
        if known is None:
            known = Account(body["key"], len(self.accounts) + 1, Decimal(body["amount"]), body["currency"], body)
            self.accounts[known.key] = known
        return 200, known.said(self.url)

    def _refund(self, code: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        account = next(one for one in self.accounts.values() if f"ck_{one.number}" == code)
        key, amount = body["key"], Decimal(body["amount"])
        if key not in account.refunds:
            if account.paid is None or sum(account.refunds.values(), start=Decimal(0)) + amount > account.paid:
                return 409, {"reason": "More would go back than was paid"}
            account.refunds[key] = amount
        return 200, {"id": f"rf_{key}"[:90]}


@contextmanager
def running() -> Iterator[Provider]:
    """Open the provider on a port of its own."""
    provider = Provider()

    def answer(asked: Asked) -> Answer | None:
        if provider.away:
            return 503, {}
        if asked.headers.get("Authorization") != f"Bearer {SECRET}":
            return 401, {"reason": "Wrong secret"}
        found = provider.answer(asked.method, asked.target, json.loads(asked.body or "{}"))
        time.sleep(provider.delay)
        if provider.losing is None or provider.losing > 0:
            provider.losing = provider.losing and provider.losing - 1
            return None
        return found

    with answering(answer) as provider.url:
        yield provider
