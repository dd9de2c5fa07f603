"""Customers who pay through a Stripe that loses answers and gets some questions a minute late; staff click twice.

It stands on a database of its own. Several hands at once place, pay, ship, cancel and refund orders through services,
and then the clock asks for everything that nobody was told of.
"""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from billing.models import LegalEntity, Payment, Refund
from billing.proofs import stripe as fake
from billing.proofs.stripe import Stripe
from billing.proofs.trial import SELLER
from billing.services import (
    capture_payment,
    look_after_money,
    look_after_return,
    read_payouts,
    reconcile_checkouts,
    reconcile_refunds,
    refund_payment,
    retry_refund,
    start_paying,
)
from core import outbox
from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.models import Delivery
from core.money import Money
from customers.addresses import PostalAddress
from inventory import services as inventory
from inventory.models import Product
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Order
from pricing import services as pricing
from pricing.models import Channel

CODE, SKU = "storm", "STORM-1"
HOOK = "/hooks/payments/stripe/"
BACK = "http://127.0.0.1/back/"
ADA = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")
STAFF = Actor("staff", "maya")
LOST, DAWDLING, WAVERING = 0.3, 0.1, 0.3
# Older than a message may be, or from a clock that is ahead.
STALE_SECONDS = 301
HERE: Mapping[str, Any] = {"HTTP_HOST": "127.0.0.1", "secure": True}


def open_till() -> None:
    """Open a shop that has one kind of goods, which need no shelf."""
    pricing.ensure_defaults(actor=SYSTEM)
    if not LegalEntity.objects.filter(is_default=True).exists():
        LegalEntity.objects.create(code="main", is_default=True, **SELLER)
    ware = inventory.ProductInput(sku=SKU, name="Ware", kind=Product.Kind.SERVICE)
    inventory.create_products([ware], actor=SYSTEM)
    Channel.objects.create(code=CODE, name=CODE, currency="EUR", quiet=True)
    pricing.forget()


@contextmanager
def weather(*, losing: float = LOST, dawdling: float = 0.0, wavering: float = 0.0) -> Iterator[Stripe]:
    """Lead the customers to a Stripe of ours that loses so many answers, and gets so many questions late.

    So many refunds it calls failed first, and carries them out later.
    """
    with fake.running() as there:
        ours = {"STRIPE_API_URL": there.url, "STRIPE_FILES_URL": there.url, "DEMO_PROVIDER_URL": ""}
        ours |= {"STRIPE_PAGE_ORIGIN": there.url}
        ours |= {"STRIPE_SECRET_KEY": fake.KEY, "STRIPE_WEBHOOK_SECRET": fake.SECRET}
        # Each event that is not true makes a warning.
        log = logging.getLogger("django.request")
        before = log.level
        with override_settings(**ours):
            there.losing, there.dawdling, there.wavering = losing, dawdling, wavering
            log.setLevel(logging.ERROR)
            try:
                yield there
            finally:
                log.setLevel(before)


@dataclass
class Seen:
    """What came of a storm, for all hands together: how long our door took, and what it said to whom."""

    acks: list[float] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    said: Counter[tuple[str, int]] = field(default_factory=Counter)

    def add(self, other: "Seen") -> None:
        """Count what another one saw."""
        self.acks += other.acks
        self.did += other.did
        self.said += other.said


