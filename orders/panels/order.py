"""The page of an order: what a caller asks in one look, then everything else."""

from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.admin.links import may_see, page_of
from core.admin.strands import timeline
from core.panels import once, panel
from core.reader import locale
from core.sight import seen
from customers.panels import dialled
from inventory import selectors as inventory
from orders import decision_words, hold_types, selectors
from orders.models import Hold, Order, OrderException
from orders.price_words import why_lines
from orders.verification import DUPLICATE

ORDER = "orders.order"
NOW = "orders.order.now"
WAY = "orders.order.way"
LINES_IN_SIGHT = 50
MORE_LINES = 200
MOST_LINES = 2000
# What of the timeline is a contact with the customer.
CONTACT = ("mails", "comments")
Part = tuple[str, dict[str, Any]]


def holds_of(request: HttpRequest, order: Order) -> list[Hold]:
    """Return what stops the order now; every part of the page asks, one statement answers."""
    if not order.active_holds:
        return []
    rows = Hold.objects.filter(order=order, status=Hold.Status.ACTIVE).select_related("line").order_by("pk")
    return once(request, f"orders.holds:{order.pk}", lambda: list(rows))


def exceptions_of(request: HttpRequest, order: Order) -> list[OrderException]:
    """Return what went wrong and is not solved; every part of the page asks, one statement answers."""
    if not order.open_exceptions:
        return []
    rows = OrderException.objects.filter(order=order, closed_at__isnull=True).order_by("pk")
    return once(request, f"orders.exceptions:{order.pk}", lambda: list(rows))


@panel(WAY, order=10)
def attention(request: HttpRequest, order: Order) -> Part | None:
    """Show active holds and open exceptions."""
    holds, exceptions = holds_of(request, order), exceptions_of(request, order)
    # What a check found is told by its hold.
    exceptions = [one for one in exceptions if one.category != "check" or not holds]
    if not holds and not exceptions:
        return None
    named = [
        (hold, hold_types.name_of(hold.kind), beside_of(request, order) if hold.check_name == DUPLICATE else "")
        for hold in holds
    ]
    return "orders/panels/attention.html", {"holds": named, "exceptions": exceptions}


def beside_of(request: HttpRequest, order: Order) -> str:
    """Return where the order stands beside the one that its check found alike, as far as the reader sees that."""
    found = [check.get("data", {}).get("number") for check in order.checks if check["name"] == DUPLICATE]
    if not found or not found[0]:
        return ""
    other = Order.objects.filter(number=found[0])
    is_there = once(request, f"orders.beside:{order.pk}", lambda: seen(other).exists())
    return reverse("admin:orders_order_beside", args=[order.pk, found[0]]) if is_there else ""


@panel(NOW, order=20)
def promise(request: HttpRequest, order: Order) -> Part:
    """Show when it comes, what was promised first, and where it goes."""
    day = order.promised_on or order.estimated_delivery_on
    is_over = order.status in selectors.GONE
    has_arrived = order.fulfillment_status == Order.Fulfillment.DELIVERED
    first = order.first_promised_on
    context = {
        "title": _("Promise"),
        "day": None if is_over else day,
        "is_over": is_over,
        "is_promised": order.promised_on is not None,
        "is_late": selectors.is_late(order),
        "has_arrived": has_arrived,
        "first": first if first and first != order.promised_on else None,
        "leaves_on": order.ship_by_on if not is_over and order.shipped_at is None else None,
        "to": order.ship_to,
        "method": order.shipping_method.name_in() if order.shipping_method else "",
    }
    return "orders/panels/promise.html", context


@panel(NOW, order=40)
def customer(request: HttpRequest, order: Order) -> Part:
    """Show who it is for, how to reach them, and what was said last."""
    found = timeline(ORDER, request, order, keys=CONTACT, limit=1)
    known = order.customer
    context = {
        "title": _("Customer"),
        "name": order.customer_name or str(known or ""),
        "url": page_of(known) if known and may_see(request.user, known) else "",
        "dialled": dialled(order.phone),
        "last": found[0] if found else None,
    }
    return "orders/panels/customer.html", context


@panel(ORDER, order=10)
def lines(request: HttpRequest, order: Order) -> Part:
    """Show what was ordered, where it stands, and the sums; of a long order its beginning."""
    asked = request.GET.get("lines", "")
    shown = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else LINES_IN_SIGHT
    shown = max(LINES_IN_SIGHT, min(shown, MOST_LINES))
    sums = order.lines.aggregate(
        count=Count("pk"), backordered=Sum("backordered"), returned=Sum("returned"), cancelled=Sum("cancelled")
    )
    sources = inventory.allocated_from(order.reservation_id)
    shown_lines = list(order.lines.select_related("product").order_by("position")[:shown])
    rows = [
        {"line": line, "sources": sources.get(line.position, []), "is_linked": may_see(request.user, line.product)}
        for line in shown_lines
    ]
    why = why_lines(order, shown_lines)
    rest = sums["count"] - len(rows)
    return "orders/panels/lines.html", {
        "title": _("Lines"),
        "count": sums["count"],
        "flush": True,
        "order": order,
        "rows": rows,
        "sums": sums,
        "columns": 8 + sum(1 for name in ("backordered", "returned", "cancelled") if sums[name]),
        "rest": rest,
        "next": min(rest, MORE_LINES),
        "more_lines": shown + MORE_LINES if rest and shown < MOST_LINES else 0,
        "charges": list(order.charges.order_by("position")),
        "why": why,
    }


@panel(ORDER, order=62)
def addresses(request: HttpRequest, order: Order) -> Part:
    """Show where the goods and the invoice go."""
    context = {
        "title": _("Addresses"),
        "side": True,
        "pinned": True,
        "ship_to": order.ship_to.spoken(str(locale())),
        "bill_to": order.bill_to.spoken(str(locale())) if order.billing_address else [],
    }
    return "orders/panels/addresses.html", context


@panel(ORDER, order=64)
def sourcing(request: HttpRequest, order: Order) -> Part | None:
    """Say why the goods come from where they come."""
    decisions = decision_words.decisions(order)
    if not decisions:
        return None
    return "orders/panels/sourcing.html", {"title": _("Why from there"), "side": True, "decisions": decisions}
