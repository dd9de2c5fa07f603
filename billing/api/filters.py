"""Filters of `/invoices/`, `/credit-notes/`, `/payments/`, `/refunds/` and `/store-credits/`."""

import django_filters
from django.db.models import QuerySet

from billing import selectors
from billing.models import CreditNote, Dispute, Invoice, Payment, Refund, StoreCredit

ISSUED = [choice for choice in Invoice.Status.choices if choice[0] != Invoice.Status.DRAFT]
ISSUED_NOTES = [choice for choice in CreditNote.Status.choices if choice[0] != CreditNote.Status.DRAFT]
YES_NO = [("true", "true"), ("false", "false")]


class InvoiceFilters(django_filters.FilterSet):
    """By state, order, customer, day and whether it should have been paid."""

    status = django_filters.MultipleChoiceFilter(choices=ISSUED)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    customer = django_filters.CharFilter(field_name="order__customer__number", help_text="C-…")
    currency = django_filters.CharFilter()
    issued_from = django_filters.DateFilter(field_name="issued_on", lookup_expr="gte", help_text="This day included.")
    issued_to = django_filters.DateFilter(field_name="issued_on", lookup_expr="lte", help_text="This day included.")
    overdue = django_filters.ChoiceFilter(choices=YES_NO, method="by_lateness")

    class Meta:
        model = Invoice
        fields: tuple[str, ...] = ()

    def by_lateness(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Return what should have been paid by now, or all the rest."""
        return rows.filter(selectors.overdue()) if value == "true" else rows.exclude(selectors.overdue())


class CreditNoteFilters(django_filters.FilterSet):
    """By state, order, invoice and day."""

    status = django_filters.MultipleChoiceFilter(choices=ISSUED_NOTES)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    invoice = django_filters.CharFilter(field_name="invoice__number", help_text="INV-…")
    reference = django_filters.CharFilter(help_text="Its cause, e.g. RMA-…")
    issued_from = django_filters.DateFilter(field_name="issued_on", lookup_expr="gte", help_text="This day included.")
    issued_to = django_filters.DateFilter(field_name="issued_on", lookup_expr="lte", help_text="This day included.")

    class Meta:
        model = CreditNote
        fields: tuple[str, ...] = ()


class PaymentFilters(django_filters.FilterSet):
    """By state, order, method and reference."""

    status = django_filters.MultipleChoiceFilter(choices=Payment.Status.choices)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    method = django_filters.CharFilter()
    reference = django_filters.CharFilter(help_text="Exact.")
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Payment
        fields: tuple[str, ...] = ()


class RefundFilters(django_filters.FilterSet):
    """By state, order, payment and cause."""

    status = django_filters.MultipleChoiceFilter(choices=Refund.Status.choices)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    payment = django_filters.CharFilter(field_name="payment__code", help_text="pay_…")
    reference = django_filters.CharFilter(help_text="Its cause, e.g. RMA-…")

    class Meta:
        model = Refund
        fields: tuple[str, ...] = ()


class DisputeFilters(django_filters.FilterSet):
    """By state, order, payment and the provider's reference."""

    status = django_filters.MultipleChoiceFilter(choices=Dispute.Status.choices)
    order = django_filters.CharFilter(field_name="order__number", help_text="SO-…")
    payment = django_filters.CharFilter(field_name="payment__code", help_text="pay_…")
    reference = django_filters.CharFilter(help_text="Exact, as the provider calls it.")

    class Meta:
        model = Dispute
        fields: tuple[str, ...] = ()


class StoreCreditFilters(django_filters.FilterSet):
    """By customer and currency."""

    customer = django_filters.CharFilter(field_name="customer__number", help_text="C-…")
    currency = django_filters.CharFilter()

    class Meta:
        model = StoreCredit
        fields: tuple[str, ...] = ()
