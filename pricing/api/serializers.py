"""Products as integrators see them: with their price on the caller's channel."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from core.api.fields import CurrencyField, FlagField, TextField, UnitPriceField, WholeNumberField
from inventory.handling import CARRIED, TAGS
from inventory.models import Product
from inventory.services import MOST_PARTS, MOST_PER_KIT

OF_GOODS = [tag for tag in TAGS if tag in CARRIED]


class PartSerializer(serializers.Serializer):
    """What is in one unit of a kit."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField()


class PartGivenSerializer(serializers.Serializer):
    """What shall be in one unit of a kit."""

    sku = TextField(max_length=40)
    quantity = WholeNumberField(min_value=1, max_value=MOST_PER_KIT, required=False, default=1)


class PartsField(serializers.ListField):
    """The parts of a kit, each named once; handed on as units by SKU."""

    def to_internal_value(self, data: Any) -> Any:
        """Return units by SKU."""
        rows = super().to_internal_value(data)
        skus = [row["sku"].strip().upper() for row in rows]
        if len(set(skus)) < len(skus):
            raise serializers.ValidationError("Name each part once.", code="duplicate")
        return {sku: row["quantity"] for sku, row in zip(skus, rows, strict=True)}


class ProductSerializer(serializers.Serializer):
    """A row of `/products/`."""

    sku = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Product.Kind.choices)
    price = UnitPriceField(allow_null=True, help_text="Of one unit; null where it is not for sale on this channel.")
    currency = serializers.CharField()
    tax_class = serializers.CharField()
    backorder = serializers.BooleanField()
    active = serializers.BooleanField()
    description = serializers.CharField()
    category = serializers.CharField()
    barcode = serializers.CharField()
    weight_grams = serializers.IntegerField()
    backorder_limit = serializers.IntegerField(
        allow_null=True, help_text="Units for which orders may wait in all; null: any number."
    )
    release_on = serializers.DateField(allow_null=True)
    handling = serializers.ListField(
        child=serializers.ChoiceField(choices=OF_GOODS), help_text="Only who can do this serves and carries it."
    )
    parts = PartSerializer(many=True, help_text="What is picked for one unit of a kit; empty for anything else.")


class ProductChangeSerializer(serializers.Serializer):
    """What may be changed about a product."""

    name = TextField(max_length=200, required=False)
    kind = serializers.ChoiceField(choices=Product.Kind.choices, required=False)
    price = UnitPriceField(min_value=Decimal(0), required=False)
    currency = CurrencyField(required=False)
    tax_class = TextField(max_length=20, required=False)
    backorder = FlagField(required=False)
    active = FlagField(required=False)
    description = TextField(max_length=10_000, allow_blank=True, required=False)
    category = TextField(max_length=60, allow_blank=True, required=False)
    barcode = TextField(max_length=20, allow_blank=True, required=False)
    weight_grams = WholeNumberField(min_value=0, max_value=2_000_000_000, required=False)
    backorder_limit = WholeNumberField(min_value=0, max_value=1_000_000_000, allow_null=True, required=False)
    release_on = serializers.DateField(allow_null=True, required=False)
    handling = serializers.ListField(child=serializers.ChoiceField(choices=OF_GOODS), required=False)
    parts = PartsField(
        child=PartGivenSerializer(),
        required=False,
        max_length=MOST_PARTS,
        help_text="Of a kit: stocked products. Orders keep the parts they were placed with.",
    )

    def to_internal_value(self, data: Any) -> Any:
        """Refuse members that would be dropped: a typo must not look like a change."""
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail("There is no such member.", code="unknown")] for name in unknown}
            )
        return super().to_internal_value(data)


class ProductCreateSerializer(ProductChangeSerializer):
    """A new product; its price goes on the price list of the caller's channel."""

    sku = TextField(max_length=40)
    name = TextField(max_length=200)
