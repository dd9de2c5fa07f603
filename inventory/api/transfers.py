"""`/stock/transfers/`: goods between two warehouses."""

from typing import Any

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from core.api.fields import FlagField, MomentField, QuantityField, StrictSerializer, TextField
from core.api.idempotency import idempotent
from core.api.views import ApiListView, ApiView
from core.errors import Missing
from core.sight import limited_to, seen
from inventory import services as inventory
from inventory.errors import UnknownWarehouse
from inventory.models import Transfer, TransferLine, Warehouse

from .reading import SCOPES, products_of, read, warehouse_of
from .serializers import ReceiptLineSerializer


class TransferLineSerializer(serializers.Serializer):
    """Units of one product on a transfer: quantity = received + in transit + lost, once it is sent."""

    sku = serializers.CharField(source="product.sku")
    quantity = serializers.IntegerField()
    received = serializers.IntegerField()
    in_transit = serializers.SerializerMethodField()
    lost = serializers.IntegerField()

    def get_in_transit(self, line: TransferLine) -> int:
        """Return what is between the two warehouses."""
        return line.open if line.in_transit else 0


class TransferSerializer(serializers.Serializer):
    """A row of `/stock/transfers/`."""

    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Transfer.Status.choices)
    source = serializers.CharField(source="source.code")
    destination = serializers.CharField(source="destination.code")
    expected_on = serializers.DateField()
    note = serializers.CharField()
    lines = TransferLineSerializer(many=True)
    created_at = MomentField()
    sent_at = MomentField(allow_null=True)
    received_at = MomentField(allow_null=True)


class TransferCreateSerializer(StrictSerializer):
    """Goods that shall go to another warehouse; with `send` they leave at once."""

    # `source` is an argument of every field, and so the name of none.
    destination = TextField(max_length=20)
    lines = ReceiptLineSerializer(many=True, allow_empty=False, max_length=500)  # type: ignore[call-arg]
    expected_on = serializers.DateField()
    note = TextField(max_length=200, allow_blank=True, required=False, default="")
    send = FlagField(required=False, default=False)

    def get_fields(self) -> dict[str, Any]:
        """Take the warehouse the goods leave."""
        return {"source": TextField(max_length=20), **super().get_fields()}


class ArrivalLineSerializer(StrictSerializer):
    """Units of one product that arrived."""

    sku = TextField(max_length=40)
    quantity = QuantityField()


class ArrivalSerializer(StrictSerializer):
    """What arrived of a transfer; with `close` the rest is lost, for a reason."""

    lines = ArrivalLineSerializer(many=True, required=False, default=list, max_length=500)  # type: ignore[call-arg]
    close = FlagField(required=False, default=False)
    reason = TextField(max_length=200, allow_blank=True, required=False, default="")


class GivenUpSerializer(StrictSerializer):
    """Why a transfer is given up."""

    reason = TextField(max_length=200)


