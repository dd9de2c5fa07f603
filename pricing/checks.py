"""The checks that a channel may switch and limit. The floor that makes them offers them; here is only what it says.

offer(Check("price", _("price"), _("Prices that …"), usual="hold", limits=(Limit("lowest", _("at least"), …),)))
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

RESULTS = ("hold", "warn", "off")


@dataclass(frozen=True)
class Limit:
    """From where on a check fails. `unit` stands behind the number; a switch (`is_switch`) is 1 or 0."""

    name: str
    label: Any
    usual: Decimal
    unit: Any = ""
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(1_000_000)
    is_whole: bool = True
    is_switch: bool = False


@dataclass(frozen=True)
class Check:
    """A check as people know it, and what a channel does about it where it says nothing."""

    name: str
    label: Any
    about: Any
    usual: str
    limits: tuple[Limit, ...] = ()


OFFERED: dict[str, Check] = {}


def offer(check: Check) -> None:
    """Let channels say what they do about a check."""
    OFFERED[check.name] = check


def result_of(check: Check, policy: Mapping[str, str]) -> str:
    """Return what a channel does about a check."""
    return policy.get(check.name) or check.usual


def value_of(check: Check, limit: Limit, limits: Mapping[str, Mapping[str, Any]]) -> Decimal:
    """Return a limit as a channel sets it, or as it usually is."""
    own = (limits.get(check.name) or {}).get(limit.name)
    return limit.usual if own is None else Decimal(str(own))


def plain(value: Decimal) -> str:
    """Write a limit without what says nothing: 50, 0.5."""
    return f"{value.normalize():f}"
