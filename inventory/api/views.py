"""`/stock/` and `/warehouses/`: what there is, where, and what moved it."""

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from core.api.idempotency import idempotent
from core.api.sight import belongs
from core.api.views import ApiListView, ApiView
from core.errors import Missing
from core.sight import seen
from inventory import selectors
from inventory import services as inventory
from inventory.models import StockItem, StockMovement, Warehouse

from .filters import MovementFilters, StockFilters, WarehouseFilters
from .reading import SCOPES, products_of, read, warehouse_of
from .serializers import (
    AdjustmentSerializer,
    MovementSerializer,
    StockSerializer,
    WarehouseChangeSerializer,
    WarehouseCreateSerializer,
    WarehouseSerializer,
)

MOVEMENT = StockMovement._meta.label_lower
# Units of these kinds move for an order, whatever their reference says.
OF_ORDERS = (StockMovement.Kind.SHIPMENT, StockMovement.Kind.RETURN)


class StockView(ApiListView):
    """Units per product and warehouse."""

    required_scopes = SCOPES
    serializer_class = StockSerializer
    filterset_class = StockFilters
    ordering = ("pk",)

    def get_queryset(self) -> "QuerySet[StockItem]":
        """Return the stock."""
        return seen(selectors.stock_rows())


class MovementsView(ApiListView):
    """Everything that changed what is on hand, the youngest first.

    A key limited to channels sees what the orders of its channels moved, and what no order did.
    """

    required_scopes = SCOPES
    serializer_class = MovementSerializer
    filterset_class = MovementFilters
    saved_views = True
    ordering = ("-pk",)

    def get_queryset(self) -> "QuerySet[StockMovement]":
        """Return the movements that the caller may see."""
        rows = seen(selectors.movements())
        if self.channels is None:
            return rows
        of_the_house = ~Q(kind__in=OF_ORDERS) & ~belongs(MOVEMENT, None)
        return rows.filter(belongs(MOVEMENT, self.channels) | of_the_house)


class AdjustmentsView(ApiView):
    """The shelf is not what the books say."""

    required_scopes = SCOPES

    @extend_schema(request=AdjustmentSerializer, responses={201: StockSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Book a loss or a find. A loss below what is reserved drops the lowest-ranked reservations."""
        given = read(AdjustmentSerializer, request)
        warehouse = warehouse_of(given["warehouse"])
        product = next(iter(products_of({"/sku": given["sku"]}).values()))
        item = inventory.adjust_stock(
            product_id=product.pk,
            warehouse_id=warehouse.pk,
            change=given["change"],
            reason=given["reason"],
            reference=given["reference"],
            actor=self.actor,
        )
        row = selectors.stock_rows().get(pk=item.pk)
        return Response(StockSerializer(row).data, status=status.HTTP_201_CREATED)


class WarehousesView(ApiListView):
    """All places that keep and ship goods."""

    required_scopes = SCOPES
    serializer_class = WarehouseSerializer
    filterset_class = WarehouseFilters
    ordering = ("code",)
    ordering_fields = ("code", "priority")

    def get_queryset(self) -> "QuerySet[Warehouse]":
        """Return the warehouses."""
        return seen(Warehouse.objects.all())

    @extend_schema(request=WarehouseCreateSerializer, responses={201: WarehouseSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Open a warehouse."""
        given = read(WarehouseCreateSerializer, request)
        warehouse = inventory.create_warehouse(inventory.WarehouseInput(**given), actor=self.actor)
        where = reverse("api:warehouse", args=[warehouse.code], request=request)
        answer = WarehouseSerializer(warehouse).data
        return Response(answer, status=status.HTTP_201_CREATED, headers={"Location": where})


class WarehouseView(ApiView):
    """One warehouse."""

    required_scopes = SCOPES

    @extend_schema(responses=WarehouseSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Return a warehouse."""
        return Response(WarehouseSerializer(self._warehouse(code)).data)

    @extend_schema(request=WarehouseChangeSerializer, responses=WarehouseSerializer)
    @idempotent
    def patch(self, request: Request, code: str) -> Response:
        """Change a warehouse; its code stays."""
        given = read(WarehouseChangeSerializer, request, partial=True)
        warehouse = inventory.update_warehouse(self._warehouse(code).pk, given, actor=self.actor)
        return Response(WarehouseSerializer(warehouse).data)

    def _warehouse(self, code: str) -> Warehouse:
        found = seen(Warehouse.objects.filter(code=code.upper())).first()
        if found is None:
            raise Missing("There is no such warehouse")
        return found
