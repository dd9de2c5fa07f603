"""Orders as integrators see them."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.addresses import AddressShownSerializer
from core.api.events import without_keys
from core.api.fields import MomentField, MoneyField, RateField, UnitPriceField
from core.links import absolute, make_steady_link
from core.models import EventRecord
from orders import standing, urgency
from orders.models import Hold, Order, OrderCharge, OrderStatus
from orders.priority import PARTS
from orders.selectors import is_late


class CustomerBriefSerializer(serializers.Serializer):
    """Who bought, as the order says."""

    number = serializers.CharField(allow_null=True)
    email = serializers.CharField()
    name = serializers.CharField()


class PartOfLineSerializer(serializers.Serializer):
    """What is in one unit of a kit, as it was ordered."""

    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField(source="per")


class LineSerializer(serializers.Serializer):
    """One product on an order. `total` includes its share of the tax."""

    id = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    parts = PartOfLineSerializer(many=True, help_text="Of a kit; empty for anything else.")
    quantity = serializers.IntegerField()
    unit_price = UnitPriceField()
    discount_total = MoneyField()
    tax_rate = RateField()
    net_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()
    allocated = serializers.IntegerField()
    backordered = serializers.IntegerField()
    lent = serializers.IntegerField(help_text="Of what is backordered: lent to an order that needed it at once.")
    lent_until = serializers.DateField(allow_null=True, help_text="Lent units are back before this day.")
    shipped = serializers.IntegerField()
    delivered = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    returned = serializers.IntegerField()
    invoiced = serializers.IntegerField()


class ChargeSerializer(serializers.Serializer):
    """A sum besides the goods."""

    kind = serializers.ChoiceField(choices=OrderCharge.Kind.choices)
    code = serializers.CharField()
    name = serializers.CharField()
    net_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()
    cancelled = serializers.BooleanField()


class HoldSerializer(serializers.Serializer):
    """What stops an order."""

    id = serializers.CharField()
    kind = serializers.CharField(help_text="The code of its type.")
    reason = serializers.CharField()
    blocks = serializers.ListField(child=serializers.CharField())
    auto_release = serializers.CharField(help_text="What lifts it by itself: `paid`, `address`, `stock` or nothing.")
    line = serializers.SerializerMethodField(help_text="The id of the line, where it stops only that.")
    work = serializers.CharField(help_text="The number of the fulfillment order, where it stops only that.")
    check = serializers.CharField(source="check_name")
    created_at = MomentField()
    expires_at = MomentField(allow_null=True)

    def get_line(self, hold: Hold) -> str | None:
        """Return the id of its line."""
        return None if hold.line_id is None else str(hold.line_id)


class CheckSerializer(serializers.Serializer):
    """What was looked at, and what was found."""

    name = serializers.CharField()
    result = serializers.ChoiceField(choices=["pass", "warn", "fail", "waived"])
    reason = serializers.CharField()
    value = serializers.CharField(default="", help_text="What was measured, where there is something to measure.")
    limit = serializers.CharField(default="", help_text="What the channel allows.")


class TaxSerializer(serializers.Serializer):
    """Tax of one category and rate (EN 16931)."""

    category = serializers.CharField()
    rate = RateField()
    net = serializers.CharField()
    tax = serializers.CharField()


class ExplanationSerializer(serializers.Serializer):
    """Why a figure is what it is. It is kept with the order, and stays as it is when prices change."""

    about = serializers.CharField(
        help_text="`line:1` (its position), `discount:CODE`, `shipping:CODE`, `tax`, `total`."
    )
    code = serializers.CharField(help_text="`price_list`, `price_given`, `promotion_percent`, `shipping` …")
    text = serializers.CharField()
    amount = serializers.CharField(required=False, help_text="What it adds, or takes off (negative).")
    list = serializers.DictField(required=False, help_text="The price list: `code`, `name`, `from`, `until`.")
    rule = serializers.DictField(required=False, help_text="The promotion as it was granted.")
    shares = serializers.DictField(required=False, help_text="What of a discount each line got, by its position.")
    vat_id = serializers.CharField(required=False, help_text="The VAT id that the tax rests on.")
    checked_on = serializers.DateField(required=False, help_text="When it was confirmed, if it was by then.")
    by = serializers.CharField(required=False, help_text="Who set it by hand.")
    why = serializers.CharField(required=False, help_text="Why it was set by hand.")


class PriorityPartSerializer(serializers.Serializer):
    """One part of the priority."""

    part = serializers.ChoiceField(choices=PARTS)
    words = serializers.CharField(help_text="In the language of the request.")
    points = serializers.IntegerField()


class LinksSerializer(serializers.Serializer):
    """Where the rest is."""

    self = serializers.URLField()
    timeline = serializers.URLField()
    payments = serializers.URLField()
    invoices = serializers.URLField()
    shipments = serializers.URLField()
    returns = serializers.URLField()
    tracking_page = serializers.URLField()


class OrderSerializer(serializers.Serializer):
    """A row of `/orders/`. `expand=customer,lines` adds to it."""

    number = serializers.CharField()
    external_reference = serializers.CharField()
    channel = serializers.CharField(source="channel.code")
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    display_status = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    payment_status = serializers.ChoiceField(choices=Order.Paid.choices)
    fulfillment_status = serializers.ChoiceField(choices=Order.Fulfillment.choices)
    allocation_status = serializers.ChoiceField(choices=Order.Allocation.choices)
    invoice_status = serializers.ChoiceField(choices=Order.Invoiced.choices)
    return_status = serializers.ChoiceField(choices=Order.Returned.choices)
    is_on_hold = serializers.BooleanField()
    is_late = serializers.SerializerMethodField()
    blocked_because = serializers.SerializerMethodField()
    allowed_actions = serializers.SerializerMethodField()
    priority = serializers.IntegerField(help_text="Points; more go first.")
    priority_parts = serializers.SerializerMethodField()
    currency = serializers.CharField()
    prices_include_tax = serializers.BooleanField()
    payment_terms = serializers.CharField()
    subtotal = MoneyField()
    discount_total = MoneyField()
    shipping_total = MoneyField()
    charges_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()
    deposit_total = MoneyField(help_text="What is paid before it is confirmed, where the rest is bought on account.")
    cancelled_total = MoneyField()
    authorized_total = MoneyField()
    paid_total = MoneyField()
    refunded_total = MoneyField()
    written_off_total = MoneyField(help_text="What of its invoices nobody expects any more; it is not due.")
    balance_due = MoneyField()
    shipping_method = serializers.CharField(source="shipping_method.code", default=None, allow_null=True)
    requested_delivery_on = serializers.DateField(allow_null=True)
    ship_complete = serializers.BooleanField()
    ship_by_on = serializers.DateField(allow_null=True)
    estimated_delivery_on = serializers.DateField(allow_null=True)
    first_promised_on = serializers.DateField(allow_null=True)
    promised_on = serializers.DateField(allow_null=True)
    stock_held_until = MomentField(
        allow_null=True, help_text="Until when stock is kept without a payment; empty where it is kept for good."
    )
    stock_lapsed = serializers.BooleanField(help_text="That time is over: paid now, what is there then is tied to it.")
    purchase_order_number = serializers.CharField()
    customer_note = serializers.CharField()
    metadata = serializers.JSONField()
    tags = serializers.ListField(child=serializers.CharField())
    placed_at = MomentField(allow_null=True)
    confirmed_at = MomentField(allow_null=True)
    completed_at = MomentField(allow_null=True)
    cancelled_at = MomentField(allow_null=True)
    updated_at = MomentField()
    customer = serializers.SerializerMethodField()
    shipping_address = serializers.SerializerMethodField()
    billing_address = serializers.SerializerMethodField()
    links = serializers.SerializerMethodField()

    def get_display_status(self, order: Order) -> str:
        """Return the state as people say it."""
        return standing.display_status(order)

    def get_is_late(self, order: Order) -> bool:
        """Whether it is not there on the promised day."""
        return is_late(order)

    @extend_schema_field(PriorityPartSerializer(many=True))
    def get_priority_parts(self, order: Order) -> list[dict[str, Any]]:
        """Return what the points of the priority come from; they add up to it."""
        return [{"part": part.name, "words": part.label, "points": part.points} for part in urgency.parts_of(order)]

    def get_blocked_because(self, order: Order) -> str:
        """Return why it does not move on."""
        return standing.blocked_because(order)

    def get_allowed_actions(self, order: Order) -> list[str]:
        """Return what may be done now."""
        return standing.allowed_actions(order)

    @extend_schema_field(CustomerBriefSerializer)
    def get_customer(self, order: Order) -> dict[str, Any]:
        """Return who bought; expanded with what the customer's record says."""
        customer = order.customer
        brief = {
            "number": customer.number if customer else None,
            "email": order.email,
            "name": order.customer_name,
        }
        if "customer" not in self.context.get("expand", ()) or customer is None:
            return brief
        if self.context.get("limited") and order.found_by_email:
            # Whoever sent an order with somebody's e-mail address does not get to know them by that.
            return brief
        names = ("kind", "company", "phone", "vat_id", "language", "payment_terms", "tags")
        return brief | {name: getattr(customer, name) for name in names}

    @extend_schema_field(AddressShownSerializer(allow_null=True))
    def get_shipping_address(self, order: Order) -> Mapping[str, str] | None:
        """Return where the goods go."""
        return order.shipping_address or None

    @extend_schema_field(AddressShownSerializer(allow_null=True))
    def get_billing_address(self, order: Order) -> Mapping[str, str] | None:
        """Return who gets the invoice, where that is somebody else."""
        return order.billing_address or None

    @extend_schema_field(LinksSerializer)
    def get_links(self, order: Order) -> dict[str, str]:
        """Return where the rest is."""
        own = f"/api/v1/orders/{order.number}/"
        return {
            "self": absolute(own),
            "timeline": absolute(f"{own}timeline/"),
            "payments": absolute(f"{own}payments/"),
            "invoices": absolute(f"/api/v1/invoices/?order={order.number}"),
            "shipments": absolute(f"/api/v1/shipments/?order={order.number}"),
            "returns": absolute(f"/api/v1/returns/?order={order.number}"),
            "tracking_page": absolute(f"/track/{make_steady_link('order', order.history_thread())}/"),
        }


