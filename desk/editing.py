"""What the page of an edit says: read against what the page showed, so that only what somebody changed is a wish."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from core import seat
from core.amounts import number_of, written
from core.countries import is_country
from customers.addresses import PostalAddress
from desk.reading import MOST_LINES, POSTAL
from orders.changing import Agreement
from orders.wishes import LineWish, NewLine, Wish

ADDRESSES = {"ship": "shipping_address", "bill": "billing_address"}
TEXTS = {"purchase_order_number": 100, "customer_note": 2000, "gift_note": 1000}
LONGEST = {"postal_code": 20, "phone": 40}
LONGEST_REASON = 300
SIMPLE = ("shipping_method", "requested_delivery_on", "ship_complete", *TEXTS)


@dataclass
class Typed:
    """What stands on the page: each control by its name. `was` is what it showed at first, of which `version`.

    `errors` are what is wrong, by the name of the control; "" is about the whole.
    """

    said: dict[str, str]
    added: list[dict[str, str]]
    was: Agreement
    version: int
    reason: str = ""
    tell: bool = True
    errors: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, control: str, text: str) -> None:
        """Say what is wrong beside a control, once."""
        texts = self.errors.setdefault(control, [])
        if text not in texts:
            texts.append(text)

    @property
    def mine(self) -> dict[str, str]:
        """Return what somebody changed, by control."""
        first = controls_of(self.was)
        return {name: value for name, value in self.said.items() if first.get(name, "") != value}


def controls_of(agreed: Agreement) -> dict[str, str]:
    """Return what the controls of a page say of an agreement, as its reader writes it."""
    found = {name: _plain(str(agreed[name] or "")) for name in SIMPLE if name != "ship_complete"}
    found["ship_complete"] = "on" if agreed["ship_complete"] else ""
    for short, name in ADDRESSES.items():
        found |= {f"{short}-{part}": _plain(str(agreed[name].get(part, ""))) for part in POSTAL}
    for line in agreed["lines"]:
        found[f"q-{line['position']}"] = str(line["quantity"])
        found[f"p-{line['position']}"] = written(Decimal(line["unit_price"]), None)
        found[f"w-{line['position']}"] = ""
    return found


def begin(agreed: Agreement, version: int) -> Typed:
    """Return a page on which nobody has typed."""
    return Typed(said=controls_of(agreed), added=[], was=agreed, version=version)


def typed_by(request: HttpRequest, agreed: Agreement, version: int) -> Typed:
    """Return what stands on a page that was sent; what no page of ours sends counts as what is agreed now."""
    sent = request.POST
    was = _was(sent.get("was", ""), agreed)
    shown = sent.get("version", "")
    first = controls_of(was)
    said = {name: _clean(sent, name, value) for name, value in first.items()}
    for name in ("ship_complete", *(name for name in first if name.startswith("w-"))):
        said[name] = "on" if sent.get(name) else ""
    return Typed(
        said=said,
        added=_added(sent),
        was=was,
        version=int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 9 else version,
        reason=_clean(sent, "reason", ""),
        tell=bool(sent.get("tell")),
    )


def _clean(sent: QueryDict, name: str, otherwise: str) -> str:
    return _plain(sent.get(name, otherwise))


def _plain(text: str) -> str:
    """Return a text as it comes back from a page on which nobody touched it."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()


def _was(text: str, agreed: Agreement) -> Agreement:
    """Return what the page showed, as far as it can be believed to have shown it."""
    try:
        was = json.loads(text)
        controls_of(was)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return agreed
    return dict(was)


def _added(sent: QueryDict) -> list[dict[str, str]]:
    columns = [sent.getlist(name)[:MOST_LINES] for name in ("add-sku", "add-quantity", "add-price", "add-name")]
    waits = set(sent.getlist("add-wait"))
    rows = [
        {"sku": sku.replace("\0", "").strip()[:40], "quantity": quantity.strip()[:9], "price": price.strip()[:20]}
        | {"name": name.replace("\0", "")[:200], "wait": "on" if sku in waits else ""}
        for sku, quantity, price, name in zip(*columns, strict=False)
    ]
    return [row for row in rows if row["sku"]]


def wish_of(typed: Typed, *, may_price: bool) -> Wish:
    """Return what somebody wants to be otherwise; what cannot be read is wrong beside its control."""
    mine = typed.mine
    simple: dict[str, Any] = {}
    _short_enough(typed, "reason", typed.reason, LONGEST_REASON)
    for name, most in TEXTS.items():
        if name in mine:
            simple[name] = _short_enough(typed, name, mine[name], most)
    if "ship_complete" in mine:
        simple["ship_complete"] = bool(mine["ship_complete"])
    if "requested_delivery_on" in mine:
        simple["requested_delivery_on"] = _day(typed, mine["requested_delivery_on"])
    return Wish(
        lines=_lines(typed, mine, may_price=may_price),
        add=_new(typed, may_price=may_price),
        shipping_address=_address(typed, mine, "ship"),
        billing_address=_address(typed, mine, "bill"),
        shipping_method=mine.get("shipping_method") or None,
        simple=simple,
    )


