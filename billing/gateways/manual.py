"""Money that people handle: cash, card terminal, bank transfer, on account. What they record is what happened."""

from billing.gateways.base import Answer, Captures, Outcome
from core.money import Money


class ManualGateway:
    """Says yes at once: somebody took or sent the money and says so."""

    code = "manual"
    at_once = True
    captures = Captures.MANY
    lives_days: int | None = None

    def authorize(self, *, amount: Money, reference: str, key: str) -> Answer:
        """Somebody holds the money."""
        return Answer(outcome=Outcome.DONE, reference=reference)

    def capture(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Somebody took the money."""
        return Answer(outcome=Outcome.DONE, reference=reference)

    def void(self, *, reference: str, key: str) -> Answer:
        """Somebody let go of the money."""
        return Answer(outcome=Outcome.DONE, reference=reference)

    def refund(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Somebody sends the money back."""
        return Answer(outcome=Outcome.DONE, reference=key)
