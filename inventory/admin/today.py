"""What the shelf says on the first screen of the day."""

from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import seat, today
from core.reader import spoken_amount, spoken_date
from core.sight import seen
from inventory import selectors
from inventory.models import StockCount, StockItem

from .counts import APPROVE, COUNT
from .goods_in import RECEIVE, scanned_at

ROWS = 8


@today.todo(order=50, permission=RECEIVE)
def receipts_due() -> list[today.Todo]:
    """Name what should have come in by today, the longest overdue first."""
    day = seat.today()
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


@today.headline(order=60, permission="inventory.add_expectedreceipt")
def to_order_again() -> today.Headline | None:
    """Say how many shelves are low."""
    low = today.count(StockItem.objects.filter(low_since__isnull=False))
    if not low:
        return None
    said = ngettext("%(n)s product is to be ordered again.", "%(n)s products are to be ordered again.", low)
    url = reverse("admin:inventory_stockitem_changelist")
    return today.Headline(said % {"n": today.spoken(low)}, url=f"{url}?reorder=1", tone="warn")


@today.todo(order=60, permission=COUNT)
def shelves_to_count() -> list[today.Todo]:
    """Name the sheets that are open, the oldest first."""
    rows = seen(selectors.counts()).filter(status=StockCount.Status.OPEN).order_by("pk")
    return [
        today.Todo(
            text=_shelves_of(count, count.shelves),  # type: ignore[attr-defined]
            detail=count.note,
            action=_("Count"),
            url=reverse("admin:count_enter", args=[count.number]),
            page=reverse("admin:inventory_stockcount_change", args=[count.pk]),
            rank=5,
        )
        for count in rows[:ROWS]
    ]


@today.todo(order=61, permission=APPROVE)
def counts_to_approve() -> list[today.Todo]:
    """Name the counts whose differences are large."""
    rows = seen(selectors.counts()).filter(status=StockCount.Status.TO_APPROVE).order_by("pk")
    return [
        today.Todo(
            text=_("%(number)s · differences worth %(value)s in %(place)s")
            % {
                "number": count.number,
                "value": spoken_amount(count.value or Decimal(0), settings.CURRENCY),
                "place": count.warehouse.name,
            },
            action=_("Approve"),
            url=reverse("admin:inventory_stockcount_do", args=[count.pk, "approve"]),
            page=reverse("admin:inventory_stockcount_change", args=[count.pk]),
            rank=3,
        )
        for count in rows[:ROWS]
    ]


def _shelves_of(count: StockCount, shelves: int) -> str:
    said = ngettext("%(number)s · %(n)s shelf in %(place)s", "%(number)s · %(n)s shelves in %(place)s", shelves)
    return said % {"number": count.number, "n": shelves, "place": count.warehouse.name}
