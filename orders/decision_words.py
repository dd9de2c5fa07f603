"""Why the goods of an order come from where they come, in words: the stored decision, told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import Money
from core.reader import locale
from inventory.handling import labels
from orders.models import Order
from orders.services import Alternative
from pricing import services as pricing


@dataclass(frozen=True)
class Candidate:
    """A warehouse that could have served, and what spoke for or against it."""

    name: str
    code: str
    gives: str
    cost: str
    verdict: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Told:
    """One decision in words: one sentence, and what stands behind it."""

    sentence: str
    candidates: list[Candidate]
    costs: list[tuple[str, str]] = field(default_factory=list)
    total: str = ""
    rules: str = ""
    version: int = 0
    is_exact: bool = True
    at: datetime | None = None
    by: str = ""
    note: str = ""


def decisions(order: Order) -> list[Told]:
    """Return the decisions of an order, the first one first; of an old order without any, nothing."""
    sourcing = order.sourcing if isinstance(order.sourcing, dict) else {}
    return [told for one in (sourcing, *sourcing.get("later", [])) if (told := tell(one)) is not None]


def tell(decision: Mapping[str, Any]) -> Told | None:
    """Put one stored decision into words; nothing where nothing was decided."""
    if not decision.get("reasons"):
        return None
    names = {one.code: one.name for one in pricing.warehouses()}
    cost = decision.get("cost")
    rules = decision.get("rule_set") or {}
    return Told(
        sentence=_sentence(decision, names),
        candidates=_candidates(decision, names),
        costs=_cost_parts(cost, names) if cost else [],
        total=_money(cost["total"], cost["currency"]) if cost else "",
        rules=f"{rules['name']} (v{rules['version']})" if rules else "",
        version=rules.get("version", 0),
        is_exact=decision.get("exact", True),
        at=parse_datetime(decision["at"]) if decision.get("at") else None,
        by=decision.get("by", ""),
        note=decision.get("why", ""),
    )


def _sentence(decision: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Say in one sentence from where the goods come, and why."""
    taken = _taken(decision)
    short = sum(decision.get("short", {}).values())
    missing = ngettext("%(n)s unit is missing.", "%(n)s units are missing.", short) % {"n": short} if short else ""
    if not taken:
        return _("No warehouse that may serve has any of it.")
    what = {"places": _list([names.get(code, code) for code in taken]), "why": _because(decision, taken, names)}
    return " ".join(filter(None, [_("From %(places)s, because %(why)s.") % what, missing]))


def _because(decision: Mapping[str, Any], taken: Sequence[str], names: Mapping[str, str]) -> str:
    reason, cost = decision["reasons"][0], decision.get("cost")
    favored = decision.get("favored") or {}
    able = [one["at"] for one in decision.get("candidates", []) if one["gives"]]
    units = sum(pick[2] for pick in decision.get("picks", []))
    whole = [one["at"] for one in decision.get("candidates", []) if one["gives"] >= units]
    if decision.get("by"):
        return _("somebody sent it there by hand")
    if favored and set(taken) <= set(favored["at"]):
        return _("the rule “%(rule)s” lets it serve first") % {"rule": favored["by"]}
    if any(one["rule"] == "last_resort" for one in decision["reasons"]):
        return _("no other warehouse has all of it")
    if len(taken) > 1 and not whole:
        return _("no warehouse has all of it alone")
    if able and set(able) == set(taken):
        return _("no other warehouse that may serve has any of it")
    if cost and "instead_of" in reason:
        return _("that is the cheapest: %(cost)s instead of %(other)s from %(place)s") % {
            "cost": _money(cost["total"], cost["currency"]),
            "other": _money(reason["for"], cost["currency"]),
            "place": names.get(reason["instead_of"], reason["instead_of"]),
        }
    if cost:
        return _("that is the cheapest: %(cost)s") % {"cost": _money(cost["total"], cost["currency"])}
    if [code for code in whole if code != taken[0]]:
        return _("one parcel holds it and no warehouse that has all of it is nearer")
    return _("no other warehouse has all of it")


