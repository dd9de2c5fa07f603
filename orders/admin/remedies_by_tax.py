"""What finance may do about an order that was priced before a tax rate changed, on its page and for many at once."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.admin.bulk import BulkSpec
from core.reader import spoken_amount
from orders import remedies, services
from orders.admin.remedies_by_edit import costs
from orders.changing import ChangePreview
from orders.remedies import Offer, Remedy

DECIDES = "orders.tax_order"
KIND = "tax_rate"
OPEN = ("open", "acknowledged", "in_progress")


class KeepForm(forms.Form):
    """Why an order is invoiced by the rates it bears."""

    reason = forms.CharField(
        label=gettext_lazy("Why the rate is kept"),
        max_length=300,
        help_text=gettext_lazy("A rule of transition, or a deposit that was taxed already."),
    )


def _anew(exception: Any) -> Offer | None:
    shown = services.taxed_anew(exception)
    if shown is None or not shown.is_possible:
        return None
    return Offer((*_what_moves(shown), *_parted(shown), *costs(shown), *_told(exception.order, shown)))


def _what_moves(shown: ChangePreview) -> list[str]:
    words = {
        "after": spoken_amount(Decimal(shown.after["tax_total"]), shown.currency),
        "before": spoken_amount(Decimal(shown.before["tax_total"]), shown.currency),
    }
    said = [_("The tax of the order is %(after)s instead of %(before)s.") % words]
    if shown.before["total"] == shown.after["total"]:
        said.append(_("Its prices include tax, and stay: the customer pays the same, we keep more or less of it."))
    else:
        said.append(_("Its prices are without tax and stay: what the customer pays moves with the tax."))
    return said


def _parted(shown: ChangePreview) -> list[str]:
    """Say what keeps its rate: it has left, or is billed."""
    before, after = _units(shown.before), _units(shown.after)
    kept = [
        f"{units} × {sku}" for position, (units, sku) in after.items() if before.get(position, (units,))[0] > units
    ]
    if not kept:
        return []
    words = {"units": ", ".join(kept)}
    return [_("%(units)s keep their rate: they have left. The rest gets a line of its own.") % words]


def _units(agreement: Mapping[str, Any]) -> dict[int, tuple[int, str]]:
    return {line["position"]: (line["quantity"], line["sku"]) for line in agreement["lines"]}


def _told(order: Any, shown: ChangePreview) -> list[str]:
    if shown.before["total"] == shown.after["total"] or not order.email or order.quiet:
        return []
    return [_("%(email)s gets a mail.") % {"email": order.email}]


def _keep(exception: Any) -> Offer | None:
    if exception.order is None:
        return None
    said = [_("Its invoices say the rate of the order; you are not asked again unless the rate changes once more.")]
    shown = services.taxed_anew(exception)
    if units := services.billed_in_advance(exception.order):
        text = ngettext(
            "%(n)s unit is billed in advance: that invoice keeps its rate. For the new one, take it off the order"
            " (that credits it), and place another order.",
            "%(n)s units are billed in advance: that invoice keeps its rate. For the new one, take them off the order"
            " (that credits them), and place another order.",
            units,
        )
        said.append(text % {"n": units})
    elif shown is not None and shown.refusals:
        said.append(_("It cannot be taxed anew: %(why)s") % {"why": shown.refusals[0]["detail"]})
    return Offer(tuple(said))


def _is_no_matter(exception: Any, said: Mapping[str, Any]) -> bool:
    """Whether nothing is to be decided about the tax of this one: it is closed, or about something else."""
    return exception.category != KIND or exception.status not in OPEN


remedies.register(
    Remedy(
        "tax_anew",
        gettext_lazy("Tax anew"),
        (KIND,),
        DECIDES,
        _anew,
        services.tax_anew,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "keep_rates",
        gettext_lazy("Keep the rate"),
        (KIND,),
        DECIDES,
        _keep,
        services.keep_rates,
        form=KeepForm,
        order=20,
    )
)

FOR_MANY = {
    "tax_anew": BulkSpec(
        gettext_lazy("Tax anew"),
        services.tax_anew,
        DECIDES,
        consequences=lambda n: [
            _("What has not left bears the rate of today; prices stay, with or without tax as the order says."),
            _("Whoever pays another amount then is told by mail."),
        ],
        already=_is_no_matter,
        order=32,
        tucked=True,
    ),
    "keep_rates": BulkSpec(
        gettext_lazy("Keep the rate"),
        services.keep_rates,
        DECIDES,
        form=KeepForm,
        consequences=lambda n: [_("Their invoices say the rate of the order.")],
        already=_is_no_matter,
        order=34,
        tucked=True,
    ),
}