def _lines(typed: Typed, mine: Mapping[str, str], *, may_price: bool) -> tuple[LineWish, ...]:
    wishes = []
    for line in typed.was["lines"]:
        position = line["position"]
        names = [f"{kind}-{position}" for kind in "qpw"]
        if not any(name in mine for name in names):
            continue
        quantity = _units(typed, names[0], mine[names[0]]) if names[0] in mine else None
        price = _price(typed, names[1], mine[names[1]]) if names[1] in mine and may_price else None
        wishes.append(
            LineWish(position=position, quantity=quantity, unit_price=price, may_wait=bool(typed.said[names[2]]))
        )
    return tuple(wishes)


def _new(typed: Typed, *, may_price: bool) -> tuple[NewLine, ...]:
    lines = []
    for index, row in enumerate(typed.added):
        units = _units(typed, f"a-{index}", row["quantity"] or "1")
        price = _price(typed, f"a-{index}", row["price"]) if row["price"] and may_price else None
        quantity = 1 if units is None else units
        lines.append(NewLine(sku=row["sku"], quantity=quantity, unit_price=price, may_wait=bool(row["wait"])))
    return tuple(lines)


def _units(typed: Typed, control: str, text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    typed.wrong(control, _("A whole number; 0 takes it off the order."))
    return None


def _price(typed: Typed, control: str, text: str) -> Decimal | None:
    if (price := number_of(text)) is None:
        typed.wrong(control, _("A price such as 12.50."))
    return price


def _day(typed: Typed, text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        typed.wrong("requested_delivery_on", _("A day such as 2026-12-24."))
        return None
    if day is not None and day < seat.today():
        typed.wrong("requested_delivery_on", _("This day is over."))
    return day


def _address(typed: Typed, mine: Mapping[str, str], short: str) -> PostalAddress | None:
    if not any(name.startswith(f"{short}-") for name in mine):
        return None
    parts = {
        part: _short_enough(typed, f"{short}-{part}", typed.said[f"{short}-{part}"], LONGEST.get(part, 100))
        for part in POSTAL
    }
    parts["country"] = parts["country"].upper()
    if any(parts.values()) and not is_country(parts["country"]):
        typed.wrong(f"{short}-country", _("Choose a country."))
    return PostalAddress(**parts)


def _short_enough(typed: Typed, control: str, text: str, most: int) -> str:
    if len(text) > most:
        typed.wrong(control, _("At most %(n)s characters.") % {"n": most})
    return text


def control_of(pointer: str, position: str = "") -> str:
    """Return the control that a refusal is about; nothing where it is about the whole."""
    parts = pointer.strip("/").split("/")
    if parts[0] == "lines" and position:
        return f"{'p' if parts[-1] == 'unit_price' else 'q'}-{position}"
    if parts[0] == "add" and len(parts) > 1:
        return f"a-{parts[1]}"
    for short, name in ADDRESSES.items():
        if parts[0] == name:
            return f"{short}-{parts[1] if len(parts) > 1 else 'line1'}"
    return parts[0] if parts[0] in SIMPLE else ""


def onto(typed: Typed, agreed: Agreement, version: int) -> list[dict[str, str]]:
    """Put what somebody typed onto an order that was changed meanwhile; return what differs, was, is, and is typed.

    What they did not touch becomes what it is now.
    """
    first, now, mine = controls_of(typed.was), controls_of(agreed), typed.mine
    rows = [
        {"label": label_of(name, typed.was, agreed), "was": first.get(name, ""), "now": now.get(name, "")}
        | {"mine": mine.get(name, "")}
        for name in dict.fromkeys([*first, *now])
        if first.get(name, "") != now.get(name, "")
    ]
    typed.said = {**now, **{name: value for name, value in mine.items() if name in now}}
    typed.was, typed.version = agreed, version
    return rows


def label_of(control: str, *agreements: Agreement) -> str:
    """Return what people call a control."""
    kind, _sep, part = control.partition("-")
    if kind in ("q", "p", "w") and part.isdigit():
        line = next((one for agreed in agreements for one in agreed["lines"] if str(one["position"]) == part), None)
        what = {"q": _("Quantity"), "p": _("Price"), "w": _("May wait")}[kind]
        return f"{line['sku'] if line else part} · {what}"
    parts = {
        "name": _("Name"), "company": _("Company"), "line1": _("Street"), "line2": _("Addition"),
        "city": _("Town"), "region": _("State or region"), "postal_code": _("Postcode"), "country": _("Country"),
        "phone": _("Phone"),
    }  # fmt: skip
    if kind in ADDRESSES:
        where = _("Delivered to") if kind == "ship" else _("Invoiced to")
        return f"{where} · {parts.get(part, part)}"
    return {
        "shipping_method": _("Delivery"),
        "requested_delivery_on": _("Wanted on"),
        "ship_complete": _("Everything in one go"),
        "purchase_order_number": _("Their PO number"),
        "customer_note": _("Note"),
        "gift_note": _("Gift note"),
    }.get(control, control)
