"""`/orders/{number}/changes/`: what an edit would do to an order, or the edit itself; and the edits there were."""

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.addresses import AddressSerializer
from core.api.etags import etag_of, expected_version
from core.api.fields import (
    ComingDayField,
    FlagField,
    MoneyField,
    QuantityField,
    StrictSerializer,
    TextField,
    UnitPriceField,
    WholeNumberField,
)
from core.api.filters import refuse_unknown
from core.api.idempotency import idempotent
from core.money import plain
from customers.addresses import PostalAddress
from orders import selectors, services
from orders.changing import ChangePreview
from orders.models import OrderChange
from orders.services.composing import MOST_UNITS
from orders.wishes import SIMPLE, LineWish, NewLine, Wish

from .bodies import MOST_LINES
from .views import IF_MATCH, OrderView

LATEST = 100


class LineWishSerializer(StrictSerializer):
    """Another quantity (all of it; 0 takes it off) or price for a line. A price needs the scope `orders:price`."""

    position = WholeNumberField(min_value=1, max_value=MOST_LINES * 10)
    quantity = WholeNumberField(min_value=0, max_value=MOST_UNITS, required=False)
    unit_price = UnitPriceField(min_value=Decimal(0), required=False)
    may_wait = FlagField(required=False)


class NewLineSerializer(StrictSerializer):
    """A product that was not wanted before, at the price of today unless one is given (`orders:price`)."""

    sku = TextField(max_length=40)
    quantity = QuantityField()
    unit_price = UnitPriceField(min_value=Decimal(0), required=False)
    may_wait = FlagField(required=False)


