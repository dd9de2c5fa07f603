"""`/stock/counts/`: what was counted, and what became of it."""

from typing import Any

import django_filters
from django.conf import settings
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import MomentField, StrictSerializer, TextField, WholeNumberField
from core.api.idempotency import idempotent
from core.api.views import ApiListView
from core.errors import Invalid
from core.money import plain
from core.sight import seen
from inventory import services as inventory
from inventory.models import StockCount, StockCountLine

from .reading import SCOPES, products_of, read, warehouse_of


class CountLineSerializer(serializers.Serializer):
    """A shelf: what was counted against what the books said at that moment."""

    sku = serializers.CharField(source="stock_item.product.sku")
    counted = serializers.IntegerField(allow_null=True)
    book = serializers.IntegerField(
        allow_null=True, help_text="on_hand without quarantine and without what is picked and not yet gone."
    )
    difference = serializers.IntegerField(allow_null=True)
    booked = serializers.IntegerField(allow_null=True, help_text="What changed in the books.")


class CountSerializer(serializers.Serializer):
    """A row of `/stock/counts/`."""

    number = serializers.CharField()
    warehouse = serializers.CharField(source="warehouse.code")
    status = serializers.ChoiceField(choices=StockCount.Status.choices)
    note = serializers.CharField()
    value = serializers.SerializerMethodField(help_text="What the differences are worth, without signs, at cost.")
    currency = serializers.SerializerMethodField()
    lines = CountLineSerializer(many=True)
    created_at = MomentField()
    booked_at = MomentField(allow_null=True)

    def get_value(self, count: StockCount) -> str | None:
        """Return an amount in the currency of the house."""
        return None if count.value is None else plain(count.value, settings.CURRENCY)

    def get_currency(self, count: StockCount) -> str:
        """Return the currency of the house."""
        return str(settings.CURRENCY)


class CountedLineSerializer(StrictSerializer):
    """What lies on a shelf."""

    sku = TextField(max_length=40)
    counted = WholeNumberField(min_value=0, max_value=2_000_000_000)


class CountCreateSerializer(StrictSerializer):
    """What was counted in a warehouse, shelf by shelf."""

    warehouse = TextField(max_length=20)
    lines = CountedLineSerializer(many=True, allow_empty=False, max_length=500)  # type: ignore[call-arg]
    note = TextField(max_length=200, allow_blank=True, required=False, default="")


class CountFilters(django_filters.FilterSet):
    """Of `/stock/counts/`."""

    status = django_filters.ChoiceFilter(choices=StockCount.Status.choices)
    warehouse = django_filters.CharFilter(method="by_warehouse", help_text="Its code, in any case.")

    class Meta:
        model = StockCount
        fields: tuple[str, ...] = ()

    def by_warehouse(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Codes are kept in upper case."""
        return rows.filter(warehouse__code=value.strip().upper())


def counts() -> "QuerySet[StockCount]":
    """Return counts with their lines."""
    lines = StockCountLine.objects.select_related("stock_item__product").order_by("pk")
    return seen(StockCount.objects.select_related("warehouse").prefetch_related(Prefetch("lines", lines)))


class CountsView(ApiListView):
    """What was counted, the youngest first."""

    required_scopes = SCOPES
    serializer_class = CountSerializer
    filterset_class = CountFilters
    ordering = ("-pk",)

    def get_queryset(self) -> "QuerySet[StockCount]":
        """Return the counts."""
        return counts()

    @extend_schema(request=CountCreateSerializer, responses={201: CountSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Book what was counted against the books of this moment.

        Large differences wait for an approval (`to_approve`). What is missing below
        what is reserved drops the lowest-ranked reservations.
        """
        given = read(CountCreateSerializer, request)
        warehouse = warehouse_of(given["warehouse"])
        lines: list[dict[str, Any]] = given["lines"]
        products = products_of({f"/lines/{place}/sku": line["sku"] for place, line in enumerate(lines)})
        counted: dict[int, int] = {}
        for place, line in enumerate(lines):
            product = products[line["sku"].strip().upper()].pk
            if product in counted:
                fault = {"pointer": f"/lines/{place}/sku", "code": "invalid", "detail": "This SKU stands here twice"}
                raise Invalid(fault["detail"], errors=[fault])
            counted[product] = line["counted"]
        made = inventory.take_count(warehouse_id=warehouse.pk, counted=counted, note=given["note"], actor=self.actor)
        return Response(CountSerializer(counts().get(pk=made.pk)).data, status=status.HTTP_201_CREATED)
