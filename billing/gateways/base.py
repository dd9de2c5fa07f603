"""What every payment provider can be asked. One file per provider; none of them knows our tables."""

from dataclasses import dataclass
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
