"""What an order looks like on its way in: checked for form here, for sense by the service."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from core.api.addresses import AddressSerializer
from core.api.fields import (
    ComingDayField,
    CurrencyField,
    FlagField,
    MoneyField,
    PastMomentField,
    QuantityField,
    StrictSerializer,
    TextField,
    UnitPriceField,
)
from customers.addresses import PostalAddress
from orders import guards
from orders.inputs import DiscountInput, LineInput, OrderInput, PaymentInput

MOST_LINES = 10_000
METADATA_BYTES = 16 * 1024
METADATA_KEYS = 50
STANDARD = "standard"


class MetadataField(serializers.JSONField):
    """Anything the sender wants to keep with the order: at most 16 kB and 50 keys."""

    default_error_messages = {
        "not_an_object": "Metadata is an object.",
        "too_many_keys": "Metadata has at most {keys} keys.",
        "too_large": "Metadata is at most 16 kB.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(data) > METADATA_KEYS:
            self.fail("too_many_keys", keys=METADATA_KEYS)
        if len(json.dumps(data, ensure_ascii=False).encode()) > METADATA_BYTES:
            self.fail("too_large")
        return dict(data)


class TagsField(serializers.ListField):
    """Short words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=TextField(max_length=40), max_length=50, **options)


class BuyerSerializer(StrictSerializer):
    """Who buys: a number, or an e-mail address with a name."""

    number = TextField(max_length=20, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    name = TextField(max_length=200, required=False)
    company = TextField(max_length=200, allow_blank=True, required=False)
    phone = TextField(max_length=40, allow_blank=True, required=False)
    language = serializers.RegexField(r"^[a-z]{2}(-[A-Za-z]{2,4})?$", max_length=10, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A number names somebody; an e-mail address needs a name to be greeted by."""
        if "number" in attrs:
            return attrs
        missing = [name for name in ("email", "name") if not attrs.get(name)]
        if missing:
            needed = serializers.ErrorDetail("Give a number, or an e-mail address with a name.", code="required")
            raise serializers.ValidationError({name: [needed] for name in missing})
        return attrs


class OrderLineInputSerializer(StrictSerializer):
    """One product wanted. `unit_price`, `tax_amount` and `discount` need the scope `orders:price`."""

    sku = TextField(max_length=40)
    quantity = QuantityField()
    unit_price = UnitPriceField(min_value=Decimal(0), allow_null=True, required=False)
    tax_amount = MoneyField(min_value=Decimal(0), allow_null=True, required=False)
    discount = MoneyField(min_value=Decimal(0), allow_null=True, required=False)


class DiscountSerializer(StrictSerializer):
    """A discount that was granted already; the amount is positive."""

    code = TextField(max_length=40, allow_blank=True, required=False)
    amount = MoneyField(min_value=Decimal(0))
    reason = TextField(max_length=200, allow_blank=True, required=False)


class GivenPaymentSerializer(StrictSerializer):
    """Money that the sender holds or took."""

    method = serializers.RegexField(r"^[a-z][a-z0-9_]*$", max_length=30)
    amount = MoneyField(min_value=Decimal("0.001"))
    reference = TextField(max_length=100, allow_blank=True, required=False)
    status = serializers.ChoiceField(choices=["authorized", "captured"])
    at = PastMomentField(required=False, allow_null=True)


class OrderCreateSerializer(StrictSerializer):
    """A new order. What a shop agreed already needs `orders:price`, money `payments:write`, credit `orders:terms`."""

    channel = TextField(max_length=40, required=False, help_text="May be left out by a key of one channel.")
    external_reference = TextField(max_length=100, allow_blank=True, required=False)
    currency = CurrencyField(required=False)
    customer = BuyerSerializer()
    shipping_address = AddressSerializer(required=False, allow_null=True)
    billing_address = AddressSerializer(required=False, allow_null=True)
    lines = OrderLineInputSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]
    shipping_method = TextField(max_length=40, required=False, allow_null=True)
    requested_delivery_on = ComingDayField(required=False, allow_null=True)
    ship_complete = FlagField(required=False)
    purchase_order_number = TextField(max_length=100, allow_blank=True, required=False)
    payment_terms = serializers.ChoiceField(choices=sorted(guards.TERMS), required=False)
    coupon_codes = serializers.ListField(child=TextField(max_length=40), max_length=20, required=False)
    customer_note = TextField(max_length=2_000, allow_blank=True, required=False)
    gift_note = TextField(max_length=1_000, allow_blank=True, required=False)
    metadata = MetadataField(required=False)
    tags = TagsField(required=False)
    placed_at = PastMomentField(required=False, allow_null=True)
    prices_include_tax = FlagField(required=False, allow_null=True)
    shipping_price = MoneyField(min_value=Decimal(0), required=False, allow_null=True)
    discounts = DiscountSerializer(many=True, required=False, max_length=50)  # type: ignore[call-arg]
    payments = GivenPaymentSerializer(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    expected_total = MoneyField(min_value=Decimal(0), required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Goods that travel need somewhere to go, unless the customer's record says where."""
        travels = (attrs.get("shipping_method") or STANDARD) != "pickup"
        if travels and not attrs.get("shipping_address") and "number" not in attrs["customer"]:
            needed = serializers.ErrorDetail("Where do the goods go?", code="required")
            raise serializers.ValidationError({"shipping_address": [needed]})
        return attrs


class PreferencesSerializer(StrictSerializer):
    """What may be changed about an order: delivery preferences until goods leave, labels always."""

    requested_delivery_on = ComingDayField(required=False, allow_null=True)
    ship_complete = FlagField(required=False)
    purchase_order_number = TextField(max_length=100, allow_blank=True, required=False)
    customer_note = TextField(max_length=2_000, allow_blank=True, required=False)
    gift_note = TextField(max_length=1_000, allow_blank=True, required=False)
    metadata = MetadataField(required=False)
    tags = TagsField(required=False)


def to_input(
    said: Mapping[str, Any], *, channel: str, acts_for_customer: bool, customers_of: frozenset[str] | None = None
) -> OrderInput:
    """Turn a checked body into what the service takes."""
    buyer = said["customer"]
    return OrderInput(
        channel=channel,
        external_reference=said.get("external_reference", ""),
        currency=said.get("currency"),
        customer_number=buyer.get("number", ""),
        customer_name=buyer.get("name", ""),
        customer_company=buyer.get("company", ""),
        email=buyer.get("email", ""),
        phone=buyer.get("phone", ""),
        language=buyer.get("language", ""),
        acts_for_customer=acts_for_customer,
        customers_of=customers_of,
        shipping_address=_address(said.get("shipping_address")),
        billing_address=_address(said.get("billing_address")),
        lines=tuple(_line(line) for line in said["lines"]),
        shipping_method=said.get("shipping_method") or STANDARD,
        shipping_price=said.get("shipping_price"),
        discounts=tuple(DiscountInput(**one) for one in said.get("discounts", ())),
        coupon_codes=tuple(said.get("coupon_codes", ())),
        payments=tuple(PaymentInput(**{"reference": "", **one}) for one in said.get("payments", ())),
        prices_include_tax=said.get("prices_include_tax"),
        payment_terms=said.get("payment_terms", guards.PREPAID),
        requested_delivery_on=said.get("requested_delivery_on"),
        ship_complete=said.get("ship_complete", False),
        purchase_order_number=said.get("purchase_order_number", ""),
        customer_note=said.get("customer_note", ""),
        gift_note=said.get("gift_note", ""),
        metadata=said.get("metadata", {}),
        tags=tuple(said.get("tags", ())),
        placed_at=said.get("placed_at"),
        expected_total=said.get("expected_total"),
    )


def _line(said: Mapping[str, Any]) -> LineInput:
    return LineInput(
        sku=said["sku"],
        quantity=said["quantity"],
        unit_price=said.get("unit_price"),
        tax_amount=said.get("tax_amount"),
        discount=said.get("discount") or Decimal(0),
    )


def _address(said: Mapping[str, str] | None) -> PostalAddress | None:
    return PostalAddress(**said) if said else None
