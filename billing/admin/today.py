"""What money says on the first screen of the day."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import selectors, services
from billing.models import Invoice, Payment, Refund
from billing.panels import distance
from billing.readiness import check_stripe
from core import sight, today
from core.admin.links import list_of, page_of
from core.models import IdempotencyKey
from core.reader import spoken_amount
from core.sight import seen
from orders.models import Order, OrderStatus

VIEW, OPERATE = "billing.view_invoice", "billing.operate_payment"
CLOSE = "billing.close_month"
ROWS = 8
# So long after a payment Stripe must have written.
QUIET_FOR = timedelta(days=2)
NEWEST = 200


@today.headline(order=40, permission=VIEW)
def overdue() -> today.Headline | None:
    """Say how many invoices should have been paid."""
    late = today.count(Invoice.objects.filter(selectors.overdue()))
    if not late:
        return None
    text = ngettext("%(n)s invoice is overdue.", "%(n)s invoices are overdue.", late) % {"n": today.spoken(late)}
    return today.Headline(text, url=list_of(Invoice, waits="overdue"), tone="warn")


@today.step(permission=VIEW)
def invoicing() -> today.Step:
    """Count the orders whose goods left and that are not invoiced to the end."""
    waiting = Order.objects.filter(status=OrderStatus.FULFILLED).exclude(invoice_status=Order.Invoiced.INVOICED)
    url = list_of(Order, status__exact="fulfilled", invoice_status__in="not_invoiced,partially_invoiced")
    return today.Step(7, _("Invoicing"), today.count(waiting), url)


@today.step(permission=VIEW)
def payment() -> today.Step:
    """Count the invoices that wait for money, and those that are overdue."""
    waiting = Invoice.objects.filter(status__in=selectors.WAITING)
    late = waiting.filter(selectors.overdue())
    return today.Step(8, _("Payment"), today.count(waiting), list_of(Invoice, waits="money"), late=today.count(late))


@today.todo(order=40, permission=OPERATE)
def what_is_overdue() -> list[today.Todo]:
    """Offer to remind of what is overdue, and name it; where nothing is, one statement says so."""
    named = overdue_invoices()
    return [*reminders(), *named] if named else []


def overdue_invoices() -> list[today.Todo]:
    """Name the invoices that are overdue, the oldest first."""
    rows = seen(Invoice.objects.filter(selectors.overdue())).select_related("order").order_by("due_on", "pk")[:ROWS]
    return [
        today.Todo(
            text=_("%(order)s · %(who)s · %(amount)s on %(invoice)s, overdue for %(days)s days")
            % {
                "order": invoice.order,
                "who": invoice.buyer.get("name", ""),
                "amount": spoken_amount(invoice.open_amount, invoice.currency),
                "invoice": invoice.number,
                "days": selectors.days_overdue(invoice),
            },
            action=_("Record a payment"),
            url=reverse("admin:billing_order_do", args=[invoice.order_id, "payment"]),
            page=page_of(invoice),
            rank=3,
        )
        for invoice in rows
    ]


def reminders() -> list[today.Todo]:
    """Offer, in one button, to remind of what is overdue."""
    late = seen(Invoice.objects.filter(selectors.overdue()))
    oldest = late.order_by("due_on", "pk").first()
    if oldest is None:
        return []
    count = today.count(late)
    text = ngettext(
        "%(n)s invoice is overdue, for %(days)s days",
        "%(n)s invoices are overdue, the oldest for %(days)s days",
        count,
    ) % {"n": today.spoken(count), "days": selectors.days_overdue(oldest)}
    return [
        today.Todo(
            text=text,
            action=_("Send reminders"),
            url=reverse("admin:plan_reminders"),
            page=list_of(Invoice, waits="overdue"),
            rank=2,
        )
    ]


@today.todo(order=55, permission=CLOSE)
def month_to_close() -> list[today.Todo]:
    """Lead to the books of last month, as long as they are open and something is in them."""
    if sight.limited_to("channel") is not None:
        # The books are those of the whole house.
        return []
    return [
        today.Todo(
            text=_("%(month)s is over and not closed (%(seller)s)")
            % {"month": date_format(month.first_day, "YEAR_MONTH_FORMAT"), "seller": name},
            action=_("Export and close"),
            url=(url := f"{reverse('admin:billing_month')}?month={month.first_day:%Y-%m}&seller={month.entity_id}"),
            page=url,
            rank=4,
        )
        for month, name in services.months_to_close()[:ROWS]
    ]


@today.todo(order=45, permission=OPERATE)
def failed_refunds() -> list[today.Todo]:
    """Name the refunds that the provider would not send."""
    rows = seen(Refund.objects.filter(status=Refund.Status.FAILED)).select_related("order").order_by("pk")[:ROWS]
    return [
        today.Todo(
            text=_("%(order)s · %(amount)s could not be sent back: %(why)s")
            % {
                "order": refund.order,
                "amount": spoken_amount(refund.amount, refund.currency),
                "why": refund.failure,
            },
            action=_("Ask again"),
            url=reverse("admin:billing_refund_do", args=[refund.pk, "retry"]),
            page=page_of(refund),
            tone="bad",
            rank=2,
        )
        for refund in rows
    ]


@today.todo(order=20, permission=CLOSE)
def distance_sales() -> list[today.Todo]:
    """Say of each seller that the threshold for sales to consumers in other member states is near, or passed."""
    if sight.limited_to("channel") is not None:
        return []
    return [
        today.Todo(
            text=f"{one.entity}: {one.hint}",
            action=_("Look at it"),
            url=page_of(one.entity),
            page=page_of(one.entity),
            tone="bad" if one.turnover.is_passed else "warn",
            rank=2 if one.turnover.is_passed else 4,
        )
        for one in distance.pressing()[:ROWS]
    ]


@today.todo(order=15, permission="billing.change_legalentity")
def stripe() -> list[today.Todo]:
    """Say what is wrong with the keys of Stripe, and that it writes nothing though customers pay there."""
    found = [f"{one.msg}. {one.hint or ''}".strip() for one in check_stripe(None)]
    if not found and (said := _silence()):
        found = [said]
    return [
        today.Todo(text=text, action=_("Payments"), url=list_of(Payment, gateway__exact="stripe"), tone="warn", rank=2)
        for text in found
    ]


def _silence() -> str:
    """Say so where payments came in through Stripe and none of its messages did."""
    if not settings.STRIPE_SECRET_KEY:
        return ""
    since = timezone.now() - QUIET_FOR
    newest = Payment.objects.order_by("-pk").values_list("gateway", "captured_at")[:NEWEST]
    if not any(gateway == "stripe" and at is not None and at >= since for gateway, at in newest):
        return ""
    if IdempotencyKey.objects.filter(client="provider:stripe", created_at__gte=since).exists():
        return ""
    return _("Customers pay through Stripe, and none of its messages came for two days. Look at its webhooks.")


@today.figure(order=40, permission=VIEW)
def owed() -> list[today.Figure]:
    """Say what is overdue, per currency."""
    return [
        today.Figure(
            _("Overdue"),
            spoken_amount(amount, currency),
            note=ngettext("on %(n)s invoice", "on %(n)s invoices", count) % {"n": count},
            url=list_of(Invoice, waits="overdue"),
            tone="warn",
        )
        for currency, (count, amount) in sorted(selectors.overdue_sums().items())
    ]