class Buyer:
    """A customer with an order; how often each event is told, before and after the browser is back, says `times`."""

    does: tuple[str, ...] = ("ship", "ship", "refund", "refund", "part", "cancel", "leave")

    def __init__(self, number: int, there: Stripe, *, seed: int = 0, times: int = 5) -> None:
        """Place the order."""
        self.there, self.dice, self.times = there, random.Random(seed * 1_000_003 + number), times  # noqa: S311
        self.seen = Seen()
        self.order = self.place(number)
        self.customer = Actor("customer", str(self.order.number))

    def place(self, number: int) -> Order:
        """Place an order of any worth."""
        price = Decimal(self.dice.randint(1, 30_000)) / 100
        wish = OrderInput(
            channel=CODE,
            customer_name=f"Buyer {number}",
            email=f"buyer{number}@proof.example",
            shipping_address=ADA,
            shipping_method="standard",
            payment_terms="prepaid",
            lines=(LineInput(sku=SKU, quantity=self.dice.randint(1, 3), unit_price=price),),
        )
        return orders.place_order(wish, actor=SYSTEM)

    def ship(self, order: Order) -> None:
        """Let everything leave the house."""
        orders.record_release(order.pk, actor=SYSTEM)
        lines = {line.pk: line.quantity for line in order.lines.all()}
        orders.record_shipment(order.pk, reference=f"SH-{order.pk}", quantities=lines, actor=SYSTEM)

    def go(self, does: str = "") -> None:
        """Pay or not, in two tabs, come back or not; let staff ship, cancel or refund, with two clicks at once."""
        does = does or self.dice.choice(self.does)
        self.seen.did[does] += 1
        payment = self.reach_the_page()
        if payment is not None and does != "leave":
            if self.dice.random() < 0.3:
                self.there.pay(payment.code, first=self.dice.choice(("decline", "challenge")))
            self.there.pay(payment.code)
        if self.dice.random() < 0.5:
            self.write()
        if self.dice.random() < 0.5:
            twice(partial(look_after_return, self.order.pk, actor=self.customer))
        self.settle()
        self.staff(does)
        self.write()
        self.settle()

    def reach_the_page(self) -> Payment | None:
        """Click until the page is there, now and then in two windows; none where patience ends before."""
        for tries in range(8):
            if self.dice.random() < 0.3:
                twice(self.click)
            else:
                self.click()
            payment = Payment.objects.filter(order=self.order).latest("pk")
            if payment.page_url and tries:
                return payment
        return None

    def click(self) -> None:
        """Click on Pay now."""
        start_paying(self.order.pk, return_url=BACK, actor=self.customer)

    def settle(self) -> None:
        """Let a worker pay the debts of this order."""
        outbox.drain(threads=[self.order.history_thread()])

    def staff(self, does: str) -> None:
        """Let staff do what there is to do, each with two clicks at once."""
        order = Order.objects.get(pk=self.order.pk)
        if does == "cancel":
            with suppress(DomainError):
                orders.cancel_order(order.pk, reason="Too slow", actor=STAFF)
        if does in ("ship", "dispute", "refund", "part") and order.status == "confirmed":
            self.ship(order)
            self.settle()
            for payment in Payment.objects.filter(order=order):
                twice(partial(capture_payment, payment.pk, actor=STAFF))
        if does == "dispute":
            self.dispute()
        if does not in ("refund", "part"):
            return
        for payment in Payment.objects.filter(order=order, captured__gt=0):
            part = None
            if does == "part":
                # Mostly so little that as much may go a second time.
                most = cents(payment.captured) // self.dice.choice((1, 2, 3)) or 1
                part = Money(Decimal(self.dice.randint(1, most)) / 100, payment.currency)
            click = partial(refund_payment, payment.pk, amount=part, reference=f"CLICK-{payment.pk}", actor=STAFF)
            twice(click)
            self.settle()
            self.after_a_no(payment, part)

    def after_a_no(self, payment: Payment, part: Money | None) -> None:
        """Let Stripe carry out what it called failed, before or after staff tries again, makes another or waits."""
        for refund in Refund.objects.filter(payment=payment, status=Refund.Status.FAILED):
            mine = [one["id"] for one in list(self.there.refunds.values()) if refund.code in one["metadata"]["key"]]
            acts: list[Callable[[], object]] = [partial(self.there.carry_out, name) for name in mine]
            again = partial(refund_payment, payment.pk, amount=part, reference=f"ANEW-{payment.pk}", actor=STAFF)
            retry = partial(twice, partial(retry_refund, refund.pk, actor=STAFF))
            acts += self.dice.choice(([retry], [retry], [again], []))
            self.dice.shuffle(acts)
            for act in acts:
                with suppress(DomainError):
                    act()
                if self.dice.random() < 0.5:
                    self.settle()

    def dispute(self) -> None:
        """Let the bank ask for what was taken, and mostly decide; its messages come as they like."""
        with self.there.lock:
            for intent in self.intents():
                if intent["amount_received"]:
                    name = self.there.dispute(intent["id"])["id"]
                    if end := self.dice.choice(("won", "lost", "")):
                        self.there.decide(name, end)

    def intents(self) -> list[dict[str, Any]]:
        """Return what Stripe has of this order."""
        keys = set(Payment.objects.filter(order=self.order).values_list("code", flat=True))
        return [one for one in list(self.there.intents.values()) if one["metadata"].get("key") in keys]

    # What Stripe, and somebody else, write to us ---------------------------------------------------

    def write(self) -> None:
        """Send every event about this order so far as often as each is told, shuffled, and as many untrue ones."""
        letters = self.events() * self.times
        self.dice.shuffle(letters)
        for letter in letters:
            began = time.monotonic()
            self.post("signed", letter)
            self.seen.acks.append(time.monotonic() - began)
            now = int(time.time())
            if self.dice.random() < 0.5:
                self.post("forged", letter, secret="whsec_another")  # noqa: S106 - nobody's
            else:
                self.post("stale", letter, at=now + self.dice.choice((-STALE_SECONDS, STALE_SECONDS + 60)))

    def events(self) -> list[dict[str, Any]]:
        """Return the events about this order."""
        keys = set(Payment.objects.filter(order=self.order).values_list("code", flat=True))
        with self.there.lock:
            intents = {one["id"] for one in self.intents()}
            told = [(one, one["data"]["object"]) for one in self.there.events]
        return [
            one
            for one, about in told
            if about.get("metadata", {}).get("key") in keys or about.get("payment_intent") in intents
        ]

    def post(self, what: str, letter: dict[str, Any], **how: Any) -> None:
        """Post an event at our door, and count what it says."""
        answer = Client().post(HOOK, **self.there.signed(letter, **how), **HERE)
        self.seen.said[what, answer.status_code] += 1


