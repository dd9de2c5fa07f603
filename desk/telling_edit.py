"""What an edit would do, told to its page: before and after, in the words of the reader."""

from decimal import Decimal
from typing import Any

from babel.numbers import format_percent
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.reader import locale, retold, spoken_amount
from desk.telling import spoken_day
from orders.changing import ChangePreview, StockOfLine
from orders.models import Order

SUMS = ("subtotal", "discount_total", "shipping_total", "charges_total")


def told_edit(preview: ChangePreview, order: Order) -> dict[str, Any]:
    """Return what stands beside the fields."""
    tells = bool(order.email and not order.quiet)
    return {
        "changed": bool(preview.changes),
        "figures": _figures(preview),
        "total": _pair(preview, "total"),
        "balance": _pair(preview, "balance_due"),
        "promise": _days(preview),
        "effects": _effects(preview),
        "approval": [retold(text) for text in preview.approval],
        "button": _("Ask for approval") if preview.approval else _("Apply the change"),
        "email": order.email if tells else "",
    }


def told_lines(preview: ChangePreview) -> dict[str, dict[str, str]]:
    """Return what stands below each line, by the name of its control."""
    known = {line["position"]: line for line in preview.before["lines"]}
    stock = {one.position: one for one in preview.stock}
    found = {}
    added = 0
    for line in preview.after["lines"]:
        control = f"q-{line['position']}"
        if line["position"] not in known:
            control, added = f"a-{added}", added + 1
        found[control] = {
            "total": _amount(preview, line["total"]),
            "name": line["name"],
            "stock": _stock(stock.get(line["position"])),
            "tone": "warn" if line["backordered"] else "good",
            "day": spoken_day(line["promised_on"]),
        }
    return found


def _amount(preview: ChangePreview, value: Decimal | str) -> str:
    return spoken_amount(Decimal(value), preview.currency).replace("-", "−")


def _pair(preview: ChangePreview, name: str) -> dict[str, str]:
    before, after = preview.before[name], preview.after[name]
    return {"before": _amount(preview, before) if before != after else "", "after": _amount(preview, after)}


def _figures(preview: ChangePreview) -> list[dict[str, str]]:
    labels = {
        "subtotal": _("Goods"),
        "discount_total": _("Discount"),
        "shipping_total": _("Shipping"),
        "charges_total": _("Other charges"),
    }
    rows = [
        {"label": labels[name], **_pair(preview, name)}
        for name in SUMS
        if name in ("subtotal", "shipping_total") or Decimal(preview.before[name]) or Decimal(preview.after[name])
    ]
    taxes = [{(one["category"], one["rate"]): one["tax"] for one in agreed["taxes"]} for agreed in _both(preview)]
    for key in dict.fromkeys([*taxes[0], *taxes[1]]):
        before, after = (_amount(preview, some.get(key, "0")) for some in taxes)
        rate = format_percent(Decimal(key[1]), "#,##0.##\u00a0%", locale=locale(), decimal_quantization=False)
        rows.append(
            {
                "label": _("VAT %(rate)s") % {"rate": rate},
                "before": before if before != after else "",
                "after": after,
            }
        )
    return rows


def _both(preview: ChangePreview) -> tuple[dict[str, Any], dict[str, Any]]:
    return preview.before, preview.after


def _days(preview: ChangePreview) -> dict[str, str]:
    before, after = preview.before["promised_on"], preview.after["promised_on"]
    return {"before": spoken_day(before) if before != after else "", "after": spoken_day(after)}


def _effects(preview: ChangePreview) -> list[dict[str, str]]:
    """Say what else happens, the money first."""
    said = []
    if preview.to_pay:
        amount = _amount(preview, preview.to_pay)
        said.append(("warn", _("%(amount)s more to pay; nothing leaves before it is paid.") % {"amount": amount}))
    if preview.to_refund:
        amount = _amount(preview, preview.to_refund)
        said.append(("info", _("%(amount)s goes back to the customer.") % {"amount": amount}))
    for line in preview.prices:
        words = {"name": line.name, "n": line.units, "agreed": _amount(preview, line.agreed)}
        if line.today is None or line.today == line.agreed:
            text = _("%(name)s: all %(n)s at the agreed price of %(agreed)s.") % words
        else:
            words["today"] = _amount(preview, line.today)
            text = _(
                "%(name)s: all %(n)s at the agreed price of %(agreed)s, which stays; the list says %(today)s today."
            )
            text %= words
        said.append(("info", text))
    if preview.to_credit:
        amount = _amount(preview, preview.to_credit)
        said.append(
            ("info", _("A credit note over %(amount)s takes back what is invoiced of it.") % {"amount": amount})
        )
    freed = sum(one.given_back for one in preview.stock)
    if freed:
        said.append(
            ("info", ngettext("%(n)s unit is free again.", "%(n)s units are free again.", freed) % {"n": freed})
        )
    for code in preview.uses_back:
        text = _("Promotion %(code)s takes nothing off any more; its use is given back.") % {"code": code}
        said.append(("info", text))
    for code in preview.used_up:
        text = _("Promotion %(code)s takes nothing off: no use of it is left.") % {"code": code}
        said.append(("warn", text))
    for work in preview.pulled_back:
        said.append(("warn", _("%(work)s is pulled back and planned again.") % {"work": work}))
    return [{"tone": tone, "text": retold(text)} for tone, text in said]


def _stock(one: StockOfLine | None) -> str:
    if one is None:
        return _("always there")
    parts = [_("%(n)s from %(place)s") % {"n": units, "place": place} for place, units in one.places]
    if one.missing:
        parts.append(_("%(n)s to follow") % {"n": one.missing})
    return " · ".join(parts)
