"""The types of holds a house uses: the first ones are there from the first day, others are added."""

from collections.abc import Mapping
from typing import Any

from core.actors import Actor
from core.service import note_change, service
from orders import hold_types
from orders.models import HoldType


@service
def create_hold_type(values: Mapping[str, Any], *, actor: Actor) -> HoldType:
    """Add a type of hold; it can be chosen at once."""
    made = HoldType.objects.create(**values)
    note_change(made, "orders.holdtype.created", actor=actor, before={}, after=_plain(values))
    hold_types.forget()
    return made


@service
def change_hold_type(hold_type_id: int, values: Mapping[str, Any], *, actor: Actor) -> HoldType:
    """Change what holds of a type stop from now on; those that are active stay as they were placed.

    Who may lift them changes for these as well.
    """
    found = HoldType.objects.select_for_update(of=("self",), no_key=True).get(pk=hold_type_id)
    before = {name: getattr(found, name) for name in values}
    for name, value in values.items():
        setattr(found, name, value)
    found.save(update_fields=list(values))
    note_change(found, "orders.holdtype.changed", actor=actor, before=_plain(before), after=_plain(values))
    hold_types.forget()
    return found


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, list) else str(value) for name, value in values.items()}
