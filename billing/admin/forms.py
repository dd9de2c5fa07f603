"""What staff are asked when money moves."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import services
from billing.models import InvoiceLine
from core import sight
from core.admin.forms import SubjectForm
from core.amounts import AmountField
from core.money import quantum
from core.reader import spoken_amount
from orders.models import Order

METHODS = (
    ("bank_transfer", _("bank transfer")),
    ("cash", _("cash")),
    ("card_terminal", _("card terminal")),
    ("on_account", _("on account")),
    ("store_credit", _("store credit")),
)


class AmountForm(SubjectForm):
    """Asks for an amount in the currency of its subject."""

    amount = AmountField(label=_("Amount"), min_value=Decimal("0.001"), max_digits=14)

    def prepare(self) -> None:
        """Ask for whole minor units of the currency."""
        field: Any = self.fields["amount"]
        step = quantum(self.subject.currency)
        field.label = gettext("Amount in %(currency)s") % {"currency": self.subject.currency}
        field.decimal_places = -int(step.as_tuple().exponent)


class PaymentForm(AmountForm):
    """Money that came in, or is held."""

    method = forms.ChoiceField(label=_("How it came"), choices=METHODS)
    reference = forms.CharField(
        label=_("Reference"), max_length=100, required=False, help_text=_("The bank's or the terminal's number")
    )
    # Asked only where the words are known: see `add_error`.
    is_another = forms.BooleanField(
        label=_("It is another payment under the same words"), required=False, widget=forms.HiddenInput
    )
    received_on = forms.DateField(
        label=_("Came in on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Today, unless you say otherwise"),
    )
    field_order = ("method", "amount", "reference", "is_another", "received_on")

    def prepare(self) -> None:
        """Offer store credit only where there is some."""
        super().prepare()
        if self.data.get("is_another"):
            self._ask_whether_another()
        customer = self.subject.customer_id if isinstance(self.subject, Order) else self.subject.pk
        if not services.free_credit(customer, self.subject.currency):
            field: Any = self.fields["method"]
            field.choices = [one for one in METHODS if one[0] != "store_credit"]

    def add_error(self, field: str | None, error: Any) -> None:
        """Ask beside words that are known whether it is another payment."""
        super().add_error(field, error)
        if field == "reference":
            self._ask_whether_another()

    def _ask_whether_another(self) -> None:
        self.fields["is_another"].widget = forms.CheckboxInput()


class CaptureForm(AmountForm):
    """How much of what is held is taken."""


class RefundForm(AmountForm):
    """How much goes back, how, and why."""

    to_credit = forms.BooleanField(
        label=_("As store credit of the customer, not the way it came"),
        required=False,
        help_text=_("For a later order of theirs. What was paid with store credit becomes it in any case."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)
    field_order = ("amount", "to_credit", "reason")

    def prepare(self) -> None:
        """Offer store credit only where there is a customer to have it."""
        super().prepare()
        order = self.subject if isinstance(self.subject, Order) else self.subject.order
        if order.customer_id is None:
            del self.fields["to_credit"]


def may_see_credit() -> bool:
    """Whether the reader sees what store credit customers have: it is of all channels, as `billing.sight` says."""
    return sight.limited_to("channel") is None


class StoreCreditForm(AmountForm):
    """How much credit is given, or taken back, and why."""

    take_back = forms.BooleanField(label=_("Take it back instead"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The customer reads it."))
    # One form gives once, however often it is sent.
    reference = forms.CharField(max_length=60, widget=forms.HiddenInput)
    field_order = ("amount", "take_back", "reason")

    def prepare(self) -> None:
        """Take back only what one sees: a refusal would say how much is there."""
        super().prepare()
        if not may_see_credit():
            del self.fields["take_back"]

    def clean(self) -> dict[str, Any]:
        """Give, where nothing else was asked; what was asked and may not be is refused, never turned round."""
        cleaned = super().clean() or self.cleaned_data
        if "take_back" not in self.fields and self.data.get("take_back"):
            raise forms.ValidationError(gettext("Only who sees the store credit of customers takes some back."))
        return {"take_back": False, **cleaned}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class CreditForm(SubjectForm):
    """Which units of an invoice are taken back, and why."""

    def prepare(self) -> None:
        """Ask for units of each row that has some left."""
        self.rows = list(
            InvoiceLine.objects.filter(invoice=self.subject).prefetch_related("credits").order_by("position")
        )
        for row in self.rows:
            left = row.quantity - sum(credit.quantity for credit in row.credits.all())
            if left:
                words = {"name": row.name, "left": left, "total": spoken_amount(row.total, self.subject.currency)}
                self.fields[f"row_{row.pk}"] = forms.IntegerField(
                    label=f"{row.sku} {row.name}".strip(),
                    min_value=0,
                    max_value=left,
                    initial=left,
                    help_text=gettext("%(left)s left to credit; the row is %(total)s") % words,
                )
        self.fields["reason"] = forms.CharField(label=gettext("Reason"), max_length=300)

    def quantities(self) -> dict[int, int]:
        """Return units by row."""
        asked = {row.pk: self.cleaned_data.get(f"row_{row.pk}") or 0 for row in self.rows}
        return {pk: units for pk, units in asked.items() if units}

    def clean(self) -> dict[str, Any]:
        """Refuse a credit of nothing."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not self.quantities():
            raise forms.ValidationError(gettext("Say how many units are credited."))
        return {**cleaned, "quantities": self.quantities()} if not self.errors else cleaned
