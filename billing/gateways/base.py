"""What every payment provider can be asked. One file per provider; none of them knows our tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.money import Money


class Outcome(StrEnum):
    """How a provider answered."""

    DONE = "done"
    ACTION = "requires_action"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a provider said: how it went, its own reference, and why not."""

    outcome: Outcome
    reference: str = ""
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.outcome is Outcome.DONE


class Gateway(Protocol):
    """A way to hold, take, let go and send back money.

    `key` is ours and the same for every try of the same thing: a provider that sees it again does nothing
    twice. `at_once`: it answers without leaving the house, so that it may be asked inside a transaction.
    Providers that cannot be are only ever asked by handlers that run outside.
    """

    code: str
    at_once: bool

    def authorize(self, *, amount: Money, reference: str, key: str) -> Answer:
        """Hold money."""
        ...

    def capture(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Take (some of) what is held."""
        ...

    def void(self, *, reference: str, key: str) -> Answer:
        """Let go of what is held."""
        ...

    def refund(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Send money back."""
        ...


# Providers with a page of their own ---------------------------------------------------------------


class Stand(StrEnum):
    """How a payment stands at the provider. All but open are final there."""

    OPEN = "open"
    PAID = "paid"
    REFUSED = "refused"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What a customer is to pay on the provider's page, and where the browser and the news go afterwards."""

    key: str
    amount: Money
    subject: str
    payee: str
    language: str
    return_url: str
    notice_url: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the provider says when it is asked: the only word about a payment that counts.

    `page` is where the customer pays while it is open; `paid` is what was taken.
    """

    stand: Stand
    reference: str = ""
    page: str = ""
    paid: Money | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message of the provider that is proven to be his: `id` is the same when he repeats it, `key` is ours.

    It says that something happened, not what: that is asked. So no order of messages can mislead.
    """

    id: str
    key: str


class HostedGateway(Gateway, Protocol):
    """A provider on whose page the customer pays: no card number ever comes near us.

    Every method may raise ProviderSilent, `read_notice` raises NoticeRefused.
    """

    @property
    def is_ready(self) -> bool:
        """Whether it is configured, so that customers may be led there."""
        ...

    @property
    def origin(self) -> str:
        """Where its page is served, for the browser's policy."""
        ...

    def start_checkout(self, checkout: Checkout) -> Standing:
        """Have a page made for a payment; for a key that is known, say how it stands."""
        ...

    def ask(self, *, key: str) -> Standing:
        """Say how a payment stands."""
        ...

    def close_checkout(self, *, key: str) -> Standing:
        """See to it that nobody pays any more; where somebody did before, say so."""
        ...

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Return what a message is about, if it is the provider's and fresh."""
        ...


class ProviderSilent(Exception):
    """No answer, or none that can be understood: whether something happened is asked again, never guessed."""


class NoticeRefused(Exception):
    """A message that is not the provider's, or too old."""
