"""What every payment provider can be asked. One file per provider; none of them knows our tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from core.money import Money


class Outcome(StrEnum):
    """How a provider answered."""

    DONE = "done"
    # Taken on; how it ends is asked later.
    PENDING = "pending"
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


class Captures(StrEnum):
    """How often a provider pays out of what it holds: once, and the rest is let go, or part by part."""

    ONE = "one"
    MANY = "many"


class Gateway(Protocol):
    """A way to hold, take, let go and send back money.

    `key` is ours and the same for every try of the same thing: a provider that sees it again does nothing
    twice. `at_once`: it answers without leaving the house, so that it may be asked inside a transaction.
    Providers that cannot be are only ever asked by handlers that run outside. `captures`: how many times it pays
    out of what it holds; `lives_days`: for how many days it holds it, None for as long as need be.
    """

    code: str
    at_once: bool
    captures: Captures
    lives_days: int | None

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
    """How a payment stands at the provider. All but open and held are final there."""

    OPEN = "open"
    HELD = "held"
    PAID = "paid"
    REFUSED = "refused"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What a customer is to pay on the provider's page, and where the browser and the news go afterwards.

    `hold`: it is held first and taken when goods leave, where the provider can. `save`: the customer's means may be
    charged again for the rest of the order.
    """

    key: str
    amount: Money
    subject: str
    payee: str
    language: str
    return_url: str
    notice_url: str
    hold: bool = False
    save: bool = False


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What is taken from means that a customer paid with before, without the customer: `means` is the provider's."""

    key: str
    amount: Money
    subject: str
    means: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the provider says when it is asked: the only word about a payment that counts.

    `page` is where the customer pays while it is open; `held` is what may still be taken, until `until`; `paid` is
    what was taken; `means` is what it was paid with, as the provider names it, never the number of a card.
    """

    stand: Stand
    reference: str = ""
    page: str = ""
    held: Money | None = None
    until: datetime | None = None
    paid: Money | None = None
    reason: str = ""
    means: Mapping[str, str] = field(default_factory=dict)


class DisputeStand(StrEnum):
    """How a dispute stands at the provider; won and lost are final there."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class DisputeStanding:
    """What the provider says of a dispute: `taken` is what he took from us for it, `returned` what he gave back.

    `reason` is one of ours, or what he calls it; `due_at` is until when he takes evidence, `sent` whether he has it,
    and `page` where people give it to him.
    """

    reference: str
    stand: DisputeStand
    amount: Money
    taken: Money
    returned: Money
    reason: str = ""
    due_at: datetime | None = None
    sent: bool = False
    page: str = ""


class Proves(StrEnum):
    """What a document shows that is given as evidence."""

    INVOICE = "invoice"
    DELIVERY = "delivery"
    LETTERS = "letters"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A document that is given as evidence."""

    proves: Proves
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What we say to a dispute, final: `dispute` and `payment` are the provider's, one document of each kind."""

    key: str
    dispute: str
    payment: str
    text: str
    exhibits: Sequence[Exhibit] = ()


class PayoutKind(StrEnum):
    """What a row of a payout is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    FEE = "fee"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class PayoutEntry:
    """A row of a payout: `amount` before the `fee`, and what it belongs to: the refund by our id, the rest by his."""

    reference: str
    kind: PayoutKind
    amount: Money
    fee: Money
    payment: str = ""
    refund: str = ""
    dispute: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class PayoutStanding:
    """What a provider paid out to the bank, and out of what."""

    amount: Money
    is_paid: bool
    # It failed or was called off, and never will be.
    is_off: bool = False
    arrives_on: date | None = None
    entries: Sequence[PayoutEntry] = ()


class About(StrEnum):
    """What a message of the provider is about."""

    PAYMENT = "payment"
    # Money that came in may have gone again: it is disputed, or a refund failed after all.
    AFTERWARDS = "afterwards"
    PAYOUT = "payout"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message of the provider that is proven to be his: `id` is the same when he repeats it, `key` is ours.

    Where he does not know our key, `reference` is his own for the payment. It says that something happened, not
    what: that is asked. So no order of messages can mislead.
    """

    id: str
    key: str = ""
    reference: str = ""
    about: About = About.PAYMENT


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

    def takes(self, amount: Money) -> bool:
        """Whether it can take exactly this amount: some currencies have steps of their own there."""
        ...

    def start_checkout(self, checkout: Checkout) -> Standing:
        """Have a page made for a payment; for a key that is known, say how it stands."""
        ...

    def ask(self, *, key: str, reference: str = "") -> Standing:
        """Say how a payment stands; `reference` is what it was called when it was asked before."""
        ...

    def close_checkout(self, *, key: str, reference: str = "") -> Standing:
        """See to it that nobody pays any more; where somebody did before, say so."""
        ...

    def charge(self, charge: Charge) -> Standing:
        """Take money from means the customer paid with before; asked again under the same key it is taken once."""
        ...

    def find_refund(self, *, reference: str, key: str) -> Answer | None:
        """Say how it stands with money that was to be sent back under a key; none where it was never asked."""
        ...

    def refunds_of(self, *, reference: str) -> Mapping[str, Answer]:
        """Say how all the refunds of a payment stand, by the keys under which they were asked for."""
        ...

    def disputes_of(self, *, reference: str) -> Sequence[DisputeStanding]:
        """Say how the disputes over a payment stand."""
        ...

    def give_evidence(self, evidence: Evidence) -> Answer:
        """Give the bank what we have to say, once under its key."""
        ...

    def payout(self, *, reference: str) -> PayoutStanding:
        """Say what a payout was paid out of."""
        ...

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Return what a message is about, if it is the provider's and fresh."""
        ...


class ProviderSilent(Exception):
    """No answer, or none that can be understood: whether something happened is asked again, never guessed."""


class NoticeRefused(Exception):
    """A message that is not the provider's, or too old."""
