"""`/orders/`: the list, a new one, one of them, its history, and what could be promised."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import selectors as core_selectors
from core.api.auth import scopes_of
from core.api.etags import etag_of, expected_version
from core.api.fields import CountryField, QuantityField, TextField
from core.api.filters import bad_parameters, refuse_unknown
from core.api.idempotency import idempotent
from core.api.views import ApiListView, ApiView
from orders import selectors, services
from orders.errors import UnknownOrder
from orders.inputs import OrderInput
from orders.models import Hold, Order
from orders.outlook import MANY

from .bodies import STANDARD, OrderCreateSerializer, PreferencesSerializer, to_input
from .filters import OrderFilters
from .permissions import ACT, channel_for, require_scopes
from .quoted import AvailabilitySerializer, QuoteSerializer
from .serializers import (
    OrderDetailSerializer,
    OrderSerializer,
    OrderWithLinesSerializer,
    TimelineEntrySerializer,
    TimelineSerializer,
)

SCOPES = {"GET": "orders:read", "POST": "orders:write", "PATCH": "orders:write"}
EXPANDABLE = frozenset({"customer", "lines"})
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag you read")


class OrderView(ApiView):
    """Sees the orders of the caller's channels; all others are as if they did not exist."""

    required_scopes = SCOPES

    def orders(self) -> QuerySet[Order]:
        """Return the orders that the caller may see."""
        return selectors.orders(self.channels)

    def order(self, number: str) -> Order:
        """Return one order with what hangs on it, in four statements. Raises UnknownOrder for foreign ones too."""
        active = Prefetch("holds", Hold.objects.filter(status=Hold.Status.ACTIVE).order_by("pk"))
        found = self.orders().prefetch_related("lines", "charges", active).filter(number=number.upper()).first()
        if found is None:
            raise UnknownOrder("There is no such order")
        return found

    def order_id(self, number: str) -> int:
        """Return the id of an order that the caller may change; the service locks and reads it."""
        found = self.orders().order_by().filter(number=number.upper()).values_list("pk", flat=True).first()
        if found is None:
            raise UnknownOrder("There is no such order")
        return found

    def said(self, serializer_class: type[serializers.Serializer], data: Any = None) -> dict[str, Any]:
        """Return what the body says."""
        serializer = serializer_class(data=self.request.data if data is None else data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def wanted(self, data: Any = None) -> OrderInput:
        """Return the order that a body describes."""
        said = self.said(OrderCreateSerializer, data)
        require_scopes(self.request, said)
        channel = channel_for(self.request, said.get("channel"))
        acts = ACT in scopes_of(self.request)
        return to_input(said, channel=channel, acts_for_customer=acts, customers_of=self.channels)

    def place(self, data: Any = None) -> Order:
        """Place the order that a body describes."""
        return services.place_order(self.wanted(data), actor=self.actor)

    def shown(self, order: Order, *, status: int = HTTPStatus.OK, **headers: str) -> Response:
        """Answer an order, with its version as the tag."""
        body = OrderDetailSerializer(order).data
        return Response(body, status=status, headers={"ETag": etag_of(order.version), **headers})


class OrdersView(OrderView, ApiListView):
    """All orders that were placed, the youngest first."""

    filterset_class = OrderFilters
    extra_parameters = ("expand",)
    saved_views = True
    ordering = ("-placed_at",)
    ordering_fields: ClassVar[dict[str, str]] = {
        "placed_at": "placed_at",
        "updated_at": "updated_at",
        "number": "pk",
    }

    def get_queryset(self) -> QuerySet[Order]:
        """Return the orders that the caller may see, with as much as was asked for."""
        rows = selectors.for_lists(self.orders())
        return rows.prefetch_related("lines") if "lines" in self.expand() else rows

    def get_serializer_class(self) -> type[OrderSerializer]:
        """Return the form of a row."""
        return OrderWithLinesSerializer if "lines" in self.expand() else OrderSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        """Say what is expanded."""
        return {**super().get_serializer_context(), "expand": self.expand(), "limited": self.channels is not None}

    def expand(self) -> frozenset[str]:
        """Return what the caller wants to see in full."""
        request = getattr(self, "request", None)
        wanted = request.query_params.get("expand", "") if request is not None else ""
        parts = frozenset(part for part in wanted.split(",") if part)
        if unknown := parts - EXPANDABLE:
            text = f"Not to be expanded: {', '.join(sorted(unknown))}; there are {', '.join(sorted(EXPANDABLE))}"
            raise bad_parameters({"expand": [{"code": "unknown_expand", "message": text}]})
        return parts

    @extend_schema(
        parameters=[OpenApiParameter("expand", str, description="customer, lines")],
        responses=OrderWithLinesSerializer(many=True),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of orders."""
        return self.list(request, *args, **kwargs)

    @extend_schema(request=OrderCreateSerializer, responses={201: OrderDetailSerializer})
    @idempotent(required=lambda request: brings_money(request.data))
    def post(self, request: Request) -> Response:
        """Place an order."""
        order = self.place()
        return self.shown(order, status=HTTPStatus.CREATED, Location=f"/api/v1/orders/{order.number}/")


class QuoteView(OrderView):
    """What an order would cost, and why. Nothing is written, and no stock is tied."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "orders:write"}

    @extend_schema(request=OrderCreateSerializer, responses=QuoteSerializer)
    def post(self, request: Request) -> Response:
        """Price the order that the body describes, exactly as placing it would."""
        preview = services.preview_order(self.wanted())
        order = preview.order
        for row in (*preview.lines, *preview.charges):
            row.currency = order.currency  # type: ignore[attr-defined]
        shown = {name: getattr(order, name) for name in QuoteSerializer.OF_ORDER}
        return Response(QuoteSerializer({**shown, "lines": preview.lines, "charges": preview.charges}).data)


def brings_money(body: Any) -> bool:
    """Whether an order comes with payments: sent twice without a key, they would be booked twice."""
    return isinstance(body, dict) and bool(body.get("payments"))


class OneOrderView(OrderView):
    """One order."""

    @extend_schema(responses=OrderDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return it."""
        return self.shown(self.order(number))

    @extend_schema(
        request=PreferencesSerializer,
        responses=OrderDetailSerializer,
        parameters=[IF_MATCH],
    )
    def patch(self, request: Request, number: str) -> Response:
        """Change delivery preferences, tags or metadata."""
        changes = self.said(PreferencesSerializer)
        version = expected_version(request)
        services.update_preferences(self.order_id(number), changes, expected_version=version, actor=self.actor)
        return self.shown(self.order(number))


class TimelineView(OrderView):
    """What happened to an order: everything, or what is public where the key does not write orders."""

    @extend_schema(responses=TimelineSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return its history, the oldest first."""
        refuse_unknown(request, ())
        thread = f"{Order._meta.label_lower}:{self.order_id(number)}"
        public_only = "orders:write" not in scopes_of(request)
        entries = core_selectors.timeline(thread, public_only=public_only)
        return Response({"results": TimelineEntrySerializer(entries, many=True).data})


class AvailabilityQuerySerializer(serializers.Serializer):
    """What is asked about."""

    sku = TextField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=QuantityField().max_value, default=1)
    country = CountryField()
    postal_code = TextField(max_length=20, required=False, allow_blank=True)
    shipping_method = TextField(max_length=40, default=STANDARD)
    channel = TextField(max_length=40, required=False)


class AvailabilityView(OrderView):
    """What can be promised, when and from where; nothing is promised by asking."""

    @extend_schema(parameters=[AvailabilityQuerySerializer], responses=AvailabilitySerializer)
    def get(self, request: Request) -> Response:
        """Return what could be promised."""
        refuse_unknown(request, AvailabilityQuerySerializer().fields)
        asked = self.said(
            AvailabilityQuerySerializer, {name: request.query_params[name] for name in request.query_params}
        )
        found = services.availability(
            sku=asked["sku"],
            quantity=asked["quantity"],
            country=asked["country"],
            postal_code=asked.get("postal_code", ""),
            method=asked["shipping_method"],
            channel=channel_for(request, asked.get("channel") or self._usual_channel()),
        )
        answer = {
            "sku": found.product.sku,
            "quantity": found.quantity,
            "country": asked["country"],
            "shipping_method": asked["shipping_method"],
            "available": found.available,
            "promised": found.can_be_ordered,
            "backorder": found.short,
            "may_wait": None if found.product.backorder and found.room == MANY else found.room,
            "by_day": [{"on": on, "quantity": units} for on, units in found.by_day],
            "estimated_delivery_on": found.arrives_on,
            "parcels": [_parcel(parcel) for parcel in found.parcels],
        }
        return Response(AvailabilitySerializer(answer).data)

    def _usual_channel(self) -> str | None:
        """Return the channel to think of where the caller names none."""
        return "api" if self.channels is None or "api" in self.channels else min(self.channels)


def _parcel(parcel: dict[str, Any]) -> dict[str, Any]:
    """Return a parcel as it is shown."""
    units: Iterable[int] = parcel["lines"].values()
    return {
        "kind": parcel["kind"],
        "warehouse": parcel["warehouse"] or None,
        "quantity": sum(units),
        "ships_on": parcel["ships_on"],
        "arrives_on": parcel["arrives_on"],
    }
