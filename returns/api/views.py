"""`/returns/`: asked for, answered, received, inspected, resolved."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from core.api.auth import declare_scope
from core.api.idempotency import idempotent
from core.api.parsers import fault
from core.api.views import ApiListView, ApiView
from core.errors import Invalid
from core.sight import seen
from inventory.models import Warehouse
from orders.models import Order, OrderLine
from returns import selectors, services
from returns.errors import UnknownLine, UnknownReturn, UnknownWarehouse
from returns.models import ReturnLine, ReturnRequest

from .filters import ReturnFilters
from .serializers import (
    AuthorizeSerializer,
    CancelSerializer,
    DeclineSerializer,
    InspectSerializer,
    ReceiveSerializer,
    RefundAsSerializer,
    ResolveSerializer,
    ReturnCreateSerializer,
    ReturnSerializer,
)

READ, WRITE = "returns:read", "returns:write"
SCOPES = {"GET": READ, "POST": WRITE}
declare_scope(READ, "returns.view_returnrequest")
declare_scope(WRITE, "returns.operate_return")


class ReturnsApi(ApiView):
    """Sees the returns of the channels of its caller; others are not there."""

    required_scopes = SCOPES

    def visible(self) -> QuerySet[ReturnRequest]:
        """Return what the caller may see."""
        rows = selectors.return_rows()
        return rows if self.channels is None else rows.filter(order__channel__code__in=self.channels)

    def one(self, number: str) -> ReturnRequest:
        """Return a return. Raises UnknownReturn, also for those of others."""
        found = self.visible().filter(number=number.upper()).first()
        if found is None:
            raise UnknownReturn("There is no such return")
        return found

    def shown(self, found: ReturnRequest) -> Any:
        """Return a return as it stands now."""
        fresh = selectors.return_rows().get(pk=found.pk)
        return ReturnSerializer(fresh, context={"request": self.request}).data


class ReturnsView(ReturnsApi, ApiListView):
    """All returns."""

    serializer_class = ReturnSerializer
    filterset_class = ReturnFilters
    saved_views = True
    ordering = ("-pk",)
    ordering_fields: ClassVar[dict[str, str]] = {"requested_at": "created_at"}

    def get_queryset(self) -> QuerySet[ReturnRequest]:
        """Return what the caller may see."""
        return self.visible()

    @extend_schema(request=ReturnCreateSerializer, responses={201: ReturnSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for units of an order to come back."""
        given = read(ReturnCreateSerializer, request)
        order = self._order(given["order"])
        lines = list(OrderLine.objects.filter(order=order))
        by_id, by_sku = {str(line.pk): line.pk for line in lines}, _only([(line.sku, line.pk) for line in lines])
        quantities = {key: one["quantity"] for key, one in _named(given["lines"], by_id, by_sku).items()}
        found = services.request_return(
            order.pk,
            quantities=quantities,
            reason=given["reason"],
            note=given["note"],
            refund_as=given["refund_as"],
            actor=self.actor,
        )
        where = reverse("api:return", args=[found.number], request=request)
        return Response(self.shown(found), status=status.HTTP_201_CREATED, headers={"Location": where})

    def _order(self, number: str) -> Order:
        orders = Order.objects.exclude(status="draft").filter(number=number.strip().upper())
        order = (orders if self.channels is None else orders.filter(channel__code__in=self.channels)).first()
        if order is None:
            text = "There is no such order"
            raise Invalid(text, errors=[fault("/order", "unknown_order", text)])
        return order


