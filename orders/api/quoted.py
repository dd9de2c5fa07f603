"""What an order would cost, and when its goods could be there: nothing of it is written."""

from rest_framework import serializers

from core.api.fields import MoneyField, RateField, UnitPriceField

from .serializers import ChargeSerializer, ExplanationSerializer, TaxSerializer


class QuotedLineSerializer(serializers.Serializer):
    """What one line would cost. `total` includes its share of the tax."""

    position = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = UnitPriceField()
    discount_total = MoneyField()
    tax_rate = RateField()
    net_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()


class QuoteSerializer(serializers.Serializer):
    """What an order would cost if it were placed now, and why."""

    OF_ORDER = (
        *("currency", "prices_include_tax", "subtotal", "discount_total", "shipping_total", "charges_total"),
        *("tax_total", "total", "tax_breakdown", "explanation"),
    )

    currency = serializers.CharField()
    prices_include_tax = serializers.BooleanField()
    subtotal = MoneyField()
    discount_total = MoneyField()
    shipping_total = MoneyField()
    charges_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()
    lines = QuotedLineSerializer(many=True)
    charges = ChargeSerializer(many=True)
    tax_breakdown = TaxSerializer(many=True)
    explanation = ExplanationSerializer(many=True)


class AvailabilitySerializer(serializers.Serializer):
    """What can be promised, when and from where."""

    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    country = serializers.CharField()
    shipping_method = serializers.CharField()
    available = serializers.IntegerField(help_text="Units that can be promised now.")
    promised = serializers.BooleanField(help_text="Whether the whole quantity can be ordered.")
    backorder = serializers.IntegerField(help_text="Units that would follow later.")
    may_wait = serializers.IntegerField(
        allow_null=True,
        help_text="For how many units more orders may wait: null for any number, 0 where it is sold from stock only.",
    )
    by_day = serializers.ListField(
        child=serializers.DictField(), help_text="How many units can be promised from each day on, now first (null)."
    )
    estimated_delivery_on = serializers.DateField(allow_null=True)
    parcels = serializers.ListField(child=serializers.DictField())
