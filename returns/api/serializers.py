"""Returns as integrators see them, and what they may say about them."""

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from core.api.fields import FlagField, MomentField, MoneyField, QuantityField, StrictSerializer, TextField
from returns.models import ReturnLine, ReturnRequest

# The steps of the machine that have an address; what else happens follows from these.
ACTIONS = ("authorize", "decline", "receive", "inspect", "resolve", "cancel")


class ReturnLineSerializer(serializers.ModelSerializer):
    """Units of one order line."""

    line = serializers.CharField(source="order_line_id", help_text="The line of the order.")
    sku = serializers.CharField(source="order_line.sku")
    name = serializers.CharField(source="order_line.name")
    refund_amount = MoneyField(currency_from="return_request.order.currency")

    class Meta:
        model = ReturnLine
        fields = (
            "line",
            "sku",
            "name",
            "quantity",
            "received",
            "disposition",
            "resolution",
            "refund_amount",
            "note",
        )


class ReturnSerializer(serializers.ModelSerializer):
    """A return (RMA)."""

    order = serializers.CharField(source="order.number")
    warehouse = serializers.CharField(source="warehouse.code", allow_null=True, default=None)
    note = serializers.CharField(source="customer_note")
    requested_at = MomentField(source="created_at")
    authorized_at = MomentField(allow_null=True)
    received_at = MomentField(allow_null=True)
    resolved_at = MomentField(allow_null=True)
    closed_at = MomentField(allow_null=True)
    currency = serializers.CharField(source="order.currency")
    refund_total = MoneyField(currency_from="order.currency")
    allowed_actions = serializers.SerializerMethodField()
    lines = ReturnLineSerializer(many=True)
    links = serializers.SerializerMethodField()

    class Meta:
        model = ReturnRequest
        fields = (
            "number",
            "order",
            "status",
            "reason",
            "note",
            "is_withdrawal",
            "decline_reason",
            "refund_as",
            "warehouse",
            "currency",
            "refund_total",
            "requested_at",
            "authorized_at",
            "received_at",
            "resolved_at",
            "closed_at",
            "allowed_actions",
            "lines",
            "links",
        )

    def get_allowed_actions(self, found: ReturnRequest) -> list[str]:
        """Return the steps that can be taken now."""
        machine: Any = found
        open_steps = {transition.name for transition in machine.get_available_status_transitions()}
        return [name for name in ACTIONS if name in open_steps and not (name == "decline" and found.is_withdrawal)]

    def get_links(self, found: ReturnRequest) -> dict[str, str]:
        """Return where related things are."""
        request = self.context.get("request")
        return {
            "self": reverse("api:return", args=[found.number], request=request),
            "order": request.build_absolute_uri(f"/api/v1/orders/{found.order.number}/") if request else "",
        }


class ThisLineSerializer(StrictSerializer):
    """Names a line of the order by its id, or by its SKU where no other line has it."""

    line = TextField(required=False, max_length=20)
    sku = TextField(required=False, max_length=40)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two is needed."""
        if ("line" in attrs) == ("sku" in attrs):
            raise serializers.ValidationError({"line": ["Name the line, or the sku."]})
        return attrs


class UnitsSerializer(ThisLineSerializer):
    """Units of a line."""

    quantity = QuantityField()


class ReturnCreateSerializer(StrictSerializer):
    """What is to come back."""

    order = TextField(max_length=20)
    lines = UnitsSerializer(many=True, allow_empty=False)
    reason = TextField(max_length=300, allow_blank=True, default="")
    note = TextField(max_length=5000, allow_blank=True, default="")
    refund_as = serializers.ChoiceField(
        choices=ReturnRequest.RefundAs.choices,
        required=False,
        default="",
        help_text="What the customer chose to have back, where the policy lets him; unless said, nobody was asked.",
    )


class RefundAsSerializer(StrictSerializer):
    """What goes back instead of what was chosen, and why: the customer reads it."""

    refund_as = serializers.ChoiceField(choices=ReturnRequest.RefundAs.choices)
    reason = TextField(max_length=300)


class AuthorizeSerializer(StrictSerializer):
    """Where it is to be sent; unless said, the first warehouse."""

    warehouse = TextField(max_length=20, required=False)


class DeclineSerializer(StrictSerializer):
    """Why not."""

    reason = TextField(max_length=300)


class CancelSerializer(StrictSerializer):
    """Why it does not come."""

    reason = TextField(max_length=300, allow_blank=True, default="")


class ReceiveSerializer(StrictSerializer):
    """What came, and where; unless lines are named, all that is missing."""

    warehouse = TextField(max_length=20)
    lines = UnitsSerializer(many=True, required=False, allow_empty=False)


class DecisionSerializer(ThisLineSerializer):
    """What becomes of the goods of a line, and what the customer gets."""

    disposition = serializers.ChoiceField(choices=ReturnLine.Disposition.choices)
    resolution = serializers.ChoiceField(choices=ReturnLine.Resolution.choices, default="refund")
    note = TextField(max_length=300, allow_blank=True, default="")


class InspectSerializer(StrictSerializer):
    """A decision for each line of which something is here."""

    lines = DecisionSerializer(many=True, allow_empty=False)


class ResolveSerializer(StrictSerializer):
    """Whether delivery charges go back (unless said, as policy and law have it), and whether as store credit.

    Unless said, it goes back as the customer chose; otherwise than that only for a reason.
    """

    with_charges = FlagField(allow_null=True, default=None)
    to_credit = FlagField(allow_null=True, default=None)
    reason = TextField(max_length=300, allow_blank=True, default="")
