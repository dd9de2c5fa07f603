"""Routing rules as people write them: every code they name is known, and what holds, holds at once."""

from collections.abc import Mapping
from typing import Any

from core.actors import Actor
from core.service import service
from inventory import services as inventory
from inventory.errors import InvalidRules
from inventory.models import RoutingRuleSet
from inventory.routing import Faulty, named_codes, parse
from inventory.services import RuleSetInput
from pricing import services as pricing
from pricing.models import Channel, Zone


@service
def write_rules(given: RuleSetInput, *, actor: Actor, based_on: int | None = None) -> RoutingRuleSet:
    """Write a draft of routing rules. Raises InvalidRules."""
    _require_known(given.content)
    return inventory.create_rule_set(given, actor=actor, based_on=based_on)


@service
def change_rules(rule_set_id: int, given: RuleSetInput, *, actor: Actor) -> RoutingRuleSet:
    """Change a draft of routing rules. Raises InvalidRules, and RuleSetFixed for rules that have held."""
    _require_known(given.content)
    return inventory.change_rule_set(rule_set_id, given, actor=actor)


@service
def activate_rules(rule_set_id: int, *, actor: Actor, note: str = "") -> RoutingRuleSet:
    """Let a version hold: this process asks it from now on, the others within seconds."""
    active = inventory.activate_rule_set(rule_set_id, actor=actor, note=note)
    pricing.forget()
    return active


@service
def retire_rules(rule_set_id: int, *, actor: Actor, note: str = "") -> RoutingRuleSet:
    """Let no rules hold any more."""
    retired = inventory.retire_rule_set(rule_set_id, actor=actor, note=note)
    pricing.forget()
    return retired


def _require_known(content: Mapping[str, Any]) -> None:
    """Refuse zones and channels that nobody knows; what cannot be read at all is refused below."""
    try:
        parse(content)
    except Faulty:
        return
    named = named_codes(content)
    zones = set(Zone.objects.filter(code__in=named["zones"]).values_list("code", flat=True))
    channels = set(Channel.objects.filter(code__in=named["channels"]).values_list("code", flat=True))
    faults = [
        {"pointer": "/rules", "code": f"unknown_{kind}", "detail": f"There is no {kind} {code}"}
        for kind, unknown in (("zone", named["zones"] - zones), ("channel", named["channels"] - channels))
        for code in sorted(unknown)
    ]
    if faults:
        raise InvalidRules(faults[0]["detail"], errors=faults)
