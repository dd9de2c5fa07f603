"""How urgent an order is, in words: every part of its score with its points, most of them first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from orders.models import Order
from orders.priority import DUE, PARTS, SPEED, START

LABELS: Mapping[str, Any] = {
    "start": gettext_lazy("every order"),
    "speed": gettext_lazy("way of delivery"),
    "due": gettext_lazy("day it must leave"),
    "waiting": gettext_lazy("waiting"),
    "group": gettext_lazy("customer group"),
    "value": pgettext_lazy("of an order", "value"),
    "bump": gettext_lazy("set by hand"),
    "limit": gettext_lazy("limit"),
}


@dataclass(frozen=True)
class Part:
    """One part of a score, in words."""

    name: str
    label: str
    points: int

    @property
    def signed(self) -> str:
        """Return the points as they add to the score."""
        return str(self.points) if self.name == START else f"{self.points:+d}".replace("-", "−")


def parts_of(order: Order) -> list[Part]:
    """Return the parts of the score of an order; what every order has stands first."""
    known = order.priority_parts or {}
    parts = [Part(name, _label(order, name), known[name]) for name in PARTS if name in known]
    return sorted(parts, key=lambda part: (part.name != START, -abs(part.points)))


def in_words(order: Order) -> str:
    """Say in one line why an order is as urgent as it is: 80: Express delivery +30."""
    return ", ".join(f"{part.label} {part.signed}" for part in parts_of(order) if part.name != START)


def points_of(order: Order) -> str:
    """Say the score with its parts: 80 points: Express delivery +30."""
    points = ngettext("%(n)s point", "%(n)s points", order.priority) % {"n": order.priority}
    why = in_words(order)
    return _("%(points)s: %(why)s") % {"points": points, "why": why} if why else points


def _label(order: Order, name: str) -> str:
    """Name a part; a way of delivery and a day by themselves."""
    if name == SPEED and order.shipping_method is not None:
        return order.shipping_method.name_in()
    if name == DUE:
        return _("must leave")
    return str(LABELS[name])
