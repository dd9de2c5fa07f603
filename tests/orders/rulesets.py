"""Routing rules, as a manager would write them."""

from typing import Any

from core.actors import SYSTEM
from inventory.models import RoutingRuleSet
from inventory.services import RuleSetInput
from orders import services

COSTS: dict[str, Any] = {
    "late": "1.50",
    "split": "2.00",
    "parcels": [
        {"warehouse": "HAM", "zone": "", "base": "5.00", "per_kg": "0.50"},
        {"warehouse": "MUC", "zone": "", "base": "4.00", "per_kg": "0.50"},
    ],
    "handling": [{"warehouse": "HAM", "parcel": "0.80", "line": "0.20", "unit": "0.05"}],
}


def rule(do: str, *codes: str, name: str = "", **when: Any) -> dict[str, Any]:
    """Return a rule."""
    return {"name": name or f"{do} {' '.join(codes)}", "do": do, "warehouses": list(codes), "when": when}


def draft(*rules: dict[str, Any], costs: dict[str, Any] | None = None, name: str = "Rules") -> RoutingRuleSet:
    """Return a new draft."""
    content = {"rules": list(rules)} | ({"costs": costs} if costs else {})
    return services.write_rules(RuleSetInput(name=name, currency="EUR", content=content), actor=SYSTEM)


def active(*rules: dict[str, Any], costs: dict[str, Any] | None = None) -> RoutingRuleSet:
    """Return new rules that hold."""
    return services.activate_rules(draft(*rules, costs=costs).pk, actor=SYSTEM)
