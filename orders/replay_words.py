"""What a replay of routing rules found, in words and side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import Money
from core.reader import locale
from pricing import services as pricing

MISSING = "orders_with_missing_units"


@dataclass(frozen=True)
class Row:
    """One figure on both sides, and whether the draft is better (`good`), worse (`bad`) or neither."""

    label: str
    before: str
    after: str
    change: str
    tone: str = ""


def sides(result: Mapping[str, Any]) -> tuple[str, str]:
    """Return what both sides are called."""
    today = result["today"]
    now = f"{today['name']} (v{today['version']})" if today else _("no rules")
    draft = result["ruleset"]
    return now, f"{draft['name']} (v{draft['version']})"


def sentence(result: Mapping[str, Any]) -> str:
    """Say in one sentence what the draft would have changed."""
    if not result["orders"]:
        return _("No order has travelled yet: there is no past to replay.")
    before, after = result["before"], result["after"]
    fewer = before["late_orders"] - after["late_orders"]
    said = [_late(fewer)]
    if before["cost_per_order"] is not None:
        more = Decimal(after["cost_per_order"]) - Decimal(before["cost_per_order"])
        text = _("%(amount)s more per order") if more > 0 else _("%(amount)s less per order")
        said.append(text % {"amount": _money(abs(more), result["currency"])} if more else _("the same cost"))
    changed = result["orders_from_elsewhere"]
    said.append(
        ngettext("%(n)s order from another warehouse", "%(n)s orders from another warehouse", changed) % {"n": changed}
    )
    first, last = (_day(result[name]) for name in ("from", "until"))
    span = ngettext(
        "Of %(n)s order from %(first)s to %(last)s:", "Of %(n)s orders from %(first)s to %(last)s:", result["orders"]
    )
    return f"{span % {'n': result['orders'], 'first': first, 'last': last}} {', '.join(said)}."


def _late(fewer: int) -> str:
    if fewer > 0:
        return ngettext("%(n)s late order fewer", "%(n)s late orders fewer", fewer) % {"n": fewer}
    if fewer < 0:
        return ngettext("%(n)s late order more", "%(n)s late orders more", -fewer) % {"n": -fewer}
    return _("as many late orders")


def rows(result: Mapping[str, Any]) -> list[Row]:
    """Return every figure side by side."""
    before, after, currency = result["before"], result["after"], result["currency"]
    found = [
        _count(_("Late orders"), before["late_orders"], after["late_orders"]),
        _count(_("Orders in several parcels"), before["split_orders"], after["split_orders"]),
        _count(_("Parcels"), before["parcels"], after["parcels"]),
        _count(
            _("Orders with missing units"), before["orders_with_missing_units"], after["orders_with_missing_units"]
        ),
    ]
    if before["cost"] is not None:
        found += [
            _amount(_("Cost"), before["cost"], after["cost"], currency),
            _amount(_("Cost per order"), before["cost_per_order"], after["cost_per_order"], currency),
        ]
    names = {one.code: one.name for one in pricing.warehouses()}
    loads = before["parcels_by_warehouse"], after["parcels_by_warehouse"]
    for code in sorted({*loads[0], *loads[1]}):
        label = _("Parcels from %(place)s") % {"place": names.get(code, code)}
        found.append(_count(label, loads[0].get(code, 0), loads[1].get(code, 0), judged=False))
    return found


def examples(result: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return orders that would have come from elsewhere, those whose lateness changes first."""
    told = []
    for one in result["examples"]:
        late = {(True, False): _("in time instead of late"), (False, True): _("late instead of in time")}
        said = [late.get((one["late_before"], one["late_after"]), "")]
        if one["more"] is not None:
            more = Decimal(one["more"])
            text = _("%(amount)s dearer") if more > 0 else _("%(amount)s cheaper")
            said.append(text % {"amount": _money(abs(more), result["currency"])} if more else "")
        told.append(
            {
                "order": one["order"],
                "url": reverse("admin:orders_order_change", args=[one["id"]]),
                "way": f"{', '.join(one['from']) or '–'} → {', '.join(one['to']) or '–'}",
                "said": " · ".join(filter(None, said)),
            }
        )
    return told


def assumed() -> list[str]:
    """Say what is assumed, because nobody knows it any more."""
    return [
        _("Each order is asked alone, against what it really got plus what lies free today."),
        _("Nobody kept how full the shelves were then, so scarcity of that day is not replayed."),
        _("A warehouse took as many working days as it really took in that week, in the middle."),
        _("Where nothing left a warehouse in a week, the usual handling days count."),
        _("An order is late when its last parcel comes after the day that was promised first."),
        _("The cost is what parcels and hands cost by these rules (else by those that hold), for both sides alike."),
        _("Lateness is counted, not priced."),
    ]


def _count(label: str, before: int, after: int, *, judged: bool = True) -> Row:
    change = f"{after - before:+d}".replace("-", "−") if after != before else "–"
    return Row(label, str(before), str(after), change, _tone(before, after) if judged else "")


def _amount(label: str, before: str, after: str, currency: str) -> Row:
    change = Decimal(after) - Decimal(before)
    sign = "+" if change > 0 else "−"
    text = f"{sign}{_money(abs(change), currency)}" if change else "–"
    return Row(label, _money(before, currency), _money(after, currency), text, _tone(Decimal(before), Decimal(after)))


def _tone(before: Any, after: Any) -> str:
    return "" if before == after else "good" if after < before else "bad"


def _money(amount: Any, currency: str) -> str:
    return Money(Decimal(str(amount)), currency).format(str(locale()))


def _day(moment: str | None) -> str:
    return format_date(datetime.fromisoformat(moment).date(), "medium", locale=locale()) if moment else ""
