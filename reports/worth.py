"""What each check is worth: how often it caught something, and how often that was a false alarm."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q

from core.sight import limited_to, seen
from orders.models import FALSE_ALARMS, RIGHT, CheckCatch
from orders.verification import NAMES, policy_of
from pricing.models import Channel
from reports.measures import Period

# Of fewer that ended nobody can say that a check is useless.
FEWEST = 10
MOSTLY = 0.5
COUNTED = ("caught", "held", "waived", "false", "right", "open")


@dataclass
class Worth:
    """What was caught, and what became of it; the rest was settled by itself, as by a payment."""

    caught: int = 0
    held: int = 0
    waived: int = 0
    false: int = 0
    right: int = 0
    open: int = 0
    last: datetime | None = None

    @property
    def warned(self) -> int:
        """Return how many only were warned of."""
        return self.caught - self.held

    @property
    def share(self) -> float | None:
        """Return which part of what ended was a false alarm."""
        ended = self.caught - self.open
        return self.false / ended if ended else None

    @property
    def is_useless(self) -> bool:
        """Whether most of what it finds is nothing."""
        return self.caught - self.open >= FEWEST and (self.share or 0) >= MOSTLY

    def add(self, other: "Worth") -> None:
        """Add what was caught elsewhere."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.last = max((one for one in (self.last, other.last) if one is not None), default=None)


@dataclass
class InChannel:
    """A check in one channel: what the channel does about it, and what it caught there."""

    channel: Channel
    policy: str
    worth: Worth


@dataclass
class Check:
    """A check in all channels that were asked for."""

    name: str
    worth: Worth = field(default_factory=Worth)
    channels: list[InChannel] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)


def channels() -> list[Channel]:
    """Return the channels that the reader sees, by name."""
    codes = limited_to("channel")
    rows = Channel.objects.order_by("name", "pk")
    return list(rows if codes is None else rows.filter(code__in=codes))


def measure(period: Period, among: Iterable[Channel]) -> list[Check]:
    """Return every check with what it caught in these channels, those first of which most was a false alarm."""
    found = _counted(period)
    checks = []
    for name in NAMES:
        check = Check(name)
        for channel in among:
            policy, worth = policy_of(name, channel.checks), found.get((channel.pk, name))
            check.policies.add(policy)
            if worth is not None:
                check.channels.append(InChannel(channel, policy, worth))
                check.worth.add(worth)
        checks.append(check)
    return sorted(checks, key=lambda one: (-one.worth.false, -one.worth.caught))


def _counted(period: Period) -> dict[tuple[int, str], Worth]:
    """Count everything in one statement, which reads an index alone."""
    begin, end = period.bounds()
    outcomes = CheckCatch.Outcome
    # In the order of the fields of Worth.
    counted = {
        "caught": Count("at"),
        "held": Count("at", filter=Q(stopped=True)),
        "waived": Count("at", filter=Q(outcome=outcomes.WAIVED)),
        "false": Count("at", filter=Q(outcome__in=FALSE_ALARMS)),
        "right": Count("at", filter=Q(outcome__in=RIGHT)),
        "open": Count("at", filter=Q(outcome=outcomes.OPEN)),
        "last": Max("at"),
    }
    rows = seen(CheckCatch.objects.filter(at__gte=begin, at__lt=end)).order_by()
    found: Any = rows.values_list("channel", "name").annotate(**counted)
    return {(channel, name): Worth(*figures) for channel, name, *figures in found}
