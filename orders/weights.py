"""The weights of the priority, kept in the process: every order asks for them.

Whoever changes them calls `forget`, so this process sees it at once; other processes see it after
`MAX_AGE` seconds at the latest, and the sweep then ranks what they placed meanwhile.
"""

from core.keeping import Kept
from customers.models import CustomerGroup
from orders.models import PriorityWeights
from orders.priority import Weights

MAX_AGE = 30.0
PLAIN = (
    "version",
    "start",
    "methods",
    "overdue",
    "due_today",
    "due_tomorrow",
    "waiting",
    "waiting_most",
    "value",
    "value_step",
    "value_most",
    "currency",
)


def _read() -> Weights:
    row = PriorityWeights.objects.first()
    if row is None:
        return Weights()
    codes = {*row.groups, *row.may_take}
    ids = dict(CustomerGroup.objects.filter(code__in=codes).values_list("code", "pk")) if codes else {}
    return Weights(
        **{name: getattr(row, name) for name in PLAIN},
        groups={ids[code]: points for code, points in row.groups.items() if code in ids},
        may_take=frozenset(ids[code] for code in row.may_take if code in ids),
    )


_kept = Kept(_read, max_age=MAX_AGE)


def weights() -> Weights:
    """Return the weights, at most half a minute old."""
    return _kept.get()


def forget() -> None:
    """Read the weights anew: now, and once more when the change that asks for it is committed."""
    _kept.forget()
