"""Whether somebody wants unusually much of something."""

from core.sentences import gettext_noop, sentence

from .facts import Facts, Finding, LineFacts
from .names import Limits

MANY = sentence(gettext_noop("Unusual quantity: %(units)s"))
MORE_THAN_EVER = sentence(gettext_noop("Unusual quantity: %(units)s; of this the most was %(most)s in a year"))
MORE_THAN_THEY = sentence(
    gettext_noop("Unusual quantity: %(units)s; the most of this customer was %(most)s in a year")
)
# What was ordered less often has no habit yet.
FEWEST_OF_PRODUCT, FEWEST_OF_CUSTOMER = 10, 5


def quantity(facts: Facts, limits: Limits) -> Finding | None:
    """Compare each line with the most that is ever allowed, then with what is usual for product and customer."""
    if not facts.lines:
        return None
    most = max(line.quantity for line in facts.lines)
    many = [line for line in facts.lines if line.quantity > limits["units"]]
    if many:
        return Finding(MANY(units=_named(many)), value=str(most), limit=f"{limits['units']:f}")
    times, begin = limits["times"], limits["from"]
    if not times:
        return Finding(value=str(most), limit=f"{limits['units']:f}")
    for line in sorted(facts.lines, key=lambda one: -one.quantity):
        if line.quantity <= begin:
            break
        for habit, fewest, words in (
            (facts.habits.get(line.sku), FEWEST_OF_PRODUCT, MORE_THAN_EVER),
            (facts.habit, FEWEST_OF_CUSTOMER, MORE_THAN_THEY),
        ):
            if habit is not None and habit.lines >= fewest and line.quantity > max(begin, times * habit.most):
                reason = words(units=_named([line]), most=habit.most)
                data = {"sku": line.sku, "most": habit.most, "lines": habit.lines}
                limit = f"{max(begin, times * habit.most):f}"
                return Finding(reason, data, value=str(line.quantity), limit=limit)
    return Finding(value=str(most), limit=f"{limits['units']:f}")


def _named(lines: list[LineFacts]) -> str:
    return ", ".join(f"{line.quantity} × {line.sku}" for line in lines)
