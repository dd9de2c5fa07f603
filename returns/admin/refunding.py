"""Goods that are here, taken back and refunded in one step from the page of their order; all of it is shown first."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import selectors as billing_selectors
from billing import services as billing
from core.actors import Actor
from core.admin.base import BackOfficeAdmin
from core.admin.forms import SubjectForm
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.reader import spoken_amount
from core.sight import seen
from inventory.models import Warehouse
from orders.models import Order
from returns import selectors, services
from returns.models import ReturnLine, ReturnRequest

OPERATE = "returns.operate_return"
D = ReturnLine.Disposition
# What is refunded is ours.
OURS = tuple(one for one in D.choices if one[0] != D.BACK_TO_CUSTOMER)


class RefundGoodsForm(SubjectForm):
    """Which units are here, where they go, and whether delivery charges go back as well."""

    subject: Order
    disposition = forms.ChoiceField(label=gettext_lazy("Goods go"), choices=OURS, initial=D.RESTOCK)
    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Received at"), empty_label=None)
    with_charges = forms.BooleanField(label=gettext_lazy("Refund delivery charges as well"), required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)

    def prepare(self) -> None:
        """Propose all that may come back, at the first warehouse."""
        rest = dict(self.fields)
        self.fields.clear()
        self.lines = selectors.returnable_lines(self.subject, staff=True)
        only = getattr(self.subject, "only_line", "")
        for one in self.lines:
            self.fields[f"units_{one.line.pk}"] = forms.IntegerField(
                label=f"{one.line.sku} {one.line.name}",
                min_value=0,
                max_value=one.quantity,
                initial=one.quantity if only in ("", str(one.line.pk)) else 0,
                required=False,
                help_text=self._help(one),
            )
        self.fields |= rest
        warehouses: Any = self.fields["warehouse"]
        warehouses.queryset = seen(Warehouse.objects.filter(active=True)).order_by("last_resort", "priority", "pk")
        warehouses.initial = warehouses.queryset.first()
        self.fields["with_charges"].initial = not only and self._is_all()

    def _is_all(self) -> bool:
        """Whether what may come back is all that was ordered: then nothing is left that its delivery was for."""
        lines = {one.line.pk: one.quantity for one in self.lines}
        wanted = self.subject.lines.all()
        return bool(lines) and all(lines.get(line.pk, 0) >= line.wanted for line in wanted)

    def _help(self, one: selectors.ReturnableLine) -> str:
        """Say how many there are at most, with the way to propose these alone."""
        most = _("At most %(most)s.") % {"most": one.quantity}
        if len(self.lines) < 2:
            return most
        asked = {"only": one.line.pk, "next": getattr(self.subject, "way_back", "")}
        url = reverse("admin:returns_order_do", args=[self.subject.pk, "refund"])
        return format_html(
            '{} <a href="{}?{}" data-aside aria-label="{}">{}</a>',
            most,
            url,
            urlencode(asked),
            _("Only %(sku)s") % {"sku": one.line.sku},
            _("Only this"),
        )

    def clean(self) -> dict[str, Any]:
        """Take units by order line; some there have to be."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        units = {one.line.pk: cleaned.get(f"units_{one.line.pk}") or 0 for one in self.lines}
        if not any(units.values()):
            raise forms.ValidationError(_("Say how many units are here."))
        return {
            "quantities": {line: n for line, n in units.items() if n},
            "disposition": cleaned["disposition"],
            "warehouse_id": cleaned["warehouse"].pk,
            "with_charges": cleaned["with_charges"],
            "reason": cleaned["reason"],
        }


def refund_goods(order_id: int, *, actor: Actor, **asked: Any) -> ReturnRequest:
    """Take goods back that are here, and refund them."""
    return services.return_through(order_id, actor=actor, at=timezone.now(), **asked)


def what_it_does(order: Order, asked: dict[str, Any]) -> list[str]:
    """Say what becomes of stock, credit, money and mail. Raises what crediting raises."""
    currency = order.currency
    quantities, with_charges = asked["quantities"], asked["with_charges"]
    place = Warehouse.objects.get(pk=asked["warehouse_id"]).name
    names = {line.pk: line for line in order.lines.all()}
    where = dict(OURS)[asked["disposition"]]
    said = [
        _("%(units)s × %(name)s: %(goods)s, %(place)s.")
        % {"units": n, "name": names[line].name, "goods": where, "place": place}
        for line, n in quantities.items()
    ]
    credit = billing.preview_credit(order, quantities, with_charges=with_charges)
    text = (
        _("A credit note over %(amount)s, with delivery charges.")
        if with_charges
        else _("A credit note over %(amount)s.")
    )
    said.append(text % {"amount": spoken_amount(credit, currency)})
    if due := billing_selectors.refund_due(order, credit, is_drafted=False):
        said.append(_("%(amount)s goes back to the customer.") % {"amount": spoken_amount(due, currency)})
    else:
        said.append(_("No money goes back: the order was not paid, so the customer owes less."))
    if order.email and not order.quiet:
        said.append(_("%(email)s gets the credit note.") % {"email": order.email})
    return said


def how_it_stands(order: Order) -> tuple[int, int]:
    """Name the state of an order that a return or a credit note changes."""
    return order.returns.count(), order.credit_notes.count()


def may_refund_goods(order: Order) -> bool:
    """Whether something of an order may come back that an invoice bills."""
    return bool(order.shipped_at and order.invoiced_total > order.credited_total)


class GoodsOfOrder(TransitionAdmin, BackOfficeAdmin):
    """What can be done about goods that came back; offered on the page of the order, done here."""

    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "refund": TransitionSpec(
            gettext_lazy("Take back and refund"),
            refund_goods,
            OPERATE,
            form=RefundGoodsForm,
            shown=what_it_does,
            state=how_it_stands,
            lock=services.take_order,
            style="danger",
            when=may_refund_goods,
            done=gettext_lazy("The goods are taken back; the credit note gets its number in a moment."),
        ),
    }

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Bring an order with the line that is asked about alone, if there is one."""
        order = super().get_object(request, *args, **kwargs)
        if order is not None:
            order.only_line = request.GET.get("only", "")
            order.way_back = request.GET.get("next", "")
        return order

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read channel and customer along with the order."""
        return super().get_queryset(request).select_related("channel", "customer")
