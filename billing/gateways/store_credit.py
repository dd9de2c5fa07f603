"""Store credit: money of the customer that is with us already. What it comes to is kept under lock by the services."""

from billing.gateways.base import Answer, Captures, Outcome
from core.money import Money

CODE = "store_credit"


class StoreCreditGateway:
    """Says yes at once: whether there is enough was decided, under lock, before it is asked."""

    code = CODE
    at_once = True
    captures = Captures.MANY
    lives_days: int | None = None

    def authorize(self, *, amount: Money, reference: str, key: str) -> Answer:
        """The credit is held."""
        return Answer(outcome=Outcome.DONE, reference=reference)

    def capture(self, *, reference: str, amount: Money, key: str) -> Answer:
        """The credit is spent."""
        return Answer(outcome=Outcome.DONE, reference=reference)

    def void(self, *, reference: str, key: str) -> Answer:
        """The credit is free again."""
        return Answer(outcome=Outcome.DONE, reference=reference)

    def refund(self, *, reference: str, amount: Money, key: str) -> Answer:
        """The credit is the customer's again, also where other money becomes credit."""
        return Answer(outcome=Outcome.DONE, reference=key)
