"""`/payouts/`: what a payment provider sent to the bank, what he kept, and out of what; for keys of all channels.

A payout is money of many orders at once, so whoever sees some channels only sees none.
"""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import selectors
from billing.errors import UnknownPayment
from billing.models import Payout, PayoutRow
from core.api.auth import declare_scope
from core.api.fields import MomentField, MoneyField
from core.api.filters import refuse_unknown
from core.api.views import ApiListView, ApiView

from .filters import YES_NO

READ_PAYOUTS = "payouts:read"
declare_scope(READ_PAYOUTS, "billing.view_payout")
# Where the money is: its provider was asked what it is, it is on its way to the bank, or a row of a statement is it.
ASKED, ON_ITS_WAY, AT_BANK = "asked", "on_its_way", "at_bank"
STANDS = {
    ASKED: Q(listed_at=None),
    ON_ITS_WAY: Q(listed_at__isnull=False, bank_line=None),
    AT_BANK: Q(bank_line__isnull=False),
}


class PayoutSerializer(serializers.Serializer):
    """Money that a provider sent to our bank. `amount` arrives; `fees` are what he kept of it.

    Out of what it was paid, `rows` of it tell. `unknown_rows` of them nobody knows yet. Until the provider has said
    what is in it (`asked`) it has no currency, and no amount.
    """

    gateway = serializers.CharField()
    reference = serializers.CharField()
    status = serializers.SerializerMethodField()
    currency = serializers.CharField()
    amount = MoneyField()
    fees = MoneyField()
    unknown_rows = serializers.IntegerField(source="open_rows")
    arrives_on = serializers.DateField(allow_null=True)
    arrived_on = serializers.DateField(source="bank_line.booked_on", allow_null=True, default=None)
    told_at = MomentField()
    listed_at = MomentField(allow_null=True)

    def get_status(self, payout: Payout) -> str:
        """Say where the money is: `asked`, `on_its_way`, `at_bank`."""
        if payout.bank_line_id:
            return AT_BANK
        return ON_ITS_WAY if payout.listed_at else ASKED


class PayoutRowSerializer(serializers.Serializer):
    """A part of a payout: `amount` before the `fee` that the provider kept of it, and what it belongs to here."""

    reference = serializers.CharField()
    kind = serializers.ChoiceField(choices=PayoutRow.Kind.choices)
    status = serializers.ChoiceField(choices=PayoutRow.Status.choices)
    currency = serializers.CharField(source="payout.currency")
    amount = MoneyField(currency_from="payout.currency")
    fee = MoneyField(currency_from="payout.currency")
    order = serializers.SerializerMethodField()
    payment = serializers.CharField(source="payment.code", allow_null=True, default=None)
    refund = serializers.CharField(source="refund.code", allow_null=True, default=None)
    dispute = serializers.CharField(source="dispute.code", allow_null=True, default=None)
    text = serializers.CharField()
    reason = serializers.CharField()

    def get_order(self, row: PayoutRow) -> str | None:
        """Name the order that it is about."""
        about = row.payment or row.refund or row.dispute
        return str(about.order.number) if about is not None else None


class PayoutFilters(django_filters.FilterSet):
    """By provider, where the money is, currency, day, and whether anything in it is unknown."""

    gateway = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=[(name, name) for name in STANDS], method="by_stand")
    currency = django_filters.CharFilter()
    arrives_from = django_filters.DateFilter(
        field_name="arrives_on", lookup_expr="gte", help_text="This day included."
    )
    arrives_to = django_filters.DateFilter(field_name="arrives_on", lookup_expr="lte", help_text="This day included.")
    unknown = django_filters.ChoiceFilter(choices=YES_NO, method="by_unknown")

    class Meta:
        model = Payout
        fields: tuple[str, ...] = ()

    def by_stand(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return those whose money is there."""
        return rows.filter(STANDS[value])

    def by_unknown(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return those in which something is unknown, or all the rest."""
        return rows.filter(open_rows__gt=0) if value == "true" else rows.filter(open_rows=0)


class PayoutRowFilters(django_filters.FilterSet):
    """By what it is, and whether it is known."""

    kind = django_filters.MultipleChoiceFilter(choices=PayoutRow.Kind.choices)
    status = django_filters.MultipleChoiceFilter(choices=PayoutRow.Status.choices)

    class Meta:
        model = PayoutRow
        fields: tuple[str, ...] = ()


class PayoutView(ApiView):
    """Sees the payouts of the house, or none of them."""

    required_scopes = {"GET": READ_PAYOUTS}

    def payout(self, gateway: str, reference: str) -> Payout:
        """Return a payout. Raises UnknownPayment also for who sees some channels only."""
        found = selectors.payouts(self.channels).filter(gateway=gateway, reference=reference).first()
        if found is None:
            raise UnknownPayment("There is no such payout")
        return found


class PayoutsView(PayoutView, ApiListView):
    """All payouts, the youngest first."""

    serializer_class = PayoutSerializer
    filterset_class = PayoutFilters
    ordering = ("-pk",)

    def get_queryset(self) -> QuerySet[Payout]:
        """Return what the caller may see."""
        return selectors.payouts(self.channels)


class OnePayoutView(PayoutView):
    """One payout."""

    @extend_schema(responses=PayoutSerializer)
    def get(self, request: Request, gateway: str, reference: str) -> Response:
        """Return it."""
        refuse_unknown(request, ())
        return Response(PayoutSerializer(self.payout(gateway, reference)).data)


class PayoutRowsView(PayoutView, ApiListView):
    """Out of what a payout was paid, in the order in which the provider told it."""

    serializer_class = PayoutRowSerializer
    filterset_class = PayoutRowFilters
    ordering = ("pk",)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows of the payout."""
        if getattr(self, "swagger_fake_view", False):
            return PayoutRow.objects.none()
        payout = self.payout(self.kwargs["gateway"], self.kwargs["reference"])
        return selectors.rows_of_payout(payout)
