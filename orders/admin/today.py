"""What the order desk sees first in the morning."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import F, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import today
from core.admin.links import page_of
from core.money import Money
from core.reader import locale, retold, spoken_date
from orders import selectors
from orders.models import Hold, Order, OrderException, OrderStatus
from pricing.services import TRIAL

S = OrderStatus
VIEW = "orders.view_order"
OPEN = ("open", "acknowledged", "in_progress")
NEXT_ROWS = 8


def _list(query: str) -> str:
    return f"{reverse('admin:orders_order_changelist')}?{query}"


@today.headline(order=10, permission=VIEW)
def late_orders() -> today.Headline | None:
    """Say how many orders are late."""
    late = today.count(Order.objects.filter(selectors.late()))
    if not late:
        return today.Headline(_("No order is late."), tone="good")
    text = ngettext("%(n)s order is late.", "%(n)s orders are late.", late) % {"n": late}
    return today.Headline(text, url=_list("needs=late"), tone="bad")


@today.headline(order=30, permission=VIEW)
def held_orders() -> today.Headline | None:
    """Say how many orders wait for a decision."""
    held = today.count(Order.objects.filter(active_holds__gt=0, status__in=selectors.LIVE))
    if not held:
        return None
    text = ngettext("%(n)s is on hold.", "%(n)s are on hold.", held) % {"n": held}
    return today.Headline(text, url=_list("needs=hold"), tone="warn")


@today.step(permission=VIEW)
def steps() -> list[today.Step]:
    """Count the orders on the steps that belong to the order itself."""

    def count(*statuses: str) -> int:
        return today.count(Order.objects.filter(status__in=statuses))

    held = today.count(Order.objects.filter(status=S.PLACED, active_holds__gt=0))
    return [
        today.Step(1, _("Placement"), count(S.DRAFT), _list("status__exact=draft"), note=_("drafts")),
        today.Step(2, _("Entry"), count(S.PLACED), _list("status__exact=placed")),
        today.Step(3, _("Verification"), held, _list("status__exact=placed&needs=hold"), note=_("on hold")),
        today.Step(4, _("Confirmation"), count(S.VERIFIED), _list("status__exact=verified"), note=_("payment")),
        today.Step(9, _("Completion"), count(S.FULFILLED), _list("status__exact=fulfilled"), note=_("to close")),
    ]


@today.todo(order=10, permission=VIEW)
def exceptions() -> list[today.Todo]:
    """Put the oldest open exceptions first."""
    rows = OrderException.objects.filter(status__in=OPEN, order__isnull=False).select_related("order")
    return [
        today.Todo(
            text=f"{one.order} · {one.order.customer_name} · {retold(one.title)}" if one.order else retold(one.title),
            url=page_of(one),
            action=_("Solve"),
            tone="bad" if one.severity == OrderException.Severity.CRITICAL else "warn",
            page=page_of(one.order) if one.order else "",
            rank=1,
        )
        for one in rows.order_by("created_at", "pk")[:NEXT_ROWS]
    ]


@today.todo(order=20, permission=VIEW)
def holds() -> list[today.Todo]:
    """Ask for the holds that somebody has to decide."""
    rows = Hold.objects.filter(status=Hold.Status.ACTIVE).select_related("order").order_by("created_at", "pk")
    return [
        today.Todo(
            text=f"{hold.order} · {hold.order.customer_name} · {retold(hold.reason)}",
            url=page_of(hold),
            action=_("Decide"),
            tone="warn",
            page=page_of(hold.order),
            rank=2,
        )
        for hold in rows[:NEXT_ROWS]
    ]


@today.todo(order=30, permission=VIEW)
def waiting_for_payment() -> list[today.Todo]:
    """Show who has not paid yet, the most urgent first."""
    rows = selectors.awaiting_payment().order_by("payment_due_at", "pk")
    return [
        today.Todo(
            text=f"{order} · {order.customer_name} · {selectors.blocked_because(order)}",
            detail=_("until %(day)s") % {"day": spoken_date(order.payment_due_at)} if order.payment_due_at else "",
            url=page_of(order),
            action=_("Open"),
            tone="info",
            page=page_of(order),
            rank=3,
        )
        for order in rows[:NEXT_ROWS]
    ]


@today.figure(order=10, permission=VIEW)
def taken_today() -> list[today.Figure]:
    """Compare today with the same weekday a week ago, up to the same time of day."""
    now = timezone.localtime()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)
    figures = []
    gone = (S.DRAFT, S.CANCELLED, S.EXPIRED)
    sold = Order.objects.exclude(status__in=gone).exclude(channel__code=TRIAL)
    sums = dict(
        sold.filter(placed_at__gte=start)
        .values_list("currency")
        .annotate(net=Sum(F("subtotal") - F("discount_total")))
    )
    before = dict(
        sold.filter(placed_at__gte=start - week, placed_at__lt=now - week)
        .values_list("currency")
        .annotate(net=Sum(F("subtotal") - F("discount_total")))
    )
    for currency in sorted(sums.keys() | before.keys()):
        amount, earlier = sums.get(currency, 0), before.get(currency)
        note = (
            _("%(amount)s a week ago at this time") % {"amount": Money(earlier, currency).format(str(locale()))}
            if earlier
            else ""
        )
        figures.append(
            today.Figure(_("Sold today, net"), Money(amount or Decimal(0), currency).format(str(locale())), note=note)
        )
    placed = sold.filter(placed_at__gte=start).count()
    then = sold.filter(placed_at__gte=start - week, placed_at__lt=now - week).count()
    figures.insert(
        0, today.Figure(_("Orders today"), str(placed), note=_("%(n)s a week ago at this time") % {"n": then})
    )
    return figures
