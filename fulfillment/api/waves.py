"""`/waves/`: work of one warehouse that is released together and fetched on one walk."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from core.api.fields import MomentField, QuantityField, StrictSerializer, TextField, WholeNumberField
from core.api.idempotency import idempotent
from core.api.pdf import PAPER, paper
from core.api.views import ApiListView
from core.errors import Missing
from core.sight import limited_to, seen
from fulfillment import batch, documents, selectors, services
from fulfillment.carriers import CARRIERS
from fulfillment.errors import UnknownCarrier, UnknownLine
from fulfillment.models import MOST_TOTES, FulfillmentOrder, Wave
from inventory import selectors as stock
from inventory.errors import UnknownWarehouse
from pricing import selectors as pricing

from .serializers import NothingSerializer
from .splitting import WhySerializer
from .views import FulfillmentView


class WaveFilters(django_filters.FilterSet):
    """By state and place."""

    status = django_filters.ChoiceFilter(choices=Wave.Status.choices)
    warehouse = django_filters.CharFilter(field_name="warehouse__code")

    class Meta:
        model = Wave
        fields: tuple[str, ...] = ()


class WaveSerializer(serializers.ModelSerializer):
    """A row of `/waves/`; `orders` counts what is in it, `picked` what of that is fetched."""

    number = serializers.CharField()
    warehouse = serializers.CharField(source="warehouse.code")
    status = serializers.ChoiceField(choices=Wave.Status.choices)
    shipping_method = serializers.CharField(source="shipping_method.code", allow_null=True, default=None)
    orders = serializers.IntegerField(source="work_count")
    picked = serializers.IntegerField(source="picked_count")
    created_at = MomentField()
    released_at = MomentField(allow_null=True)
    done_at = MomentField(allow_null=True)
    allowed_actions = serializers.SerializerMethodField()

    class Meta:
        model = Wave
        fields: tuple[str, ...] = (
            "number",
            "warehouse",
            "status",
            "carrier",
            "shipping_method",
            "leaves_by_on",
            "size",
            "orders",
            "picked",
            "created_at",
            "released_at",
            "done_at",
            "allowed_actions",
        )

    def get_allowed_actions(self, wave: Wave) -> list[str]:
        """Return what may be done next."""
        return list(selectors.WAVE_ACTIONS.get(wave.status, ()))


class ToteSerializer(serializers.ModelSerializer):
    """Which order a tote is for."""

    fulfillment_order = serializers.CharField(source="number")
    order = serializers.CharField(source="order.number")
    status = serializers.ChoiceField(choices=FulfillmentOrder.Status.choices)

    class Meta:
        model = FulfillmentOrder
        fields = ("tote", "fulfillment_order", "order", "status", "rank", "ship_by_on")


class ShareSerializer(serializers.Serializer):
    """Units of a row that go into a tote."""

    tote = serializers.IntegerField()
    quantity = serializers.IntegerField()


class BatchRowSerializer(serializers.Serializer):
    """Units of a product in a bin, for all orders together. Kits are fetched as their parts."""

    bin = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField(source="units")
    totes = serializers.SerializerMethodField()

    @extend_schema_field(ShareSerializer(many=True))
    def get_totes(self, row: batch.Row) -> list[dict[str, int]]:
        """Return the share of each tote."""
        return [{"tote": tote, "quantity": units} for tote, units in row.totes]


class WholeWaveSerializer(WaveSerializer):
    """A wave with its totes, and what is left to fetch, in the order of the bins."""

    totes = serializers.SerializerMethodField()
    to_fetch = serializers.SerializerMethodField()

    class Meta(WaveSerializer.Meta):
        fields = (*WaveSerializer.Meta.fields, "totes", "to_fetch")

    def works(self, wave: Any) -> list[FulfillmentOrder]:
        """Return the work of the wave, read once."""
        if not hasattr(wave, "works_read"):
            wave.works_read = batch.works_of_wave(wave)
        found: list[FulfillmentOrder] = wave.works_read
        return found

    @extend_schema_field(ToteSerializer(many=True))
    def get_totes(self, wave: Wave) -> Any:
        """Return the work in it, by tote."""
        return ToteSerializer(self.works(wave), many=True).data

    @extend_schema_field(BatchRowSerializer(many=True))
    def get_to_fetch(self, wave: Wave) -> Any:
        """Return what is not picked yet, by bin."""
        return BatchRowSerializer(batch.batch_rows(batch.left_to_fetch(self.works(wave))), many=True).data


class PlanWaveSerializer(StrictSerializer):
    """Which work goes into a wave: of one warehouse, the most urgent first."""

    warehouse = TextField(max_length=20, help_text="Its code.")
    size = WholeNumberField(
        min_value=1, max_value=MOST_TOTES, required=False, help_text=f"Orders at most; {services.USUAL_SIZE}."
    )
    carrier = TextField(max_length=40, required=False, help_text="Only what goes with this carrier.")
    shipping_method = TextField(max_length=40, required=False, help_text="Only what goes this way; its code.")
    leaves_by_on = serializers.DateField(required=False, help_text="Only what must leave by this day.")


class MissingSerializer(StrictSerializer):
    """Units that were not where they should be."""

    sku = TextField(max_length=40)
    bin = TextField(max_length=20, required=False, allow_blank=True)
    quantity = QuantityField()


class PickWaveSerializer(StrictSerializer):
    """What is missing; without it everything was found. The orders that come last in rank go without."""

    missing = MissingSerializer(many=True, required=False, allow_empty=False)


class WaveView(FulfillmentView):
    """Sees the waves of the caller's warehouses that are about orders of his channels only."""

    def waves(self) -> "QuerySet[Wave]":
        """Return the waves that the caller may see."""
        found = seen(selectors.waves())
        if self.channels is None:
            return found
        others = FulfillmentOrder.objects.filter(wave=OuterRef("pk")).exclude(order__channel__code__in=self.channels)
        return found.filter(~Exists(others))

    def wave(self, number: str) -> Wave:
        """Return one wave. Raises Missing for none, and for one about orders of others."""
        if (wave := self.waves().filter(number=number).first()) is None:
            raise Missing("There is no such wave")
        return wave

    def answer(self, number: str, code: int = status.HTTP_200_OK) -> Response:
        """Return the wave anew."""
        return Response(WholeWaveSerializer(self.wave(number)).data, status=code)


