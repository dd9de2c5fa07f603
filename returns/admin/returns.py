"""The desk of returns: what waits, and each step behind a page that says what it does."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.actors import actor_for
from core.admin.base import Tab
from core.admin.columns import actor_column, badge_column, link_column, money_column, when_column
from core.admin.forms import show_refusal
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.errors import DomainError
from core.sight import seen
from orders.models import Order
from returns import selectors, services
from returns.models import ReturnRequest

from . import consequences
from .forms import (
    AuthorizeForm,
    CancelForm,
    DeclineForm,
    InspectForm,
    ReceiveForm,
    RefundAsForm,
    RequestForm,
    ResolveForm,
)
from .refunding import GoodsOfOrder

OPERATE = "returns.operate_return"
Arguments = Callable[[Any, dict[str, Any]], dict[str, Any]]


def _from_form(kind: Any, name: str) -> Arguments:
    """Let a form say what the service is given, where the names on the form are not those of the service."""

    def arguments(found: ReturnRequest, cleaned: dict[str, Any]) -> dict[str, Any]:
        form = kind(subject=found)
        form.cleaned_data = cleaned
        said = getattr(form, name)()
        return said if name == "arguments" else {name: said}

    return arguments


def _warehouse(found: ReturnRequest, cleaned: dict[str, Any]) -> dict[str, Any]:
    return {"warehouse_id": cleaned["warehouse"].pk}


@admin.register(ReturnRequest, site=site)
class ReturnRequestAdmin(TransitionAdmin, PanelAdmin):
    """Goods that come back."""

    page = "returns.return"
    list_display = (
        "number",
        link_column("order"),
        badge_column("status"),
        "why",
        money_column("refund_total", currency="order__currency"),
        when_column("created_at"),
    )
    list_display_links = ("number",)
    list_select_related = ("order",)
    list_filter = ("status", "refund_as")
    search_fields = ("=number", "=order__number", "=order__email")
    tabs = (
        Tab(gettext_lazy("To answer"), {"status__exact": "requested"}),
        Tab(gettext_lazy("Expected"), {"status__exact": "authorized"}),
        Tab(gettext_lazy("To look at"), {"status__exact": "received"}),
        Tab(gettext_lazy("To settle"), {"status__exact": "inspected"}),
    )
    empty_text = gettext_lazy("Nothing came back yet.")
    facts = (
        "order",
        "buyer",
        actor_column("requested_by"),
        "why",
        "customer_note",
        "right",
        "wanted_back",
        "decline_reason",
        "warehouse",
        money_column("refund_total", currency="order__currency"),
        when_column("created_at"),
        when_column("authorized_at"),
        when_column("received_at"),
        when_column("resolved_at"),
        when_column("closed_at"),
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "authorize": TransitionSpec(
            label=gettext_lazy("Authorize"),
            service=services.authorize_return,
            permission=OPERATE,
            form=AuthorizeForm,
            arguments=_warehouse,
            consequences=consequences.of_authorizing,
            style="primary",
        ),
        "decline": TransitionSpec(
            label=gettext_lazy("Decline"),
            service=services.decline_return,
            permission=OPERATE,
            form=DeclineForm,
            consequences=consequences.of_declining,
            when=lambda found: not found.is_withdrawal,
            style="danger",
        ),
        "travel": TransitionSpec(label=gettext_lazy("It was sent"), service=services.send_return, permission=OPERATE),
        "receive": TransitionSpec(
            label=gettext_lazy("Receive"),
            service=services.receive_return,
            permission=OPERATE,
            form=ReceiveForm,
            arguments=_from_form(ReceiveForm, "arguments"),
            consequences=consequences.of_receiving,
            style="primary",
        ),
        "inspect": TransitionSpec(
            label=gettext_lazy("Inspect"),
            service=services.inspect_return,
            permission=OPERATE,
            form=InspectForm,
            arguments=_from_form(InspectForm, "decisions"),
            consequences=consequences.of_inspecting,
            style="primary",
        ),
        "resolve": TransitionSpec(
            label=gettext_lazy("Settle"),
            service=services.resolve_return,
            permission=OPERATE,
            form=ResolveForm,
            initial=consequences.charges_by_default,
            consequences=consequences.of_resolving,
            style="primary",
        ),
        "refund_as": TransitionSpec(
            label=gettext_lazy("Change what goes back"),
            service=services.change_refund_as,
            permission=OPERATE,
            form=RefundAsForm,
            consequences=consequences.of_choosing,
            when=lambda found: selectors.may_choose(found) and selectors.may_be_credit(found.order),
        ),
        "cancel": TransitionSpec(
            label=gettext_lazy("Cancel"),
            service=services.cancel_return,
            permission=OPERATE,
            form=CancelForm,
            consequences=consequences.of_ending,
            style="danger",
        ),
        "expire": TransitionSpec(
            label=gettext_lazy("It never came"),
            service=services.expire_return,
            permission=OPERATE,
            consequences=consequences.of_ending,
        ),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReturnRequest]:
        """Bring what the page shows; the list needs the order only."""
        if getattr(request.resolver_match, "url_name", "").endswith("_changelist"):
            return super().get_queryset(request)
        return selectors.return_rows()

    def headline(self, found: ReturnRequest) -> str:
        """Say what comes next."""
        return consequences.next_step(found)

    @admin.display(description=gettext_lazy("reason"), ordering="reason")
    def why(self, found: ReturnRequest) -> str:
        """Say why: what the customer chose, or what was typed."""
        return found.spoken_reason or "–"

    @admin.display(description=gettext_lazy("customer"))
    def buyer(self, found: ReturnRequest) -> str:
        """Name who gives it back."""
        return str(found.order.customer or found.order.customer_name)

    @admin.display(description=gettext_lazy("wanted back as"))
    def wanted_back(self, found: ReturnRequest) -> str:
        """Say what the customer chose, where he was asked."""
        return str(found.get_refund_as_display()) if found.refund_as else "–"

    @admin.display(description=gettext_lazy("right"))
    def right(self, found: ReturnRequest) -> str:
        """Say whether it can be declined."""
        return _("withdrawal by law, cannot be declined") if found.is_withdrawal else _("by our policy")

    def get_urls(self) -> list[Any]:
        """Add the page that takes something of an order back."""
        view = self.admin_site.admin_view(self.request_view)
        of_order = self.admin_site.admin_view(GoodsOfOrder(Order, self.admin_site).transition_view)
        return [
            path("request/<int:order_id>/", view, name="returns_returnrequest_request"),
            path("of-order/<path:object_id>/<slug:name>/", of_order, name="returns_order_do"),
            *super().get_urls(),
        ]

    def request_view(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """Ask what is to come back (GET) or write it down (POST)."""
        order = seen(Order.objects.select_related("channel", "customer")).filter(pk=order_id).first()
        if not request.user.has_perm(OPERATE):
            raise PermissionDenied
        if order is None:
            raise Http404
        form = RequestForm(request.POST if request.method == "POST" else None, subject=order)
        if request.method == "POST" and form.is_valid():
            try:
                found = services.request_return(
                    order.pk,
                    quantities=form.quantities(),
                    reason=form.cleaned_data["reason"],
                    note=form.cleaned_data["note"],
                    refund_as=form.cleaned_data.get("refund_as", ""),
                    actor=actor_for(request),
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                self.message_user(request, _("%(number)s is registered.") % {"number": found.number}, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:returns_returnrequest_change", args=[found.pk]))
        back = reverse("admin:orders_order_change", args=[order.pk])
        nothing = not any(name.startswith("units_") for name in form.fields)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Take something back"),
            "opts": Order._meta,
            "object": order,
            "spec": {"style": "primary"},
            "form": form,
            "media": self.media + form.media,
            "reason": _("Nothing of this order can come back.") if nothing else "",
            "consequences": [_("A return is opened; the customer is told that we heard.")],
            "back": back,
        }
        return TemplateResponse(request, "admin/transition.html", context)
