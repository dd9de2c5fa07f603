"""Routing rules in versions: a draft is written, holds, and can be taken back in one step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from core.actors import Actor
from core.service import note_change, service
from inventory.errors import InvalidRules, RuleSetFixed, UnknownRuleSet
from inventory.models import RoutingRuleSet, Warehouse
from inventory.routing import Faulty, named_codes, parse

Status = RoutingRuleSet.Status
SAID = {
    "required": "This is needed",
    "invalid": "This cannot be read",
    "invalid_choice": "choose, prefer or exclude",
    "invalid_number": "A whole number from 0",
    "invalid_amount": "An amount from 0 with at most three decimals",
    "invalid_destination": "Write a country and, if you like, postcodes: DE, DE 7-9, GB SW1",
    "below_the_first": "This is below the first figure",
    "unknown_condition": "Nobody can ask for this",
    "unknown_warehouse": "There is no such warehouse",
    "too_many": "These are too many",
    "twice": "This stands here twice",
}


@dataclass(frozen=True, kw_only=True)
class RuleSetInput:
    """What somebody writes down as rules."""

    name: str
    currency: str
    content: Mapping[str, Any]
    note: str = ""


@service
def create_rule_set(given: RuleSetInput, *, actor: Actor, based_on: int | None = None) -> RoutingRuleSet:
    """Write a new version of the routing rules, as a draft. Raises InvalidRules."""
    _check(given)
    last = RoutingRuleSet.objects.aggregate(last=Max("version"))["last"] or 0
    made = RoutingRuleSet.objects.create(
        version=last + 1,
        name=given.name,
        note=given.note,
        author=str(actor),
        based_on_id=based_on,
        currency=given.currency,
        content=dict(given.content),
    )
    note_change(made, "inventory.routingruleset.created", actor=actor, after=_told(made))
    return made


@service
def change_rule_set(rule_set_id: int, given: RuleSetInput, *, actor: Actor) -> RoutingRuleSet:
    """Change a draft. Raises RuleSetFixed for rules that have held, and InvalidRules."""
    rules = _lock(rule_set_id)
    if not rules.is_draft:
        raise RuleSetFixed(f"{rules} has held and stays as it was; begin a new draft from it")
    _check(given)
    before = _told(rules)
    rules.name, rules.note, rules.currency = given.name, given.note, given.currency
    rules.content, rules.changed_at = dict(given.content), timezone.now()
    after = _told(rules)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        rules.save(update_fields=["name", "note", "currency", "content", "changed_at"])
        told = ({name: known[name] for name in changed} for known in (before, after))
        note_change(rules, "inventory.routingruleset.changed", actor=actor, before=next(told), after=next(told))
    return rules


@service
def activate_rule_set(rule_set_id: int, *, actor: Actor, note: str = "") -> RoutingRuleSet:
    """Let a version hold from now on; the one that held until now is retired. An older version is taken back so."""
    # All that hold or may hold, in pk order: two who switch at once come one after the other.
    locked = {
        one.pk: one for one in RoutingRuleSet.objects.locked().filter(pk__in=_with_active(rule_set_id)).order_by("pk")
    }
    if (wanted := locked.get(rule_set_id)) is None:
        raise UnknownRuleSet(f"There are no routing rules {rule_set_id}")
    if wanted.status == Status.ACTIVE:
        return wanted
    _check(RuleSetInput(name=wanted.name, currency=wanted.currency, content=wanted.content))
    now = timezone.now()
    for one in RoutingRuleSet.objects.locked().filter(status=Status.ACTIVE):
        _retire(one, actor=actor, note=note)
    RoutingRuleSet.objects.filter(pk=wanted.pk).update(status=Status.ACTIVE, activated_at=now, retired_at=None)
    before = {"status": wanted.status}
    wanted.status, wanted.activated_at, wanted.retired_at = Status.ACTIVE, now, None
    note_change(
        wanted,
        "inventory.routingruleset.activated",
        actor=actor,
        before=before,
        after={"status": wanted.status},
        note=note,
    )
    return wanted


@service
def retire_rule_set(rule_set_id: int, *, actor: Actor, note: str = "") -> RoutingRuleSet:
    """Let no rules hold any more: parcels and days decide again."""
    rules = _lock(rule_set_id)
    if rules.status == Status.ACTIVE:
        _retire(rules, actor=actor, note=note)
    return rules


def _with_active(rule_set_id: int) -> list[int]:
    active = RoutingRuleSet.objects.filter(status=Status.ACTIVE).values_list("pk", flat=True)
    return [rule_set_id, *active]


def _retire(rules: RoutingRuleSet, *, actor: Actor, note: str) -> None:
    now = timezone.now()
    RoutingRuleSet.objects.filter(pk=rules.pk, status=Status.ACTIVE).update(status=Status.RETIRED, retired_at=now)
    note_change(
        rules,
        "inventory.routingruleset.retired",
        actor=actor,
        before={"status": Status.ACTIVE},
        after={"status": Status.RETIRED},
        note=note,
    )
    rules.status, rules.retired_at = Status.RETIRED, now


def _lock(rule_set_id: int) -> RoutingRuleSet:
    found = RoutingRuleSet.objects.locked().filter(pk=rule_set_id).first()
    if found is None:
        raise UnknownRuleSet(f"There are no routing rules {rule_set_id}")
    return found


def _check(given: RuleSetInput) -> None:
    """Refuse what cannot be read, and warehouses that nobody knows."""
    faults: list[tuple[str, str, str]] = []
    if not given.name.strip():
        faults.append(("/name", "required", ""))
    if not (len(given.currency) == 3 and given.currency.isascii() and given.currency.isupper()):
        faults.append(("/currency", "invalid", given.currency))
    try:
        parse(given.content, currency=given.currency)
    except Faulty as error:
        faults += error.faults
    else:
        named = named_codes(given.content)["warehouses"]
        known = set(Warehouse.objects.filter(code__in=named).values_list("code", flat=True))
        faults += [("/rules", "unknown_warehouse", code) for code in sorted(named - known)]
    if faults:
        errors = [
            {"pointer": at, "code": code, "detail": f"{SAID[code]}: {value}" if value else SAID[code]}
            for at, code, value in faults
        ]
        raise InvalidRules(errors[0]["detail"], errors=errors)


def _told(rules: RoutingRuleSet) -> dict[str, Any]:
    return {name: getattr(rules, name) for name in ("name", "note", "currency", "content")}
