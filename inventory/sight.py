"""Who is limited to warehouses sees what lies there, moves there or is on its way there."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import sight
from inventory.models import Warehouse

Rows = QuerySet[Any]


def _offers() -> list[tuple[str, str]]:
    return [(code, name) for code, name in Warehouse.objects.order_by("priority", "code").values_list("code", "name")]


sight.limit("warehouse", _("Warehouses"), offers=_offers)


@sight.hides("inventory.warehouse", "warehouse")
def warehouses(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return those warehouses."""
    return rows.filter(code__in=codes)


@sight.hides("inventory.stockitem", "warehouse")
@sight.hides("inventory.expectedreceipt", "warehouse")
@sight.hides("inventory.stockcount", "warehouse")
def in_warehouses(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what lies or will lie there."""
    return rows.filter(warehouse__code__in=codes)


@sight.hides("inventory.reorderproposal", "warehouse")
@sight.hides("inventory.stockmovement", "warehouse")
def movements(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what moved there."""
    return rows.filter(stock_item__warehouse__code__in=codes)


@sight.hides("inventory.transfer", "warehouse")
def transfers(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what goes from there or to there."""
    return rows.filter(Q(source__code__in=codes) | Q(destination__code__in=codes))
