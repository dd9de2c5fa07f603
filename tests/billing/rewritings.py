"""What tests of invoices that are written again begin with, and compare."""

from decimal import Decimal

from django.db.models import Sum

from billing import services as billing
from billing.models import Invoice, LedgerEntry
from core.actors import SYSTEM, Actor
from customers.addresses import PostalAddress
from orders.inputs import Party
from orders.models import OrderLine
from tests.factories.billing import again

D = Decimal
INES = Actor("staff", "ines")
WORKS = PostalAddress(
    name="Ada Byron",
    company="Engine Works Ltd",
    line1="2 Mill Lane",
    city="Hamburg",
    postal_code="20457",
    country="DE",
)
# What an order says of its money; none of it moves.
FIGURES = (
    *("status", "total", "invoiced_total", "credited_total", "paid_total", "refunded_total", "balance_due"),
    *("payment_status", "invoice_status", "return_status", "authorized_total", "written_off_total", "cancelled_total"),
)


def rewrite(invoice, reason="Wrong company", **party):
    return billing.rewrite_invoice(invoice.pk, party=Party(**party), reason=reason, actor=INES)


def pay(order, amount, **given):
    return billing.record_payment(order.pk, method="cash", amount=D(amount), actor=SYSTEM, **given)


def figures(order):
    units = OrderLine.objects.filter(order=order).order_by("position").values_list("invoiced", "credited")
    return {name: getattr(again(order), name) for name in FIGURES}, list(units)


def books():
    """Return what stands on every account, also of each customer."""
    rows = LedgerEntry.objects.values_list("account__kind", "account__detail", "customer").annotate(sum=Sum("amount"))
    return {(kind, detail, who): round(D(amount), 2) for kind, detail, who, amount in rows.order_by() if amount}


def stands(invoice):
    one = Invoice.objects.get(pk=invoice.pk)
    return one.status, one.paid_total, one.credited_total, one.open_amount


def said(document):
    """Return the figures and rows of a document."""
    rows = document.lines.order_by("position").values_list(
        "order_line", "charge_position", "quantity", "unit_price", "tax_rate", "net_total", "tax_total", "total"
    )
    return (
        document.tax_breakdown,
        document.net_total,
        document.tax_total,
        document.rounding,
        document.total,
        list(rows),
    )