class ChangeInputSerializer(StrictSerializer):
    """What shall be otherwise; what is not named stays. With `preview` nothing is changed.

    Without it the order is changed if it still is the version named by `If-Match` or `version`; one of them is needed.
    """

    preview = FlagField(required=False)
    version = WholeNumberField(min_value=0, max_value=10**9, required=False)
    lines = LineWishSerializer(many=True, required=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    add = NewLineSerializer(many=True, required=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    shipping_address = AddressSerializer(required=False)
    billing_address = AddressSerializer(required=False)
    shipping_method = TextField(max_length=40, required=False)
    taxed_on = serializers.DateField(
        required=False,
        help_text="The day whose tax rates hold for what has not left yet; needs the scope `orders:price`.",
    )
    requested_delivery_on = ComingDayField(required=False, allow_null=True)
    ship_complete = FlagField(required=False)
    purchase_order_number = TextField(max_length=100, allow_blank=True, required=False)
    customer_note = TextField(max_length=2_000, allow_blank=True, required=False)
    gift_note = TextField(max_length=1_000, allow_blank=True, required=False)
    reason = TextField(max_length=300, allow_blank=True, required=False)
    tell_customer = FlagField(required=False)


class RefusalSerializer(serializers.Serializer):
    """What speaks against an edit, and where it was said."""

    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class PlaceSerializer(serializers.Serializer):
    """Units from one warehouse."""

    warehouse = serializers.CharField()
    quantity = serializers.IntegerField()


class LineStockSerializer(serializers.Serializer):
    """Where the units of a line would come from."""

    position = serializers.IntegerField()
    places = PlaceSerializer(many=True)
    backordered = serializers.IntegerField()
    released = serializers.IntegerField(help_text="Units that are free again.")


class ChangeSerializer(serializers.Serializer):
    """An edit: what is agreed before and after, what it asks for, and what speaks against it."""

    number = serializers.CharField(allow_null=True, help_text="Null for a preview.")
    status = serializers.CharField(help_text="preview, requested, applied or declined.")
    version = serializers.IntegerField(help_text="The version of the order it was worked out on.")
    currency = serializers.CharField()
    before = serializers.DictField()
    after = serializers.DictField()
    stock = LineStockSerializer(many=True, help_text="Told by a preview only.")
    to_pay = MoneyField(allow_null=True, help_text="What the edit asks of the customer; told by a preview only.")
    to_refund = MoneyField(allow_null=True, help_text="What the edit owes to the customer; told by a preview only.")
    to_credit = MoneyField(allow_null=True, help_text="What invoices of it give back; told by a preview only.")
    used_up = serializers.ListField(
        child=serializers.CharField(),
        help_text="Codes of promotions that it would earn again, but of which no use is left; told by a preview only.",
    )
    uses_back = serializers.ListField(
        child=serializers.CharField(),
        help_text="Codes of promotions that take nothing off any more and whose use is given back; as above.",
    )
    approval = serializers.ListField(child=serializers.CharField())
    refusals = RefusalSerializer(many=True)
    reason = serializers.CharField()
    created_at = serializers.DateTimeField(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)


class ChangeListSerializer(serializers.Serializer):
    """The latest edits of an order, the youngest first."""

    results = ChangeSerializer(many=True)


class ChangesView(OrderView):
    """The edits of an order."""

    @extend_schema(responses=ChangeListSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Return the latest hundred."""
        refuse_unknown(request, ())
        rows = OrderChange.objects.filter(order=self.order_id(number)).select_related("order").order_by("-pk")[:LATEST]
        return Response({"results": [_told(one) for one in rows]})

    @extend_schema(
        request=ChangeInputSerializer,
        responses={200: ChangeSerializer, 201: ChangeSerializer, 202: ChangeSerializer},
        parameters=[IF_MATCH],
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Say what an edit would do (200), apply it (201), or have it wait for approval (202)."""
        said = self.said(ChangeInputSerializer)
        order_id, wish = self.order_id(number), wish_of(said)
        if said.get("preview"):
            shown = services.preview_change(order_id, wish, actor=self.actor)
            return Response(_shown(shown), headers={"ETag": etag_of(shown.version)})
        version = expected_version(request)
        if version is None:
            version = said.get("version")
        if version is None:
            needed = serializers.ErrorDetail("Name the version you saw, here or in If-Match.", code="required")
            raise serializers.ValidationError({"version": [needed]})
        change = services.amend_order(
            order_id,
            wish,
            expected_version=version,
            reason=said.get("reason", ""),
            tell_customer=said.get("tell_customer", True),
            actor=self.actor,
        )
        is_applied = change.status == OrderChange.Status.APPLIED
        status = HTTPStatus.CREATED if is_applied else HTTPStatus.ACCEPTED
        now = selectors.orders().filter(pk=order_id).values_list("version", flat=True).get()
        return Response(_told(change), status=status, headers={"ETag": etag_of(now)})


def wish_of(said: Mapping[str, Any]) -> Wish:
    """Turn a checked body into what the service takes."""
    return Wish(
        lines=tuple(LineWish(**one) for one in said.get("lines", ())),
        add=tuple(NewLine(**one) for one in said.get("add", ())),
        shipping_address=_address(said, "shipping_address"),
        billing_address=_address(said, "billing_address"),
        shipping_method=said.get("shipping_method"),
        taxed_on=said.get("taxed_on"),
        simple={name: said[name] for name in SIMPLE if name in said},
    )


def _address(said: Mapping[str, Any], name: str) -> PostalAddress | None:
    return PostalAddress(**said[name]) if name in said else None


def _shown(shown: ChangePreview) -> dict[str, Any]:
    """Return a preview as it is sent."""
    return {
        "number": None,
        "status": "preview",
        "version": shown.version,
        "currency": shown.currency,
        "before": shown.before,
        "after": shown.after,
        "stock": [
            {
                "position": one.position,
                "places": [{"warehouse": place, "quantity": units} for place, units in one.places],
                "backordered": one.missing,
                "released": one.given_back,
            }
            for one in shown.stock
        ],
        "to_pay": plain(shown.to_pay, shown.currency),
        "to_refund": plain(shown.to_refund, shown.currency),
        "to_credit": plain(shown.to_credit, shown.currency),
        "used_up": list(shown.used_up),
        "uses_back": list(shown.uses_back),
        "approval": list(shown.approval),
        "refusals": [{name: one[name] for name in ("pointer", "code", "detail")} for one in shown.refusals],
        "reason": "",
        "created_at": None,
        "applied_at": None,
    }


def _told(change: OrderChange) -> dict[str, Any]:
    """Return an edit as it is sent."""
    return {
        "number": change.number,
        "status": change.status,
        "version": change.order_version,
        "currency": change.order.currency,
        "before": change.before,
        "after": change.after,
        "approval": change.approval,
        "reason": change.reason,
        "created_at": change.created_at,
        "applied_at": change.applied_at,
        "stock": [],
        "to_pay": None,
        "to_refund": None,
        "to_credit": None,
        "used_up": [],
        "uses_back": [],
        "refusals": [],
    }
