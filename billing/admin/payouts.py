"""Payouts of payment providers: what came of what, what he kept, and what nobody knows."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import F
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing import services
from billing.method_names import gateway_name
from billing.models import Payout
from billing.panels import OPERATE
from core.actors import Actor
from core.admin.columns import code_column, link_column, money_column, when_column, worded_column
from core.admin.panels import PanelAdmin
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.admin.worded import worded_filter
from core.reader import spoken_amount


class ReasonForm(forms.Form):
    """Why the rows are what somebody says they are."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


def as_cost(payout_id: int, *, reason: str, actor: Actor) -> int:
    """Take what nobody knows as a cost of the provider."""
    return services.settle_payout_rows(payout_id, is_cost=True, reason=reason, actor=actor)


def leave(payout_id: int, *, reason: str, actor: Actor) -> int:
    """Leave out what nobody knows."""
    return services.settle_payout_rows(payout_id, is_cost=False, reason=reason, actor=actor)


@admin.register(Payout, site=site)
class PayoutAdmin(TransitionAdmin, PanelAdmin):
    """Payouts, the youngest first; those with unknown rows are the worklist."""

    page = "billing.payout"
    list_display = (
        code_column("reference", _("Reference")),
        worded_column("gateway", gateway_name),
        "stand",
        money_column("amount", _("Amount")),
        money_column("fees", _("Fees")),
        "open_rows",
        when_column("arrives_on", _("At the bank on")),
        link_column("bank_line", _("At the bank")),
    )
    list_display_links = ("reference",)
    list_select_related = ("bank_line",)
    list_filter = (worded_filter("gateway", gateway_name), "currency", "arrives_on")
    search_fields = ("=reference",)
    search_help_text = _("Reference of the provider")
    ordering = (F("open_rows").desc(), "-id")
    empty_text = _("No payouts here. They come by themselves when a payment provider pays out.")
    facts = (
        code_column("reference", _("Reference")),
        worded_column("gateway", gateway_name),
        money_column("amount", _("Amount")),
        money_column("fees", _("Fees")),
        "open_rows",
        when_column("arrives_on", _("At the bank on")),
        link_column("bank_line", _("At the bank")),
        when_column("listed_at", _("Taken in")),
    )
    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "again": TransitionSpec(
            _("Look again"),
            services.match_payout_again,
            OPERATE,
            consequences=lambda payout: [gettext("Rows that are known by now are matched.")],
            style="primary",
            when=lambda payout: payout.open_rows > 0,
        ),
        "cost": TransitionSpec(
            _("They are costs of the provider"),
            as_cost,
            OPERATE,
            form=ReasonForm,
            consequences=lambda payout: [gettext("The unknown rows are written into the ledger as fees.")],
            when=lambda payout: payout.open_rows > 0,
        ),
        "leave": TransitionSpec(
            _("Leave them out"),
            leave,
            OPERATE,
            form=ReasonForm,
            consequences=lambda payout: [gettext("They stay on the provider's account in the ledger.")],
            when=lambda payout: payout.open_rows > 0,
        ),
    }

    def badges(self, obj: Payout) -> list[tuple[str, Any]]:
        """Say where the money is, and whether something is unknown."""
        found: list[tuple[str, Any]] = []
        if obj.open_rows:
            found.append(("unknown", gettext("unknown rows")))
        return [*found, ("at_bank" if obj.bank_line_id else "on_its_way", self.stand(obj))]

    @admin.display(description=_("status"))
    def stand(self, obj: Payout) -> str:
        """Say where the money is."""
        if obj.listed_at is None:
            return gettext("asked for")
        return gettext("at the bank") if obj.bank_line_id else gettext("on its way to the bank")

    def headline(self, obj: Payout) -> str:
        """Say what is to be done."""
        if not obj.open_rows:
            return ""
        said = ngettext(
            "Nobody knows what %(n)s row is. Look at it below.",
            "Nobody knows what %(n)s rows are. Look at them below.",
            obj.open_rows,
        )
        return said % {"n": obj.open_rows}

    def page_title(self, obj: Payout) -> str:
        """Say how much it is."""
        if not obj.currency:
            return obj.reference
        return gettext("Payout of %(amount)s") % {"amount": spoken_amount(obj.amount, obj.currency)}
