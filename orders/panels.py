"""The parts of an order's page that orders itself knows."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.panels import panel
from core.reader import locale
from customers.models import Customer
from orders import selectors, wording
from orders.models import Comment, Hold, Order, OrderException

RECENT = 10


@panel("orders.order", order=10)
def lines(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]]:
    """Show what was ordered, where it stands, and the sums."""
    rows = list(order.lines.select_related("product").order_by("position"))
    return "orders/panels/lines.html", {
        "title": _("Lines"),
        "count": len(rows),
        "flush": True,
        "order": order,
        "lines": rows,
        "charges": list(order.charges.order_by("position")),
    }


@panel("orders.order", order=15)
def attention(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Show active holds and open exceptions."""
    holds = list(Hold.objects.filter(order=order, status=Hold.Status.ACTIVE).order_by("pk"))
    exceptions = list(OrderException.objects.filter(order=order, closed_at__isnull=True).order_by("pk"))
    if not holds and not exceptions:
        return None
    context = {
        "title": _("In the way"),
        "count": len(holds) + len(exceptions),
        "holds": holds,
        "exceptions": exceptions,
    }
    return "orders/panels/attention.html", context


@panel("orders.order", order=60)
def checks(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Show what the checks said."""
    if not order.checks:
        return None
    return "orders/panels/checks.html", {
        "title": _("Checks"),
        "checks": [
            {**check, "title": wording.check(check["name"]), "said": wording.check_result(check["result"])}
            for check in order.checks
        ],
        "side": True,
        "anchor": "checks",
    }


@panel("orders.order", order=62)
def addresses(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]]:
    """Show where the goods and the invoice go."""
    context = {
        "title": _("Addresses"),
        "side": True,
        "ship_to": order.ship_to.spoken(str(locale())),
        "bill_to": order.bill_to.spoken(str(locale())) if order.billing_address else [],
    }
    return "orders/panels/addresses.html", context


@panel("orders.order", order=64)
def sourcing(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Say why the goods come from where they come."""
    reasons = order.sourcing.get("reasons") if isinstance(order.sourcing, dict) else None
    told = [sentence for reason in reasons or () if (sentence := _why(reason))]
    if not told:
        return None
    return "orders/panels/sourcing.html", {"title": _("Why from there"), "side": True, "reasons": told}


def _why(reason: dict[str, Any]) -> str:
    """Put one reason of the sourcing decision into words."""
    match reason.get("rule"):
        case "fewest_parcels":
            places = ", ".join(reason["warehouses"])
            text = ngettext(
                "From %(places)s: one parcel.",
                "From %(places)s: %(n)s parcels, fewer do not hold it.",
                reason["parcels"],
            )
            return text % {"places": places, "n": reason["parcels"]}
        case "nearest":
            days = ", ".join(f"{place} {distance}" for place, distance in reason["distances"].items())
            return _("Nearest: %(days)s working days; passed over: %(others)s.") % {
                "days": days,
                "others": ", ".join(reason["passed_over"]),
            }
        case "last_resort":
            return _("%(places)s serves only because no other place can.") % {
                "places": ", ".join(reason["warehouses"])
            }
        case "short":
            return ngettext("%(n)s unit is missing.", "%(n)s units are missing.", reason["units"]) % {
                "n": reason["units"]
            }
    return ""


@panel("orders.order", order=66)
def comments(request: HttpRequest, order: Order) -> tuple[str, dict[str, Any]] | None:
    """Show what people said."""
    rows = list(Comment.objects.filter(order=order).order_by("-pk")[:RECENT])
    if not rows:
        return None
    return "orders/panels/comments.html", {"title": _("Comments"), "side": True, "comments": rows}


@panel("customers.customer", order=10)
def orders_of_customer(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    """Show what a customer ordered, newest first."""
    rows = list(Order.objects.filter(customer=customer).select_related("channel").order_by("-pk")[:RECENT])
    shown = [{"order": order, "status": selectors.display_status(order)} for order in rows]
    context: dict[str, Any] = {"title": _("Orders"), "flush": True, "rows": shown, "customer": customer}
    return "orders/panels/of_customer.html", context


@panel("customers.customer", order=12)
def worth_of_customer(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]] | None:
    """Show what a customer is worth so far."""
    worth = selectors.worth_of(customer)
    if not worth:
        return None
    return "orders/panels/worth.html", {"title": _("So far"), "side": True, "worth": worth}
