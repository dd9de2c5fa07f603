"""How many units of a product may wait in all: counted under its lock, so that it holds for many at once."""

from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from core.service import service
from inventory.errors import InsufficientStock
from inventory.models import Product
from orders import outlook
from orders.models import OrderLine


@service
def require_room_to_wait(
    lines: Sequence[OrderLine], short: Mapping[int, int], *, exempt: Collection[int] = ()
) -> None:
    """Refuse units that would wait beyond what their product allows. Call it after the stock rows are locked.

    `short` is by position, `exempt` are lines of which somebody decided that they wait. Raises InsufficientStock with
    `may_wait`: how many could still wait. Products without a limit cost no statement.
    """
    asking = [line for line in lines if short.get(line.position) and line.position not in exempt]
    limited = sorted({line.product_id for line in asking if line.product.backorder_limit is not None})
    if not limited:
        return
    # In pk order, and after the stock rows: whoever else asks waits here until we are through.
    rows = Product.objects.select_for_update(no_key=True).order_by("pk").filter(pk__in=limited)
    limits = dict(rows.values_list("pk", "backorder_limit"))
    missing = outlook.missing_units(asking, short)
    figures = outlook.figures(limited)
    rooms = {
        pk: outlook.room(limit, figures[pk].waiting) for pk, limit in limits.items() if limit is not None
    }  # fmt: skip
    if not (refused := [pk for pk in limited if pk in rooms and missing[pk] > rooms[pk]]):
        return
    shortages = [
        {
            "sku": next(line.sku for line in asking if line.product_id == pk),
            "requested": sum(line.open for line in lines if line.product_id == pk),
            "available": sum(line.allocated for line in lines if line.product_id == pk),
            "may_wait": rooms[pk],
        }
        for pk in refused
    ]
    named = ", ".join(f"{one['sku']} ({one['may_wait']})" for one in shortages)
    text = _("Not enough stock; so many units more may wait: %(named)s") % {"named": named}
    raise InsufficientStock(text, shortages=shortages)