class TransferFilters(django_filters.FilterSet):
    """Of `/stock/transfers/`."""

    status = django_filters.ChoiceFilter(choices=Transfer.Status.choices)
    warehouse = django_filters.CharFilter(method="by_warehouse", help_text="Its code: from there or to there.")

    class Meta:
        model = Transfer
        fields: tuple[str, ...] = ()

    def by_warehouse(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Codes are kept in upper case."""
        code = value.strip().upper()
        return rows.filter(Q(source__code=code) | Q(destination__code=code))


def transfers() -> "QuerySet[Transfer]":
    """Return transfers with their lines."""
    lines = TransferLine.objects.select_related("product").order_by("pk")
    rows = Transfer.objects.select_related("source", "destination")
    return seen(rows.prefetch_related(Prefetch("lines", lines)))


def units_of(lines: list[dict[str, Any]]) -> dict[int, int]:
    """Return the units by product; the same SKU twice is the sum."""
    products = products_of({f"/lines/{place}/sku": line["sku"] for place, line in enumerate(lines)})
    units: dict[int, int] = {}
    for line in lines:
        product = products[line["sku"].strip().upper()].pk
        units[product] = units.get(product, 0) + line["quantity"]
    return units


def require_mine(place: Warehouse) -> None:
    """Refuse what is done at a warehouse that the caller is not limited to."""
    mine = limited_to("warehouse")
    if mine is not None and place.code not in mine:
        raise Missing("There is no such transfer here")


class TransfersView(ApiListView):
    """Goods that go from one warehouse to another, the youngest first."""

    required_scopes = SCOPES
    serializer_class = TransferSerializer
    filterset_class = TransferFilters
    ordering = ("-pk",)

    def get_queryset(self) -> "QuerySet[Transfer]":
        """Return the transfers."""
        return transfers()

    @extend_schema(request=TransferCreateSerializer, responses={201: TransferSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Write a transfer down; with `send` the goods leave at once: never what is promised or in quarantine."""
        given = read(TransferCreateSerializer, request)
        wanted = inventory.TransferInput(
            source_id=warehouse_of(given["source"], "/source").pk,
            destination_id=_any_warehouse(given["destination"]).pk,
            units=units_of(given["lines"]),
            expected_on=given["expected_on"],
            note=given["note"],
        )
        made = inventory.create_transfer(wanted, actor=self.actor)
        if given["send"]:
            inventory.send_transfer(made.pk, actor=self.actor)
        where = reverse("api:stock-transfer", args=[made.number], request=request)
        answer = TransferSerializer(transfers().get(pk=made.pk)).data
        return Response(answer, status=status.HTTP_201_CREATED, headers={"Location": where})


class TransferView(ApiView):
    """One transfer."""

    required_scopes = SCOPES

    @extend_schema(responses=TransferSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return a transfer."""
        return Response(TransferSerializer(self.transfer(number)).data)

    def transfer(self, number: str) -> Transfer:
        """Return the transfer of an address."""
        if (found := transfers().filter(number=number.upper()).first()) is None:
            raise Missing("There is no such transfer")
        return found

    def told(self, transfer: Transfer) -> Response:
        """Return it as it stands now."""
        return Response(TransferSerializer(transfers().get(pk=transfer.pk)).data)


class SendTransferView(TransferView):
    """The goods of a transfer leave."""

    http_method_names = ("post", "options")

    @extend_schema(request=None, responses=TransferSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Send a draft; 409 `insufficient_stock` names what may not leave."""
        transfer = self.transfer(number)
        require_mine(transfer.source)
        return self.told(inventory.send_transfer(transfer.pk, actor=self.actor))


class ReceiveTransferView(TransferView):
    """Goods of a transfer arrive."""

    http_method_names = ("post", "options")

    @extend_schema(request=ArrivalSerializer, responses=TransferSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Book what arrived; the rest stays on its way, or with `close` is lost for a `reason`."""
        given = read(ArrivalSerializer, request)
        transfer = self.transfer(number)
        require_mine(transfer.destination)
        done = inventory.receive_transfer(
            transfer.pk,
            units=units_of(given["lines"]),
            close=given["close"],
            reason=given["reason"],
            actor=self.actor,
        )
        return self.told(done)


class CancelTransferView(TransferView):
    """A transfer is given up."""

    http_method_names = ("post", "options")

    @extend_schema(request=GivenUpSerializer, responses=TransferSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Give it up, for a `reason`: what was sent lies at its source again. 409 once part of it has arrived."""
        given = read(GivenUpSerializer, request)
        transfer = self.transfer(number)
        require_mine(transfer.source)
        return self.told(inventory.cancel_transfer(transfer.pk, reason=given["reason"], actor=self.actor))


def _any_warehouse(code: str) -> Warehouse:
    """Return the warehouse goods may go to: also one where the caller does not work."""
    found = Warehouse.objects.filter(code=code.strip().upper(), active=True).first()
    if found is None:
        fault = {"pointer": "/destination", "code": "unknown_warehouse", "detail": f"There is no warehouse {code}"}
        raise UnknownWarehouse(fault["detail"], errors=[fault])
    return found