class WavesView(WaveView, ApiListView):
    """All waves, the youngest first; POST plans one."""

    serializer_class = WaveSerializer
    filterset_class = WaveFilters
    saved_views = True
    ordering = ("-pk",)

    def get_queryset(self) -> "QuerySet[Wave]":
        """Return the waves that the caller may see."""
        return self.waves()

    @extend_schema(request=PlanWaveSerializer, responses={201: WholeWaveSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Take the most urgent work of a warehouse out of its queue."""
        wave = services.plan_wave(self.wanted(self.said(PlanWaveSerializer)), actor=self.actor)
        made = self.answer(str(wave.number), status.HTTP_201_CREATED)
        made.headers["Location"] = reverse("api:wave", args=[wave.number], request=request)
        return made

    def wanted(self, said: dict[str, Any]) -> services.WaveInput:
        """Return what the service asks for. Raises UnknownWarehouse also for one that the caller does not see."""
        place, mine = stock.warehouse_by_code(said["warehouse"]), limited_to("warehouse")
        if place is None or (mine is not None and place.code not in mine):
            text = f"There is no warehouse {said['warehouse']}"
            fault = {"pointer": "/warehouse", "code": UnknownWarehouse.code, "detail": text}
            raise UnknownWarehouse(text, errors=[fault])
        carrier = said.get("carrier", "")
        if carrier and carrier not in CARRIERS:
            text = f"There is no carrier {carrier}"
            fault = {"pointer": "/carrier", "code": UnknownCarrier.code, "detail": text}
            raise UnknownCarrier(text, errors=[fault])
        method = pricing.shipping_method(said["shipping_method"]) if said.get("shipping_method") else None
        limits = [codes for codes in (self.channels, limited_to("channel")) if codes is not None]
        return services.WaveInput(
            warehouse_id=place.pk,
            size=said.get("size", services.USUAL_SIZE),
            carrier=carrier,
            shipping_method_id=method.pk if method else None,
            leaves_by_on=said.get("leaves_by_on"),
            channels=frozenset.intersection(*limits) if limits else None,
        )


class OneWaveView(WaveView):
    """One wave."""

    @extend_schema(responses=WholeWaveSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return it."""
        return self.answer(number)


class ReleaseWaveView(WaveView):
    """All of a wave may be fetched; what is on hold by now leaves it."""

    @extend_schema(request=NothingSerializer, responses=WholeWaveSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Release it."""
        self.said(NothingSerializer)
        services.release_wave(self.wave(number).pk, actor=self.actor)
        return self.answer(number)


class PickWaveView(WaveView):
    """Everything of a wave, but what is named as missing, is fetched and sorted into its totes."""

    @extend_schema(request=PickWaveSerializer, responses=WholeWaveSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Pick it."""
        said = self.said(PickWaveSerializer).get("missing", ())
        wave = self.wave(number)
        services.pick_wave(wave.pk, missing=missing_in(wave, said), actor=self.actor)
        return self.answer(number)


class CancelWaveView(WaveView):
    """What nobody has picked goes back to the queue."""

    @extend_schema(request=WhySerializer, responses=WholeWaveSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Cancel it."""
        said = self.said(WhySerializer)
        services.cancel_wave(self.wave(number).pk, reason=said.get("reason", ""), actor=self.actor)
        return self.answer(number)


class WaveListView(WaveView):
    """The list for the walk, on paper."""

    renderer_classes = PAPER

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the PDF."""
        return paper(documents.batch_lists_pdf([self.wave(number)]), f"{number}-pick-list.pdf")


def missing_in(wave: Wave, said: Any) -> dict[tuple[int, str], int]:
    """Return missing units by product and bin. Raises UnknownLine, with a pointer, for what is not fetched there."""
    rows = batch.batch_rows(batch.left_to_fetch(batch.works_of_wave(wave)))
    found: dict[tuple[int, str], int] = {}
    for place, one in enumerate(said):
        fits = [row for row in rows if row.sku == one["sku"].strip().upper() and one.get("bin", row.bin) == row.bin]
        if len(fits) != 1 or (fits[0].product_id, fits[0].bin) in found:
            text = "Nothing of this is fetched there, from several bins, or it is named twice"
            fault = {"pointer": f"/missing/{place}", "code": UnknownLine.code, "detail": text}
            raise UnknownLine(text, errors=[fault])
        found[fits[0].product_id, fits[0].bin] = one["quantity"]
    return found
