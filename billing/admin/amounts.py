"""An amount of an invoice is given back, of some rows or of the whole: seen with its tax before anything is done."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import selectors, services
from billing.models import CreditNote, Invoice
from billing.services import wording
from billing.services.crediting import left_of, takes_off
from core.actors import Actor
from core.admin.forms import SubjectForm
from core.amounts import AmountField
from core.money import quantum, round_amount
from core.reader import spoken_amount

REFUND, KEEP = "refund", "keep"


class AmountsForm(SubjectForm):
    """How much of an invoice is given back, as a whole or by row, why, and what becomes of the money."""

    subject: Invoice
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("It stands on the credit note; the customer reads it.")
    )
    money = forms.ChoiceField(
        label=_("What was paid too much then"),
        choices=((REFUND, _("goes back the way it came")), (KEEP, _("stays with the order as credit"))),
        initial=REFUND,
    )

    def prepare(self) -> None:
        """Ask for an amount of the whole, and of each row that has something left."""
        rest, self.rows = dict(self.fields), [one for one in left_of(self.subject) if not takes_off(one.row)]
        gross, currency = self.subject.order.prices_include_tax, self.subject.currency
        self.fields.clear()
        kind = gettext("with tax") if gross else gettext("before tax")
        words = {"currency": currency, "kind": kind}
        whole = sum((one.truth(gross=gross) for one in left_of(self.subject)), start=Decimal(0))
        label = gettext("Amount of the whole invoice in %(currency)s, %(kind)s") % words
        self.fields["amount"] = self._asked(label, whole)
        for one in self.rows:
            if one.truth(gross=gross) > 0:
                # A charge on goods of two rates is two rows of one name.
                name = f"{one.row.sku} {one.row.name}".strip()
                label = name if one.row.order_line_id else f"{name} ({wording.rate(one.row.tax_rate)})"
                self.fields[f"amount_{one.row.pk}"] = self._asked(label, one.truth(gross=gross))
        self.fields |= rest
        if not self.subject.order.paid_total:
            del self.fields["money"]

    def _asked(self, label: str, most: Decimal) -> AmountField:
        currency = self.subject.currency
        places = -int(quantum(currency).as_tuple().exponent)
        field = AmountField(
            label=label,
            required=False,
            min_value=quantum(currency),
            max_digits=14,
            decimal_places=places,
            help_text=gettext("%(left)s is left.") % {"left": spoken_amount(most, currency)},
        )
        field.most = round_amount(most, currency)  # type: ignore[attr-defined]
        return field

    def clean(self) -> dict[str, Any]:
        """Take an amount of the whole, or of rows: one of both, and not more than is left."""
        cleaned = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            said, most = cleaned.get(name), getattr(field, "most", None)
            if said is not None and most is not None and said > most:
                left = {"left": spoken_amount(most, self.subject.currency)}
                self.add_error(name, gettext("Only %(left)s is left.") % left)
        if self.errors:
            return cleaned
        amounts = {
            one.row.pk: cleaned[f"amount_{one.row.pk}"] for one in self.rows if cleaned.get(f"amount_{one.row.pk}")
        }
        if cleaned.get("amount") and amounts:
            self.add_error("amount", gettext("Of the whole, or of rows: not both."))
        elif not cleaned.get("amount") and not amounts:
            self.add_error("amount", gettext("Say how much is given back."))
        return {
            "amount": cleaned.get("amount") or None,
            "amounts": amounts or None,
            "reason": cleaned.get("reason", ""),
            "refund": cleaned.get("money") == REFUND,
        }


def give_back(invoice_id: int, *, actor: Actor, **asked: Any) -> CreditNote:
    """Credit an amount as the form says."""
    reference = f"CR-{get_random_string(8).upper()}"
    return services.give_back(invoice_id, reference=reference, actor=actor, **asked)


def how_it_stands(invoice: Invoice) -> int:
    """Name the state of an invoice that a credit note changes."""
    return invoice.credit_notes.count()


def what_it_comes_to(invoice: Invoice, asked: dict[str, Any]) -> list[str]:
    """Say what is credited, with its tax, and what becomes of the money. Raises what crediting raises."""
    order, currency = invoice.order, invoice.currency
    credit = services.preview_invoice_credit(invoice, amounts=asked["amounts"], amount=asked["amount"])
    words = {"total": spoken_amount(credit.total, currency), "number": invoice.number}
    said = [gettext("A credit note over %(total)s with a number of its own names %(number)s.") % words]
    for rate in credit.rates:
        parts = {
            "net": spoken_amount(rate.net, currency),
            "tax": spoken_amount(rate.tax, currency),
            "rate": wording.tax_name(rate.category, rate.rate),
        }
        said.append(gettext("%(net)s and %(tax)s tax: %(rate)s.") % parts)
    if taken := min(credit.total, invoice.open_amount):
        left = {"left": spoken_amount(invoice.open_amount - taken, currency)}
        said.append(gettext("%(left)s is then still to be paid on the invoice.") % left)
    due = selectors.refund_due(order, credit.total, is_drafted=False)
    due = selectors.can_go_back(order, due) if asked["refund"] else due
    if due:
        money = {"amount": spoken_amount(due, currency)}
        said.append(
            (
                gettext("%(amount)s goes back to the customer.")
                if asked["refund"]
                else gettext("%(amount)s stays with the order as credit.")
            )
            % money
        )
    said.append(gettext("No units come back; stock does not change."))
    if order.email and not order.quiet:
        said.append(gettext("%(email)s gets the credit note.") % {"email": order.email})
    return said
