"""How far the money of an order has come, and what brings it on."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.panels import OPERATE, VIEW, money_on_page
from core.way import Remedy, Stage, remedy, stages
from orders.models import Order, OrderStatus

ORDER = "orders.order"
SETTLED = (Order.Paid.PAID, Order.Paid.OVERPAID, Order.Paid.PARTIALLY_REFUNDED, Order.Paid.REFUNDED)


@stages(ORDER)
def stages_of_money(request: HttpRequest, order: Order) -> list[Stage]:
    """Tell whether the invoice is written, and paid."""
    invoiced_on, paid_at = None, None
    if request.user.has_perm(VIEW) and order.status != OrderStatus.DRAFT:
        money = money_on_page(request, order)
        invoiced_on = max((one.issued_on for one in money.invoices if one.issued_on), default=None)
        paid_at = max((one.captured_at for one in money.payments if one.captured_at), default=None)
    is_invoiced = order.invoice_status == Order.Invoiced.INVOICED
    is_paid = order.payment_status in SETTLED and order.placed_at is not None
    partly = order.invoice_status == Order.Invoiced.PARTIALLY_INVOICED
    begun = order.payment_status in (Order.Paid.AUTHORIZED, Order.Paid.PARTIALLY_PAID)
    return [
        Stage(7, _("Invoicing"), is_invoiced, invoiced_on, order.get_invoice_status_display() if partly else ""),
        Stage(8, _("Payment"), is_paid, paid_at if is_paid else None, _paid_so_far(order) if begun else ""),
    ]


def _paid_so_far(order: Order) -> str:
    return str(order.get_payment_status_display())


def _step(request: HttpRequest, order: Order, name: str, label: str) -> Remedy | None:
    if not request.user.has_perm(OPERATE):
        return None
    return Remedy(label, f"{reverse('admin:billing_order_do', args=[order.pk, name])}?next={request.path}")


@remedy(ORDER, "payment", "collection")
def record_payment(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to record the money that is awaited."""
    return _step(request, order, "payment", _("Record a payment"))


@remedy(ORDER, "invoice")
def write_invoice(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to write the invoice now."""
    return _step(request, order, "invoice", _("Invoice now"))
