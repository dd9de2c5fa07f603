"""Work and parcels as integrators see them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import MomentField, QuantityField, StrictSerializer, TextField, WholeNumberField
from fulfillment import deadlines, selectors
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine, TrackingEvent
from orders.api.serializers import PartOfLineSerializer


class WorkLineSerializer(serializers.ModelSerializer):
    """Units to be handled; `line` is the id of the order line. Kits are fetched as their parts, in whole kits."""

    line = serializers.CharField(source="order_line_id")
    sku = serializers.CharField(source="order_line.sku")
    name = serializers.CharField(source="order_line.name")
    parts = PartOfLineSerializer(source="order_line.parts", many=True)

    class Meta:
        model = FulfillmentLine
        fields = ("line", "sku", "name", "quantity", "picked", "bin", "parts")


class WorkSerializer(serializers.ModelSerializer):
    """A row of `/fulfillment-orders/`."""

    number = serializers.CharField()
    order = serializers.CharField(source="order.number")
    warehouse = serializers.CharField(source="warehouse.code", allow_null=True, default=None)
    status = serializers.ChoiceField(choices=FulfillmentOrder.Status.choices)
    wave = serializers.CharField(source="wave.number", allow_null=True, default=None, help_text="WV-…")
    created_at = MomentField()
    released_at = MomentField(allow_null=True)
    picked_at = MomentField(allow_null=True)
    packed_at = MomentField(allow_null=True)
    shipped_at = MomentField(allow_null=True)
    lines = WorkLineSerializer(many=True)
    ship_by_at = serializers.SerializerMethodField(help_text="The last pick-up of that day, or its end.")
    is_late = serializers.SerializerMethodField()
    allowed_actions = serializers.SerializerMethodField()

    class Meta:
        model = FulfillmentOrder
        fields = (
            "number",
            "order",
            "warehouse",
            "kind",
            "status",
            "rank",
            "ship_by_on",
            "ship_by_at",
            "is_late",
            "needs_put_back",
            "wave",
            "tote",
            "created_at",
            "released_at",
            "picked_at",
            "packed_at",
            "shipped_at",
            "lines",
            "allowed_actions",
        )

    @extend_schema_field(MomentField(allow_null=True))
    def get_ship_by_at(self, work: FulfillmentOrder) -> str | None:
        """Return the moment by which it must have left."""
        end = deadlines.leaves_by(work)
        return None if end is None else MomentField().to_representation(end)

    def get_is_late(self, work: FulfillmentOrder) -> bool:
        """Whether it should have left by now."""
        return deadlines.is_late(work)

    def get_allowed_actions(self, work: FulfillmentOrder) -> list[str]:
        """Return what may be done next, and what is no step on the way."""
        return [*selectors.allowed_actions(work), *selectors.BESIDE_THE_WAY.get(work.status, ())]


class ParcelLineSerializer(serializers.ModelSerializer):
    """What is in a parcel; `line` is the id of the order line."""

    line = serializers.CharField(source="order_line_id")
    sku = serializers.CharField(source="order_line.sku")
    name = serializers.CharField(source="order_line.name")

    class Meta:
        model = ShipmentLine
        fields = ("line", "sku", "name", "quantity")


class TrackingEventSerializer(serializers.ModelSerializer):
    """What a carrier said."""

    at = MomentField()

    class Meta:
        model = TrackingEvent
        fields = ("event_id", "status", "description", "location", "at")


class ShipmentSerializer(serializers.ModelSerializer):
    """A row of `/shipments/`."""

    number = serializers.CharField()
    order = serializers.CharField(source="order.number")
    fulfillment_order = serializers.CharField(source="fulfillment_order.number")
    warehouse = serializers.CharField(source="fulfillment_order.warehouse.code", allow_null=True, default=None)
    status = serializers.ChoiceField(choices=Shipment.Status.choices)
    created_at = MomentField()
    shipped_at = MomentField(allow_null=True)
    delivered_at = MomentField(allow_null=True)
    lines = ParcelLineSerializer(many=True)
    tracking_events = TrackingEventSerializer(many=True)

    class Meta:
        model = Shipment
        fields = (
            "number",
            "order",
            "fulfillment_order",
            "warehouse",
            "status",
            "carrier",
            "tracking_number",
            "tracking_url",
            "weight_grams",
            "estimated_delivery_on",
            "created_at",
            "shipped_at",
            "delivered_at",
            "lines",
            "tracking_events",
        )


class LineReferenceSerializer(StrictSerializer):
    """Names a line by the id of the order line, or by its SKU where only one line has it."""

    line = TextField(max_length=20, required=False)
    sku = TextField(max_length=40, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Need exactly one of the two."""
        if ("line" in attrs) == ("sku" in attrs):
            raise serializers.ValidationError("Name the line by `line` or by `sku`.", code="line_needed")
        return attrs


class FoundPartSerializer(StrictSerializer):
    """How many units of a part of a kit were found."""

    sku = TextField(max_length=40)
    quantity = WholeNumberField(min_value=0, max_value=1_000_000_000)


class FoundSerializer(LineReferenceSerializer):
    """How many units of a line were found; of a kit, how many of which all parts are there.

    Of a kit `parts` may be said instead: how many units of each part are there; those not named are all there.
    """

    quantity = WholeNumberField(min_value=0, max_value=1_000_000, required=False)
    parts = FoundPartSerializer(many=True, required=False, allow_empty=False, max_length=50)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Need one of the two."""
        if ("quantity" in attrs) == ("parts" in attrs):
            raise serializers.ValidationError("Say the `quantity`, or of a kit its `parts`.", code="quantity_needed")
        return super().validate(attrs)


class PickSerializer(StrictSerializer):
    """What was found; without `lines` everything was."""

    lines = FoundSerializer(many=True, required=False, allow_empty=False)


class ShortSerializer(StrictSerializer):
    """Units that are there of lines that are not there whole."""

    lines = FoundSerializer(many=True, allow_empty=False)
    reason = TextField(max_length=300, required=False, allow_blank=True)


class RerouteSerializer(StrictSerializer):
    """The code of the warehouse that does it instead, and why."""

    warehouse = TextField(max_length=20)
    reason = TextField(max_length=300, required=False, allow_blank=True)


class PackedSerializer(LineReferenceSerializer):
    """How many units of a line go into a parcel."""

    quantity = QuantityField()


class ParcelSerializer(StrictSerializer):
    """One parcel."""

    lines = PackedSerializer(many=True, allow_empty=False)
    weight_grams = WholeNumberField(min_value=0, max_value=2_000_000, required=False)
    tracking_number = TextField(max_length=60, required=False, allow_blank=True)


class PackSerializer(StrictSerializer):
    """How it is packed; without `parcels` everything goes into one."""

    parcels = ParcelSerializer(many=True, required=False, allow_empty=False)


class ShipSerializer(StrictSerializer):
    """The numbers of parcels whose carrier has none of its own here, in the order of the parcels."""

    tracking_number = TextField(max_length=60, required=False, allow_blank=True)
    tracking_numbers = serializers.ListField(child=TextField(max_length=60), required=False, max_length=100)


class NothingSerializer(StrictSerializer):
    """A body without members."""


class EventInputSerializer(StrictSerializer):
    """What a carrier says about a parcel."""

    event_id = TextField(max_length=100)
    status = TextField(
        max_length=30,
        help_text="in_transit, out_for_delivery, delivered, delivery_failed, returned_to_sender, lost; or a remark",
    )
    at = MomentField()
    description = TextField(max_length=300, required=False, allow_blank=True)
    location = TextField(max_length=200, required=False, allow_blank=True)
