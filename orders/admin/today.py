"""What the order desk sees first in the morning."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_datetime
from babel.numbers import format_percent
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core import seat, today
from core.admin.links import page_of
from core.money import round_amount
from core.reader import locale, retold, spoken_amount, spoken_date
from core.sight import seen
from inventory import selectors as inventory
from orders import selectors
from orders.models import FollowUp, Hold, Order, OrderException, OrderLine, OrderStatus
from orders.wording import buyer_of

S = OrderStatus
VIEW, OPERATE = "orders.view_order", "orders.operate_order"
OPEN = ("open", "acknowledged", "in_progress")
NEXT_ROWS = 8
# Orders that are late, held or not paid have rows of their own.
NAMED_BY_ITSELF = ("late", "backorder", "check", "payment_due")
# What is on its way, by product: (day, warehouse, units).
Coming = Mapping[int, list[tuple[date, int, int]]]


def _list(query: str) -> str:
    return f"{reverse('admin:orders_order_changelist')}?{query}"


@today.headline(order=10, permission=VIEW)
def late_orders() -> today.Headline | None:
    """Say how many orders are late."""
    late = today.count(Order.objects.filter(selectors.late()))
    if not late:
        return today.Headline(_("No order is late."), tone="good")
    text = ngettext("%(n)s order is late.", "%(n)s orders are late.", late) % {"n": today.spoken(late)}
    return today.Headline(text, url=_list("needs=late"), tone="bad")


@today.headline(order=30, permission="orders.view_hold")
def held_orders() -> today.Headline | None:
    """Say how many orders wait for a decision."""
    held = today.count(Order.objects.filter(active_holds__gt=0, status__in=selectors.LIVE))
    if not held:
        return None
    text = ngettext("%(n)s is on hold.", "%(n)s are on hold.", held) % {"n": today.spoken(held)}
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


@today.todo(order=5, permission=OPERATE)
def late_first() -> list[today.Todo]:
    """Name the orders that are late, the longest first, with what they wait for and what would help."""
    late = selectors.for_lists(seen(Order.objects.filter(selectors.late())))
    rows = list(late.order_by("promised_on", "pk")[:NEXT_ROWS])
    missing: dict[int, OrderLine] = {}
    for line in OrderLine.objects.filter(order__in=rows, backordered__gt=0).order_by("-position"):
        missing[line.order_id] = line
    parts = {part for line in missing.values() for part, _per in line.made_of}
    coming = inventory.incoming({line.product_id for line in missing.values()} | parts) if missing else {}
    free = inventory.availability(parts) if parts else {}
    return [_late(order, missing.get(order.pk), coming, free) for order in rows]


def _late(order: Order, missing: OrderLine | None, coming: Coming, free: Mapping[int, int]) -> today.Todo:
    days = (seat.today() - (order.promised_on or seat.today())).days
    words = {"order": order, "who": buyer_of(order), "n": days}
    if missing is None:
        why = selectors.next_step(order)
    else:
        why = _("%(units)s × %(sku)s missing") % {"units": missing.backordered, "sku": missing.sku}
    said = ngettext("%(order)s · %(who)s · %(n)s day late", "%(order)s · %(who)s · %(n)s days late", days) % words
    return today.Todo(
        text=f"{said} · {why}",
        detail=_help(missing, coming, free) if missing else "",
        url=page_of(order),
        action=pgettext("a page", "Open"),
        page=page_of(order),
        tone="bad",
        rank=1,
    )


def _help(missing: OrderLine, coming: Coming, free: Mapping[int, int]) -> str:
    """Say what comes in next of what is missing; of a kit, the part that comes last of those it lacks."""
    lacking = {missing.product_id: ""}
    if missing.parts:
        wanted = missing.backordered
        lacking = {one["product"]: one["sku"] for one in missing.parts if free[one["product"]] < one["per"] * wanted}
    if not lacking or not all(coming[product] for product in lacking):
        return ""
    (day, _warehouse, units), sku = max((coming[product][0], sku) for product, sku in lacking.items())
    words = {"units": f"{units} × {sku}" if sku else units, "day": spoken_date(day)}
    if day < seat.today():
        return _("%(units)s were to come in on %(day)s") % words
    return _("%(units)s come in on %(day)s") % words


@today.todo(order=10, permission="orders.view_orderexception")
def exceptions() -> list[today.Todo]:
    """Put the oldest open exceptions first."""
    rows = OrderException.objects.filter(status__in=OPEN, order__isnull=False).exclude(category__in=NAMED_BY_ITSELF)
    rows = seen(rows).select_related("order")
    return [
        today.Todo(
            text=f"{one.order} · {buyer_of(one.order)} · {retold(one.title)}" if one.order else retold(one.title),
            url=page_of(one),
            action=_("Solve"),
            tone="bad" if one.severity == OrderException.Severity.CRITICAL else "warn",
            page=page_of(one.order) if one.order else "",
            about=f"exception:{one.pk}",
            rank=1 if one.severity == OrderException.Severity.CRITICAL else 2,
        )
        for one in rows.order_by("created_at", "pk")[:NEXT_ROWS]
    ]


@today.todo(order=15, permission=OPERATE)
def follow_ups() -> list[today.Todo]:
    """Name the orders that somebody means to look at again today, those of past days first."""
    rows = seen(FollowUp.objects.filter(on__lte=seat.today())).select_related("order__assignee")
    return [_follow_up(one) for one in rows.order_by("on", "pk")[:NEXT_ROWS]]


def _follow_up(one: FollowUp) -> today.Todo:
    words = {"order": one.order, "who": buyer_of(one.order)}
    late = spoken_date(one.on) if one.on < seat.today() else ""
    owner = str(one.order.assignee or "")
    return today.Todo(
        text=" · ".join(filter(None, [_("%(order)s · %(who)s · follow up today") % words, one.note])),
        detail=" · ".join(filter(None, [owner, late and _("since %(day)s") % {"day": late}])),
        url=today.step_of("admin:orders_order_do", one.order_id, "followed-up"),
        action=_("Followed up"),
        beside=True,
        tone="info",
        page=page_of(one.order),
        rank=3,
    )


@today.todo(order=20, permission="orders.release_hold")
def holds() -> list[today.Todo]:
    """Ask for the holds that somebody has to decide."""
    rows = seen(Hold.objects.filter(status=Hold.Status.ACTIVE)).select_related("order").order_by("created_at", "pk")
    return [
        today.Todo(
            text=f"{hold.order} · {buyer_of(hold.order)} · {retold(hold.reason)}",
            detail=_since(hold.created_at),
            url=today.step_of("admin:orders_hold_do", hold.pk, "lift"),
            action=_("Lift the hold"),
            beside=True,
            tone="warn",
            page=page_of(hold.order),
            rank=3,
        )
        for hold in rows[:NEXT_ROWS]
    ]


def _since(moment: datetime) -> str:
    days = (seat.today() - seat.day_of(moment)).days
    return ngettext("for %(n)s day", "for %(n)s days", days) % {"n": days} if days else _("since today")


@today.todo(order=30, permission="orders.view_hold")
def waiting_for_payment() -> list[today.Todo]:
    """Show who has not paid yet, the most urgent first."""
    rows = seen(selectors.awaiting_payment()).order_by("payment_due_at", "pk")
    return [
        today.Todo(
            text=f"{order} · {buyer_of(order)} · {retold(selectors.blocked_because(order))}",
            detail=_("until %(day)s") % {"day": spoken_date(order.payment_due_at)} if order.payment_due_at else "",
            url=page_of(order),
            action=pgettext("a page", "Open"),
            tone="info",
            page=page_of(order),
            rank=4,
        )
        for order in rows[:NEXT_ROWS]
    ]


@today.figure(order=10, permission=VIEW, keep=30)
def taken_today() -> list[today.Figure]:
    """Compare today with the same weekday a week ago, up to the same time of day."""
    now = timezone.localtime()
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)
    url = _list("figure=today")
    sold, before = _sold(start, now), _sold(start - week, now - week)
    orders, then = (sum(count for count, _net in found.values()) for found in (sold, before))
    figures = [today.compared(_("Orders"), orders, then, url=url)]
    for currency in sorted(sold.keys() | before.keys()):
        amount, earlier = (found.get(currency, (0, Decimal(0)))[1] for found in (sold, before))
        note = _("%(amount)s last %(day)s by this time") % {
            "amount": spoken_amount(earlier, currency),
            "day": format_datetime(now - week, "EEEE", locale=locale()),
        }
        tone = "good" if amount > earlier else "neutral"
        figures.append(today.Figure(_("Sold, net"), spoken_amount(amount, currency), note=note, url=url, tone=tone))
    return figures


def _sold(start: datetime, end: datetime) -> dict[str, tuple[int, Decimal]]:
    """Return number and net value of the orders of a span of time, per currency: read by an index of that span."""
    rows = seen(selectors.sold(start, end)).order_by().values_list("currency")
    sums = rows.annotate(n=Count("pk"), net=Sum(F("subtotal") - F("discount_total")))
    return {currency: (n, round_amount(Decimal(str(net or 0)), currency)) for currency, n, net in sums}


@today.figure(order=60, permission=VIEW, keep=300)
def promise_kept() -> today.Figure | None:
    """Say how many of the orders that arrived within seven days did so by the day that was promised first."""
    day = seat.today()
    this, before = (_kept(day - timedelta(days=past)) for past in (6, 13))
    if not this[1]:
        return None
    share = this[0] / this[1]
    note = _("%(n)s of %(all)s in seven days") % {"n": this[0], "all": this[1]}
    if before[1]:
        past = _("%(share)s before") % {"share": _percent(before[0] / before[1])}
        note = f"{note}, {past}"
    tone = "neutral" if not before[1] else "good" if share >= before[0] / before[1] else "warn"
    return today.Figure(_("Promise kept"), _percent(share), note=note, tone=tone, url=_list("figure=arrived"))


def _kept(first: date) -> tuple[int, int]:
    """Return how many of the orders that arrived in the week from a day on did so in time, and how many there were."""
    rows = seen(selectors.arrived(first, first + timedelta(days=6))).order_by()
    kept = Q(arrived_on__lte=F("first_promised_on"))
    found = rows.annotate(arrived_on=TruncDate("delivered_at")).aggregate(
        # Of the index alone: the rows are not read.
        n=Count("delivered_at"),
        kept=Count("delivered_at", filter=kept),
    )
    return found["kept"], found["n"]


def _percent(share: float) -> str:
    return str(format_percent(share, locale=locale()))
