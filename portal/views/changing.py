"""A customer changes an order until it is packed: what it will be is shown before it is."""

from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from core.reader import retold
from inventory.errors import InsufficientStock
from orders import services as orders
from orders.changing import ChangePreview
from orders.errors import StaleOrder
from orders.models import Order
from orders.wishes import Wish
from portal import access
from portal.forms import ChangeForm


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, number: str) -> HttpResponse:
    """Ask what shall be otherwise, show what that means, and do it."""
    order = access.get_order(request, number)
    why_not = orders.why_not_by_customer(order, at=timezone.now())
    lines = [line for line in order.lines.select_related("product") if line.wanted]
    form = ChangeForm(request.POST or None, order=order, lines=lines)
    shown: ChangePreview | None = None
    if request.method == "POST" and not why_not and "back" not in request.POST and form.is_valid():
        wish, actor = form.wish(), access.actor_of(request, order)
        shown = orders.preview_change(order.pk, wish, actor=actor)
        form.explain(shown.refusals)
        if not form.errors and not shown.changes:
            form.add_error(None, _("Nothing would be different."))
        elif not form.errors and "confirm" in request.POST and _apply(request, order, form, wish):
            return redirect("portal:order", number=order.number)
    context = {
        "order": order,
        "form": form,
        "why_not": why_not,
        "until": orders.changeable_until(order),
        "rows": [{"line": line, "field": form[f"line_{line.position}"]} for line in lines],
        "shown": shown if shown is not None and not form.errors else None,
        "totals": _totals(shown) if shown is not None else None,
    }
    status = 409 if why_not or form.errors else 200
    return render(request, "portal/change.html", context, status=status)


def _apply(request: HttpRequest, order: Order, form: ChangeForm, wish: Wish) -> bool:
    """Change the order, if it still is what was shown."""
    try:
        orders.amend_order(
            order.pk,
            wish,
            expected_version=form.cleaned_data["version"],
            reason=_("Changed by the customer"),
            actor=access.actor_of(request, order),
        )
    except StaleOrder:
        form.add_error(None, _("Your order was changed meanwhile. Please look at it again."))
        form.data = {**form.data.dict(), "version": str(order.version)}  # type: ignore[attr-defined]
        return False
    except InsufficientStock:
        form.add_error(None, _("Somebody else was faster: there is not enough of it any more."))
        return False
    except DomainError as refused:
        form.add_error(None, retold(refused.message))
        return False
    messages.success(request, _("Order %(number)s is changed.") % {"number": order.number})
    return True


def _totals(shown: ChangePreview) -> dict[str, Decimal]:
    return {
        "before": Decimal(shown.before["total"]),
        "after": Decimal(shown.after["total"]),
    }
