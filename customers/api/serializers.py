"""Customers as integrators see them."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from core.api.addresses import AddressSerializer, AddressShownSerializer
from core.api.fields import CurrencyField, FlagField, MomentField, MoneyField, StrictSerializer, TextField
from customers.models import Customer


class SiteShownSerializer(AddressShownSerializer):
    """A site of a customer."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    is_bill_to = serializers.BooleanField()
    is_ship_to = serializers.BooleanField()


class SiteSerializer(AddressSerializer):
    """A site to be written down or changed."""

    label = TextField(max_length=80, allow_blank=True, required=False)  # type: ignore[assignment]
    is_bill_to = FlagField(required=False)
    is_ship_to = FlagField(required=False)


class ExemptionSerializer(serializers.Serializer):
    """A tax certificate that was not ended."""

    number = serializers.CharField()
    country = serializers.CharField()
    region = serializers.CharField(help_text="ISO 3166-2; empty: the whole country.")
    reason = serializers.CharField(help_text="As it is printed.")
    valid_from = serializers.DateField()
    valid_until = serializers.CharField(help_text="The last day; empty: without an end.")


class CustomerSerializer(serializers.Serializer):
    """A row of `/customers/`."""

    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=Customer.Kind.choices)
    name = serializers.CharField()
    company = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    vat_id = serializers.CharField()
    vat_state = serializers.CharField(help_text="`valid` or `invalid` as last answered, empty: nobody was asked yet.")
    vat_checked_at = MomentField(allow_null=True, help_text="When that was answered.")
    exemptions = ExemptionSerializer(many=True, help_text="By which certificates they pay no tax, and where.")
    tax_class = serializers.CharField(help_text="As named at tax rates for a class of customers.")
    group = serializers.CharField(source="group.code", allow_null=True)
    language = serializers.CharField()
    currency = serializers.CharField()
    payment_terms = serializers.CharField()
    credit_limit = MoneyField(allow_null=True, help_text="In the customer's currency; null: no limit; 0: no credit.")
    tags = serializers.ListField(child=serializers.CharField())
    notes = serializers.CharField()
    active = serializers.BooleanField()
    version = serializers.IntegerField()
    created_at = MomentField()
    addresses = SiteShownSerializer(many=True)


class CustomerChangeSerializer(StrictSerializer):
    """What may be changed about a customer."""

    kind = serializers.ChoiceField(choices=Customer.Kind.choices, required=False)
    name = TextField(max_length=200, required=False)
    company = TextField(max_length=200, allow_blank=True, required=False)
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    phone = TextField(max_length=40, allow_blank=True, required=False)
    vat_id = TextField(max_length=20, allow_blank=True, required=False)
    tax_class = TextField(max_length=20, allow_blank=True, required=False)
    group = TextField(max_length=40, allow_blank=True, required=False, help_text="The code of a group.")
    language = serializers.RegexField(r"^[a-z]{2}(-[A-Za-z]{2,4})?$", max_length=10, required=False)
    currency = CurrencyField(required=False)
    payment_terms = serializers.RegexField(r"^[a-z][a-z0-9_-]*$", max_length=20, required=False)
    credit_limit = MoneyField(min_value=Decimal(0), allow_null=True, required=False)
    tags = serializers.ListField(child=TextField(max_length=40), max_length=50, required=False)
    notes = TextField(max_length=10_000, allow_blank=True, required=False)
    active = FlagField(required=False)


class CustomerCreateSerializer(CustomerChangeSerializer):
    """A new customer, with sites if you like."""

    name = TextField(max_length=200)
    addresses = SiteSerializer(many=True, required=False, max_length=100)  # type: ignore[call-arg]

    def get_fields(self) -> Any:
        """Everybody who is made is active."""
        return {name: field for name, field in super().get_fields().items() if name != "active"}
