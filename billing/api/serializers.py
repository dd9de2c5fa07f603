"""Documents and money as integrators see them."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.models import CreditNote, Dispute, Invoice, Payment, Refund
from core.api.addresses import AddressSerializer
from core.api.fields import (
    FlagField,
    MomentField,
    MoneyField,
    QuantityField,
    RateField,
    StrictSerializer,
    TextField,
    UnitPriceField,
)
from core.links import absolute

METHOD = r"^[a-z][a-z0-9_]*$"


class TaxOfDocumentSerializer(serializers.Serializer):
    """Tax of one category and rate (EN 16931 BG-23); `rounding` (BT-114) leads to what was agreed."""

    category = serializers.CharField()
    rate = RateField()
    net = serializers.CharField()
    tax = serializers.CharField()
    rounding = serializers.CharField()


class DocumentLineSerializer(serializers.Serializer):
    """A row of a document. `unit_price` is net, before `discount_total`; `total` is what was agreed for it."""

    id = serializers.CharField(source="pk")
    position = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = UnitPriceField()
    discount_total = MoneyField()
    tax_category = serializers.CharField()
    tax_rate = RateField()
    net_total = MoneyField()
    tax_total = MoneyField()
    total = MoneyField()


class DocumentSerializer(serializers.Serializer):
    """What invoices and credit notes have in common."""

    number = serializers.CharField(allow_null=True)
    order = serializers.CharField(source="order.number")
    currency = serializers.CharField()
    net_total = MoneyField()
    tax_total = MoneyField()
    rounding = MoneyField()
    total = MoneyField()
    issued_on = serializers.DateField(allow_null=True)
    tax_breakdown = TaxOfDocumentSerializer(many=True)


class InvoiceSerializer(DocumentSerializer):
    """A row of `/invoices/`."""

    status = serializers.ChoiceField(choices=Invoice.Status.choices)
    supplied_on = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    is_overdue = serializers.BooleanField()
    bills = serializers.CharField(source="source_reference")
    replaces = serializers.CharField(
        source="replaces.number",
        default=None,
        allow_null=True,
        help_text="The invoice that was taken back in full and is written again by this one.",
    )
    replaced_by = serializers.CharField(
        source="replaced_by.number", default=None, allow_null=True, help_text="The invoice that stands in its place."
    )
    paid_total = MoneyField()
    credited_total = MoneyField()
    written_off_total = MoneyField(help_text="What of it nobody expects any more; it is not open.")
    open_amount = MoneyField()
    links = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.URLField(allow_null=True)))
    def get_links(self, invoice: Invoice) -> dict[str, str | None]:
        """Return where the rest is."""
        own = f"/api/v1/invoices/{invoice.number}/"
        return {
            "self": absolute(own),
            "pdf": absolute(f"{own}pdf/"),
            "xml": absolute(f"{own}xml/") if invoice.has_xml else None,
            "order": absolute(f"/api/v1/orders/{invoice.order.number}/"),
            "credit_notes": absolute(f"/api/v1/credit-notes/?invoice={invoice.number}"),
        }


class CreditNoteSerializer(DocumentSerializer):
    """A row of `/credit-notes/`. It has no number until it is issued, a moment after it was asked for."""

    status = serializers.ChoiceField(choices=CreditNote.Status.choices)
    invoice = serializers.CharField(source="invoice.number")
    reference = serializers.CharField()
    reason = serializers.CharField()
    links = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.URLField(allow_null=True)))
    def get_links(self, note: CreditNote) -> dict[str, str | None]:
        """Return where the rest is."""
        own = f"/api/v1/credit-notes/{note.number}/" if note.number else None
        return {
            "self": absolute(own) if own else None,
            "pdf": absolute(f"{own}pdf/") if own else None,
            "xml": absolute(f"{own}xml/") if own and note.has_xml else None,
            "invoice": absolute(f"/api/v1/invoices/{note.invoice.number}/"),
        }


def with_lines(serializer: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """Return the form of one document: parties and rows besides what a list shows."""

    class OneDocument(serializer):  # type: ignore[valid-type,misc]
        seller = serializers.DictField()
        buyer = serializers.DictField()
        ship_to = serializers.DictField()
        lines = serializers.SerializerMethodField()

        @extend_schema_field(DocumentLineSerializer(many=True))
        def get_lines(self, document: Invoice | CreditNote) -> list[dict[str, Any]]:
            """Return the rows, whose amounts are in the currency of the document."""
            rows: list[Any] = list(document.lines.all())
            for row in rows:
                row.currency = document.currency
            return list(DocumentLineSerializer(rows, many=True).data)

    OneDocument.__name__ = serializer.__name__.replace("Serializer", "DetailSerializer")
    return OneDocument


InvoiceDetailSerializer = with_lines(InvoiceSerializer)
CreditNoteDetailSerializer = with_lines(CreditNoteSerializer)


class PaymentSerializer(serializers.Serializer):
    """Money that is held or came in."""

    id = serializers.CharField(source="code")
    order = serializers.CharField(source="order.number")
    method = serializers.CharField()
    gateway = serializers.CharField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    currency = serializers.CharField()
    amount = MoneyField()
    authorized = MoneyField()
    captured = MoneyField()
    refunded = MoneyField()
    charged_back = MoneyField()
    held = MoneyField()
    reference = serializers.CharField()
    failure = serializers.CharField()
    created_at = MomentField()
    captured_at = MomentField(allow_null=True)


class RefundSerializer(serializers.Serializer):
    """Money on its way back."""

    id = serializers.CharField(source="code")
    order = serializers.CharField(source="order.number")
    payment = serializers.CharField(source="payment.code")
    credit_note = serializers.CharField(source="credit_note.number", default=None, allow_null=True)
    to_credit = serializers.BooleanField(help_text="It becomes store credit of the customer.")
    again_of = serializers.CharField(
        source="again_of.code",
        default=None,
        allow_null=True,
        help_text="The refund that went already, where the provider carried out two tries of it by mistake.",
    )
    status = serializers.ChoiceField(choices=Refund.Status.choices)
    currency = serializers.CharField()
    amount = MoneyField()
    reference = serializers.CharField()
    reason = serializers.CharField()
    failure = serializers.CharField()
    created_at = MomentField()
    settled_at = MomentField(allow_null=True)


class DisputeSerializer(serializers.Serializer):
    """A payment that the customer's bank asks back. `taken` is what the provider took, `returned` what he gave back.

    Of what is lost, `lost` is borne by us and `owed` by the customer, who owes it again. Store credit given for
    the payment would be paid twice: it is held (`credit_held`) until the end, and charged back where it is lost.
    """

    id = serializers.CharField(source="code")
    order = serializers.CharField(source="order.number")
    payment = serializers.CharField(source="payment.code")
    status = serializers.ChoiceField(choices=Dispute.Status.choices)
    reason = serializers.ChoiceField(choices=Dispute.Reason.choices)
    reference = serializers.CharField()
    currency = serializers.CharField()
    amount = MoneyField()
    taken = MoneyField()
    returned = MoneyField()
    lost = MoneyField()
    owed = MoneyField()
    credit_held = MoneyField()
    credit_back = MoneyField()
    evidence_due_at = MomentField(allow_null=True)
    evidence_sent = serializers.BooleanField()
    opened_at = MomentField()
    closed_at = MomentField(allow_null=True)


class PaymentInputSerializer(StrictSerializer):
    """Money for an order: `captured` (it came in) or `authorized` (it is held and taken with the invoice)."""

    method = serializers.RegexField(METHOD, max_length=30)
    amount = MoneyField(min_value=Decimal("0.001"))
    currency = TextField(max_length=3, required=False, help_text="If given, it must be the order's.")
    reference = TextField(
        max_length=100,
        allow_blank=True,
        default="",
        help_text="Its own, as the bank says it; each is written down once.",
    )
    is_another = FlagField(
        default=False,
        help_text="It came in beside another one under the same reference; the Idempotency-Key tells repeats apart.",
    )
    status = serializers.ChoiceField(choices=["authorized", "captured"], default="captured")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what only money that came in can be."""
        if attrs["is_another"] and attrs["status"] == "authorized":
            raise serializers.ValidationError({"is_another": "Only money that came in can be another payment"})
        return attrs


