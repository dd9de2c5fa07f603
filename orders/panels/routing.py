"""The page of a set of routing rules: what it says, and what it says otherwise than the one that holds."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.money import Money
from core.panels import panel
from inventory.models import RoutingRuleSet
from orders import replay_words, rule_words
from orders.models import RoutingReplay

PAGE = "inventory.routingruleset"
Part = tuple[str, dict[str, Any]]


@panel(PAGE, order=5)
def replayed(request: HttpRequest, subject: RoutingRuleSet) -> Part | None:
    """Show what these rules would have done with the last orders, beside those that hold."""
    run = RoutingReplay.objects.filter(rule_set=subject).order_by("-pk").first()
    if run is None:
        return None
    context: dict[str, Any] = {"title": _("Time machine"), "anchor": "replay", "run": run}
    if run.status == RoutingReplay.Status.SUCCEEDED:
        context |= {
            "rows": replay_words.rows(run.result),
            "sides": replay_words.sides(run.result),
            "examples": replay_words.examples(run.result),
            "sentence": replay_words.sentence(run.result),
            "assumed": replay_words.assumed(),
        }
    return "orders/panels/replay.html", context


@panel(PAGE, order=10)
def rules(request: HttpRequest, subject: RoutingRuleSet) -> Part:
    """Show every rule in words."""
    written = subject.content.get("rules") or []
    context: dict[str, Any] = {
        "title": _("Rules"),
        "count": len(written),
        "rules": [
            {
                "name": rule["name"],
                "asks": rule_words.conditions(rule, subject.currency),
                "does": rule_words.effect(rule),
            }
            for rule in written
        ],
    }
    if request.user.has_perm("inventory.add_routingruleset"):
        new = reverse("admin:inventory_routingruleset_add")
        context["more"] = (f"{new}?from={subject.pk}", _("New draft from these"))
    return "orders/panels/rules.html", context


@panel(PAGE, order=20)
def costs(request: HttpRequest, subject: RoutingRuleSet) -> Part:
    """Show what parcels cost."""
    known = subject.content.get("costs") or {}
    rows = rule_words.cost_rows(subject.content, subject.currency)
    context = {
        "title": _("What it costs"),
        "flush": bool(rows),
        "rows": rows,
        "late": Money(Decimal(known.get("late") or 0), subject.currency) if rows else None,
        "split": Money(Decimal(known.get("split") or 0), subject.currency) if rows else None,
    }
    return "orders/panels/rule_costs.html", context


@panel(PAGE, order=30)
def difference(request: HttpRequest, subject: RoutingRuleSet) -> Part | None:
    """Show what these rules say otherwise than those that hold, or than those before them."""
    other = RoutingRuleSet.objects.filter(status=RoutingRuleSet.Status.ACTIVE).exclude(pk=subject.pk).first()
    title = _("Compared with %(rules)s, which hold") % {"rules": other}
    if other is None:
        other = subject.based_on
        title = _("Compared with %(rules)s") % {"rules": other}
    if other is None:
        return None
    found = rule_words.differences(other.content, subject.content, subject.currency)
    return "orders/panels/rule_differences.html", {"title": title, "count": len(found), "differences": found}
