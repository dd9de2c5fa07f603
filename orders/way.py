"""How far an order has come, and what the order desk can do to bring it on."""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin.links import may_see, page_of
from core.way import Remedy, Stage, remedy, stages
from orders import guards
from orders.models import Order, OrderStatus
from orders.panels.order import exceptions_of
from orders.verification import failed

ORDER = "orders.order"
OPERATE = "orders.operate_order"
S = OrderStatus


@stages(ORDER)
def stages_of_order(request: HttpRequest, order: Order) -> list[Stage]:
    """Tell the stages that belong to the order itself: the first four, and the last."""
    placed = order.placed_at
    return [
        Stage(1, _("Placement"), placed is not None, placed, _("a draft")),
        Stage(2, _("Entry"), placed is not None, _entered_at(order)),
        Stage(3, _("Verification"), order.verified_at is not None, order.verified_at, _at_verification(order)),
        Stage(4, _("Confirmation"), order.confirmed_at is not None, order.confirmed_at, _at_confirmation(order)),
        Stage(9, _("Completion"), order.completed_at is not None, order.completed_at, _at_completion(order)),
    ]


def _entered_at(order: Order) -> datetime | None:
    """Return since when the order is in the books: at the latest when it was verified."""
    if order.placed_at is None:
        return None
    entered = max(order.placed_at, order.created_at)
    return min(entered, order.verified_at) if order.verified_at else entered


def _at_verification(order: Order) -> str:
    if order.status != S.PLACED:
        return ""
    if order.active_holds:
        return _("on hold")
    stopping = len(failed(order.checks))
    return ngettext("%(n)s check failed", "%(n)s checks failed", stopping) % {"n": stopping} if stopping else ""


def _at_confirmation(order: Order) -> str:
    if order.status != S.VERIFIED:
        return ""
    return _("on hold") if order.active_holds else (_("payment") if guards.payment_missing(order) else "")


def _at_completion(order: Order) -> str:
    return _("a return is open") if order.open_returns and order.status != S.COMPLETED else ""


def _step(request: HttpRequest, order: Order, name: str, label: str, permission: str = OPERATE) -> Remedy | None:
    if not request.user.has_perm(permission):
        return None
    return Remedy(label, reverse("admin:orders_order_do", args=[order.pk, name]))


@remedy(ORDER, "exception")
def look_at_exception(request: HttpRequest, order: Order) -> Remedy | None:
    """Lead to what went wrong, where it is solved."""
    for one in exceptions_of(request, order)[:1]:
        if may_see(request.user, one):
            return Remedy(_("Look at the exception"), page_of(one))
    return None


@remedy(ORDER, "hold")
def lift_hold(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to lift the hold."""
    return _step(request, order, "release-hold", _("Lift the hold"), "orders.release_hold")


@remedy(ORDER, "check")
def waive_check(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to waive the check that failed."""
    return _step(request, order, "waive", _("Waive the check"), "orders.waive_check")


@remedy(ORDER, "placement")
def place(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to place the draft."""
    return None if order.why_not("place") else _step(request, order, "place", _("Place the order"))


@remedy(ORDER, "verification")
def verify(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to verify it."""
    return None if order.why_not("verify") else _step(request, order, "verify", _("Verify the order"))


@remedy(ORDER, "confirmation")
def confirm(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to confirm it."""
    return None if order.why_not("confirm") else _step(request, order, "confirm", _("Confirm the order"))


@remedy(ORDER, "completion")
def complete(request: HttpRequest, order: Order) -> Remedy | None:
    """Offer to close it for good."""
    return None if order.why_not("complete") else _step(request, order, "complete", _("Complete the order"))
