"""Routing rules in words, and what changed between two versions of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.money import Money
from core.reader import locale
from inventory.handling import labels
from inventory.routing import CHOOSE, EXCLUDE, PREFER


@dataclass(frozen=True)
class Difference:
    """One thing that was so and is otherwise."""

    name: str
    before: str
    after: str


def action(do: str) -> str:
    """Return what a rule does, as a choice."""
    return {
        CHOOSE: pgettext("routing rule", "only these serve"),
        PREFER: pgettext("routing rule", "these serve first"),
        EXCLUDE: pgettext("routing rule", "these do not serve"),
    }.get(do, do)


def effect(rule: Mapping[str, Any]) -> str:
    """Say what a rule does."""
    places = _and(rule["warehouses"])
    match rule["do"]:
        case "choose":
            return _("Only %(places)s may serve.") % {"places": places}
        case "prefer":
            return _("%(places)s serves where it has everything.") % {"places": places}
        case _:
            return _("%(places)s does not serve.") % {"places": places}


def conditions(rule: Mapping[str, Any], currency: str) -> list[str]:
    """Say what a rule asks, one sentence per condition."""
    when = rule.get("when") or {}
    said = []
    for name, text in (
        ("destinations", _("Goods go to %(what)s")),
        ("zones", _("Zone is %(what)s")),
        ("channels", _("Channel is %(what)s")),
        ("categories", _("Something is of the category %(what)s")),
    ):
        if when.get(name):
            said.append(text % {"what": _or(when[name])})
    if when.get("tags"):
        said.append(_("Something is %(what)s") % {"what": _or(labels(when["tags"]))})
    said += _span(
        _("The goods are worth %(what)s"), *(_money(when.get(name), currency) for name in ("value_from", "value_to"))
    )
    said += _span(_("The goods weigh %(what)s"), *(_weight(when.get(name)) for name in ("weight_from", "weight_to")))
    if when.get("capacity_from") is not None:
        said.append(_("%(n)s %% of the day there is planned") % {"n": when["capacity_from"]})
    if when.get("after_cut_off"):
        said.append(_("The last pick-up of the day is over there"))
    return said or [_("Any order")]


def in_one_sentence(rule: Mapping[str, Any], currency: str) -> str:
    """Say what a rule asks and does."""
    return f"{'; '.join(conditions(rule, currency))} → {effect(rule)}"


def differences(old: Mapping[str, Any] | None, new: Mapping[str, Any], currency: str) -> list[Difference]:
    """Return what a set of rules says otherwise than another, in the order of the new one."""
    before, after = (_told(content or {}, currency) for content in (old, new))
    names = [*after, *(name for name in before if name not in after)]
    found = [Difference(name, before.get(name, ""), after.get(name, "")) for name in names]
    found = [one for one in found if one.before != one.after]
    orders = [[rule["name"] for rule in (content or {}).get("rules") or []] for content in (old, new)]
    shared = [[name for name in order if all(name in other for other in orders)] for order in orders]
    if shared[0] != shared[1]:
        found.append(Difference(_("Order of the rules"), ", ".join(shared[0]), ", ".join(shared[1])))
    return found


def cost_rows(content: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """Return what a parcel costs by warehouse and zone, with the hands that pack it."""
    costs = content.get("costs") or {}
    handling = {row["warehouse"]: row for row in costs.get("handling") or []}
    return [
        {
            "warehouse": row["warehouse"],
            "zone": row.get("zone") or _("every zone"),
            "base": _money(row.get("base") or "0", currency),
            "per_kg": _money(row.get("per_kg") or "0", currency),
            **{
                name: _money(handling.get(row["warehouse"], {}).get(name) or "0", currency)
                for name in ("parcel", "line", "unit")
            },
        }
        for row in costs.get("parcels") or []
    ]


def _told(content: Mapping[str, Any], currency: str) -> dict[str, str]:
    """Return every part of a set of rules by its name, in words."""
    told = {rule["name"]: in_one_sentence(rule, currency) for rule in content.get("rules") or []}
    costs = content.get("costs") or {}
    for row in cost_rows(content, currency):
        name = _("Parcel from %(place)s, %(zone)s") % {"place": row["warehouse"], "zone": row["zone"]}
        told[name] = _("%(base)s and %(per_kg)s per kilogram begun") % row
    for row in costs.get("handling") or []:
        parts = {name: _money(row.get(name) or "0", currency) for name in ("parcel", "line", "unit")}
        told[_("Handling in %(place)s") % {"place": row["warehouse"]}] = (
            _("%(parcel)s per parcel, %(line)s per product, %(unit)s per unit") % parts
        )
    for name, label in (("late", _("Per day of lateness")), ("split", _("Per further parcel"))):
        if costs.get(name):
            told[label] = _money(costs[name], currency)
    return told


def _span(text: str, first: str, last: str) -> list[str]:
    if not first and not last:
        return []
    if first and last:
        return [text % {"what": _("%(first)s to %(last)s") % {"first": first, "last": last}}]
    what = _("at least %(first)s") % {"first": first} if first else _("at most %(last)s") % {"last": last}
    return [text % {"what": what}]


def _money(amount: Any, currency: str) -> str:
    return Money(Decimal(str(amount)), currency).format(str(locale())) if amount not in (None, "") else ""


def _weight(grams: Any) -> str:
    return f"{grams} g" if grams is not None else ""


def _and(names: Any) -> str:
    return _join(names, _("and"))


def _or(names: Any) -> str:
    return _join(names, _("or"))


def _join(names: Any, word: str) -> str:
    *first, last = list(names)
    return f"{', '.join(first)} {word} {last}" if first else str(last)
