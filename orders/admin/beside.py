"""The page that shows an order beside one that looks like it, and asks whether they are the same."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from core import today
from core.admin.actors import actor_for
from core.errors import DomainError, Invalid
from core.reader import retold
from orders import beside, selectors, services
from orders.errors import TooLateToChange
from orders.models import Order, OrderStatus, ToldApart
from orders.verification import DUPLICATE

WAIVE, OPERATE = "orders.waive_check", "orders.operate_order"
LONGEST_REASON = 300


class BesideAdmin(admin.ModelAdmin):
    """Adds `<pk>/beside/<number>/`: two orders side by side, to be told apart or to cancel one of them."""

    cancelling: Callable[[Order], list[str]]

    def get_urls(self) -> list[Any]:
        """Add the address of the page."""
        view = self.admin_site.admin_view(self.beside_view)
        return [path("<int:pk>/beside/<str:number>/", view, name="orders_order_beside"), *super().get_urls()]

    def beside_view(self, request: HttpRequest, pk: int, number: str) -> HttpResponse:
        """Show both (GET), or do what was decided (POST): every decision asks for its permission again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        earlier, later = self._both(request, pk, number)
        refused = ""
        if request.method == "POST":
            try:
                said, there = self._decide(request, earlier, later)
            except DomainError as error:
                refused = retold(error.message)
                earlier, later = self._both(request, pk, number)
            else:
                self.message_user(request, said, messages.SUCCESS)
                today.acted(request.user.pk)
                return HttpResponseRedirect(there)
        context = {**self.admin_site.each_context(request), **self._context(request, earlier, later)}
        context |= {"refused": refused, "opts": self.opts, "reason": request.POST.get("reason", "")[:LONGEST_REASON]}
        template = "admin/orders/order/beside.html"
        return TemplateResponse(request, template, context, status=409 if refused else 200)

    def _both(self, request: HttpRequest, pk: int, number: str) -> tuple[Order, Order]:
        """Return both orders as far as the reader sees them, the earlier first."""
        if "\0" in number:
            raise Http404
        rows = self.get_queryset(request).exclude(status=OrderStatus.DRAFT)
        one, other = rows.filter(pk=pk).first(), rows.filter(number=number.strip().upper()).first()
        if one is None or other is None or one.pk == other.pk:
            raise Http404
        earlier, later = sorted((one, other), key=lambda order: (order.placed_at or order.created_at, order.pk))
        return earlier, later

    def _decide(self, request: HttpRequest, earlier: Order, later: Order) -> tuple[str, str]:
        """Do what was decided; return what is said of it, and where it goes on."""
        verdict, actor = request.POST.get("verdict", ""), actor_for(request)
        both = {"one": earlier, "other": later}
        cancelled = {f"cancel-{order.pk}": (order, kept) for order, kept in ((earlier, later), (later, earlier))}
        if verdict in cancelled:
            self._require(request, OPERATE)
            order, kept = cancelled[verdict]
            if why := _why_not_cancel(order):
                raise TooLateToChange(why, status=order.status)
            services.cancel_twin(order.pk, kept_id=kept.pk, actor=actor)
            return _("%(cancelled)s is cancelled, %(kept)s stays.") % {"cancelled": order, "kept": kept}, _page(kept)
        if verdict == "different":
            self._require(request, WAIVE)
            reason = request.POST.get("reason", "")
            services.tell_apart(earlier.pk, later.pk, reason=reason, actor=actor)
            return _("%(one)s and %(other)s are both meant.") % both, _page(later)
        if verdict == "compare":
            self._require(request, WAIVE)
            services.take_back_apart(earlier.pk, later.pk, actor=actor)
            return _("%(one)s and %(other)s are compared again.") % both, request.path
        raise Invalid(_("Say whether they are the same or different."))

    def _require(self, request: HttpRequest, permission: str) -> None:
        if not request.user.has_perm(permission):
            raise PermissionDenied

    def _context(self, request: HttpRequest, earlier: Order, later: Order) -> dict[str, Any]:
        is_over = any(order.status in selectors.GONE for order in (earlier, later))
        may_cancel = request.user.has_perm(OPERATE) and not is_over
        return {
            "title": _("%(one)s beside %(other)s") % {"one": earlier, "other": later},
            "both": (earlier, later),
            "later": later,
            "states": [(order, selectors.display_status(order)) for order in (earlier, later)],
            "found": _found(earlier, later),
            "facts": beside.facts(earlier, later),
            "goods": beside.goods(earlier, later),
            "sums": beside.sums(earlier, later),
            "apart": ToldApart.objects.filter(earlier=earlier, later=later).first(),
            "is_over": is_over,
            "may_tell": request.user.has_perm(WAIVE),
            "is_held": any(_is_of(later, earlier, check) and check["result"] == "fail" for check in later.checks),
            "cancels": [self._cancel(order) for order in (later, earlier)] if may_cancel else [],
        }

    def _cancel(self, order: Order) -> dict[str, Any]:
        """Say what cancelling an order does, or why it cannot be cancelled."""
        why = _why_not_cancel(order)
        return {"order": order, "consequences": [] if why else type(self).cancelling(order), "why_not": why}


def _page(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def _why_not_cancel(order: Any) -> str:
    """Say why an order cannot be cancelled, or nothing."""
    if "cancel" in {step.name for step in order.get_available_status_transitions()}:
        return ""
    words = {"number": order, "status": order.get_status_display()}
    return retold(order.why_not("cancel")) or _("%(number)s cannot be cancelled any more: %(status)s.") % words


def _is_of(order: Order, other: Order, check: dict[str, Any]) -> bool:
    return check["name"] == DUPLICATE and check.get("data", {}).get("number") == str(other)


def _found(earlier: Order, later: Order) -> str:
    """Return what the check said of the two, where it did."""
    for order, other in ((later, earlier), (earlier, later)):
        for check in order.checks:
            if _is_of(order, other, check) and check["reason"]:
                return retold(check["reason"])
    return ""
