"""Who gets scarce units first: a score of named parts, and the one integer that follows from it. Pure.

The parts always add up to the score. Of the rank the lower is served earlier and loses later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

USUAL = 50
LEAST, MOST = 0, 1000
# What counts against a score in the rank; it may be exceeded, then the rank is below zero.
HIGHEST = 100
# More seconds than any two orders are apart: priority decides first, then who came first.
SPAN = 10**11

START, SPEED, DUE, WAITING, GROUP, VALUE, BUMP, LIMIT = (
    "start",
    "speed",
    "due",
    "waiting",
    "group",
    "value",
    "bump",
    "limit",
)
PARTS = (START, SPEED, DUE, WAITING, GROUP, VALUE, BUMP, LIMIT)


@dataclass(frozen=True)
class Weights:
    """How many points each part is worth. `methods` are by code, `groups` and `may_take` by the id of the group."""

    version: int = 0
    start: int = USUAL
    methods: Mapping[str, int] = field(default_factory=lambda: {"express": 30})
    overdue: int = 20
    due_today: int = 10
    due_tomorrow: int = 0
    waiting: int = 1
    waiting_most: int = 10
    groups: Mapping[int, int] = field(default_factory=dict)
    value: int = 1
    value_step: Decimal = Decimal(500)
    value_most: int = 10
    currency: str = "EUR"
    may_take: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Facts:
    """What the score of an order depends on."""

    placed_on: date
    today: date
    ship_by_on: date | None = None
    has_left: bool = False
    method: str = ""
    group_id: int | None = None
    total: Decimal = Decimal(0)
    currency: str = ""
    bump: int = 0


def score(facts: Facts, weights: Weights) -> tuple[int, dict[str, int]]:
    """Return the score of an order, and what each part of it is worth; parts worth nothing are left out."""
    parts = {
        START: weights.start,
        SPEED: weights.methods.get(facts.method, 0),
        DUE: _due(facts, weights),
        WAITING: min(weights.waiting * max(0, (facts.today - facts.placed_on).days), weights.waiting_most),
        GROUP: weights.groups.get(facts.group_id, 0) if facts.group_id is not None else 0,
        VALUE: _value(facts, weights),
        BUMP: facts.bump,
    }
    whole = sum(parts.values())
    held = min(max(whole, LEAST), MOST)
    parts[LIMIT] = held - whole
    return held, {name: points for name, points in parts.items() if points or name == START}


def rank_of(priority: int, placed_at: datetime) -> int:
    """Return the rank of an order; a higher priority always comes before a lower one."""
    return (HIGHEST - priority) * SPAN + int(placed_at.timestamp())


def _due(facts: Facts, weights: Weights) -> int:
    """Return the points for the day it must leave; what has left in part is no longer driven by that day."""
    if facts.ship_by_on is None or facts.has_left:
        return 0
    days = (facts.ship_by_on - facts.today).days
    if days < 0:
        return weights.overdue
    return {0: weights.due_today, 1: weights.due_tomorrow}.get(days, 0)


def _value(facts: Facts, weights: Weights) -> int:
    """Return the points for each full step of value; amounts of other currencies are not compared."""
    if facts.currency != weights.currency or weights.value_step <= 0:
        return 0
    return min(weights.value * int(max(facts.total, Decimal(0)) // weights.value_step), weights.value_most)
