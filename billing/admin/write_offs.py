"""What of an invoice is given up, taken as paid, or expected again; and up to how much is too little to ask for."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import selectors, services
from billing.models import DifferenceLimit, Invoice
from core.admin.base import BackOfficeAdmin
from core.admin.columns import flag_column, link_column, money_column
from core.admin.site import site
from core.admin.transitions import TransitionSpec
from core.reader import spoken_amount

from .forms import ReasonForm

WRITE_OFF, OPERATE = "billing.write_off", "billing.operate_payment"


def _what_a_write_off_does(invoice: Invoice) -> list[str]:
    amount = {"amount": spoken_amount(invoice.open_amount, invoice.currency)}
    return [
        gettext("%(amount)s is booked as bad debt; nobody is reminded of it any more.") % amount,
        gettext("The VAT stays as it was declared: whether it may be corrected, your tax adviser knows."),
        gettext("If money comes after all, the write-off is taken back by itself."),
    ]


def _what_small_does(invoice: Invoice) -> list[str]:
    amount = {"amount": spoken_amount(invoice.open_amount, invoice.currency)}
    return [gettext("%(amount)s is booked as a small difference, and the invoice is paid.") % amount]


def _what_expecting_does(invoice: Invoice) -> list[str]:
    amount = {"amount": spoken_amount(invoice.written_off_total, invoice.currency)}
    return [
        gettext("%(amount)s is open again: the write-off is reversed in the ledger, dated today.") % amount,
        gettext("The invoice is paid, or its customer reminded, like any other."),
    ]


OF_INVOICE: dict[str, TransitionSpec] = {
    "take-as-paid": TransitionSpec(
        _("Take as paid"),
        services.write_off_difference,
        # The seller said up to how much: that is the permission.
        OPERATE,
        consequences=_what_small_does,
        when=services.is_small,
        done=_("The difference is written off; the invoice is paid."),
    ),
    "write-off": TransitionSpec(
        _("Write off"),
        services.write_off_invoice,
        WRITE_OFF,
        form=ReasonForm,
        consequences=_what_a_write_off_does,
        style="danger",
        when=lambda invoice: invoice.status in selectors.WAITING and invoice.open_amount > 0,
        done=_("The invoice is written off."),
    ),
    "expect-again": TransitionSpec(
        _("Expect it again"),
        services.expect_again,
        WRITE_OFF,
        form=ReasonForm,
        consequences=_what_expecting_does,
        when=lambda invoice: invoice.written_off_total > 0,
        done=_("The invoice waits for money again."),
    ),
}


@admin.register(DifferenceLimit, site=site)
class DifferenceLimitAdmin(BackOfficeAdmin):
    """Up to how much of an invoice nobody asks for, by seller and currency."""

    list_display = (
        "currency",
        money_column("most", _("Up to")),
        flag_column("by_itself", _("By itself")),
        link_column("entity", _("Seller")),
    )
    list_display_links = ("currency",)
    list_select_related = ("entity",)
    editable = ("most", "by_itself")
    create_fields = ("entity", "currency", "most", "by_itself")
    fields = create_fields
    empty_text = _("None yet: every cent of an invoice is asked for. Say up to how much of it is not worth a letter.")
    create_service = staticmethod(services.create_difference_limit)
    change_service = staticmethod(services.change_difference_limit)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for the currency in three letters."""
        form = super().get_form(request, obj, change, **kwargs)
        if (currency := form.base_fields.get("currency")) is not None:
            currency.min_length = 3
        return form