class OrderWithLinesSerializer(OrderSerializer):
    """A row of `/orders/?expand=lines`."""

    lines = serializers.SerializerMethodField()

    @extend_schema_field(LineSerializer(many=True))
    def get_lines(self, order: Order) -> list[dict[str, Any]]:
        """Return the lines, with the currency of their order."""
        return _of_order(LineSerializer, order, list(order.lines.all()))


class OrderDetailSerializer(OrderWithLinesSerializer):
    """One order with everything that belongs to it."""

    charges = serializers.SerializerMethodField()
    tax_breakdown = TaxSerializer(many=True)
    explanation = ExplanationSerializer(many=True)
    gift_note = serializers.CharField()
    checks = CheckSerializer(many=True)
    holds = serializers.SerializerMethodField()

    @extend_schema_field(ChargeSerializer(many=True))
    def get_charges(self, order: Order) -> list[dict[str, Any]]:
        """Return what else is charged."""
        return _of_order(ChargeSerializer, order, list(order.charges.all()))

    @extend_schema_field(HoldSerializer(many=True))
    def get_holds(self, order: Order) -> list[dict[str, Any]]:
        """Return what stops it now."""
        active = [hold for hold in order.holds.all() if hold.status == Hold.Status.ACTIVE]
        return list(HoldSerializer(active, many=True).data)


def _of_order(serializer_class: type[serializers.Serializer], order: Order, rows: list[Any]) -> list[dict[str, Any]]:
    """Show rows of an order, whose amounts are in its currency."""
    for row in rows:
        row.currency = order.currency
    return list(serializer_class(rows, many=True).data)


class TimelineEntrySerializer(serializers.Serializer):
    """Something that happened to an order."""

    id = serializers.CharField()
    at = MomentField()
    type = serializers.CharField(source="name")
    transition = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()
    actor = serializers.CharField()
    note = serializers.CharField()
    public = serializers.BooleanField()
    data = serializers.SerializerMethodField()  # type: ignore[assignment]

    def get_data(self, entry: EventRecord) -> dict[str, Any]:
        """Return what is told about it, in public words."""
        return without_keys(entry.payload)


class TimelineSerializer(serializers.Serializer):
    """The history of an order, the oldest first."""

    results = TimelineEntrySerializer(many=True)


class BulkAnswerSerializer(serializers.Serializer):
    """What became of one order of many: the order, or the problem."""

    index = serializers.IntegerField()
    status = serializers.IntegerField()
    order = OrderDetailSerializer(required=False)
    problem = serializers.DictField(required=False)
