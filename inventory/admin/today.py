"""What the shelf says on the first screen of the day."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core import today
from core.reader import spoken_date
from core.sight import seen
from inventory import selectors

from .goods_in import RECEIVE, scanned_at

ROWS = 8


@today.todo(order=50, permission=RECEIVE)
def receipts_due() -> list[today.Todo]:
    """Name what should have come in by today, the longest overdue first."""
    day = timezone.localdate()
    rows = seen(selectors.expected_receipts()).filter(closed=False, expected_on__lte=day).order_by("expected_on", "pk")
    return [
        today.Todo(
            text=_("%(paper)s · %(units)s × %(product)s for %(place)s")
            % {
                "paper": receipt.reference or _("Receipt"),
                "units": receipt.quantity - receipt.received,
                "product": receipt.product.name_in(),
                "place": receipt.warehouse.name,
            },
            detail=_("expected today")
            if receipt.expected_on == day
            else _("expected on %(day)s") % {"day": spoken_date(receipt.expected_on)},
            action=_("Receive"),
            url=scanned_at(receipt),
            page=reverse("admin:inventory_expectedreceipt_change", args=[receipt.pk]),
            tone="warn" if receipt.expected_on < day else "info",
            rank=4,
        )
        for receipt in rows[:ROWS]
    ]
