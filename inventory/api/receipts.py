"""`/stock/receipts/`: units that come in, and those that are on their way."""

from collections import defaultdict
from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.db.models.functions import Upper
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import FlagField, QuantityField, StrictSerializer, TextField
from core.api.idempotency import idempotent
from core.api.views import ApiListView, ApiView
from core.errors import Missing
from core.sight import seen
from inventory import selectors
from inventory import services as inventory
from inventory.models import ExpectedReceipt, Warehouse

from .filters import ShelfFilters
from .reading import SCOPES, products_of, read, warehouse_of
from .serializers import ReceiptDoneSerializer, ReceiptSerializer


class ExpectedSerializer(serializers.Serializer):
    """A row of `/stock/receipts/`: units of one product that are on their way."""

    id = serializers.CharField()
    sku = serializers.CharField(source="product.sku")
    warehouse = serializers.CharField(source="warehouse.code")
    reference = serializers.CharField()
    quantity = serializers.IntegerField()
    received = serializers.IntegerField()
    expected_on = serializers.DateField()
    closed = serializers.BooleanField(help_text="Nothing more is expected of it.")


class BookedSerializer(ReceiptDoneSerializer):
    """What was booked, and the stock it made; of what is on its way, each receipt by its `id`."""

    expected = ExpectedSerializer(many=True, required=False)


class ExpectedChangeSerializer(StrictSerializer):
    """Another day, or another number of units; whoever waits for them is promised another day."""

    expected_on = serializers.DateField(required=False)
    quantity = QuantityField(required=False)
    reason = TextField(max_length=200, allow_blank=True, required=False, default="")


class ArrivedSerializer(StrictSerializer):
    """How many units arrived; with `close` nothing more is expected."""

    quantity = QuantityField()
    close = FlagField(required=False, default=False)


class NothingMoreSerializer(StrictSerializer):
    """Why nothing more is expected."""

    reason = TextField(max_length=200)


class ExpectedFilters(ShelfFilters):
    """Of `/stock/receipts/`."""

    reference = django_filters.CharFilter(method="by_reference", help_text="Of the purchase order, in any case.")

    class Meta:
        model = ExpectedReceipt
        fields: tuple[str, ...] = ()

    def by_reference(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """People write their numbers as they like."""
        return rows.alias(paper=Upper("reference")).filter(paper=value.strip().upper())


def expected() -> "QuerySet[ExpectedReceipt]":
    """Return receipts with what and where."""
    return seen(ExpectedReceipt.objects.select_related("product", "warehouse"))


class ReceiptsView(ApiListView):
    """What is on its way, the next to come first."""

    required_scopes = SCOPES
    serializer_class = ExpectedSerializer
    filterset_class = ExpectedFilters
    ordering = ("expected_on", "pk")

    def get_queryset(self) -> "QuerySet[ExpectedReceipt]":
        """Return what is still to come."""
        return expected().filter(closed=False, quantity__gt=F("received"))

    @extend_schema(request=ReceiptSerializer, responses={201: BookedSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Book units that arrived; with `expected_on`, announce units that are on their way."""
        given = read(ReceiptSerializer, request)
        warehouse = warehouse_of(given["warehouse"])
        lines = given["lines"]
        products = products_of({f"/lines/{place}/sku": line["sku"] for place, line in enumerate(lines)})
        units: dict[int, int] = defaultdict(int)
        for line in lines:
            units[products[line["sku"].strip().upper()].pk] += line["quantity"]
        announced = self._book(warehouse, units, given)
        rows = selectors.stock_rows().filter(warehouse=warehouse, product__in=units).order_by("product__sku")
        booked: dict[str, Any] = {
            "warehouse": warehouse.code,
            "reference": given["reference"],
            "expected_on": given["expected_on"],
            "lines": [{**line, "sku": line["sku"].strip().upper()} for line in lines],
            "stock": rows,
        }
        if announced:
            booked["expected"] = expected().filter(pk__in=announced).order_by("product__sku")
        return Response(BookedSerializer(booked).data, status=status.HTTP_201_CREATED)

    def _book(self, warehouse: Warehouse, units: dict[int, int], given: dict[str, Any]) -> list[int]:
        if given["expected_on"] is None:
            inventory.receive_stock(
                warehouse_id=warehouse.pk,
                units=units,
                reference=given["reference"],
                reason=given["reason"],
                actor=self.actor,
            )
            return []
        receipts = inventory.expect_receipts(
            warehouse_id=warehouse.pk,
            units=units,
            expected_on=given["expected_on"],
            reference=given["reference"],
            actor=self.actor,
        )
        return [receipt.pk for receipt in receipts]


class ReceiptView(ApiView):
    """Units of one product that are, or were, on their way."""

    required_scopes = SCOPES

    @extend_schema(responses=ExpectedSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Return a receipt."""
        return Response(ExpectedSerializer(self.receipt(id)).data)

    @extend_schema(request=ExpectedChangeSerializer, responses=ExpectedSerializer)
    @idempotent
    def patch(self, request: Request, id: str) -> Response:
        """Expect it on another day, or another number of units."""
        given = read(ExpectedChangeSerializer, request)
        inventory.change_expected(self.receipt(id).pk, **given, actor=self.actor)
        return self.told(id)

    def receipt(self, id: str) -> ExpectedReceipt:
        """Return the receipt of an address. Raises Missing."""
        found = expected().filter(pk=int(id)).first() if id.isascii() and id.isdigit() and len(id) < 19 else None
        if found is None:
            raise Missing("There is no such receipt")
        return found

    def told(self, id: str) -> Response:
        """Return it as it stands now."""
        return Response(ExpectedSerializer(self.receipt(id)).data)


class ArriveView(ReceiptView):
    """Units that were expected are here."""

    http_method_names = ("post", "options")

    @extend_schema(request=ArrivedSerializer, responses=ExpectedSerializer)
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        """Book what arrived, be it fewer units or more; with `close` nothing more is expected."""
        given = read(ArrivedSerializer, request)
        inventory.receive_expected(self.receipt(id).pk, **given, actor=self.actor)
        return self.told(id)


class CancelReceiptView(ReceiptView):
    """Nothing more comes."""

    http_method_names = ("post", "options")

    @extend_schema(request=NothingMoreSerializer, responses=ExpectedSerializer)
    @idempotent
    def post(self, request: Request, id: str) -> Response:
        """Expect nothing more of it, for a `reason`."""
        given = read(NothingMoreSerializer, request)
        inventory.cancel_expected(self.receipt(id).pk, reason=given["reason"], actor=self.actor)
        return self.told(id)
