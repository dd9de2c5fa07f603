"""The page of an edit: what it makes of the order, field by field."""

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.panels import panel
from core.reader import locale, retold, spoken, spoken_amount
from customers.addresses import PostalAddress
from orders.changing import AMOUNTS, differences
from orders.models import OrderChange
from pricing.selectors import method_name


@panel("orders.orderchange", order=10)
def before_and_after(request: HttpRequest, change: OrderChange) -> tuple[str, dict[str, Any]]:
    """Show what is otherwise, before and after, and why somebody has to agree."""
    rows = [
        {"label": _label(name, change), "before": _said(name, was, change), "after": _said(name, now, change)}
        for name, (was, now) in differences(change.before, change.after).items()
    ]
    return "orders/panels/change.html", {"title": _("What it changes"), "rows": rows, "approval": change.approval}


def _label(name: str, change: OrderChange) -> str:
    if name.startswith("line:"):
        position = int(name.partition(":")[2])
        lines = [*change.before.get("lines", ()), *change.after.get("lines", ())]
        return next((str(line["name"]) for line in lines if line["position"] == position), name)
    return {
        "subtotal": _("Goods"),
        "discount_total": _("Discount"),
        "shipping_total": _("Shipping"),
        "charges_total": _("Other charges"),
        "tax_total": _("Tax"),
        "total": _("Total"),
        "balance_due": _("Still owed"),
        "promised_on": _("Promised"),
        "shipping_address": _("Delivered to"),
        "billing_address": _("Invoiced to"),
        "shipping_method": _("Delivery"),
        "taxed_on": _("Taxed by the rates of"),
        "requested_delivery_on": _("Wanted on"),
        "ship_complete": _("Everything in one go"),
        "purchase_order_number": _("Their PO number"),
        "customer_note": _("Note"),
        "gift_note": _("Gift note"),
    }.get(name, name)


def _said(name: str, value: Any, change: OrderChange) -> str:
    if name in (*AMOUNTS, "total", "balance_due"):
        return spoken_amount(Decimal(value), change.order.currency)
    if isinstance(value, dict):
        return ", ".join(PostalAddress.from_dict(value).spoken(str(locale())))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = str(value or "")
    if name.startswith("line:"):
        return retold(text, change.order.currency)
    if name == "shipping_method":
        return method_name(text)
    return spoken(text) if name.endswith("_on") else text
