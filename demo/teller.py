"""Who tells the story of the demo: the dice, the clock and the way an order is placed."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TypeVar

from django.utils import timezone

from core.actors import Actor
from customers.addresses import PostalAddress
from customers.models import Customer
from demo.catalogue import articles
from demo.world import ACTOR
from fulfillment.services import Stations
from inventory.models import Warehouse
from orders import services as orders
from orders.calendar import arrival, is_working_day, working_days_after
from orders.inputs import LineInput, OrderInput
from orders.models import Order
from pricing import services as pricing

CHANNELS = ("portal", "portal", "portal", "api", "staff")
MAYA, TOM = Actor("staff", "maya"), Actor("staff", "tom")
BUYER = Actor("customer", "")
OPENS, CLOSES = 8, 17
# The pick lists of a day are printed from then on.
BEGINS = time(9, 30)
SLOW_DAYS = 22
M = TypeVar("M")


@dataclass
class Story:
    """Who tells it, with the same dice on every start."""

    dice: random.Random
    skus: list[str]
    people: list[Customer]
    companies: list[Customer]
    now: datetime
    total: int = 0
    done: int = 0
    addresses: dict[int, PostalAddress] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day the story ends."""
        return timezone.localdate(self.now)

    def customer(self, *, company: bool, german: bool = False, language: str = "") -> Customer:
        """Return somebody who orders; some order often."""
        group = self.companies if company else self.people
        if german:
            group = [one for one in group if self.address(one).country == "DE"]
        if language:
            group = [one for one in group if one.language == language]
        return group[min(int(self.dice.expovariate(3.0) * len(group)), len(group) - 1)]

    def company(self, name: str) -> Customer:
        """Return a company by its name."""
        return next(one for one in self.companies if one.company == name)

    def address(self, customer: Customer) -> PostalAddress:
        """Return where somebody lives."""
        if customer.pk not in self.addresses:
            site = customer.addresses.first()
            self.addresses[customer.pk] = (
                site.postal() if site else PostalAddress(name=customer.name, line1="Am Markt 1", country="DE")
            )
        return self.addresses[customer.pk]

    def lines(self) -> dict[str, int]:
        """Return what somebody wants."""
        chosen = self.dice.sample(self.skus, self.dice.choice((1, 1, 2, 2, 3, 4)))
        return {sku: self.dice.choice((1, 1, 1, 2, 2, 3, 6)) for sku in chosen}

    # The clock ------------------------------------------------------------------------------

    def hours_on(self, day: date, *, after: datetime | None = None) -> datetime:
        """Return a moment of the working hours of a day, after another moment and not in the future."""
        begins = timezone.make_aware(datetime.combine(day, time(OPENS)))
        ends = min(begins + timedelta(hours=CLOSES - OPENS), self.now)
        begins = max(begins, after + timedelta(minutes=20)) if after else begins
        if ends <= begins:
            # Before the shop opens, and after it closed: as late as it may be, but in the right order.
            return min(begins, self.now)
        minutes = int((ends - begins).total_seconds() // 60)
        return begins + timedelta(minutes=self.dice.randint(0, minutes))

    def ago(self, days: int) -> datetime:
        """Return a moment of the working hours so many days ago; the shop takes orders on any day."""
        return self.hours_on(self.today - timedelta(days=days))

    def next_shift(self, moment: datetime, days: int = 0) -> datetime:
        """Return a moment when the warehouse works, so many working days after another moment."""
        here = timezone.localtime(moment)
        day = here.date()
        if days == 0 and (not is_working_day(day) or here.hour >= CLOSES - 1):
            days = 1
        return self.hours_on(min(working_days_after(day, days), self.today), after=moment)

    def through_the_house(self, order: Order, at: datetime, *, wait: int = 0) -> tuple[Stations, datetime]:
        """Return when goods ordered at a moment were fetched and packed, and when they left.

        Work begins on the same day or, after so many working days, on another; for three weeks now Hamburg packs on
        the next morning, or later still.
        """
        day = working_days_after(timezone.localdate(at), wait)
        begins = self._clock(day, BEGINS)
        if begins < at:
            begins = self._clock(working_days_after(day + timedelta(days=1), 0), BEGINS)
        released = begins + timedelta(minutes=self.dice.randint(0, 120))
        picked = released + timedelta(minutes=self.dice.randint(30, 90))
        packed = picked + timedelta(minutes=self.dice.randint(90, 150))
        if self.is_slow(order, picked):
            day = working_days_after(picked.date(), self.dice.choice((1, 1, 1, 1, 2, 3)))
            later = self._clock(day, picked.time(), earlier=self.dice.randint(270, 330))
            # What would still lie there today was packed at once.
            packed = later if later < self.now - timedelta(hours=1) else packed
        left = packed + timedelta(minutes=self.dice.randint(20, 60))
        released, picked, packed, left = (min(moment, self.now) for moment in (released, picked, packed, left))
        return Stations(released=released, picked=picked, packed=packed), left

    def is_slow(self, order: Order, moment: datetime) -> bool:
        """Whether an order was packed in Hamburg when it packed late."""
        in_hamburg = any(parcel["warehouse"] == "HAM" for parcel in order.sourcing.get("parcels", []))
        return in_hamburg and timezone.localdate(moment) >= self.today - timedelta(days=SLOW_DAYS)

    def _clock(self, day: date, at: time, *, earlier: int = 0) -> datetime:
        return timezone.make_aware(datetime.combine(day, at.replace(tzinfo=None))) - timedelta(minutes=earlier)


def begin(*, total: int) -> Story:
    """Return the teller at the first word."""
    customers = list(Customer.objects.order_by("pk").prefetch_related("addresses"))
    return Story(
        dice=random.Random(42),  # noqa: S311 - the same story on every start
        skus=[one.sku for one in articles() if one.sold_often],
        people=[one for one in customers if one.kind == Customer.Kind.PERSON],
        companies=[one for one in customers if one.kind == Customer.Kind.COMPANY],
        now=timezone.now(),
        total=total,
    )


def place(
    story: Story,
    at: datetime,
    *,
    customer: Customer,
    lines: dict[str, int] | None = None,
    terms: str = "prepaid",
    channel: str = "",
    wanted_on: date | None = None,
    notify: bool = False,
    settle: bool = True,
    shop: str = "",
) -> Order:
    """Place an order as it was placed then."""
    wish = _wish(story, customer, lines or story.lines(), terms=terms, channel=channel, wanted_on=wanted_on)
    told = replace(wish, placed_at=at, historic=True, settle=settle, notify=notify, handed_over_at=shop)
    return orders.place_order(told, actor=ACTOR)


def draft(
    story: Story, customer: Customer, *, lines: dict[str, int] | None = None, wanted_on: date | None = None
) -> Order:
    """Write a quotation that nobody has accepted yet."""
    wanted = lines or {sku: units * 6 for sku, units in story.lines().items()}
    wish = _wish(story, customer, wanted, terms="net14", channel="staff", wanted_on=wanted_on)
    return orders.save_draft(wish, actor=MAYA)


def later(story: Story, customer: Customer) -> date:
    """Return a day on which somebody wants the goods: work on them may begin today, and they leave on the next day."""
    leaves = working_days_after(story.today + timedelta(days=1), 0)
    way, country = pricing.shipping_method("standard"), story.address(customer).country
    return arrival(leaves, pricing.transit_days(Warehouse.objects.get(code="HAM").pk, way, country))


def _wish(
    story: Story, customer: Customer, lines: dict[str, int], *, terms: str, channel: str, wanted_on: date | None
) -> OrderInput:
    via = channel or story.dice.choice(CHANNELS)
    return OrderInput(
        channel=via,
        customer_id=customer.pk,
        customer_name=customer.name,
        customer_company=customer.company,
        email=customer.email,
        phone=customer.phone,
        language=customer.language,
        shipping_address=story.address(customer),
        lines=tuple(LineInput(sku=sku, quantity=units) for sku, units in lines.items()),
        shipping_method="pickup" if via == "walk_in" else "standard",
        payment_terms=terms,
        purchase_order_number=f"PO-{story.dice.randint(3000, 9999)}" if customer.company else "",
        requested_delivery_on=wanted_on,
    )


def first_of(found: Iterable[M], count: int) -> list[M]:
    """Return the first few, or complain: a story with a hole in it shows nothing."""
    chosen = list(islice(found, count))
    if len(chosen) < count:
        raise LookupError(f"The story needs {count} of these and has {len(chosen)}")
    return chosen
