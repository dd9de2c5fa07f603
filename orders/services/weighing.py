"""The weights of the priority: one row that a manager changes, each change a version in its history."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.actors import SYSTEM, Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import note_change, service
from customers.models import CustomerGroup
from orders.events import WeightsChanged
from orders.models import MOST_POINTS, PriorityWeights
from orders.weights import forget

POINTS = ("start", "overdue", "due_today", "due_tomorrow", "waiting", "waiting_most", "value", "value_most")
CURRENCY = re.compile("[A-Z]{3}")
CHANGEABLE = (*POINTS, "methods", "groups", "value_step", "currency", "may_take")


@service
def ensure_weights(*, actor: Actor = SYSTEM) -> PriorityWeights:
    """Return the row of the weights, made with the defaults where there is none yet."""
    row, _made = PriorityWeights.objects.get_or_create(pk=1, defaults={"changed_by": str(actor)})
    return row


@service
def change_weights(
    changes: Mapping[str, Any], *, note: str = "", expected_version: int | None = None, actor: Actor
) -> PriorityWeights:
    """Say what each part is worth from now on; every order that waits is ranked anew soon after.

    Raises Invalid with the fields at fault, and Stale where somebody changed them meanwhile.
    """
    ensure_weights(actor=actor)
    row = PriorityWeights.objects.locked().get(pk=1)
    if expected_version is not None and row.version != expected_version:
        raise Invalid("Somebody changed the weights meanwhile; look at them again")
    _require_sense(changes)
    before = {name: getattr(row, name) for name in changes if getattr(row, name) != changes[name]}
    if not before:
        return row
    for name in before:
        setattr(row, name, changes[name])
    row.version += 1
    row.changed_by, row.changed_at, row.note = str(actor), timezone.now(), note
    row.save()
    after = {name: changes[name] for name in before}
    note_change(row, "orders.weights_changed", actor=actor, before=before, after=after, note=note)
    emit(WeightsChanged(version=row.version), actor=actor)
    forget()
    return row


def _require_sense(changes: Mapping[str, Any]) -> None:
    """Refuse points that nobody would mean, and groups that there are not."""
    faults: list[tuple[str, str]] = [(name, "Not to be changed") for name in sorted(set(changes) - set(CHANGEABLE))]
    plain = [(name, changes[name]) for name in POINTS if name in changes]
    for kind in ("methods", "groups"):
        plain += [(f"{kind}_{code}", points) for code, points in changes.get(kind, {}).items()]
    for name, points in plain:
        if isinstance(points, bool) or not isinstance(points, int) or abs(points) > MOST_POINTS:
            faults.append((name, f"Whole points from {-MOST_POINTS} to {MOST_POINTS}"))
    if "value_step" in changes and not Decimal(0) < changes["value_step"] <= Decimal(1_000_000):
        faults.append(("value_step", "An amount above zero"))
    if "currency" in changes and not CURRENCY.fullmatch(changes["currency"]):
        faults.append(("currency", "Three capital letters, as in EUR"))
    named = {*changes.get("groups", {}), *changes.get("may_take", ())}
    unknown = named - set(CustomerGroup.objects.filter(code__in=named).values_list("code", flat=True)) if named else ()
    faults += [("may_take", f"There is no group {code}") for code in sorted(unknown)]
    if faults:
        errors = [{"pointer": f"/{name}", "code": "invalid", "detail": detail} for name, detail in faults]
        raise Invalid(faults[0][1], errors=errors)