def _candidates(decision: Mapping[str, Any], names: Mapping[str, str]) -> list[Candidate]:
    """Return every warehouse with its verdict: who serves first, then who could have, then who may not."""
    taken, cost = _taken(decision), decision.get("cost")
    units = sum(pick[2] for pick in decision.get("picks", [])) + sum(decision.get("short", {}).values())
    currency = cost["currency"] if cost else ""
    rows = []
    for one in decision.get("candidates", []):
        is_chosen = one["at"] in taken
        rows.append(
            Candidate(
                name=names.get(one["at"], one["at"]),
                code=one["at"],
                gives=_("%(n)s of %(of)s") % {"n": one["gives"], "of": units},
                cost=_money(one["alone"], currency) if "alone" in one else "",
                verdict=_("serves") if is_chosen else _verdict(one, cost),
                is_chosen=is_chosen,
            )
        )
    rows.sort(key=lambda row: not row.is_chosen)
    shut = decision.get("excluded") or {}
    return [*rows, *(Candidate(names.get(code, code), code, "", "", why_not(why)) for code, why in shut.items())]


def _verdict(one: Mapping[str, Any], cost: Mapping[str, Any] | None) -> str:
    if not one["gives"]:
        return _("has none of it")
    if cost and "alone" in one:
        more = Decimal(one["alone"]) - Decimal(cost["total"])
        if more > 0:
            return _("%(amount)s dearer") % {"amount": _money(more, cost["currency"])}
    return _("not needed")


def why_not(why: Mapping[str, Any]) -> str:
    """Say why a warehouse may not serve."""
    match why.get("why"):
        case "not_registered":
            return _("the seller is not registered for VAT there")
        case "handling":
            return _("cannot handle: %(what)s") % {"what": ", ".join(labels(why["tags"]))}
        case "tax":
            return _("other tax would be due than was agreed")
        case "choose":
            return _("the rule “%(rule)s” lets only others serve") % {"rule": why["rule"]}
    return _("the rule “%(rule)s” keeps it out") % {"rule": why.get("rule", "")}


def way(one: Alternative) -> str:
    """Say in one line what it would mean to send work from another warehouse."""
    if one.why_not is not None:
        return _("%(place)s: %(why)s.") % {"place": one.warehouse.name, "why": why_not(one.why_not)}
    if one.lacks:
        text = ngettext(
            "%(place)s: %(n)s unit is missing there.", "%(place)s: %(n)s units are missing there.", one.lacks
        )
        return text % {"place": one.warehouse.name, "n": one.lacks}
    said = [one.warehouse.name]
    if one.cost is not None:
        said.append(_money(one.cost, one.currency))
    if one.more:
        text = _("%(amount)s dearer") if one.more > 0 else _("%(amount)s cheaper")
        said.append(text % {"amount": _money(abs(one.more), one.currency)})
    if one.arrives_on is not None:
        day = format_date(one.arrives_on, "EEE d MMM", locale=locale())
        said.append(_("there on %(day)s") % {"day": day})
        if one.now_on is not None and one.now_on != one.arrives_on:
            later = (one.arrives_on - one.now_on).days
            text = (
                ngettext("%(n)s day later", "%(n)s days later", later)
                if later > 0
                else ngettext("%(n)s day earlier", "%(n)s days earlier", -later)
            )
            said.append(text % {"n": abs(later)})
    return " · ".join(said)


def _cost_parts(cost: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return every part that is not nothing."""
    words = {"shipping": _("Parcel from %(place)s"), "handling": _("Handling in %(place)s"), "late": _("Lateness")}
    rows = [
        (words[part] % {"place": names.get(code, code)} if part != "late" else words[part], parts[part])
        for code, parts in cost["parcels"].items()
        for part in words
    ]
    rows.append((_("Further parcels"), cost["split"]))
    return [(label, _money(amount, cost["currency"])) for label, amount in rows if Decimal(amount)]


def _taken(decision: Mapping[str, Any]) -> list[str]:
    first = decision["reasons"][0]
    return list(first.get("warehouses", []))


def _money(amount: Any, currency: str) -> str:
    return Money(Decimal(str(amount)), currency).format(str(locale()))


def _list(names: Sequence[str]) -> str:
    *first, last = names
    return _("%(first)s and %(last)s") % {"first": ", ".join(first), "last": last} if first else last
