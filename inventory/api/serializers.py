"""Stock and warehouses as integrators see them."""

from typing import Any

from rest_framework import serializers

from core.api.addresses import AddressSerializer
from core.api.fields import (
    CountryField,
    FlagField,
    MomentField,
    QuantityField,
    StrictSerializer,
    TextField,
    WholeNumberField,
)
from inventory.handling import TAGS
from inventory.models import StockMovement
from inventory.opening import MOST_CLOSURES, WEEK
from inventory.services import MOST_PER_BOOKING


class StockSerializer(serializers.Serializer):
    """A row of `/stock/`."""

    sku = serializers.CharField(source="product.sku")
    warehouse = serializers.CharField(source="warehouse.code")
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    available = serializers.IntegerField(help_text="on_hand − reserved − safety stock − quarantined, not below 0.")
    incoming = serializers.IntegerField(help_text="Expected and not yet here.")


class MovementSerializer(serializers.Serializer):
    """A row of `/stock/movements/`."""

    id = serializers.CharField()
    sku = serializers.CharField(source="stock_item.product.sku")
    warehouse = serializers.CharField(source="stock_item.warehouse.code")
    kind = serializers.ChoiceField(choices=StockMovement.Kind.choices)
    quantity = serializers.IntegerField(help_text="Change of on_hand.")
    quarantine_quantity = serializers.IntegerField(help_text="Change of what is in quarantine.")
    reason = serializers.CharField()
    reference = serializers.CharField()
    actor = serializers.CharField()
    at = MomentField()


class ReceiptLineSerializer(StrictSerializer):
    """Units of one product."""

    sku = TextField(max_length=40)
    quantity = QuantityField()


class ReceiptSerializer(StrictSerializer):
    """Units that arrived, or, with `expected_on`, that are on their way."""

    warehouse = TextField(max_length=20)
    lines = ReceiptLineSerializer(many=True, allow_empty=False, max_length=1000)  # type: ignore[call-arg]
    reference = TextField(max_length=60, allow_blank=True, required=False, default="")
    reason = TextField(max_length=200, allow_blank=True, required=False, default="")
    expected_on = serializers.DateField(allow_null=True, required=False, default=None)


class ReceiptDoneSerializer(serializers.Serializer):
    """What was booked, and the stock it made."""

    warehouse = serializers.CharField()
    reference = serializers.CharField()
    expected_on = serializers.DateField(allow_null=True)
    lines = ReceiptLineSerializer(many=True)
    stock = StockSerializer(many=True)


class AdjustmentSerializer(StrictSerializer):
    """A difference between the books and the shelf."""

    sku = TextField(max_length=40)
    warehouse = TextField(max_length=20)
    change = WholeNumberField(min_value=-MOST_PER_BOOKING, max_value=MOST_PER_BOOKING, help_text="Not zero.")
    reason = TextField(max_length=200)
    reference = TextField(max_length=60, allow_blank=True, required=False, default="")


class ClosureSerializer(serializers.Serializer):
    """Days on which a warehouse is closed, the first and the last."""

    until = serializers.DateField()
    name = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the first day `from`, which Python keeps for itself."""
        return {"from": serializers.DateField(), **super().get_fields()}


class ClosureChangeSerializer(StrictSerializer):
    """Days on which a warehouse is closed; one day where `until` is missing."""

    until = serializers.DateField(required=False)
    name = TextField(max_length=80, allow_blank=True, required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the first day `from`, which Python keeps for itself."""
        return {"from": serializers.DateField(), **super().get_fields()}

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Return the stored form."""
        return {name: str(value) for name, value in super().to_internal_value(data).items()}


class WarehouseSerializer(serializers.Serializer):
    """A row of `/warehouses/`."""

    code = serializers.CharField()
    name = serializers.CharField()
    country = serializers.CharField()
    address = serializers.DictField(child=serializers.CharField())
    time_zone = serializers.CharField()
    priority = serializers.IntegerField(help_text="Lower serves first.")
    last_resort = serializers.BooleanField(help_text="Delivers only where no other warehouse can.")
    open_days = serializers.ListField(child=serializers.ChoiceField(choices=WEEK), help_text="Days on which it works.")
    closures = ClosureSerializer(many=True, help_text="Days on which it does not, the earliest first.")
    cut_off = serializers.TimeField(
        format="%H:%M", allow_null=True, help_text="By its own clock; what is ordered later begins on the next day."
    )
    handling_days = serializers.IntegerField(
        allow_null=True, help_text="Open days from the order until it leaves; null: as the channel says."
    )
    handles = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TAGS)),
        help_text="What goods may ask for that come from here.",
    )
    active = serializers.BooleanField()


class WarehouseChangeSerializer(StrictSerializer):
    """What may be changed about a warehouse."""

    name = TextField(max_length=100, required=False)
    country = CountryField(required=False)
    address = AddressSerializer(required=False)
    time_zone = TextField(max_length=50, allow_blank=True, required=False)
    priority = WholeNumberField(min_value=0, max_value=32_767, required=False)
    last_resort = FlagField(required=False)
    open_days = serializers.ListField(child=serializers.ChoiceField(choices=WEEK), allow_empty=False, required=False)
    closures = ClosureChangeSerializer(many=True, required=False, max_length=MOST_CLOSURES)  # type: ignore[call-arg]
    cut_off = serializers.TimeField(allow_null=True, required=False)
    handling_days = WholeNumberField(min_value=0, max_value=60, allow_null=True, required=False)
    handles = serializers.ListField(child=serializers.ChoiceField(choices=list(TAGS)), required=False)
    active = FlagField(required=False)


class WarehouseCreateSerializer(WarehouseChangeSerializer):
    """A new warehouse."""

    code = TextField(max_length=20)
    name = TextField(max_length=100)
    country = CountryField()
