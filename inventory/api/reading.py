"""What the views of inventory share: who may, and how a body names warehouses and products."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from core.api.auth import declare_scope
from core.sight import seen
from inventory import selectors
from inventory.errors import UnknownProduct, UnknownWarehouse
from inventory.models import Product, Warehouse

READ, WRITE = "inventory:read", "inventory:write"
SCOPES = {"GET": READ, "POST": WRITE, "PATCH": WRITE}
declare_scope(READ, "inventory.view_stockitem")
declare_scope(WRITE, "inventory.change_stockitem")


def read(kind: type[serializers.Serializer], request: Request, **options: Any) -> dict[str, Any]:
    """Return the body as the serializer understands it, or raise with pointers."""
    serializer = kind(data=request.data, **options)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def warehouse_of(code: str, pointer: str = "/warehouse") -> Warehouse:
    """Return the warehouse a body names."""
    found = seen(Warehouse.objects.filter(code=code.strip().upper())).first()
    if found is None:
        fault = {"pointer": pointer, "code": "unknown_warehouse", "detail": f"There is no warehouse {code}"}
        raise UnknownWarehouse(fault["detail"], errors=[fault])
    return found


def products_of(skus: dict[str, str]) -> dict[str, Product]:
    """Return products by SKU in upper case; `skus` says at which pointer each stands."""
    found = selectors.products_by_sku(skus.values())
    faults = [
        {"pointer": pointer, "code": "unknown_product", "detail": f"There is no product {sku}"}
        for pointer, sku in skus.items()
        if sku.strip().upper() not in found
    ]
    if faults:
        raise UnknownProduct(faults[0]["detail"], errors=faults)
    return found
