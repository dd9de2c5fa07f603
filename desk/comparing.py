"""Two people typed into one draft: what each of them says, side by side."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def differences(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return label, mine and theirs of everything that is not the same."""
    labels = {
        "customer": _("Customer"),
        "lines": _("Lines"),
        "channel": _("Channel"),
        "shipping_method": _("Delivery"),
        "ship_to": _("Delivered to"),
        "bill_to": _("Invoiced to"),
        "requested_delivery_on": _("Wanted on"),
        "ship_complete": _("In one parcel"),
        "payment_terms": _("Payment"),
        "purchase_order_number": _("Their PO number"),
        "customer_note": _("Note"),
        "gift_note": _("Gift note"),
        "discount": _("Discount"),
        "coupon_codes": _("Voucher"),
        "discount_reason": _("Reason of the discount"),
    }
    rows = [(label, _said(mine.get(name)), _said(theirs.get(name))) for name, label in labels.items()]
    return [{"label": label, "mine": own, "theirs": other} for label, own, other in rows if own != other]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else ""
    if isinstance(value, list):
        return ", ".join(f"{one.get('quantity')} × {one.get('sku')}" for one in value if isinstance(one, dict))
    if isinstance(value, dict):
        return ", ".join(str(part) for name, part in value.items() if part and name != "choice")
    return str(value or "")
