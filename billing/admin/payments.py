"""Payments and refunds; and what can be done about the money of an order, from its page."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils.crypto import get_random_string
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import gateways, selectors, services
from billing.method_names import gateway_name, method_name
from billing.models import Payment, Refund
from billing.services import wording
from core.actors import Actor
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import (
    badge_column,
    code_column,
    flag_column,
    link_column,
    money_column,
    retold_column,
    when_column,
    worded_column,
)
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.admin.worded import worded_filter
from core.money import Money, round_amount
from core.reader import spoken_amount
from customers.models import Customer
from orders.models import Order, OrderStatus

from . import preliminary
from .columns import buyer
from .forms import CaptureForm, PaymentForm, ReasonForm, RefundForm
from .transfers import MoneyOfCustomer, came_in, refusing_known

OPERATE = "billing.operate_payment"


def record(
    order_id: int,
    *,
    method: str,
    reference: str,
    is_another: bool,
    amount: Any,
    received_on: Any,
    actor: Actor,
) -> Payment:
    """Write down money that came in, as the form says."""
    with refusing_known(Payment.objects.filter(order=order_id), reference) as kept:
        kept += [
            services.record_payment(
                order_id,
                method=method,
                amount=amount,
                reference=reference,
                is_another=is_another,
                actor=actor,
                at=came_in(received_on),
                known_for_a_day=True,
            )
        ]
    return kept[0]


def refund_order(order_id: int, *, amount: Any, reason: str, to_credit: bool = False, actor: Actor) -> list[Refund]:
    """Send money of an order back, as the form says."""
    currency = Order.objects.values_list("currency", flat=True).get(pk=order_id)
    reference = f"RF-{get_random_string(10).upper()}"
    return services.request_refund(
        order_id,
        amount=Money(amount, currency),
        reference=reference,
        reason=reason,
        to_credit=to_credit,
        actor=actor,
    )


def refund_payment(
    payment_id: int, *, amount: Any, reason: str, to_credit: bool = False, actor: Actor
) -> list[Refund]:
    """Send money of a payment back, as the form says."""
    currency = Payment.objects.values_list("currency", flat=True).get(pk=payment_id)
    return services.refund_payment(
        payment_id, amount=Money(amount, currency), reason=reason, to_credit=to_credit, actor=actor
    )


def _what_money_does(order: Order) -> list[str]:
    sentences = [gettext("Open invoices are settled, the oldest first.")]
    if order.status == OrderStatus.VERIFIED:
        sentences.append(gettext("The order is confirmed when nothing is missing any more."))
    if order.status == OrderStatus.FULFILLED:
        sentences.append(gettext("The order is completed when nothing else is open."))
    return [*sentences, gettext("More than is owed is taken and shown as overpaid.")]


def _what_a_refund_does(subject: Order | Payment) -> list[str]:
    order = subject if isinstance(subject, Order) else subject.order
    sentences = [gettext("The money goes back the way it came, the oldest payment first; or it becomes store credit.")]
    if order.email and not order.quiet:
        sentences.append(gettext("%(email)s gets a mail.") % {"email": order.email})
    return [*sentences, gettext("No credit note is written by this; credit the invoice for that.")]


def may_take(payment: Payment) -> bool:
    """Whether something is held that nobody is taking or letting go of at this moment."""
    return payment.held > 0 and not payment.capturing


def _what_capture_does(payment: Payment) -> list[str]:
    held = {"amount": spoken_amount(payment.held, payment.currency), "order": payment.order}
    said = [
        gettext("%(amount)s is held for %(order)s.") % held,
        gettext("What is taken settles open invoices, the oldest first."),
    ]
    if gateways.gateway(payment.gateway).captures is gateways.Captures.ONE:
        said.append(gettext("The provider pays out once: what you do not take now is let go."))
    return said


def _what_void_does(payment: Payment) -> list[str]:
    held = spoken_amount(payment.held, payment.currency)
    return [gettext("%(amount)s that is held is let go for good.") % {"amount": held}]


def _refundable(subject: Order | Payment) -> dict[str, Any]:
    """Offer everything that may still go back."""
    order = subject if isinstance(subject, Order) else subject.order
    left = selectors.refundable(order)
    amount = sum(left.values(), start=Decimal(0)) if isinstance(subject, Order) else left.get(subject.pk, Decimal(0))
    return {"amount": round_amount(amount, order.currency)}


ORDER_STEPS = {
    "payment": TransitionSpec(
        _("Record a payment"),
        record,
        OPERATE,
        form=PaymentForm,
        once=True,
        initial=lambda order: {
            "amount": round_amount(order.balance_due, order.currency) if order.balance_due > 0 else ""
        },
        consequences=_what_money_does,
        style="primary",
        when=lambda order: order.status != OrderStatus.DRAFT,
        done=_("The payment is written down."),
    ),
    "refund": TransitionSpec(
        _("Refund"),
        refund_order,
        OPERATE,
        form=RefundForm,
        once=True,
        initial=_refundable,
        consequences=_what_a_refund_does,
        style="danger",
        when=lambda order: order.paid_total > order.refunded_total,
        done=_("The money is on its way back."),
    ),
    "invoice": TransitionSpec(
        _("Invoice now"),
        services.invoice_order,
        OPERATE,
        consequences=lambda order: [
            gettext("Everything of the order that stands on no invoice yet is billed, shipped or not."),
            gettext("The invoice gets its number in a moment, and never changes."),
        ],
        when=lambda order: (
            order.status in (OrderStatus.CONFIRMED, OrderStatus.FULFILLING, OrderStatus.FULFILLED)
            and order.invoice_status != Order.Invoiced.INVOICED
        ),
        done=_("The invoice is written and gets its number in a moment."),
    ),
}


class MoneyOfOrder(TransitionAdmin, BackOfficeAdmin):
    """What can be done about the money of an order; offered on its page, done here."""

    transition_services = ORDER_STEPS


@admin.register(Payment, site=site)
class PaymentAdmin(TransitionAdmin, PanelAdmin):
    """Payments, the youngest first."""

    page = "billing.payment"
    list_display = (
        "code",
        badge_column("status"),
        buyer,
        link_column("order", _("Order")),
        "way",
        money_column("amount", _("Amount")),
        money_column("captured", _("Taken"), if_any=True),
        money_column("refunded", _("Sent back"), if_any=True),
        code_column("reference", _("Reference")),
        when_column("created_at", _("Recorded")),
    )
    list_select_related = ("order",)
    list_filter = (
        "status",
        worded_filter("method", method_name),
        worded_filter("gateway", gateway_name),
        "created_at",
        "currency",
    )
    tabs = (
        Tab(_("Held"), {"status__exact": "authorized"}),
        Tab(_("Taken"), {"status__exact": "captured"}),
        Tab(_("Failed"), {"status__exact": "failed"}),
    )
    search_fields = ("=code", "=reference", "=order__number")
    search_help_text = _("Id, reference or number of the order")
    empty_text = _("No payments here. They are recorded on the page of an order, or come with it.")
    facts = (
        buyer,
        link_column("order", _("Order")),
        "way",
        worded_column("gateway", gateway_name),
        money_column("amount", _("Amount")),
        "paid_with",
        money_column("held", _("Held"), if_any=True),
        money_column("capturing", _("Being taken"), if_any=True),
        when_column("expires_at", _("Held until")),
        money_column("captured", _("Taken"), if_any=True),
        money_column("refunded", _("Sent back"), if_any=True),
        money_column("charged_back", _("Charged back"), if_any=True),
        code_column("reference", _("Reference")),
        when_column("created_at", _("Recorded")),
        when_column("captured_at", _("Came in")),
        "failure",
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "take": TransitionSpec(
            _("Take the money"),
            services.capture_payment,
            OPERATE,
            form=CaptureForm,
            once=True,
            initial=lambda payment: {"amount": round_amount(payment.held, payment.currency)},
            consequences=_what_capture_does,
            style="primary",
            when=may_take,
            done=_("The money is taken, or asked for at the provider."),
        ),
        "let-go": TransitionSpec(
            _("Let go"),
            services.void_payment,
            OPERATE,
            form=ReasonForm,
            consequences=_what_void_does,
            style="danger",
            when=may_take,
        ),
        "refund": TransitionSpec(
            _("Refund"),
            refund_payment,
            OPERATE,
            form=RefundForm,
            once=True,
            initial=_refundable,
            consequences=_what_a_refund_does,
            style="danger",
            when=lambda payment: payment.captured > payment.refunded,
            done=_("The money is on its way back."),
        ),
    }

    def page_title(self, obj: Payment) -> str:
        """Say how much came in, and how."""
        return obj.title_in()

    @admin.display(description=_("method"), ordering="method")
    def way(self, obj: Payment) -> str:
        """Name how it came in."""
        return capfirst(method_name(obj.method))

    @admin.display(description=_("paid with"))
    def paid_with(self, obj: Payment) -> str:
        """Name the card as far as we may know it."""
        return wording.means(obj.means)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Payment]":
        """Read the order along with the payment."""
        return super().get_queryset(request).select_related("order")

    def get_urls(self) -> list[Any]:
        """Add the steps about the money of an order, and of a customer."""
        of_order = MoneyOfOrder(Order, self.admin_site)
        of_customer = MoneyOfCustomer(Customer, self.admin_site)
        order_view = self.admin_site.admin_view(of_order.transition_view)
        customer_view = self.admin_site.admin_view(of_customer.transition_view)
        return [
            *preliminary.addresses(self.admin_site),
            path("of-order/<path:object_id>/<slug:name>/", order_view, name="billing_order_do"),
            path("of-customer/<path:object_id>/<slug:name>/", customer_view, name="billing_customer_do"),
            *super().get_urls(),
        ]


@admin.register(Refund, site=site)
class RefundAdmin(TransitionAdmin, PanelAdmin):
    """Refunds, the youngest first."""

    page = "billing.refund"
    list_display = (
        "code",
        badge_column("status"),
        buyer,
        link_column("order", _("Order")),
        link_column("payment", _("Payment")),
        money_column("amount", _("Amount")),
        "reference",
        retold_column("reason", _("Reason")),
        when_column("created_at", _("Requested")),
        when_column("settled_at", _("Settled")),
    )
    list_select_related = ("order", "payment")
    list_filter = ("status", "created_at", "currency")
    tabs = (
        Tab(_("On their way"), {"status__exact": "approved"}),
        Tab(_("Failed"), {"status__exact": "failed"}),
        Tab(_("Settled"), {"status__exact": "succeeded"}),
    )
    search_fields = ("=code", "=reference", "=order__number")
    search_help_text = _("Id, cause (RMA-…) or number of the order")
    empty_text = _("No refunds here.")
    facts = (
        link_column("order", _("Order")),
        link_column("payment", _("Payment")),
        link_column("credit_note", _("Credit note")),
        link_column("again_of", _("A second time")),
        money_column("amount", _("Amount")),
        flag_column("to_credit", _("As store credit")),
        "reference",
        retold_column("reason", _("Reason")),
        when_column("created_at", _("Requested")),
        when_column("settled_at", _("Settled")),
        "failure",
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "retry": TransitionSpec(
            _("Ask again"),
            services.retry_refund,
            OPERATE,
            consequences=lambda refund: [gettext("The payment provider is asked once more.")],
            style="primary",
            when=lambda refund: refund.status == Refund.Status.FAILED and not refund.again_of_id,
        ),
    }

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Refund]":
        """Read order, payment and credit note along with the refund."""
        return super().get_queryset(request).select_related("order", "payment", "credit_note", "again_of")
