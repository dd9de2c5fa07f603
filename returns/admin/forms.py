"""What staff are asked at each step of a return."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.forms import SubjectForm
from core.sight import seen
from inventory.models import Warehouse
from orders.models import Order
from returns import selectors, services
from returns.decisions import BACK
from returns.models import ReturnLine, ReturnRequest

As = ReturnRequest.RefundAs


def _offer_warehouses(form: SubjectForm) -> None:
    field: Any = form.fields["warehouse"]
    field.queryset = seen(Warehouse.objects.filter(active=True)).order_by("last_resort", "priority", "pk")
    field.initial = form.subject.warehouse_id or field.queryset.first()


class RequestForm(SubjectForm):
    """How many units of what are to come back of an order, and why."""

    subject: Order
    reason = forms.CharField(label=_("reason"), max_length=300, required=False)
    note = forms.CharField(label=_("what the customer says"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    refund_as = forms.ChoiceField(
        label=_("the customer wants back"),
        choices=[("", _("not asked")), *ReturnRequest.RefundAs.choices],
        required=False,
    )

    def prepare(self) -> None:
        """Ask for each line of which something may come back."""
        rest = dict(self.fields)
        self.fields.clear()
        for one in selectors.returnable_lines(self.subject, staff=True):
            self.fields[f"units_{one.line.pk}"] = _units(f"{one.line.sku} {one.line.name}", one.quantity, 0)
        self.fields.update(rest)
        if not selectors.may_be_credit(self.subject):
            del self.fields["refund_as"]

    def quantities(self) -> dict[int, int]:
        """Return units by order line."""
        return _by_line(self.cleaned_data, "units_")


class AuthorizeForm(SubjectForm):
    """Where the customer is to send it."""

    warehouse = forms.ModelChoiceField(label=_("send it to"), queryset=Warehouse.objects.none())

    def prepare(self) -> None:
        """Offer the warehouses, the first one first."""
        _offer_warehouses(self)


class DeclineForm(forms.Form):
    """What the customer is told."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=300,
        help_text=_("The customer reads this."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CancelForm(forms.Form):
    """Why it does not come."""

    reason = forms.CharField(label=_("reason"), max_length=300, required=False)


class ReceiveForm(SubjectForm):
    """What is here."""

    subject: ReturnRequest
    warehouse = forms.ModelChoiceField(label=_("received at"), queryset=Warehouse.objects.none())

    def prepare(self) -> None:
        """Ask for each line of which something is missing; all of it stands there already."""
        _offer_warehouses(self)
        for line in self.subject.lines.all():
            if missing := line.quantity - line.received:
                label = f"{line.order_line.sku} {line.order_line.name}"
                self.fields[f"units_{line.pk}"] = _units(label, missing, missing)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        return {
            "warehouse_id": self.cleaned_data["warehouse"].pk,
            "received": _by_line(self.cleaned_data, "units_"),
        }


class InspectForm(SubjectForm):
    """What was found, and what follows."""

    subject: ReturnRequest

    def prepare(self) -> None:
        """Ask about each line of which something is here."""
        for line in self._here():
            name = f"{line.received} × {line.order_line.sku} {line.order_line.name}"
            self.fields[f"disposition_{line.pk}"] = forms.ChoiceField(
                label=_("%(goods)s: goods go") % {"goods": name},
                choices=ReturnLine.Disposition.choices,
                initial=ReturnLine.Disposition.RESTOCK,
            )
            self.fields[f"resolution_{line.pk}"] = forms.ChoiceField(
                label=_("customer gets"), choices=ReturnLine.Resolution.choices, initial=ReturnLine.Resolution.REFUND
            )
            self.fields[f"note_{line.pk}"] = forms.CharField(label=_("note"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        """Say beside the field what cannot be."""
        cleaned = super().clean() or self.cleaned_data
        for line in self._here():
            goods, money = cleaned.get(f"disposition_{line.pk}"), cleaned.get(f"resolution_{line.pk}")
            if money == ReturnLine.Resolution.REFUND and goods == BACK:
                self.add_error(f"resolution_{line.pk}", _("What goes back to the customer is not refunded."))
            if money == ReturnLine.Resolution.REJECT and goods not in (BACK, ReturnLine.Disposition.SCRAP, None):
                text = _("What is not refunded still belongs to the customer: back to him, or scrapped.")
                self.add_error(f"disposition_{line.pk}", text)
        return cleaned

    def decisions(self) -> dict[int, services.Decision]:
        """Return the decisions by line."""
        said = self.cleaned_data
        return {
            line.pk: services.Decision(
                said[f"disposition_{line.pk}"], said[f"resolution_{line.pk}"], said[f"note_{line.pk}"]
            )
            for line in self._here()
        }

    def _here(self) -> list[ReturnLine]:
        return [line for line in self.subject.lines.all() if line.received]


class RefundAsForm(SubjectForm):
    """What goes back instead, and why."""

    subject: ReturnRequest
    refund_as = forms.ChoiceField(label=_("goes back as"), choices=ReturnRequest.RefundAs.choices)
    reason = forms.CharField(
        label=_("reason"),
        max_length=300,
        help_text=_("The customer reads this. Store credit needs their consent."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def prepare(self) -> None:
        """Propose what was not chosen."""
        self.fields["refund_as"].initial = As.MONEY if self.subject.wants_credit else As.CREDIT


class ResolveForm(SubjectForm):
    """Whether delivery charges go back, too, and as what."""

    subject: ReturnRequest
    with_charges = forms.BooleanField(label=_("refund delivery charges as well"), required=False)
    to_credit = forms.BooleanField(label=_("as store credit of the customer, not the way it came"), required=False)
    reason = forms.CharField(
        label=_("why not as the customer chose"),
        max_length=300,
        required=False,
        help_text=_("Only where you change it. The customer reads this."),
    )

    def prepare(self) -> None:
        """Begin with what the customer chose; who was not asked has nothing that is changed."""
        self.fields["to_credit"].initial = self.subject.wants_credit
        if self.subject.refund_as:
            chosen = self.subject.get_refund_as_display()
            self.fields["to_credit"].help_text = gettext("The customer chose: %(chosen)s.") % {"chosen": chosen}
        else:
            del self.fields["reason"]


def _units(label: str, most: int, initial: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=most,
        initial=initial,
        required=False,
        help_text=_("At most %(most)s.") % {"most": most},
    )


def _by_line(cleaned: dict[str, Any], prefix: str) -> dict[int, int]:
    return {
        int(name.removeprefix(prefix)): units for name, units in cleaned.items() if name.startswith(prefix) and units
    }
