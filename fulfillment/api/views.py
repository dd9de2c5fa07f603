"""`/fulfillment-orders/` and `/shipments/`: what warehouses and carriers do."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.auth import declare_scope
from core.api.idempotency import idempotent
from core.api.pdf import PAPER, paper
from core.api.views import ApiListView, ApiView
from core.errors import Missing
from core.sight import limited_to, seen
from fulfillment import documents, selectors, services
from fulfillment.carriers import carrier_for
from fulfillment.errors import UnknownLine
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from inventory import selectors as stock
from inventory.errors import UnknownWarehouse
from orders.api.actions import ActionView

from .filters import ShipmentFilters, WorkFilters
from .serializers import (
    EventInputSerializer,
    NothingSerializer,
    PackSerializer,
    PickSerializer,
    RerouteSerializer,
    ShipmentSerializer,
    ShipSerializer,
    ShortSerializer,
    TrackingEventSerializer,
    WorkSerializer,
)

READ, WRITE = "fulfillment:read", "fulfillment:write"
SCOPES = {"GET": READ, "POST": WRITE}
declare_scope(READ, "fulfillment.view_fulfillmentorder")
declare_scope(WRITE, "fulfillment.operate_fulfillmentorder")


class FulfillmentView(ApiView):
    """Sees the work and the parcels of the caller's channels."""

    required_scopes = SCOPES

    def works(self) -> "QuerySet[FulfillmentOrder]":
        """Return the work that the caller may see."""
        found = selectors.with_lines(seen(selectors.work_queue()))
        return found if self.channels is None else found.filter(order__channel__code__in=self.channels)

    def shipments(self) -> "QuerySet[Shipment]":
        """Return the parcels that the caller may see."""
        found = selectors.with_tracking(selectors.with_contents(seen(selectors.parcels())))
        return found if self.channels is None else found.filter(order__channel__code__in=self.channels)

    def work(self, number: str) -> FulfillmentOrder:
        """Return one piece of work. Raises Missing for none, and for one of a foreign channel."""
        if (work := self.works().filter(number=number).first()) is None:
            raise Missing("There is no such fulfillment order")
        return work

    def shipment(self, number: str) -> Shipment:
        """Return one parcel. Raises Missing for none, and for one of a foreign channel."""
        if (shipment := self.shipments().filter(number=number).first()) is None:
            raise Missing("There is no such shipment")
        return shipment

    def said(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """Return what the body says."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class FulfillmentOrdersView(FulfillmentView, ApiListView):
    """All work, the youngest first; `ordering=rank` is the order in which it is urgent."""

    serializer_class = WorkSerializer
    filterset_class = WorkFilters
    saved_views = True
    ordering = ("-pk",)
    ordering_fields: ClassVar[dict[str, str]] = {"number": "pk", "rank": "rank"}

    def get_queryset(self) -> "QuerySet[FulfillmentOrder]":
        """Return the work that the caller may see."""
        return self.works()


class FulfillmentOrderView(FulfillmentView):
    """One piece of work."""

    @extend_schema(responses=WorkSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return it."""
        return Response(WorkSerializer(self.work(number)).data)


class WorkStepView(FulfillmentView):
    """A step of a piece of work; answers the work as it is afterwards."""

    def answer(self, number: str) -> Response:
        """Return the work anew."""
        return Response(WorkSerializer(self.work(number)).data)


class ReleaseView(WorkStepView):
    """Work may begin."""

    @extend_schema(request=NothingSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Release it."""
        self.said(NothingSerializer)
        services.release_fulfillment(self.work(number).pk, actor=self.actor)
        return self.answer(number)


class PickView(WorkStepView):
    """Everything, or what is named, was found; what is missing is planned anew."""

    @extend_schema(request=PickSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Pick it."""
        said = self.said(PickSerializer).get("lines", ())
        work = self.work(number)
        picked, parts = found_in(work, said)
        services.pick(work.pk, picked=picked, parts=parts, actor=self.actor)
        return self.answer(number)


class ShortView(WorkStepView):
    """Units are missing; the walk goes on without them."""

    @extend_schema(request=ShortSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Report it."""
        said = self.said(ShortSerializer)
        work = self.work(number)
        found, parts = found_in(work, said["lines"])
        services.short_pick(work.pk, found=found, parts=parts, reason=said.get("reason", ""), actor=self.actor)
        return self.answer(number)


class RerouteView(WorkStepView):
    """Another warehouse does it; only planned work moves, with its units."""

    @extend_schema(request=RerouteSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Send it there."""
        said = self.said(RerouteSerializer)
        work = self.work(number)
        if (warehouse := stock.warehouse_by_code(said["warehouse"])) is None:
            text = f"There is no warehouse {said['warehouse']}"
            fault = {"pointer": "/warehouse", "code": UnknownWarehouse.code, "detail": text}
            raise UnknownWarehouse(text, errors=[fault])
        services.reroute_fulfillment(
            work.pk, warehouse_id=warehouse.pk, reason=said.get("reason", ""), actor=self.actor
        )
        return self.answer(number)


class PackView(WorkStepView):
    """It is in parcels."""

    @extend_schema(request=PackSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Pack it."""
        said = self.said(PackSerializer).get("parcels", ())
        work = self.work(number)
        parcels = [
            services.ParcelInput(
                quantities=units_by_line(work, parcel["lines"], at=f"/parcels/{place}"),
                weight_grams=parcel.get("weight_grams", 0),
                tracking_number=parcel.get("tracking_number", ""),
            )
            for place, parcel in enumerate(said)
        ]
        services.pack(work.pk, parcels=parcels or None, actor=self.actor)
        return self.answer(number)


class ShipView(WorkStepView):
    """The carrier has it."""

    @extend_schema(request=ShipSerializer, responses=WorkSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Ship it."""
        said = self.said(ShipSerializer)
        services.ship_fulfillment_order(self.work(number).pk, actor=self.actor, **said)
        return self.answer(number)


class ReleaseOrderView(ActionView):
    """All planned work of an order may begin; answers the order."""

    def act(self, order_id: int, said: dict[str, Any]) -> None:
        """Release it."""
        services.release_order(order_id, warehouses=limited_to("warehouse"), actor=self.actor)


class ShipmentsView(FulfillmentView, ApiListView):
    """All parcels, the youngest first."""

    serializer_class = ShipmentSerializer
    filterset_class = ShipmentFilters
    saved_views = True
    ordering = ("-pk",)
    ordering_fields: ClassVar[dict[str, str]] = {"number": "pk", "shipped_at": "shipped_at"}

    def get_queryset(self) -> "QuerySet[Shipment]":
        """Return the parcels that the caller may see."""
        return self.shipments()


class ShipmentView(FulfillmentView):
    """One parcel."""

    @extend_schema(responses=ShipmentSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return it."""
        return Response(ShipmentSerializer(self.shipment(number)).data)


class TrackingEventsView(FulfillmentView):
    """What the carrier says about a parcel; the same event twice is one."""

    @extend_schema(request=EventInputSerializer, responses={201: TrackingEventSerializer})
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Take an event."""
        self.said(EventInputSerializer)
        shipment = self.shipment(number)
        event = carrier_for(shipment.carrier).parse_events(dict(request.data))[0]
        told = services.record_tracking_event(shipment.pk, event=event, actor=self.actor)
        return Response(TrackingEventSerializer(told).data, status=status.HTTP_201_CREATED)


class LabelView(FulfillmentView):
    """The label of a parcel."""

    renderer_classes = PAPER

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the PDF."""
        return paper(documents.label_pdf(self.shipment(number)), f"{number}-label.pdf")


class PackingSlipView(FulfillmentView):
    """The packing slip of a parcel, without prices."""

    renderer_classes = PAPER

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return the PDF."""
        return paper(documents.packing_slips_pdf([self.shipment(number)]), f"{number}-packing-slip.pdf")


def units_by_line(work: FulfillmentOrder, given: Iterable[Mapping[str, Any]], *, at: str = "") -> dict[int, int]:
    """Return units per order line id. Raises UnknownLine, with a pointer, for what names no line or several."""
    return {line.order_line_id: one["quantity"] for line, one in _lines_of(work, given, at=at)}


def found_in(
    work: FulfillmentOrder, given: Iterable[Mapping[str, Any]]
) -> tuple[dict[int, int], dict[int, dict[int, int]]]:
    """Return what was found: units per order line id, and of kits units per part. Raises UnknownLine."""
    units: dict[int, int] = {}
    parts: dict[int, dict[int, int]] = {}
    for place, (line, one) in enumerate(_lines_of(work, given)):
        if "parts" not in one:
            units[line.order_line_id] = one["quantity"]
            continue
        made_of = {part["sku"]: part["product"] for part in line.order_line.parts}
        found = parts.setdefault(line.order_line_id, {})
        for number, part in enumerate(one["parts"]):
            product = made_of.get(part["sku"].strip().upper())
            if product is None or product in found:
                text = "No part of this kit, or named twice"
                pointer = f"/lines/{place}/parts/{number}/sku"
                raise UnknownLine(text, errors=[{"pointer": pointer, "code": "unknown_part", "detail": text}])
            found[product] = part["quantity"]
    return units, parts


def _lines_of(
    work: FulfillmentOrder, given: Iterable[Mapping[str, Any]], *, at: str = ""
) -> list[tuple[FulfillmentLine, Mapping[str, Any]]]:
    """Return the line that each entry names by id or SKU."""
    by_id = {str(line.order_line_id): line for line in work.lines.all()}
    by_sku: dict[str, list[FulfillmentLine]] = {}
    for line in work.lines.all():
        by_sku.setdefault(line.order_line.sku, []).append(line)
    named: list[tuple[FulfillmentLine, Mapping[str, Any]]] = []
    for place, one in enumerate(given):
        found = [by_id[one["line"]]] if one.get("line") in by_id else by_sku.get(str(one.get("sku", "")).upper(), [])
        if len(found) != 1 or any(found[0] is line for line, _one in named):
            detail = "No line of this work, or not only one"
            pointer = f"{at}/lines/{place}"
            raise UnknownLine(detail, errors=[{"pointer": pointer, "code": "unknown_line", "detail": detail}])
        named.append((found[0], one))
    return named