class ReturnView(ReturnsApi):
    """One return."""

    @extend_schema(responses=ReturnSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return it."""
        return Response(ReturnSerializer(self.one(number), context={"request": request}).data)


class AuthorizeView(ReturnsApi):
    """Say yes."""

    @extend_schema(request=AuthorizeSerializer, responses=ReturnSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Let the customer send it back."""
        given = read(AuthorizeSerializer, request)
        where = warehouse(given["warehouse"]) if "warehouse" in given else None
        return Response(
            self.shown(services.authorize_return(self.one(number).pk, warehouse_id=where, actor=self.actor))
        )


class DeclineView(ReturnsApi):
    """Say no."""

    @extend_schema(request=DeclineSerializer, responses=ReturnSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Say no, and why."""
        reason = read(DeclineSerializer, request)["reason"]
        return Response(self.shown(services.decline_return(self.one(number).pk, reason=reason, actor=self.actor)))


class CancelView(ReturnsApi):
    """The customer keeps it."""

    @extend_schema(request=CancelSerializer, responses=ReturnSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """End a return of which nothing came."""
        reason = read(CancelSerializer, request)["reason"]
        return Response(self.shown(services.cancel_return(self.one(number).pk, reason=reason, actor=self.actor)))


class RefundAsView(ReturnsApi):
    """Something else goes back."""

    @extend_schema(request=RefundAsSerializer, responses=ReturnSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Let money go back instead of store credit, or the other way round, and say why."""
        given = read(RefundAsSerializer, request)
        found = services.change_refund_as(self.one(number).pk, actor=self.actor, **given)
        return Response(self.shown(found))


class ReceiveView(ReturnsApi):
    """Goods came."""

    @extend_schema(request=ReceiveSerializer, responses=ReturnSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Take units in at a warehouse."""
        given, found = read(ReceiveSerializer, request), self.one(number)
        where, received = warehouse(given["warehouse"]), None
        if "lines" in given:
            received = {key: one["quantity"] for key, one in _lines_of(found, given["lines"]).items()}
        found = services.receive_return(found.pk, warehouse_id=where, received=received, actor=self.actor)
        return Response(self.shown(found))


class InspectView(ReturnsApi):
    """Somebody looked at the goods."""

    @extend_schema(request=InspectSerializer, responses=ReturnSerializer)
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Decide about each line of which something is here."""
        given, found = read(InspectSerializer, request), self.one(number)
        decisions = {
            key: services.Decision(one["disposition"], one["resolution"], one["note"])
            for key, one in _lines_of(found, given["lines"]).items()
        }
        return Response(self.shown(services.inspect_return(found.pk, decisions=decisions, actor=self.actor)))


class ResolveView(ReturnsApi):
    """Goods and money are settled."""

    @extend_schema(request=ResolveSerializer, responses=ReturnSerializer)
    @idempotent(required=True)
    def post(self, request: Request, number: str) -> Response:
        """Put the goods away, credit them, and send the money back."""
        given = read(ResolveSerializer, request)
        found = services.resolve_return(
            self.one(number).pk,
            with_charges=given["with_charges"],
            to_credit=given["to_credit"],
            reason=given["reason"],
            actor=self.actor,
        )
        return Response(self.shown(found))


def read(kind: Callable[..., serializers.Serializer], request: Request) -> dict[str, Any]:
    """Return what the body says. Raises ValidationError."""
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def warehouse(code: str) -> int:
    """Return a warehouse by its code."""
    found = seen(Warehouse.objects.filter(code=code.strip().upper())).values_list("pk", flat=True).first()
    if found is None:
        text = f"There is no warehouse {code!r}"
        raise UnknownWarehouse(text, errors=[fault("/warehouse", UnknownWarehouse.code, text)])
    return found


def _lines_of(found: ReturnRequest, given: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return what is said about lines of a return, which are named as on the order."""
    lines: list[ReturnLine] = list(found.lines.all())
    by_id = {str(line.order_line_id): line.pk for line in lines}
    return _named(given, by_id, _only([(line.order_line.sku, line.pk) for line in lines]))


def _only(pairs: list[tuple[str, int]]) -> dict[str, int]:
    """Return lines by SKU, where only one line has it."""
    skus = [sku for sku, _ in pairs]
    return {sku: pk for sku, pk in pairs if skus.count(sku) == 1}


def _named(
    given: Iterable[dict[str, Any]], by_id: Mapping[str, int], by_sku: Mapping[str, int]
) -> dict[int, dict[str, Any]]:
    """Find the lines that a body names; each once."""
    found: dict[int, dict[str, Any]] = {}
    faults = []
    for index, one in enumerate(given):
        name = "line" if "line" in one else "sku"
        pk = by_id.get(one["line"]) if name == "line" else by_sku.get(one["sku"].strip().upper())
        if pk is None or pk in found:
            text = "This line is named twice" if pk in found else "There is no such line, or more than one"
            faults.append(fault(f"/lines/{index}/{name}", UnknownLine.code, text))
            continue
        found[pk] = one
    if faults:
        raise UnknownLine(faults[0]["detail"], errors=faults)
    return found