class StoreCreditSerializer(serializers.Serializer):
    """What a customer has with us in one currency; `free` is what may still be spent, the rest is held for orders."""

    customer = serializers.CharField(source="customer.number")
    currency = serializers.CharField()
    balance = MoneyField()
    held = MoneyField()
    free = MoneyField()


class CaptureSerializer(StrictSerializer):
    """How much of what is held is taken; all of it, unless said."""

    amount = MoneyField(min_value=Decimal("0.001"), required=False)


class VoidSerializer(StrictSerializer):
    """Why the money is let go."""

    reason = TextField(max_length=300, allow_blank=True, default="")


class RefundInputSerializer(StrictSerializer):
    """How much goes back (all that is left, unless said), why, and under which cause: each sends money once."""

    amount = MoneyField(min_value=Decimal("0.001"), required=False)
    to_credit = FlagField(default=False, help_text="As store credit of the customer, not the way it came.")
    reason = TextField(max_length=300, allow_blank=True, default="")
    reference = TextField(max_length=60, required=False)


class CreditLineSerializer(StrictSerializer):
    """Units of a row of the invoice, which its `id` names, or an amount of it."""

    id = TextField(max_length=20)
    quantity = QuantityField(required=False)
    amount = MoneyField(
        min_value=Decimal("0.001"), required=False, help_text="Net or gross, as the prices of the order are."
    )


class CreditSerializer(StrictSerializer):
    """What is credited: rows with units, or all that is left of the invoice where none are named.

    Or money and no units: an amount of each row, or one of the invoice as a whole, shared out by tax rate.
    """

    lines = CreditLineSerializer(many=True, required=False, allow_empty=False)
    amount = MoneyField(
        min_value=Decimal("0.001"), required=False, help_text="Net or gross, as the prices of the order are."
    )
    reason = TextField(max_length=300)
    reference = TextField(max_length=60, required=False, help_text="Its cause; each is credited once.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take units or amounts, not both."""
        lines = given.get("lines") or []
        if lines and "amount" in given:
            raise serializers.ValidationError({"amount": "An amount of the whole, or of rows: not both"})
        by_amount = ["amount" in line for line in lines]
        for place, line in enumerate(lines):
            wrong = ("quantity" in line) == ("amount" in line) or by_amount[place] != by_amount[0]
            if wrong:
                faults: list[dict[str, str]] = [{} for _ in lines]
                faults[place] = {"quantity": "Units or an amount, the same for all rows"}
                raise serializers.ValidationError({"lines": faults})
        return given


class ReplaceSerializer(StrictSerializer):
    """Who is billed after all, and why it is written again. What is not given stays as the order says it."""

    customer_name = TextField(max_length=200, allow_blank=True, required=False)
    billing_address = AddressSerializer(required=False, help_text="All of it.")
    vat_id = TextField(max_length=20, allow_blank=True, required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False, help_text="Of the papers.")
    purchase_order_number = TextField(
        max_length=100, allow_blank=True, required=False, help_text="The buyer's reference."
    )
    reason = TextField(max_length=300, help_text="It stands on the credit note.")