def twice(click: Callable[[], object]) -> None:
    """Click in two windows at the same moment."""

    def window() -> None:
        try:
            with suppress(DomainError):
                click()
        finally:
            connection.close()

    windows = [threading.Thread(target=window) for _ in range(2)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()


def many_hands(count: int, hands: int, work: Callable[[int], Seen], tell: Callable[[int], object]) -> Seen:
    """Work on so many numbers with several hands at once; returns what all of them saw. Raises what one raised."""
    seen, lock = Seen(), threading.Lock()
    numbers = iter(range(count))
    failed: list[BaseException] = []

    def hand() -> None:
        try:
            while not failed:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                found = work(number)
                with lock:
                    seen.add(found)
                    tell(sum(seen.did.values()))
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=hand) for _ in range(hands)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failed:
        raise failed[0]
    return seen


def let_the_clock_ask(there: Stripe, *, hours: int = 14) -> None:
    """Let what is late arrive and hours pass: what is not known yet is asked for."""
    there.arrive()
    there.dawdling = 0
    for later in range(hours):
        when = timezone.now() + timedelta(hours=later + 1)
        _until_each_was_asked(Payment, "ask_at", when, partial(reconcile_checkouts, when))
        _until_each_was_asked(Refund, "ask_at", when, partial(reconcile_refunds, when))
        _until_each_was_asked(Payment, "look_at", when, partial(look_after_money, when))
        read_payouts(when)
        Delivery.objects.filter(status="pending").update(due_at=timezone.now())
        outbox.drain()


def _until_each_was_asked(model: type[Payment | Refund], due: str, when: datetime, ask: Callable[[], object]) -> None:
    """Ask round after round, each of which ends at the first answer that is lost. Who was asked has a later time."""
    waits = model.objects.filter(**{f"{due}__lte": when}).values_list("pk", due)
    unasked = set(waits)
    for _round in range(len(unasked)):
        if not unasked:
            return
        ask()
        unasked &= set(waits.all())


def cents(amount: Decimal) -> int:
    """Return an amount as Stripe says it."""
    return int(amount * 100)
