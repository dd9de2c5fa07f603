"""What the checks said of an order: what was measured, what is allowed, why, and who let it pass."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, format_percent
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.panels import panel
from core.reader import locale, spoken_amount
from orders import verification, wording
from orders.models import Order
from orders.standing import HOLDABLE

from .order import ORDER, Part, beside_of

AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})")
SHARE = re.compile(r"(\d+(?:\.\d+)?) %")
WHOLE = re.compile(r"\d+")
# What these looked at is what somebody wrote: a postcode or a number to dial is no figure.
AS_TYPED = (verification.ADDRESS, verification.CONTACT)
# What asks for somebody comes first.
FIRST = ("fail", "warn", "waived")


@panel(ORDER, order=60)
def checks(request: HttpRequest, order: Order) -> Part | None:
    """Show what the checks said, and let who may waive one, or have all looked at again."""
    if not order.checks:
        return None
    user, told = request.user, [_told(order, check) for check in order.checks]
    is_open = order.status in HOLDABLE
    here = f"{reverse('admin:orders_order_change', args=[order.pk])}#checks"
    return "orders/panels/checks.html", {
        "title": _("Checks"),
        "shown": sorted((one for one in told if one["result"] in FIRST), key=lambda one: FIRST.index(one["result"])),
        "beside": beside_of(request, order),
        "passed": [one for one in told if one["result"] not in FIRST],
        "here": here,
        "waive_url": _step(order, "waive") if is_open and user.has_perm("orders.waive_check") else "",
        "again_url": _step(order, "check-again") if is_open and user.has_perm("orders.operate_order") else "",
        "side": True,
        "anchor": "checks",
    }


def _step(order: Order, name: str) -> str:
    return reverse("admin:orders_order_do", args=[order.pk, name])


def _told(order: Order, check: Mapping[str, Any]) -> dict[str, Any]:
    waived_at = check.get("waived_at")
    data, measured = check.get("data", {}), check.get("value", "")
    return {
        **check,
        "title": wording.check(check["name"]),
        "said": wording.check_result(check["result"]),
        "value": measured if check["name"] in AS_TYPED else in_words(measured),
        "limit": in_words(check.get("limit", "")),
        "moment": datetime.fromisoformat(waived_at) if waived_at else None,
        "signs": data.get("signs", []) if check["result"] == "pass" else [],
    }


def in_words(measured: str) -> str:
    """Write what was measured as its reader does: amounts, shares and numbers; what else there is stays."""
    language = locale()
    text = AMOUNT.sub(lambda found: spoken_amount(Decimal(found[1]), found[2]), measured)
    text = SHARE.sub(
        lambda found: str(format_percent(Decimal(found[1]) / 100, "#,##0.#\u00a0%", locale=language)), text
    )
    return str(format_decimal(int(text), locale=language)) if WHOLE.fullmatch(text) else text
